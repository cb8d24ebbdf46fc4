/**
 * The options that say how memory serves agents, one row each: how a value is checked, and its value for a call.
 * Checked by hand, because a constructor cannot wait for zod to be loaded.
 */
import { modelFields } from '../../derive/model-name.ts'
import { invalidInput } from '../../domain/error.ts'
import { compileFilter } from '../../domain/filter.ts'
import { checkId } from '../../domain/id.ts'
import { defaultLimits, type Limits } from '../../domain/limits.ts'
import { fieldsOf, isText } from '../../domain/option-checks.ts'
import { gateModes, usualGate } from '../../domain/question-gate.ts'
import { reading } from '../../domain/read-plain.ts'
import { isSchemaLike, standardOf } from '../../domain/schema-like.ts'
import type {
  BlockScope,
  HistoryMode,
  MemoryBehaviour,
  MessageRange,
  ResolvedBehaviour,
  ResolvedWorkingMemory,
  SemanticRecallOptions,
  TitleOptions,
  WorkingMemoryOptions,
} from '../../ports/behaviour.ts'
import { checkObservation, observationOf } from './observational.ts'
import { type Check, checkRows, flag, isModel, mostTokens, number, over, type Row, row, whole } from './rows.ts'

const mostItems = 1_000
const mostNeighbours = 100

const scope: Row<BlockScope> = row(
  'resource',
  `must be 'resource' or 'thread'`,
  'Leave it out for the resource.',
  (value) => value === 'resource' || value === 'thread',
)

const neighbours = whole(
  0,
  mostNeighbours,
  0,
  'Pass how many messages to add around each one, such as 2 or { before: 1, after: 2 }.',
)

const recallRows = {
  topK: number(1, mostItems, 20),
  messageRange: {
    usual: 0,
    check: (range, at, limits) => {
      if (typeof range === 'number') neighbours.check(range, at, limits)
      else checkRows(range, at, { before: neighbours, after: neighbours }, limits)
    },
  },
  scope,
  threshold: row(0, 'must be a number from 0 to 1', 'Leave it out for 0.', (value) => {
    return typeof value === 'number' && value >= 0 && value <= 1
  }),
  gate: row(usualGate, "must be 'off', 'mild' or 'strict'", 'Leave it out for mild.', (value) => {
    return typeof value === 'string' && gateModes.some((mode) => mode === value)
  }),
  filter: { usual: null, check: compileFilter },
  tokenBudget: number(1, mostTokens, 1_000),
} satisfies { readonly [Name in keyof SemanticRecallOptions]-?: Row<unknown> }

function rangeOf(range: SemanticRecallOptions['messageRange'] = recallRows.messageRange.usual): MessageRange {
  if (typeof range === 'number') return { before: range, after: range }
  return { before: range.before ?? neighbours.usual, after: range.after ?? neighbours.usual }
}

/** A feature that is switched off and on again keeps its options. */
function recallOf(levels: readonly MemoryBehaviour['semanticRecall'][]): ResolvedBehaviour['semanticRecall'] {
  let options: SemanticRecallOptions = {}
  let state: 'usual' | 'named' | 'off' = 'usual'
  for (const level of levels) {
    if (level === undefined) continue
    state = level === false ? 'off' : 'named'
    if (typeof level === 'object') options = over(options, level)
  }
  if (state === 'off') return null
  const found = {
    topK: options.topK ?? recallRows.topK.usual,
    messageRange: rangeOf(options.messageRange),
    scope: options.scope ?? recallRows.scope.usual,
    threshold: options.threshold ?? recallRows.threshold.usual,
    gate: options.gate ?? recallRows.gate.usual,
    tokenBudget: options.tokenBudget ?? recallRows.tokenBudget.usual,
    ...(options.filter === undefined ? {} : { filter: options.filter }),
  }
  return { options: found, isNamed: state === 'named' }
}

const workingMemoryRows = {
  // A template or a schema switches it on.
  enabled: flag(null, 'Leave it out for true.'),
  scope,
  template: row(null, 'must be a text', 'Pass Markdown.', isText),
  schema: row(
    null,
    'must be a schema',
    'Pass a zod object or a JSON Schema of type object, for example.',
    isSchemaLike,
  ),
  agentManaged: flag(true),
  readOnly: flag(false),
} satisfies { readonly [Name in keyof WorkingMemoryOptions]-?: Row<unknown> }

function checkWorkingMemory(value: unknown, at: string, limits: Limits): void {
  const { template, schema } = checkRows(value, at, workingMemoryRows, limits)
  if (template === undefined || schema === undefined) return
  const fix = 'Give one of them: a template for text, a schema for JSON.'
  throw invalidInput(at, 'must have a template or a schema', 'both', fix)
}

/** A template replaces an earlier schema, and a schema an earlier template. */
function mergeWorkingMemory(before: WorkingMemoryOptions, later: WorkingMemoryOptions): WorkingMemoryOptions {
  const { template, schema, ...rest } = before
  if (later.template === undefined && later.schema === undefined) return over(before, later)
  return over<WorkingMemoryOptions>(rest, later)
}

function workingMemoryOf(
  levels: readonly MemoryBehaviour['workingMemory'][],
  isReadOnly: boolean,
): ResolvedWorkingMemory | null {
  const options = levels.reduce<WorkingMemoryOptions>((before, level = {}) => mergeWorkingMemory(before, level), {})
  const rows = workingMemoryRows
  const { template = rows.template.usual, schema = rows.schema.usual } = options
  if (!(options.enabled ?? (template !== null || schema !== null))) return null
  const readOnly = isReadOnly || (options.readOnly ?? rows.readOnly.usual)
  const agentManaged = (options.agentManaged ?? rows.agentManaged.usual) && !readOnly
  const standard = schema === null ? null : standardOf(schema)
  return { scope: options.scope ?? rows.scope.usual, template, schema: standard, agentManaged, readOnly }
}

const usualTitle = 120

const titleRows = {
  model: row(
    null,
    'must be a language model',
    `Pass a model of the AI SDK, or a text such as '${modelFields.model}'.`,
    isModel,
  ),
  instructions: row(null, 'must be a text', 'Say how to write a title, or leave it out.', isText),
  maxChars: {
    usual: usualTitle,
    check: (value, field, { titleLength }) => number(1, titleLength, usualTitle).check(value, field, defaultLimits),
  },
} satisfies { readonly [Name in keyof TitleOptions]-?: Row<unknown> }

/** As for recall: a feature that is switched off and on again keeps its options. */
function titlesOf(levels: readonly MemoryBehaviour['generateTitle'][]): ResolvedBehaviour['generateTitle'] {
  const options = levels.reduce<TitleOptions>(
    (before, level) => (typeof level === 'object' ? over(before, level) : before),
    {},
  )
  if ((levels.findLast((level) => level !== undefined) ?? false) === false) return null
  return {
    model: options.model ?? titleRows.model.usual,
    instructions: options.instructions ?? titleRows.instructions.usual,
    maxChars: options.maxChars ?? titleRows.maxChars.usual,
  }
}

/**
 * The value of an option for a call. `levels` are the stated values of Memory, agent and call, undefined if not stated.
 */
interface BehaviourRow<Name extends keyof MemoryBehaviour> {
  readonly check: Check
  resolve(
    levels: readonly MemoryBehaviour[Name][],
    isReadOnly: boolean,
  ): Name extends keyof ResolvedBehaviour ? ResolvedBehaviour[Name] : undefined
}

/** A row of any option, with its name and type. */
interface AnyRow {
  resolve(levels: readonly unknown[], isReadOnly: boolean): unknown
}

/** The last stated value, otherwise the default. */
function last<Value, Usual>({ check: checkValue, usual }: Row<Usual>) {
  const resolve = (levels: readonly (Value | undefined)[]): Value | Usual =>
    levels.findLast((value) => value !== undefined) ?? usual
  return { check: checkValue, resolve }
}

const pinnedRows = { tokenBudget: number(1, mostTokens, 500) }

/** A feature that is switched off and on again keeps its budget. */
function pinnedOf(levels: readonly MemoryBehaviour['pinnedFacts'][]): ResolvedBehaviour['pinnedFacts'] {
  const options = levels.reduce<{ tokenBudget?: number }>(
    (before, level) => (typeof level === 'object' ? over(before, level) : before),
    {},
  )
  if (levels.findLast((level) => level !== undefined) === false) return null
  return { tokenBudget: options.tokenBudget ?? pinnedRows.tokenBudget.usual }
}

const historyRows = { maxTokens: whole(1, mostTokens, null, 'Leave it out for no limit of its own.') }
const usualMessages = 10

const rows: { readonly [Name in keyof MemoryBehaviour]-?: BehaviourRow<Name> } = {
  lastMessages: {
    check: (value, field, { lastMessages: most }) => {
      const fix = `Pass false for none, or leave it out for ${usualMessages}.`
      if (value !== false) whole(0, most, usualMessages, fix).check(value, field, defaultLimits)
    },
    resolve: (levels) => {
      const stated = levels.findLast((value) => value !== undefined) ?? usualMessages
      return stated === false ? 0 : stated
    },
  },
  messageHistory: {
    check: (value, at, limits) => {
      checkRows(value, at, historyRows, limits)
    },
    resolve: (levels) => {
      const { maxTokens = historyRows.maxTokens.usual } = levels.reduce<{ maxTokens?: number }>(
        (before, level = {}) => over(before, level),
        {},
      )
      return { maxTokens }
    },
  },
  semanticRecall: {
    check: (value, at, limits) => {
      if (typeof value !== 'boolean') checkRows(value, at, recallRows, limits)
    },
    resolve: recallOf,
  },
  workingMemory: { check: checkWorkingMemory, resolve: workingMemoryOf },
  facts: last(flag(false)),
  pinnedFacts: {
    check: (value, at, limits) => {
      if (typeof value !== 'boolean') checkRows(value, at, pinnedRows, limits)
    },
    resolve: pinnedOf,
  },
  team: last({ usual: null, check: checkId }),
  observationalMemory: { check: checkObservation, resolve: observationOf },
  generateTitle: {
    check: (value, at, limits) => {
      if (typeof value !== 'boolean') checkRows(value, at, titleRows, limits)
    },
    resolve: titlesOf,
  },
  readOnly: last(flag(false)),
  turns: last(
    row('queue', `must be 'queue' or 'parallel'`, `Leave it out for 'queue'.`, (turns) => {
      return turns === 'queue' || turns === 'parallel'
    }),
  ),
  history: last(
    row<HistoryMode>('merge', `must be 'merge', 'new-only' or 'import'`, `Leave it out for 'merge'.`, (history) => {
      return history === 'merge' || history === 'new-only' || history === 'import'
    }),
  ),
}

/**
 * Checks the options that say how memory serves agents, of a Memory, an agent or a call.
 *
 * @param field Its name in errors, such as `options` or `memory.options`.
 * @throws MemoryError `invalid-input` for an unknown or wrong option.
 */
export function parseBehaviour(value: unknown, field: string, limits: Limits = defaultLimits): MemoryBehaviour {
  return reading(field, () => {
    const fields = fieldsOf(value, field, Object.keys(rows))
    for (const [name, { check: checkValue }] of Object.entries(rows)) {
      if (fields[name] !== undefined) checkValue(fields[name], `${field}.${name}`, limits)
    }
    return fields as MemoryBehaviour
  })
}

/**
 * Merges memory options: of the Memory, then of the agent, then of the call. Objects merge field by field. Each must
 * have been parsed.
 */
export function mergeBehaviour(...levels: readonly (MemoryBehaviour | undefined)[]): ResolvedBehaviour {
  const isReadOnly = rows.readOnly.resolve(
    levels.map((level) => level?.readOnly),
    false,
  )
  const resolved = Object.entries<AnyRow>(rows).flatMap(([name, { resolve }]) => {
    const stated = levels.map((level) => level?.[name as keyof MemoryBehaviour])
    const value = resolve(stated, isReadOnly)
    return value === undefined ? [] : [[name, value] as const]
  })
  // The table has a row for each of them.
  return Object.fromEntries(resolved) as unknown as ResolvedBehaviour
}
