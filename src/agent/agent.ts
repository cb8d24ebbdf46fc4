/** Agents: a model with instructions, tools and a memory that it shares with others. A thin layer over the AI SDK. */

import { MemoryError } from '../domain/error.ts'
import type { StandardSchema } from '../domain/standard-schema.ts'
import type { Memory } from '../facade/memory.ts'
import { checkAgentOptions } from './agent-options.ts'
import type { CalledAgent } from './call.ts'
import { callOptions } from './call-options.ts'
import type { Container, RegisteredAgent } from './container/registered.ts'
import { loadCall, loadGenerate, loadReconnect, loadStream } from './loaded.ts'
import type { AgentInput, AgentOptions, CallOptions } from './options.ts'
import type { ReconnectedStream, ReconnectOptions } from './run/reconnect.ts'
import type { AgentResult, AgentStream, SchemaOutput } from './run/result.ts'

/** A call whose answer has the shape of a schema. */
interface ShapedBy<Schema> {
  readonly structuredOutput: { readonly schema: Schema }
}

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
    if (memory !== undefined && typeof memory !== 'function') container.bind(memory)
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
    const call = await settleCall(this.#called(), input, callOptions(this.#options.defaultOptions, options))
    return generate(call)
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
    const call = await settleCall(this.#called(), input, callOptions(this.#options.defaultOptions, options))
    return stream(call)
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

  #called(): CalledAgent {
    return {
      id: this.id,
      name: this.name,
      options: this.#options,
      defaultMemory: this.#container?.getMemory() ?? null,
      bind: (memory: Memory) => {
        this.#container?.bind(memory)
      },
      telemetry: this.#container?.telemetry ?? null,
      log: (level, message, error) => {
        if (this.#container === null) return console[level](message, error)
        try {
          this.#container.logger[level](message, { agentId: this.id, error })
        } catch (failure) {
          // A log call in the background has no caller to tell that the logger failed.
          console[level](message, error, failure)
        }
      },
    }
  }
}
