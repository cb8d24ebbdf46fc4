/** The options of a call, one row each: how a value is checked, its default, how it joins the agent's, who gets it. */
import { checkActor } from '../domain/actor.ts'
import { invalidInput, shown } from '../domain/error.ts'
import { checkId } from '../domain/id.ts'
import { isJsonObject } from '../domain/json.ts'
import { reading } from '../domain/read-plain.ts'
import { checkDelegation } from './delegation-options.ts'
import { checkBudget, checkTaskCompletion } from './iteration-options.ts'
import { type CallMemory, type CallOptions, type ModelSettings, readFields } from './options.ts'
import { RequestContext } from './request-context.ts'
import { isToolSchema } from './tools/tool-schema.ts'

type Options = Readonly<Record<string, unknown>>

type Check = (value: unknown, field: string) => void

interface CallOption<Value> {
  /** Refuses a value that is given. Without it the AI SDK checks, or the call itself. */
  readonly check?: Check
  /** The value if none is given. */
  readonly default?: Value
  /** Merges the agent's value and the call's. Without it the call's value replaces the agent's. */
  merge?(agents: Value, calls: Value): Value
  /** Whether a value names a resource or a thread. If a call names one, the agent's names do not count. */
  names?(value: Value): boolean
  /** Whether the AI SDK gets it, too. */
  readonly isPassedOn: boolean
}

/** `experimental_` options come and go with versions of the AI SDK: all are passed on. */
type Listed = Exclude<keyof CallOptions, `experimental_${string}`>
type Table = { readonly [Name in Listed]-?: CallOption<NonNullable<CallOptions[Name]>> }

function checked(rule: string, fix: string, isRight: (value: unknown) => boolean): Check {
  return (value, field) => {
    if (!isRight(value)) throw invalidInput(field, rule, value, fix)
  }
}

/** Checks `requireToolApproval` of an agent or a call. */
export const checkRequireToolApproval = checked(
  'must be true, false or a function',
  'Pass true to ask about each call, or ({ toolName, input }) => …; leave it out to ask where a tool says so.',
  (value) => typeof value === 'boolean' || typeof value === 'function',
)

/** Checks `autoResumeSuspendedTools` of an agent or a call. */
export const checkAutoResume = checked('must be true or false', 'Leave it out for false.', (value) => {
  return typeof value === 'boolean'
})

const own = { isPassedOn: false } as const
const passedOn = { isPassedOn: true } as const

const isSignal = (value: unknown) =>
  typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value

/** The call's history mode wins over the agent's, in whichever of the two places each is stated. */
function mergeMemory({ history, ...agents }: CallMemory, calls: CallMemory): CallMemory {
  const isKept = history !== undefined && calls.options?.history === undefined
  return { ...agents, ...(isKept ? { history } : {}), ...calls }
}

const namesMemory = ({ resource, thread }: CallMemory) => resource !== undefined || thread !== undefined

/** Every option of a call. The compiler holds it against `CallOptions`, and so against the AI SDK's options. */
export const callOptionTable = {
  resourceId: { ...own, names: () => true },
  threadId: { ...own, names: () => true },
  memory: { ...own, names: namesMemory, merge: mergeMemory },
  author: { ...own, check: checkActor },
  requestContext: {
    ...own,
    check: checked(
      'must be a RequestContext',
      `Pass new RequestContext({ 'user-tier': 'pro' }), for example.`,
      (value) => value instanceof RequestContext,
    ),
  },
  instructions: own,
  tools: own,
  structuredOutput: {
    ...own,
    check: checked('must have a schema', 'Pass { schema: z.object({ … }) }, for example.', (value) => {
      return isJsonObject(value) && isToolSchema(value.schema)
    }),
  },
  requireToolApproval: {
    ...own,
    check: checkRequireToolApproval,
  },
  autoResumeSuspendedTools: { ...own, check: checkAutoResume },
  delegation: { ...own, check: checkDelegation, merge: (agents, calls) => ({ ...agents, ...calls }) },
  onIterationComplete: {
    ...own,
    check: checked('must be a function', 'Pass ({ iteration, text }) => …, or leave it out.', (value) => {
      return typeof value === 'function'
    }),
  },
  isTaskComplete: { ...own, check: checkTaskCompletion },
  budget: { ...own, check: checkBudget },
  maxSteps: {
    ...own,
    // As many as an agent of the AI SDK takes.
    default: 20,
    check: checked('must be a whole number from 1', 'Leave it out for 20.', (value) => {
      return Number.isInteger(value) && Number(value) >= 1
    }),
  },
  savePerStep: {
    ...own,
    default: true,
    check: checked('must be true or false', 'Leave it out for true.', (value) => typeof value === 'boolean'),
  },
  trigger: {
    ...own,
    default: 'submit-message',
    check: checked(
      'must be submit-message or regenerate-message',
      'Pass what useChat sends as "trigger", or leave it out.',
      (value) => value === 'submit-message' || value === 'regenerate-message',
    ),
  },
  messageId: { ...own, check: checkId },
  abortSignal: {
    ...passedOn,
    check: checked('must be an AbortSignal', 'Pass controller.signal, for example, or leave it out.', isSignal),
  },
  toolChoice: passedOn,
  stopWhen: passedOn,
  toolApproval: passedOn,
  providerOptions: passedOn,
  activeTools: passedOn,
  toolOrder: passedOn,
  toolCallConcurrency: passedOn,
  prepareStep: passedOn,
  repairToolCall: passedOn,
  runtimeContext: passedOn,
  toolsContext: passedOn,
  include: passedOn,
  includeRawChunks: passedOn,
  telemetry: passedOn,
  maxOutputTokens: passedOn,
  temperature: passedOn,
  topP: passedOn,
  topK: passedOn,
  presencePenalty: passedOn,
  frequencyPenalty: passedOn,
  stopSequences: passedOn,
  seed: passedOn,
  reasoning: passedOn,
  maxRetries: passedOn,
  timeout: passedOn,
  headers: passedOn,
  streamRetries: passedOn,
  onStart: passedOn,
  onStepStart: passedOn,
  onStepEnd: passedOn,
  onStepFinish: passedOn,
  onStepError: passedOn,
  onEnd: passedOn,
  onFinish: passedOn,
  onAbort: passedOn,
  onError: passedOn,
  onChunk: passedOn,
  onLanguageModelCallStart: passedOn,
  onLanguageModelCallEnd: passedOn,
  onToolExecutionStart: passedOn,
  onToolExecutionEnd: passedOn,
} satisfies Table

const rows: ReadonlyMap<string, CallOption<unknown>> = new Map(Object.entries<CallOption<unknown>>(callOptionTable))

/** The row of an option; null for an unknown name. */
function rowOf(name: string): CallOption<unknown> | null {
  if (name.startsWith('experimental_')) return passedOn
  return rows.get(name) ?? null
}

/**
 * Checks the options of a call: their names, and the values of those that are its own. Those of the AI SDK are for it to check.
 *
 * @param field What they are called in errors, such as `defaultOptions`.
 * @param at The prefix of each option's name in errors, such as `defaultOptions.`; may be empty.
 * @throws MemoryError `invalid-input` naming the first one that is wrong.
 */
export function checkCallOptions(options: Options, field: string, at: string): void {
  // An unknown name is probably a typing mistake.
  const unknown = Object.keys(options).find((name) => rowOf(name) === null)
  if (unknown !== undefined) {
    const names = [...rows].flatMap(([name, { isPassedOn }]) => (isPassedOn ? [] : [name]))
    const fix = `The options of a call are ${names.join(', ')}, and those of the AI SDK's streamText.`
    throw invalidInput(field, `has an unknown option ${shown(unknown)}`, options, fix)
  }
  reading(field, () => {
    for (const [name, { check }] of rows) {
      if (options[name] !== undefined) check?.(options[name], `${at}${name}`)
    }
  })
}

/** The options of a call merged over those of its agent. Ids of the call replace the agent's, in either form. */
function merged(agents: CallOptions, calls: CallOptions): CallOptions {
  const [before, after] = [agents as Options, calls as Options]
  const names = (name: string, value: unknown) => value !== undefined && rowOf(name)?.names?.(value) === true
  const isNamed = Object.entries(after).some(([name, value]) => names(name, value))
  const joined: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(before)) {
    if (!isNamed || rowOf(name)?.names === undefined) joined[name] = value
  }
  for (const [name, value] of Object.entries(after)) {
    const merge = rowOf(name)?.merge
    const hasBoth = merge !== undefined && joined[name] !== undefined && value !== undefined
    if (hasBoth) joined[name] = merge(joined[name], value)
    else if (value !== undefined || merge === undefined) joined[name] = value
  }
  return joined as CallOptions
}

/** The options of a call, checked, merged over those of its agent. */
export function callOptions(agents: CallOptions | undefined, calls: CallOptions | undefined): CallOptions {
  const given = readFields(calls, 'options')
  checkCallOptions(given, 'options', '')
  return agents === undefined ? (given as CallOptions) : merged(agents, given as CallOptions)
}

/** The options of a call that are the AI SDK's. */
export function optionsPassedOn(options: CallOptions): ModelSettings {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => rowOf(name)?.isPassedOn === true),
  ) as unknown as ModelSettings
}
