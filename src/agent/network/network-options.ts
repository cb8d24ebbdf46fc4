/** The options of a network, and what it returns. */
import type { DeepPartial } from 'ai'
import { invalidInput } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import { reading } from '../../domain/read-plain.ts'
import { callOptions } from '../call-options.ts'
import type { CompletionReason, TaskCompletion } from '../iteration-options.ts'
import { type CallOptions, readFields } from '../options.ts'
import type { DecideOptions } from '../waiting/continue-run.ts'
import type { NetworkEvent, NetworkPayloads, NetworkUsage } from './network-events.ts'
import type { NetworkStep } from './network-payloads.ts'

type AbortTold = (abort: NetworkPayloads['routing-agent-abort']) => unknown

/** What a network adds to the options of a call. */
interface RoutingOptions {
  /** How the router is told to choose. */
  readonly routing?: {
    /** Added to what the router is told. Default: nothing. */
    readonly additionalInstructions?: string
  }
  /** How it is checked that the task is complete. The same as `isTaskComplete`. Default: that of `delegation`. */
  readonly completion?: TaskCompletion
  /** Called when the network is aborted, with what was at work. */
  readonly onAbort?: AbortTold
}

/** Options of `agent.network()`: those of a call. `maxSteps` is 10 by default. Without ids the network has a thread of its own. */
export interface NetworkOptions extends Omit<CallOptions, 'onAbort'>, RoutingOptions {}

/** Options of a decision about a call that a network waits for. */
export interface NetworkDecideOptions extends Omit<DecideOptions, 'onAbort'>, RoutingOptions {}

/** How a network ended. `suspended`: somebody has to decide about a call first. */
export type NetworkStatus = 'success' | 'suspended' | 'aborted' | 'failed' | 'discarded'

/** What a network came to. */
export interface NetworkResult {
  /** How it ended. */
  readonly status: NetworkStatus
  /** The run of the network. */
  readonly runId: string
  /** The final text; null unless the task is complete. */
  readonly result: string | null
  /** Why it ended; null if it waits or broke off. */
  readonly completionReason: CompletionReason | null
  /** What it handed on, in order. */
  readonly steps: readonly NetworkStep[]
}

/** Where a network is stored. */
export interface NetworkMemory {
  /** The space, such as `resource/alice`; `task/…` for a network that was called without ids. */
  readonly space: string
  /** The resource; null for a network that was called without ids. */
  readonly resource: string | null
  /** The thread. */
  readonly thread: string
}

/**
 * A network at work. It runs to its end even if it is not read, and can be read again afterwards. Each of its views can be
 * read alone.
 */
export interface NetworkStream<Value = unknown> extends AsyncIterable<NetworkEvent> {
  /** Its run: for `approveNetworkToolCall`, `resumeNetwork` and `memory.getRun`. */
  readonly runId: string
  /** Where it is stored. */
  readonly memory: NetworkMemory
  /** How it ended, once its turn is closed. Never rejects. */
  readonly status: Promise<NetworkStatus>
  /** What it came to, once its turn is closed. Never rejects. */
  readonly result: Promise<NetworkResult>
  /** Tokens of the router's own model. */
  readonly usage: PromiseLike<NetworkUsage>
  /** The answer in the shape that `structuredOutput` asked for; undefined if none was asked for. */
  readonly object: PromiseLike<Value>
  /** The object as far as it is known, once more with each new piece. */
  readonly objectStream: AsyncIterable<DeepPartial<Value>>
}

/** How many decisions a router may take. */
const mostSteps = 10

function routingOf(fields: Readonly<Record<string, unknown>>): RoutingOptions {
  const { routing, onAbort } = fields
  const fix = `Pass routing: { additionalInstructions: '…' }, or leave it out.`
  const given = reading('routing', () => (isJsonObject(routing) ? { ...routing } : routing))
  if (given !== undefined && !isJsonObject(given)) throw invalidInput('routing', 'must be an object', given, fix)
  const { additionalInstructions, ...unknown } = (given ?? {}) as Record<string, unknown>
  const [extra] = Object.keys(unknown)
  if (extra !== undefined) throw invalidInput(`routing.${extra}`, 'is not an option', given, fix)
  if (additionalInstructions !== undefined && typeof additionalInstructions !== 'string') {
    throw invalidInput('routing.additionalInstructions', 'must be a text', additionalInstructions, fix)
  }
  if (onAbort !== undefined && typeof onAbort !== 'function') {
    throw invalidInput('onAbort', 'must be a function', onAbort, 'Pass ({ primitiveId }) => …, or leave it out.')
  }
  return {
    ...(additionalInstructions === undefined ? {} : { routing: { additionalInstructions } }),
    ...(onAbort === undefined ? {} : { onAbort: onAbort as AbortTold }),
  }
}

/** The options of a call, with the check under the name that calls have for it. */
function withCompletion({ completion, ...rest }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (completion === undefined) return rest
  if (rest.isTaskComplete === undefined) return { ...rest, isTaskComplete: completion }
  throw invalidInput(
    'completion',
    'must not be given with isTaskComplete',
    completion,
    'They are two names for one thing.',
  )
}

/**
 * The options of a network in two parts: those of the call, and its own.
 *
 * @throws MemoryError `invalid-input`.
 */
export function readNetworkOptions(agents: CallOptions | undefined, given: NetworkOptions | undefined) {
  const { routing, onAbort, ...rest } = readFields(given, 'options')
  const maxSteps = agents?.maxSteps ?? mostSteps
  const call = callOptions(agents, { maxSteps, ...withCompletion(rest) } as CallOptions)
  return { call, own: routingOf({ routing, onAbort }) }
}

/** As {@link readNetworkOptions}, for a decision. The options of the decision itself are checked later. */
export function readNetworkDecision(given: NetworkDecideOptions | undefined) {
  const { routing, onAbort, ...rest } = readFields(given, 'options')
  return { decision: withCompletion(rest) as unknown as DecideOptions, own: routingOf({ routing, onAbort }) }
}
