/** Processors: how an application changes the input of a call, the prompt and the answer. */
import type { ModelMessage, TextStreamPart, ToolSet } from 'ai'
import { MemoryError, shown } from '../../domain/error.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { MessagePart, Role } from '../../domain/records/message.ts'
import type { RequestContext } from '../request-context.ts'

/** A message on its way into memory. */
export interface ProcessedMessage {
  readonly id?: string
  readonly role: Role
  /** Its content: parts as an AI SDK `UIMessage` has them. */
  readonly parts: readonly MessagePart[]
  /** Data of the application. */
  readonly metadata?: JsonObject
}

interface ProcessorCall {
  /**
   * Ends the call. The whole turn is discarded, its input included, and the call fails with the code `aborted` and this
   * reason in its details.
   */
  readonly abort: (reason?: string) => never
  readonly requestContext: RequestContext
}

/**
 * One processor; each method is optional. `inputProcessors` run in order, before anything is stored. `outputProcessors`
 * run in order on the model's answer.
 */
export interface Processor {
  /** Its name in errors. */
  readonly id?: string
  /** Gets the new messages of the call, before they are stored. Returns the messages to store; undefined: unchanged. */
  processInput?(
    call: ProcessorCall & { readonly messages: readonly ProcessedMessage[] },
  ): Awaitable<readonly ProcessedMessage[] | undefined>
  /**
   * Gets the prompt: memory, history and input. Returns the prompt to send; undefined: unchanged. Its changes are not
   * stored.
   */
  processContext?(
    call: ProcessorCall & { readonly messages: readonly ModelMessage[] },
  ): Awaitable<readonly ModelMessage[] | undefined>
  /**
   * Gets each part of a stream, before its reader does. Returns the part to pass on; undefined: unchanged; null drops a
   * part with content.
   */
  processOutputStream?(
    call: ProcessorCall & { readonly part: TextStreamPart<ToolSet> },
  ): Awaitable<TextStreamPart<ToolSet> | null | undefined>
  /**
   * Gets the whole answer, or the existing part of one that broke off, before any of it is stored. Returns the messages
   * to store; undefined: unchanged. With this method an answer is stored at its end, even with `savePerStep`.
   */
  processOutputResult?(
    call: ProcessorCall & { readonly messages: readonly ProcessedMessage[] },
  ): Awaitable<readonly ProcessedMessage[] | undefined>
}

type Awaitable<Value> = Value | PromiseLike<Value>
type Hook = 'processInput' | 'processContext' | 'processOutputStream' | 'processOutputResult'

/** The error with which a processor ends a call. Its own class, so that the turn is discarded. */
export class ProcessorAbort extends MemoryError {
  constructor(processor: string, reason: string | undefined) {
    super('aborted', {
      message: `The processor ${shown(processor)} ended the call${reason === undefined ? '' : `: ${reason}`}.`,
      fix: 'Nothing of the turn was kept. Change the input, or what the processor refuses.',
      details: { processor, reason: reason ?? null },
    })
  }
}

function nameOf(processor: Processor, index: number): string {
  return processor.id ?? (processor.constructor === Object ? `${index}` : processor.constructor.name)
}

const isAnswer = {
  messages: (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null),
  part: (value: unknown) => typeof value === 'object' && value !== null && 'type' in value,
}

/** Runs one method of all processors in order, each on the result of the one before. */
export async function runProcessors<Value>(
  processors: readonly Processor[],
  hook: Hook,
  field: 'messages' | 'part',
  value: Value,
  requestContext: RequestContext,
): Promise<Value> {
  let current = value
  for (const [index, processor] of processors.entries()) {
    if (processor[hook] === undefined) continue
    const abort = (reason?: string): never => {
      throw new ProcessorAbort(nameOf(processor, index), reason)
    }
    const run = processor[hook] as (call: unknown) => Awaitable<Value | undefined>
    let answer: Value | undefined
    try {
      answer = await run.call(processor, { [field]: current, abort, requestContext })
    } catch (error) {
      if (error instanceof ProcessorAbort) throw error
      throw failed(nameOf(processor, index), hook, error)
    }
    if (answer === null && field === 'part') return answer
    if (answer !== undefined) current = answer
    if (!isAnswer[field](current)) {
      const wanted = field === 'part' ? 'part of a stream' : 'list of messages'
      throw failed(nameOf(processor, index), hook, new TypeError(`It did not return a ${wanted}.`))
    }
  }
  return current
}

function failed(processor: string, hook: Hook, cause: unknown): MemoryError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new MemoryError('unavailable', {
    message: `The processor ${shown(processor)} failed in ${hook}: ${reason}`,
    fix: 'Fix the processor, or remove it.',
    details: { processor, hook },
    cause,
  })
}
