/** Records the answer of a turn from the AI SDK's stream, and saves it step by step. */

import type { TextStreamPart, ToolSet, UIMessage, UIMessageChunk, UIMessageStreamWriter } from 'ai'
import type { Change } from '../../domain/commit/commit.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import type { AgentTurn, TurnEnd } from '../../ports/agent-memory.ts'
import { ProcessorAbort } from '../processors/processor.ts'
import { loadSdk } from '../sdk.ts'
import type { StartingCall } from '../steps/call-steps.ts'
import type { DataParts } from '../tools/data-parts.ts'
import { type ModelOutputs, notShown, type ToolResult } from '../tools/model-outputs.ts'
import { endedParts, isAwaited, recordable, storedPart } from './answer-parts.ts'
import { type Batch, EarlySaves } from './early-saves.ts'
import type { SavedAnswer } from './saved-answer.ts'

/** How an answer ended. */
export interface AnswerEnd {
  readonly status: TurnEnd | 'discarded'
  /** The error of the model, a processor or the memory; null without one. */
  readonly error: unknown
  readonly parts: readonly MessagePart[]
}

/** The chunks of an answer, with some that are added to them. */
export interface ChunksWithMore {
  /** A chunk, with those that belong in front of it and behind it. */
  next(chunk: UIMessageChunk): Iterable<UIMessageChunk>
  /** Those at the end. */
  end(): Iterable<UIMessageChunk>
}

interface AnswerOptions {
  readonly turn: AgentTurn
  /** The id that the answer has, or will have once its first part is stored. */
  readonly messageId: string
  /** What is stored of it, and how it is saved. */
  readonly saved: SavedAnswer
  /** What models see of the results of tools. */
  readonly modelOutputs: ModelOutputs
  /** Parts that the application and its tools add. */
  readonly dataParts: DataParts
  /** Tell which calls wait for data. */
  readonly suspended: ChunksWithMore
  /** Whether each step is saved as it completes; otherwise everything at the end. */
  readonly savePerStep: boolean
  /** Whether calls are saved before their tools run: what the stream shows of them is what the model said. */
  readonly savesEarly: boolean
  /** Decides in the end what is stored. */
  readonly process: (parts: readonly MessagePart[]) => Promise<readonly MessagePart[]>
}

type StreamPart = TextStreamPart<ToolSet>

/** Collects the answer of one turn and stores it. */
export class Answer {
  readonly #options: AnswerOptions
  #latest: readonly MessagePart[]
  /** What models are shown of results, by the ids of their calls. */
  readonly #modelOutputs = new Map<string, JsonObject>()
  /** What tools are still making of it. */
  #making: Promise<void>[] = []
  #willContinue = false
  #isAborted = false
  #failure: unknown = null
  #steps = 0
  #finishReason: string | undefined
  #inputTokens = 0
  #outputTokens = 0
  #hasEnded = false
  #waiting: { readonly step: number; readonly resolve: () => void }[] = []
  readonly #early: EarlySaves
  /** Ends of steps that are on their way through the AI SDK; a batch marks a save before the end. */
  readonly #ends: (Batch | 'step')[] = []
  /** Writes the end of a step to the recording; null before it began and after it ended. */
  #mark: (() => void) | null = null

  constructor(options: AnswerOptions) {
    this.#options = options
    this.#latest = options.saved.parts
    const calls = this.#latest.flatMap(({ toolCallId }) => (typeof toolCallId === 'string' ? [toolCallId] : []))
    const stored = options.savePerStep && options.savesEarly ? calls : null
    this.#early = new EarlySaves(stored, {
      save: (batch) => this.#saveAt(batch),
      start: (call) => options.saved.start(call),
    })
  }

  /**
   * Stores the start of a call, and everything before it, before its tool runs.
   *
   * @throws MemoryError if the memory refuses it: the tool must not run.
   */
  begin(call: StartingCall): Promise<void> {
    return this.#early.begin(call)
  }

  /** Steps that the recording has seen, saved or not. */
  get steps(): number {
    return this.#steps
  }

  /** What is known of it so far; stored or not. */
  get parts(): readonly MessagePart[] {
    return this.#latest
  }

  /** How the last step ended, in the AI SDK's words; undefined before. */
  get finishReason(): string | undefined {
    return this.#finishReason
  }

  /** Tokens of all steps so far, as the provider counts them. */
  get usage(): { readonly inputTokens: number; readonly outputTokens: number } {
    return { inputTokens: this.#inputTokens, outputTokens: this.#outputTokens }
  }

  /** Resolves when that many steps are recorded, and saved if each step is, or the recording is over. */
  recorded(steps: number): Promise<void> {
    if (this.#hasEnded || this.#steps >= steps) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ step: steps, resolve }))
  }

  /** Reads a stream to its end, with or without other readers. Never throws. */
  async record(stream: ReadableStream<StreamPart>, tools: ToolSet): Promise<void> {
    try {
      const reader = (await this.#messagesOf(stream, tools)).getReader()
      while (!(await reader.read()).done);
    } catch (error) {
      this.#fail(error)
    }
    this.#options.dataParts.end()
    this.#mark = null
    this.#early.end()
    for (const end of this.#ends.splice(0)) if (end !== 'step') end.refused(this.#failure)
    this.#hasEnded = true
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  /** The stream as the AI SDK makes a UI message of it, which is what is stored. */
  async #messagesOf(stream: ReadableStream<StreamPart>, tools: ToolSet): Promise<ReadableStream<unknown>> {
    const { createUIMessageStream, toUIMessageStream } = await loadSdk()
    const { messageId, dataParts, suspended } = this.#options
    // The SDK's types of parts are a closed union, and the SDK made the stored parts.
    const before = { id: messageId, role: 'assistant', parts: this.#options.saved.parts } as unknown as UIMessage
    const said = toUIMessageStream({
      stream: this.#observed(stream),
      tools,
      sendSources: true,
      redactToolErrors: false,
      onError: (error) => (error instanceof Error ? error.message : String(error)),
    })
    return createUIMessageStream({
      execute: async ({ writer }) => {
        dataParts.follow((part) => writer.write(part))
        this.#mark = () => writer.write({ type: 'finish-step' })
        const reader = said.getReader()
        for (let read = await reader.read(); !read.done; read = await reader.read()) {
          for (const chunk of suspended.next(read.value)) this.#write(chunk, writer)
        }
        for (const chunk of suspended.end()) writer.write(chunk)
        dataParts.end()
      },
      originalMessages: before.parts.length > 0 ? [before] : [],
      generateId: () => messageId,
      onStepEnd: async ({ responseMessage }) => {
        const end = this.#ends.shift() ?? 'step'
        return end === 'step' ? this.#endStep(responseMessage.parts) : this.#endBatch(end, responseMessage.parts)
      },
      onEnd: ({ responseMessage }) => this.#see(responseMessage.parts),
    })
  }

  #write(chunk: UIMessageChunk, writer: UIMessageStreamWriter): void {
    if (chunk.type === 'finish-step') this.#ends.push('step')
    writer.write(chunk)
    this.#early.saw(chunk)
  }

  /** Saves all that was written to the recording so far. The AI SDK tells what that is at the end of a step. */
  #saveAt(batch: Batch): void {
    if (this.#mark === null) batch.refused(this.#failure)
    else {
      this.#ends.push(batch)
      this.#mark()
    }
  }

  async #endBatch({ calls, saved, refused }: Batch, parts: readonly { readonly type: string }[]): Promise<void> {
    await Promise.all(this.#making.splice(0))
    this.#see(parts)
    const store = this.#options.saved
    await store.save(this.#latest, calls)
    if (store.failure === null) saved()
    else refused(store.failure)
  }

  /** The stream, with its events noted. A stream that breaks ends here, so that its content so far is kept. */
  #observed(stream: ReadableStream<StreamPart>): ReadableStream<StreamPart> {
    const reader = stream.getReader()
    return new ReadableStream<StreamPart>({
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read()
          if (done) return controller.close()
          this.#note(value)
          controller.enqueue(recordable(value))
        } catch (error) {
          this.#fail(error)
          controller.close()
        }
      },
      cancel: (reason) => reader.cancel(reason),
    })
  }

  #note(part: StreamPart): void {
    if (part.type === 'abort') this.#isAborted = true
    else if (part.type === 'error') this.#fail(part.error)
    else if (part.type === 'tool-result' && part.preliminary !== true) this.#show(part)
    else if (part.type === 'finish-step') {
      this.#willContinue = part.finishReason === 'tool-calls'
      this.#finishReason = part.finishReason
      this.#inputTokens += part.usage.inputTokens ?? 0
      this.#outputTokens += part.usage.outputTokens ?? 0
    }
  }

  /** Has the tool say what models are shown of its result. If the turn ends before it has, they are shown nothing of it. */
  #show(result: ToolResult): void {
    const { modelOutputs } = this.#options
    if (!modelOutputs.isSaidBy(result.toolName)) return
    this.#modelOutputs.set(result.toolCallId, notShown)
    const making = async () => {
      const shown = await modelOutputs.of(result)
      if (shown !== null) this.#modelOutputs.set(result.toolCallId, shown)
    }
    this.#making.push(making())
  }

  /** The error may be undefined. */
  #fail(error: unknown): void {
    this.#failure ??= error ?? new Error('The model failed and did not say why.')
  }

  #see(parts: readonly { readonly type: string }[]): void {
    this.#latest = parts.map((part) => this.#withModelOutput(storedPart(part)))
  }

  #withModelOutput(part: MessagePart): MessagePart {
    const { toolCallId, state } = part
    if (state !== 'output-available' || typeof toolCallId !== 'string') return part
    const modelOutput = this.#modelOutputs.get(toolCallId)
    return modelOutput === undefined ? part : { ...part, modelOutput }
  }

  async #endStep(parts: readonly { readonly type: string }[]): Promise<void> {
    await Promise.all(this.#making.splice(0))
    this.#see(parts)
    // The last step is saved with the end of the turn, in one commit.
    if (this.#willContinue && this.#options.savePerStep) await this.#options.saved.save(this.#latest)
    this.#steps += 1
    this.#waiting = this.#waiting.filter(({ step, resolve }) => {
      if (step <= this.#steps) resolve()
      return step > this.#steps
    })
  }

  /**
   * Closes the turn with the rest of the answer.
   *
   * @param given The model's error, if the caller saw it and the stream did not.
   * @param lastChanges Made from the end, committed with it.
   */
  async end(given: unknown, lastChanges: (end: AnswerEnd) => readonly Change[]): Promise<AnswerEnd> {
    const { process, saved } = this.#options
    let failure = this.#failure ?? given
    if (failure instanceof ProcessorAbort) return this.#discard(failure, lastChanges)
    if (saved.failure !== null) throw saved.failure
    const isCut = this.#isAborted || failure !== null
    // A tool that hangs at it must not keep a turn open that was ended from outside.
    if (!isCut) await Promise.all(this.#making.splice(0))
    this.#latest = this.#latest.map((part) => this.#withModelOutput(part))
    const mayContinue = !isCut && this.#latest.some(isAwaited)
    let parts = endedParts(this.#latest, mayContinue)
    try {
      if (parts.length > 0) parts = await process(parts)
    } catch (error) {
      if (error instanceof ProcessorAbort) return this.#discard(error, lastChanges)
      // Content that a processor should have checked is not stored unchecked.
      failure ??= error
      parts = endedParts(saved.parts, false)
    }
    const status = statusOf(this.#isAborted, failure, mayContinue)
    const end: AnswerEnd = { status, error: failure, parts }
    await saved.close(status, parts, lastChanges(end))
    return end
  }

  async #discard(error: unknown, lastChanges: (end: AnswerEnd) => readonly Change[]): Promise<AnswerEnd> {
    const end: AnswerEnd = { status: 'discarded', error, parts: [] }
    await this.#options.turn.discard(lastChanges(end))
    return end
  }
}

function statusOf(isAborted: boolean, failure: unknown, mayContinue: boolean): TurnEnd {
  if (isAborted) return 'aborted'
  if (failure !== null) return 'failed'
  return mayContinue ? 'suspended' : 'complete'
}
