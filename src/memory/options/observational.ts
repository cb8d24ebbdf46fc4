/** The options that say how threads are condensed into notes: their checks, their defaults, and how levels are merged. */
import { modelFields } from '../../derive/model-name.ts'
import { invalidInput } from '../../domain/error.ts'
import { defaultLimits, type Limits, parseTtl } from '../../domain/limits.ts'
import { fieldsOf, isFunction, isText, isWholeFrom } from '../../domain/option-checks.ts'
import { isSchemaLike } from '../../domain/schema-like.ts'
import type { MemoryBehaviour } from '../../ports/behaviour.ts'
import type {
  NoteExtractor,
  ObservationalMemoryOptions,
  ObservationHooks,
  ObservationOptions,
  ReflectionOptions,
  ResolvedObservation,
} from '../../ports/observational-memory.ts'
import { type Check, checkRows, flag, isModel, mostTokens, number, over, type Row, row } from './rows.ts'

/** A larger `blockAfter` is a number of tokens. */
const largestShare = 100
const usualBlock = 1.2
const dayMs = 86_400_000

const share = (usual: number) =>
  row(usual, 'must be a number from 0 to 1', `Leave it out for ${usual}.`, (value) => {
    return typeof value === 'number' && value >= 0 && value <= 1
  })

const isTokens = isWholeFrom(1, mostTokens)

const bufferTokens = row(
  0.2,
  'must be a share below 1, a number of tokens, or false',
  'Leave it out for 0.2, pass false to make no notes ahead.',
  (value) => value === false || isTokens(value) || (typeof value === 'number' && value > 0 && value < 1),
)

const blockAfter = row(
  usualBlock,
  `must be a share from 1 to ${largestShare}, or a number of tokens above it`,
  `Leave it out for ${usualBlock}.`,
  (value) => isTokens(value) || (typeof value === 'number' && value >= 1 && value <= largestShare),
)

const instruction = row(null, 'must be a text', 'Say what else matters in notes, or leave it out.', isText)

const extractorRows = {
  name: row(null, 'must be a text', 'Give it a name.', isText),
  instructions: row(null, 'must be a text', 'Say what to look for.', isText),
  schema: row(null, 'must be a schema', 'Pass a zod object, for example, or leave it out for a text.', isSchemaLike),
  to: row(null, `must be 'facts' or 'workingMemory'`, 'Leave it out for facts.', (value) => {
    return value === 'facts' || value === 'workingMemory'
  }),
}

/** Checks an extractor, and answers its name. */
export function checkExtractor(value: unknown, at: string, limits: Limits = defaultLimits): string {
  const fix = 'Pass extractors: each with a name and instructions.'
  if (typeof value !== 'object' || value === null) throw invalidInput(at, 'must be an extractor', value, fix)
  const { name, instructions, schema, to } = value as NoteExtractor
  const fields = { name, instructions, schema, to }
  for (const required of ['name', 'instructions'] as const) {
    if (fields[required] === undefined) throw invalidInput(`${at}.${required}`, 'must be given', undefined, fix)
  }
  for (const [field, { check }] of Object.entries(extractorRows)) {
    const given = fields[field as keyof typeof fields]
    if (given !== undefined) check(given, `${at}.${field}`, limits)
  }
  if (to === 'workingMemory' && schema === undefined) {
    const why = 'Give it a schema, or leave "to" out: statements become facts.'
    throw invalidInput(`${at}.schema`, 'must be given for working memory', undefined, why)
  }
  return name
}

const extract: Row<readonly NoteExtractor[]> = {
  usual: [],
  check: (value, at, limits) => {
    if (!Array.isArray(value)) throw invalidInput(at, 'must be a list', value, 'Pass a list of extractors.')
    const names = value.map((one: unknown, place) => checkExtractor(one, `${at}[${place}]`, limits))
    const twice = names.find((name, place) => names.indexOf(name) < place)
    if (twice !== undefined) throw invalidInput(at, 'must have different names', twice, 'Rename one of them.')
  },
}

const observationRows = {
  messageTokens: number(1, mostTokens, 30_000),
  bufferTokens,
  bufferActivation: share(0.8),
  blockAfter,
  previousObserverTokens: number(0, mostTokens, 2_000),
  maxTokensPerBatch: number(1, mostTokens, 10_000),
  instruction,
  extract,
} satisfies { readonly [Name in keyof ObservationOptions]-?: Row<unknown> }

const reflectionRows = {
  observationTokens: number(1, mostTokens, 40_000),
  bufferActivation: share(0.5),
  blockAfter,
  instruction,
  extract,
} satisfies { readonly [Name in keyof ReflectionOptions]-?: Row<unknown> }

const hookRow = row(null, 'must be a function', 'Pass a function, or leave it out.', isFunction)
const hookRows = {
  beforeObservation: hookRow,
  afterObservation: hookRow,
  beforeReflection: hookRow,
  afterReflection: hookRow,
} satisfies { readonly [Name in keyof ObservationHooks]-?: Row<unknown> }

const whose = row(
  'thread' as const,
  `must be 'thread' or 'resource'`,
  'Leave it out for the thread.',
  (value) => value === 'thread' || value === 'resource',
)

/** An object of options, each with a row. */
function nested(rows: Readonly<Record<string, Row<unknown>>>): { readonly check: Check } {
  return {
    check: (value, at, limits) => {
      checkRows(value, at, rows, limits)
    },
  }
}

const rows = {
  model: row(
    null,
    'must be a language model, its name, or false',
    `Pass a model of the AI SDK, a text such as '${modelFields.model}', or false for notes that need no model.`,
    (value) => value === false || isModel(value),
  ),
  scope: whose,
  observation: nested(observationRows),
  reflection: nested(reflectionRows),
  activateAfterIdle: {
    check: (value, at) => {
      if (value === null)
        throw invalidInput(at, 'must be a duration or false', value, `Pass '5m', for example, or false.`)
      if (value !== false) parseTtl(value, at)
    },
  },
  temporalMarkers: flag(false),
  retrieval: {
    check: (value, at, limits) => {
      if (typeof value !== 'boolean') checkRows(value, at, { scope: whose }, limits)
    },
  },
  dailyTokens: number(1, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  maxWaitMs: number(0, dayMs, 10_000),
  hooks: nested(hookRows),
} satisfies { readonly [Name in keyof ObservationalMemoryOptions]-?: { readonly check: Check } }

/** Checks the option `observationalMemory`. */
export function checkObservation(value: unknown, at: string, limits: Limits): void {
  if (typeof value === 'boolean') return
  const fields = fieldsOf(value, at, Object.keys(rows))
  for (const [name, { check }] of Object.entries(rows)) {
    if (fields[name] !== undefined) check(fields[name], `${at}.${name}`, limits)
  }
}

/** Tokens that are stated as a share of others, or as a number. */
function tokensOf(stated: number, of: number, most: number): number {
  return stated <= most ? Math.round(stated * of) : stated
}

function observationWith(stated: ObservationOptions): ResolvedObservation['observation'] {
  const usual = (name: 'messageTokens' | 'bufferActivation' | 'previousObserverTokens' | 'maxTokensPerBatch') =>
    stated[name] ?? observationRows[name].usual
  const messageTokens = usual('messageTokens')
  const { bufferTokens: ahead = bufferTokens.usual } = stated
  return {
    messageTokens,
    bufferTokens: ahead === false ? null : ahead < 1 ? Math.max(1, Math.round(ahead * messageTokens)) : ahead,
    bufferActivation: usual('bufferActivation'),
    blockAfter: tokensOf(stated.blockAfter ?? usualBlock, messageTokens, largestShare),
    previousObserverTokens: usual('previousObserverTokens'),
    maxTokensPerBatch: usual('maxTokensPerBatch'),
    instruction: stated.instruction ?? null,
    extract: stated.extract ?? [],
  }
}

function reflectionWith(stated: ReflectionOptions): ResolvedObservation['reflection'] {
  const observationTokens = stated.observationTokens ?? reflectionRows.observationTokens.usual
  return {
    observationTokens,
    bufferActivation: stated.bufferActivation ?? reflectionRows.bufferActivation.usual,
    blockAfter: tokensOf(stated.blockAfter ?? usualBlock, observationTokens, largestShare),
    instruction: stated.instruction ?? null,
    extract: stated.extract ?? [],
  }
}

/** The defaults, and what is stated over them. */
export function observationFrom(stated: ObservationalMemoryOptions): ResolvedObservation {
  const { activateAfterIdle = false, retrieval = false } = stated
  return {
    model: stated.model ?? null,
    scope: stated.scope ?? 'thread',
    observation: observationWith(stated.observation ?? {}),
    reflection: reflectionWith(stated.reflection ?? {}),
    activateAfterIdleMs: activateAfterIdle === false ? null : parseTtl(activateAfterIdle),
    temporalMarkers: stated.temporalMarkers ?? rows.temporalMarkers.usual,
    retrieval: retrieval === false ? null : { scope: (retrieval === true ? {} : retrieval).scope ?? 'thread' },
    dailyTokens: stated.dailyTokens ?? null,
    maxWaitMs: stated.maxWaitMs ?? rows.maxWaitMs.usual,
    hooks: stated.hooks ?? {},
  }
}

function mergeObservation(before: ObservationalMemoryOptions, later: ObservationalMemoryOptions) {
  const merged = over<ObservationalMemoryOptions>(before, later)
  const parts = {
    observation: over<ObservationOptions>(before.observation ?? {}, later.observation ?? {}),
    reflection: over<ReflectionOptions>(before.reflection ?? {}, later.reflection ?? {}),
    hooks: over<ObservationHooks>(before.hooks ?? {}, later.hooks ?? {}),
  }
  return { ...merged, ...parts }
}

/** The last stated value; objects are merged field by field. */
export function observationOf(levels: readonly MemoryBehaviour['observationalMemory'][]): ResolvedObservation | null {
  let options: ObservationalMemoryOptions | null = null
  for (const level of levels) {
    if (level === false) options = null
    else if (level !== undefined) options = mergeObservation(options ?? {}, level === true ? {} : level)
  }
  return options === null ? null : observationFrom(options)
}
