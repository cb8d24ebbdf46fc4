/** The steps of `generateText` as the AI SDK would stream them: what the model said, then what became of its calls. */
import type { StepResult, TextStreamPart, ToolSet } from 'ai'
import type { Feed } from '../answer/feed.ts'

/** A step as the AI SDK tells of it. */
export type SdkStep = StepResult<ToolSet, Record<string, unknown>>
type Content = SdkStep['content'][number]
type StreamPart = TextStreamPart<ToolSet>

/** What becomes of calls, and comes after the model has spoken. */
const outcomes: ReadonlySet<Content['type']> = new Set([
  'tool-result',
  'tool-error',
  'tool-approval-request',
  'tool-approval-response',
] as const)

function* contentParts(content: readonly Content[]): Generator<StreamPart> {
  for (const [index, part] of content.entries()) {
    const id = `${index}`
    if (part.type === 'text' || part.type === 'reasoning') {
      const { type, text, ...about } = part
      yield { ...about, type: `${type}-start`, id } as StreamPart
      yield { ...about, type: `${type}-delta`, id, text } as StreamPart
      yield { ...about, type: `${type}-end`, id } as StreamPart
    } else yield part as StreamPart
  }
}

/** Writes steps to a recording, each in two pieces: calls are recorded before their tools run. */
export class WrittenStep {
  readonly #feed: Feed | null
  #hasContent = false
  /** Calls whose result was written. */
  readonly #answered = new Set<string>()

  constructor(feed: Feed | null) {
    this.#feed = feed
  }

  /** What the model said, before its tools run. */
  said(content: readonly Content[]): void {
    this.#feed?.write([{ type: 'start-step', request: {}, warnings: [] }])
    this.#feed?.write(contentParts(content))
    for (const part of content) {
      if (part.type === 'tool-result' || part.type === 'tool-error') this.#answered.add(part.toolCallId)
    }
    this.#hasContent = true
  }

  /** What a tool returned, or its error. Also of a call of an earlier step. */
  returned(output: Content & { readonly toolCallId: string }): void {
    this.#feed?.write([output as StreamPart])
    this.#answered.add(output.toolCallId)
  }

  /** The rest of the step. */
  ended({ content, response, usage, performance, finishReason, rawFinishReason, providerMetadata }: SdkStep): void {
    if (!this.#hasContent) this.said(content)
    const left = content.filter((part) => {
      return outcomes.has(part.type) && !('toolCallId' in part && this.#answered.has(part.toolCallId))
    })
    this.#feed?.write(contentParts(left))
    this.#feed?.write([
      { type: 'finish-step', response, usage, performance, finishReason, rawFinishReason, providerMetadata },
    ])
    this.#hasContent = false
    this.#answered.clear()
  }
}
