/** Merges the memory options of a Memory, an agent and a call into one, with every field decided. */

import type {
  MemoryBehaviour,
  MessageRange,
  ResolvedBehaviour,
  ResolvedWorkingMemory,
  SemanticRecallOptions,
  WorkingMemoryOptions,
} from '../../ports/behaviour.ts'

type Fields<Options> = { readonly [Name in keyof Options]?: Options[Name] | undefined }

/** The fields of both; later ones win. An undefined field counts as not given. */
function over<Options extends object>(before: Options, later: Fields<Options>): Options {
  const given = Object.entries(later).filter(([, value]) => value !== undefined)
  return { ...before, ...Object.fromEntries(given) }
}

function rangeOf(range: SemanticRecallOptions['messageRange']): MessageRange {
  if (typeof range === 'object') return { before: range.before ?? 0, after: range.after ?? 0 }
  return { before: range ?? 0, after: range ?? 0 }
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
  const { topK = 20, messageRange, scope = 'resource', threshold = 0, tokenBudget = 1_000, filter } = options
  const found = { topK, messageRange: rangeOf(messageRange), scope, threshold, tokenBudget }
  return { options: filter === undefined ? found : { ...found, filter }, isNamed: state === 'named' }
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
  const { scope = 'resource', template = null, schema = null, agentManaged = true } = options
  const isEnabled = options.enabled ?? (template !== null || schema !== null)
  if (!isEnabled) return null
  const readOnly = isReadOnly || options.readOnly === true
  return { scope, template, schema, agentManaged: agentManaged && !readOnly, readOnly }
}

/**
 * Merges memory options: of the Memory, then of the agent, then of the call. Objects merge field by field. Each must
 * have been parsed.
 */
export function mergeBehaviour(...levels: readonly (MemoryBehaviour | undefined)[]): ResolvedBehaviour {
  const given = levels.filter((level) => level !== undefined)
  const last = given.reduce<MemoryBehaviour>(over, {})
  const history = given.reduce<{ readonly maxTokens?: number }>((before, { messageHistory = {} }) => {
    return over(before, messageHistory)
  }, {})
  const { lastMessages = 10, facts = false, team = null, generateTitle = false, readOnly = false } = last
  return {
    lastMessages: lastMessages === false ? 0 : lastMessages,
    messageHistory: { maxTokens: history.maxTokens ?? null },
    semanticRecall: recallOf(given.map(({ semanticRecall }) => semanticRecall)),
    workingMemory: workingMemoryOf(
      given.map(({ workingMemory }) => workingMemory),
      readOnly,
    ),
    facts,
    team,
    generateTitle,
    readOnly,
    turns: last.turns ?? 'queue',
  }
}
