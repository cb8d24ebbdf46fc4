/** Agents: a model with instructions, tools and a memory that it shares with others. A thin layer over the AI SDK. */

import { MemoryError } from '../domain/error.ts'
import type { StandardSchema } from '../domain/standard-schema.ts'
import { checkAgentOptions } from './agent-options.ts'
import type { Call, CalledAgent } from './call.ts'
import { callOptions } from './call-options.ts'
import { registerAgent } from './called-agent.ts'
import { calledBy } from './called-by.ts'
import type { Container, RegisteredAgent } from './container/registered.ts'
import {
  loadAutoResume,
  loadCall,
  loadCancel,
  loadContinueRun,
  loadGenerate,
  loadNetwork,
  loadReconnect,
  loadRecover,
  loadStream,
  loadSuspended,
} from './loaded.ts'
import type { NetworkDecideOptions, NetworkOptions, NetworkStream } from './network/network-options.ts'
import type { AgentInput, AgentOptions, CallOptions } from './options.ts'
import type { ReconnectedStream, ReconnectOptions } from './run/reconnect.ts'
import type { AgentResult, AgentStream, SchemaOutput } from './run/result.ts'
import type { CancelRunOptions } from './waiting/cancel-run.ts'
import type { Decide, DecideOptions } from './waiting/continue-run.ts'
import type { ListSuspendedRunsOptions, SuspendedRunPage } from './waiting/list-suspended.ts'
import type { RecoveredRun, RecoverOptions } from './waiting/recover.ts'

/** A call whose answer has the shape of a schema. */
interface ShapedBy<Schema> {
  readonly structuredOutput: { readonly schema: Schema }
}

type ContinueRun = Awaited<ReturnType<typeof loadContinueRun>>

/** A method that decides about a call: its name, its two arguments, and the decision. */
type Deciding = [
  method: string,
  given: string | DecideOptions,
  options: DecideOptions | undefined,
  decision: (continuing: ContinueRun, options: DecideOptions) => Decide,
]

/** A call that a network waits for, with its run in the options; or both in one object. */
type NetworkDecision = [toolCallId: string | NetworkDecideOptions, options?: NetworkDecideOptions]

/** How often runs that are left behind are looked for, milliseconds. */
const recoverEveryMs = 60_000

/** `Sales Specialist` → `sales-specialist`, in any script. */
function kebabCase(name: string): string {
  const words = name.replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2').match(/[\p{L}\p{N}]+/gu)
  return words === null ? name : words.join('-').toLowerCase()
}

/**
 * An agent that remembers. Several of them on one {@link Memory}, in one process or in many, share what they know: the
 * same resource and thread is the same conversation.
 *
 * It does nothing until it is called, and loads the AI SDK then.
 */
export class Agent implements RegisteredAgent {
  /**
   * Its id in memory and in a container. Messages that it writes carry it. Default: the name in lower case with
   * hyphens.
   */
  readonly id: string
  /** Its name, as given. Other agents see it in front of its messages. */
  readonly name: string
  /** What it is good at, for those who choose between agents; undefined if nothing was given. */
  readonly description: string | undefined
  readonly #options: AgentOptions
  #container: Container | null = null

  /**
   * Checks the options. Nothing is loaded or opened yet.
   *
   * @throws MemoryError `invalid-input` for a missing name or an unknown option.
   */
  constructor(given: AgentOptions) {
    const options = checkAgentOptions(given)
    this.#options = options
    this.name = options.name
    this.id = options.id ?? kebabCase(options.name)
    this.description = options.description
    registerAgent(this, () => this.#called())
  }

  /** Makes the agent one of a container's, whose storage its memory uses unless it has one of its own. */
  attach(container: Container): void {
    if (this.#container !== null && this.#container !== container) {
      throw new MemoryError('conflict', {
        message: `The agent "${this.name}" belongs to another container already.`,
        fix: 'Make a separate agent for each container.',
        details: { agentId: this.id },
      })
    }
    this.#container = container
    const { memory } = this.#options
    if (typeof memory === 'function') return
    if (memory !== undefined) container.bind(memory)
    if (memory === undefined && container.getMemory() === null) return
    const recover = () => this.recover()
    container.recovers({ recover, round: recover, everyMs: recoverEveryMs })
  }

  /**
   * Calls the model and waits for its whole answer: the AI SDK's `generateText` result. With a resource and a thread,
   * the exchange is stored there, and the model sees the earlier messages.
   *
   * @param input A text (a user's), a message, or several messages. They may repeat the history.
   * @throws MemoryError `invalid-input` for a wrong option or a missing model, `aborted` if a processor ended the call;
   *   the reason of `abortSignal`; the model's errors. The next call can use the thread in any case.
   */
  generate<Schema extends StandardSchema>(
    input: AgentInput,
    options: CallOptions & ShapedBy<Schema>,
  ): Promise<AgentResult<SchemaOutput<Schema>>>
  generate(input: AgentInput, options?: CallOptions): Promise<AgentResult>
  async generate(input: AgentInput, options?: CallOptions): Promise<AgentResult> {
    const { settleCall } = await loadCall()
    const { generate } = await loadGenerate()
    const { autoResumed } = await loadAutoResume()
    const call = await settleCall(this.#called(), input, callOptions(this.#options.defaultOptions, options))
    return generate(await autoResumed(call))
  }

  /**
   * Calls the model and returns its stream as soon as the turn is open: the AI SDK's `streamText` result. The stream
   * runs to its end even if you do not read it. Only `abortSignal` stops it.
   *
   * @throws As {@link generate} until the model begins; later errors are in the stream, as in the AI SDK.
   */
  stream<Schema extends StandardSchema>(
    input: AgentInput,
    options: CallOptions & ShapedBy<Schema>,
  ): Promise<AgentStream<SchemaOutput<Schema>>>
  stream(input: AgentInput, options?: CallOptions): Promise<AgentStream>
  async stream(input: AgentInput, options?: CallOptions): Promise<AgentStream> {
    const { settleCall } = await loadCall()
    const { stream } = await loadStream()
    const { autoResumed } = await loadAutoResume()
    const call = await settleCall(this.#called(), input, callOptions(this.#options.defaultOptions, options))
    return stream(await autoResumed(call))
  }

  /**
   * Follows the answer that is being given in a thread, by any agent in any process: for a page that was loaded again.
   * The stream begins with what is stored of the answer, and goes on with each step as it is stored. It ends when the turn
   * is closed. Leaving it does not stop the turn.
   *
   * @returns null if no turn is running there.
   * @throws MemoryError `invalid-input` for a missing id or an agent without a memory.
   */
  async reconnectToStream(options: ReconnectOptions): Promise<ReconnectedStream | null> {
    const { reconnect } = await loadReconnect()
    return reconnect(this.#called(), options)
  }

  /**
   * Approves a call that waits for it, and continues its run: the tool runs now, and the model is asked once every call of
   * its step has an answer. Any process with this agent can do so. The decider is the actor of the agent's memory; for an
   * application the `author` of the options, by default the user of the resource.
   *
   * @param given The id of the call, with the run in the options; or both in one object. Without a call it is the only one
   *   that waits.
   * @throws MemoryError `not-found` for an unknown run or call; `conflict`, with `decided: { by, at, approved }` in its
   *   details, for a call that has a decision or has expired; `denied` for who may not decide; `invalid-input` for a call
   *   that waits for something else, or if several wait and none is named.
   */
  approveToolCall(toolCallId: string, options: DecideOptions): Promise<AgentStream>
  approveToolCall(options: DecideOptions): Promise<AgentStream>
  approveToolCall(given: string | DecideOptions, options?: DecideOptions): Promise<AgentStream> {
    return this.#decideAndStream('approveToolCall', given, options, ({ approve }, { reason }) => approve(reason))
  }

  /** As {@link approveToolCall}, for the whole answer: what `generate` returns. */
  approveToolCallGenerate(toolCallId: string, options: DecideOptions): Promise<AgentResult>
  approveToolCallGenerate(options: DecideOptions): Promise<AgentResult>
  approveToolCallGenerate(given: string | DecideOptions, options?: DecideOptions): Promise<AgentResult> {
    return this.#decideAndGenerate('approveToolCallGenerate', given, options, ({ approve }, { reason }) => {
      return approve(reason)
    })
  }

  /**
   * Declines a call that waits, and continues its run: the tool does not run, and the model is told, with the `reason`.
   *
   * @throws MemoryError as {@link approveToolCall}.
   */
  declineToolCall(toolCallId: string, options: DecideOptions): Promise<AgentStream>
  declineToolCall(options: DecideOptions): Promise<AgentStream>
  declineToolCall(given: string | DecideOptions, options?: DecideOptions): Promise<AgentStream> {
    return this.#decideAndStream('declineToolCall', given, options, ({ decline }, { reason }) => decline(reason))
  }

  /** As {@link declineToolCall}, for the whole answer: what `generate` returns. */
  declineToolCallGenerate(toolCallId: string, options: DecideOptions): Promise<AgentResult>
  declineToolCallGenerate(options: DecideOptions): Promise<AgentResult>
  declineToolCallGenerate(given: string | DecideOptions, options?: DecideOptions): Promise<AgentResult> {
    return this.#decideAndGenerate('declineToolCallGenerate', given, options, ({ decline }, { reason }) => {
      return decline(reason)
    })
  }

  /**
   * Gives a suspended call the data that it waits for, and continues its run: its tool is called again with `resumeData`.
   * The call of a tool that the client runs gets its result.
   *
   * @param data Parsed by the tool's `resumeSchema`. `false`, 0 and an empty text are data.
   * @throws MemoryError as {@link approveToolCall}; `invalid-input` for data that the schema refuses.
   */
  resumeStream(data: unknown, options: DecideOptions): Promise<AgentStream> {
    return this.#decideAndStream('resumeStream', options, undefined, ({ resumeWith }) => resumeWith(data))
  }

  /** As {@link resumeStream}, for the whole answer: what `generate` returns. */
  resumeGenerate(data: unknown, options: DecideOptions): Promise<AgentResult> {
    return this.#decideAndGenerate('resumeGenerate', options, undefined, ({ resumeWith }) => resumeWith(data))
  }

  /**
   * Lets the agent direct its subagents, workflows and tools, and tells what happens as a stream of events. It is `stream()`,
   * watched in another way: prefer that for new code. Without ids the network has a thread of its own, in `task/<id>`.
   *
   * @throws MemoryError as {@link stream}; `invalid-input` for an agent without a memory.
   */
  network<Schema extends StandardSchema>(
    input: AgentInput,
    options: NetworkOptions & ShapedBy<Schema>,
  ): Promise<NetworkStream<SchemaOutput<Schema>>>
  network(input: AgentInput, options?: NetworkOptions): Promise<NetworkStream>
  async network(input: AgentInput, options?: NetworkOptions): Promise<NetworkStream> {
    const { network } = await loadNetwork()
    return network(this.#called(), input, options)
  }

  /** As {@link approveToolCall}, for a network: returns the events with which it goes on. */
  async approveNetworkToolCall(...given: NetworkDecision): Promise<NetworkStream> {
    const { approveNetworkToolCall } = await loadNetwork()
    return approveNetworkToolCall(this.#called(), ...given)
  }

  /** As {@link declineToolCall}, for a network: returns the events with which it goes on. */
  async declineNetworkToolCall(...given: NetworkDecision): Promise<NetworkStream> {
    const { declineNetworkToolCall } = await loadNetwork()
    return declineNetworkToolCall(this.#called(), ...given)
  }

  /** As {@link resumeStream}, for a network: returns the events with which it goes on. */
  async resumeNetwork(data: unknown, options: NetworkDecideOptions): Promise<NetworkStream> {
    const { resumeNetwork } = await loadNetwork()
    return resumeNetwork(this.#called(), data, options)
  }

  /**
   * Continues runs of this agent that nobody carries on: a call was decided and its process is gone, or a process ended in
   * the middle of a turn. Each is continued once, also where other processes recover at the same time. A tool that may have run already does not run
   * again, unless it was made with `retry: 'safe'`; the model is told.
   *
   * @returns The runs that were continued, in the order in which they began.
   * @throws MemoryError `denied` unless the memory may administer all spaces; `invalid-input` without a memory.
   */
  async recover(options: RecoverOptions = {}): Promise<readonly RecoveredRun[]> {
    const { recover } = await loadRecover()
    return recover(this.#called(), options)
  }

  async #decideAndStream(...deciding: Deciding): Promise<AgentStream> {
    const { stream } = await loadStream()
    return stream(await this.#decide(...deciding))
  }

  async #decideAndGenerate(...deciding: Deciding): Promise<AgentResult> {
    const { generate } = await loadGenerate()
    return generate(await this.#decide(...deciding))
  }

  async #decide(...[method, given, more, decision]: Deciding): Promise<Call> {
    const continuing = await loadContinueRun()
    const options = continuing.readDecideOptions(method, given, more)
    return continuing.decidedCall(this.#called(), options, decision(continuing, options))
  }

  /**
   * The runs of this agent that wait, each with its calls: for an inbox of approvals. The first to begin come first.
   *
   * @throws MemoryError `invalid-input` for a wrong option or an agent without a memory; `denied` without a `resourceId`
   *   unless the memory may administer all spaces.
   */
  async listSuspendedRuns(options?: ListSuspendedRunsOptions): Promise<SuspendedRunPage> {
    const { listSuspendedRuns } = await loadSuspended()
    return listSuspendedRuns(this.#called(), options)
  }

  /**
   * Cancels a run that waits. Its calls are declined in the name of the memory's actor and get an error text, and its turn
   * ends as `aborted`.
   *
   * @throws MemoryError `not-found` for an unknown run or one of another agent; `conflict` for a run that does not wait, or
   *   that somebody continues at this moment.
   */
  async cancelRun(runId: string, options?: CancelRunOptions): Promise<void> {
    const { cancelRun } = await loadCancel()
    return cancelRun(this.#called(), runId, options)
  }

  #called(): CalledAgent {
    return calledBy(this, this.#options, this.#container)
  }
}
