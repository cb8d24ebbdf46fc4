/** The options of handing work on: what subagents are shown, and functions of the application that see and change the work. */
import type { Actor } from '../domain/actor.ts'
import { invalidInput } from '../domain/error.ts'
import { isJsonObject, type Json } from '../domain/json.ts'
import { check, fieldsOf, isFunction, type OptionFields } from '../domain/option-checks.ts'
import type { DelegationMessage } from './delegation-message.ts'
import { checkTaskCompletion, type OnIterationComplete, type TaskCompletion } from './iteration-options.ts'
import type { RequestContext } from './request-context.ts'

/** One delegation, as all hooks get it. */
export interface DelegationContext {
  /** The id of the subagent. */
  readonly primitiveId: string
  /** What the work is handed to. */
  readonly primitiveType: 'agent'
  /** The task, in the words of the supervisor's model, or as `onDelegationStart` changed them. */
  readonly prompt: string
  /** Which step of the supervisor's model hands it on, from 1. */
  readonly iteration: number
  /** The supervisor's run, thread and resource; absent for a call without memory. */
  readonly runId?: string
  readonly threadId?: string
  readonly resourceId?: string
  /** The thread of the subagent. */
  readonly subAgentThreadId?: string
  /** The resource of the subagent: that of the supervisor, `-` and the key of the subagent. */
  readonly subAgentResourceId?: string
  /** The id of the supervisor. */
  readonly parentAgentId: string
  /** The name of the supervisor. */
  readonly parentAgentName: string
  /** The call that hands the work on. */
  readonly toolCallId: string
  /** The conversation of the supervisor, without its instructions and without memory. */
  readonly messages: readonly DelegationMessage[]
}

/** What `onDelegationStart` gets. */
export interface DelegationStart extends DelegationContext {
  /** The input of the call. */
  readonly params: { readonly prompt: string }
  /** What the caller passed for this request. */
  readonly requestContext: RequestContext
}

/** What `onDelegationStart` answers; nothing: the work begins as it is. */
export interface DelegationStartAnswer {
  /** With `false` the subagent is not asked. */
  readonly proceed?: boolean
  /** Why, for the supervisor's model. */
  readonly rejectionReason?: string
  /** The task in other words. */
  readonly modifiedPrompt?: string
  /** Added to the instructions of the subagent, for this work. */
  readonly modifiedInstructions?: string
  /** How many steps the subagent may take. */
  readonly modifiedMaxSteps?: number
}

/** What a subagent answered. */
export interface DelegationResult {
  /** Its answer; empty if it failed. */
  readonly text: string
  /** How its last step ended, in the words of the AI SDK; absent if nothing was recorded. */
  readonly finishReason?: string
  /** The thread in which it answered. */
  readonly subAgentThreadId?: string
  /** The resource that it answered for, as hooks name it. */
  readonly subAgentResourceId?: string
  /** The calls of its tools, with their results. */
  readonly subAgentToolResults: readonly {
    readonly toolCallId: string
    readonly toolName: string
    readonly result: unknown
  }[]
  /** Tokens of all its steps; absent if nothing was recorded. */
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number }
}

/** What `onDelegationComplete` gets. */
export interface DelegationComplete extends DelegationContext {
  /** The answer; with an empty text if the work failed. */
  readonly result: DelegationResult
  /** Milliseconds since the work began, or last went on. */
  readonly duration: number
  /** Whether the work was done. */
  readonly success: boolean
  /** Why it failed; absent for work that did not. */
  readonly error?: unknown
  /** Ends the run of the supervisor after this step. */
  readonly bail: () => void
}

/** What `onDelegationComplete` answers; nothing: the result stays as it is. */
export interface DelegationCompleteAnswer {
  /** Added to the result, for the supervisor's model. */
  readonly feedback?: string
  /** The result instead of the answer; an empty text counts. Of work that failed it replaces the text of the error. */
  readonly resultText?: string
}

/** Sections of memory that a subagent can share with its supervisor. */
const sharableSections = ['workingMemory', 'facts', 'entries', 'messages', 'observations'] as const

/**
 * What a subagent shares of its supervisor's memory. `isolated`: nothing; it has what it learned itself. `shared`: all sections,
 * which it may write. What is shared is the supervisor's own record, not a copy.
 */
export type DelegationMemory =
  | 'isolated'
  | 'shared'
  | {
      /**
       * `workingMemory`, `facts`, `entries` of the team, `messages` of other threads for recall, `observations`: the notes that the
       * supervisor's prompt has. Notes are made from messages alone, so they are shared for reading whatever `access` says.
       */
      readonly share: readonly (typeof sharableSections)[number][]
      /**
       * What it may do with working memory, facts and entries. `propose`: its writes are proposals, which the supervisor decides
       * about by its tools `memory_proposals` and `memory_decide`, or a person by `memory.proposals`. Default: `read`.
       */
      readonly access?: 'read' | 'write' | 'propose'
    }

const sharingFix = `Pass 'isolated', 'shared', or { share: [${sharableSections.map((name) => `'${name}'`).join(', ')}], access: 'read' | 'write' | 'propose' }.`

/** What an option says, in its long form. */
export function sharedSections(memory: Exclude<DelegationMemory, 'isolated'>) {
  if (memory === 'shared') return { share: sharableSections, access: 'write' } as const
  return { share: memory.share, access: memory.access ?? 'read' } as const
}

function checkMemoryShared(given: unknown): void {
  if (given === undefined || given === 'isolated' || given === 'shared') return
  if (!isJsonObject(given)) throw invalidInput('delegation.memory', 'must say what is shared', given, sharingFix)
  const { share, access }: OptionFields = fieldsOf(given, 'delegation.memory', ['share', 'access'])
  const isSection = (name: unknown) => sharableSections.some((section) => section === name)
  if (!Array.isArray(share) || !share.every(isSection)) {
    throw invalidInput('delegation.memory.share', 'must be a list of sections', share, sharingFix)
  }
  if (access === undefined || ['read', 'write', 'propose'].includes(access as string)) return
  throw invalidInput('delegation.memory.access', 'must be read, write or propose', access, sharingFix)
}

/** A change of shared memory that a subagent proposed. */
export interface DelegationProposal {
  readonly id: string
  /** The subagent. */
  readonly author: Actor
  /** What it would do, such as `write`, `merge` or `add`. */
  readonly action: string
  /** The fact, the entry, or the block of working memory: as in `memory.proposals`. */
  readonly target: Json
  /** The value that it was made against; null if there was none. */
  readonly before: Json
  /** The value that there would be. */
  readonly after: Json
}

// biome-ignore lint/suspicious/noConfusingVoidType: a hook that returns nothing is one, async or not
type Answered<Answer> = Answer | undefined | void | PromiseLike<Answer | undefined | void>

/** How an agent hands work on, for all its calls or for one. */
export interface DelegationOptions {
  /** Called before a subagent is asked, once for each delegation. It may refuse the work, or change it. */
  readonly onDelegationStart?: (start: DelegationStart) => Answered<DelegationStartAnswer>
  /** Called when a subagent has answered or failed, once for each delegation. */
  readonly onDelegationComplete?: (complete: DelegationComplete) => Answered<DelegationCompleteAnswer>
  /**
   * Decides exactly which messages of the conversation a subagent is shown, once for each delegation. If it fails, the
   * subagent is shown none. Default: all of them.
   */
  readonly messageFilter?: (
    context: DelegationContext,
  ) => readonly DelegationMessage[] | PromiseLike<readonly DelegationMessage[]>
  /** What a subagent is shown in addition to the conversation. Default: nothing. */
  readonly forward?: {
    /** The instructions of the supervisor. Default: false. */
    readonly systemPrompt?: boolean
    /** The working memory that the supervisor was shown. Default: false. */
    readonly workingMemory?: boolean
  }
  /**
   * Called for each change of shared memory that a subagent has proposed, when its work is complete. With true the supervisor
   * accepts it, with false it rejects it; nothing: it stays open.
   */
  readonly onProposal?: (proposal: DelegationProposal) => Answered<boolean>
  /** Called after each step of the model. The same as the option of a call, which wins. */
  readonly onIterationComplete?: OnIterationComplete
  /** How a run is checked when its model stops. The same as the option of a call, which wins. */
  readonly isTaskComplete?: TaskCompletion
  /** What a subagent shares of this agent's memory. One with a memory of its own shares nothing. Default: `isolated`. */
  readonly memory?: DelegationMemory
  /** `fresh`: a new thread for each delegation. `stable`: one for each thread of the supervisor. Default: `fresh`. */
  readonly thread?: 'fresh' | 'stable'
  /**
   * What becomes of a delegation, or of a step, whose hook fails. `warn`: it goes on without the hook, and the record of the run
   * says so. `throw`: it fails; the call does, too, if the hook was one of its steps. Default: `warn`.
   */
  readonly hookErrorStrategy?: 'warn' | 'throw'
}

const hooks = [
  ...(['onDelegationStart', 'onDelegationComplete', 'onProposal', 'messageFilter'] as const),
  'onIterationComplete',
] as const
const names = [...hooks, 'isTaskComplete', 'forward', 'memory', 'thread', 'hookErrorStrategy'] as const

function checkForward(given: unknown): void {
  if (given === undefined) return
  const fix = 'Pass { systemPrompt: true }, { workingMemory: true } or both, or leave it out.'
  if (!isJsonObject(given)) throw invalidInput('delegation.forward', 'must be an object', given, fix)
  const fields: OptionFields = fieldsOf(given, 'delegation.forward', ['systemPrompt', 'workingMemory'])
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || typeof value === 'boolean') continue
    throw invalidInput(`delegation.forward.${name}`, 'must be true or false', value, fix)
  }
}

/** @throws MemoryError `invalid-input` naming the first option that is wrong. */
export function checkDelegation(given: unknown): void {
  const fields = fieldsOf(given ?? null, 'delegation', names)
  for (const name of hooks) check(fields, name, 'must be a function', 'Leave it out for none.', isFunction)
  if (fields.isTaskComplete !== undefined) checkTaskCompletion(fields.isTaskComplete, 'delegation.isTaskComplete')
  checkForward(fields.forward)
  checkMemoryShared(fields.memory)
  const one = (...values: readonly string[]) => {
    return (value: unknown) => values.includes(value as string)
  }
  check(fields, 'thread', 'must be fresh or stable', 'Leave it out for fresh.', one('fresh', 'stable'))
  check(fields, 'hookErrorStrategy', 'must be warn or throw', 'Leave it out for warn.', one('warn', 'throw'))
}
