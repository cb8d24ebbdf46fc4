/** Processors: what an application does to a call's input, to what the model is shown, and to what it answers. */
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
 * One processor; each method is optional. Those of `inputProcessors` run in order, before anything is stored; those of
 * `outputProcessors` run in order on what the model answers.
 */
export interface Processor {
  /** For errors. */
  readonly id?: string
  /** The new messages of the call, before they are stored. Answers those to store. */
  processInput?(
    call: ProcessorCall & { readonly messages: readonly ProcessedMessage[] },
  ): Awaitable<readonly ProcessedMessage[] | undefined>
  /** What the model is about to see: memory, history and input. Answers what it sees instead; nothing of it is stored. */
  processContext?(
    call: ProcessorCall & { readonly messages: readonly ModelMessage[] },
  ): Awaitable<readonly ModelMessage[] | undefined>
  /** Each part of a stream, before anybody sees it. Answers the part to pass on; null leaves it out, where it says something. */
  processOutputStream?(
    call: ProcessorCall & { readonly part: TextStreamPart<ToolSet> },
  ): Awaitable<TextStreamPart<ToolSet> | null | undefined>
  /**
   * The whole answer before any of it is stored, or what there is of one that broke off. Answers what to store instead.
   * With it an answer is stored at its end, whatever `savePerStep` says.
   */
  processOutputResult?(
    call: ProcessorCall & { readonly messages: readonly ProcessedMessage[] },
  ): Awaitable<readonly ProcessedMessage[] | undefined>
}

type Awaitable<Value> = Value | PromiseLike<Value>
type Hook = 'processInput' | 'processContext' | 'processOutputStream' | 'processOutputResult'

/** How a processor ended a call. Told apart from other errors so that its turn is discarded. */
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

/** Runs one hook of all processors in order, each on what the one before answered. */
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
      throw failed(nameOf(processor, index), hook, new TypeError(`It answered no ${wanted}.`))
    }
  }
  return current
}

function failed(processor: string, hook: Hook, cause: unknown): MemoryError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new MemoryError('unavailable', {
    message: `The processor ${shown(processor)} failed in ${hook}: ${reason}`,
    fix: 'Mend the processor, or leave it out.',
    details: { processor, hook },
    cause,
  })
}
