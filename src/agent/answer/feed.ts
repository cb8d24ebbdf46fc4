/** A stream of the AI SDK's parts that a call writes to while it runs. */
import type { TextStreamPart, ToolSet } from 'ai'

type StreamPart = TextStreamPart<ToolSet>

export class Feed {
  readonly stream: ReadableStream<StreamPart>
  #controller: ReadableStreamDefaultController<StreamPart> | null = null

  constructor() {
    this.stream = new ReadableStream<StreamPart>({
      start: (controller) => {
        this.#controller = controller
      },
      // A reader that stops must not make the writer fail: the writer still has a turn to close.
      cancel: () => {
        this.#controller = null
      },
    })
  }

  /** After the feed has ended, or its reader has stopped, nothing is written. */
  write(parts: Iterable<StreamPart>): void {
    for (const part of parts) this.#controller?.enqueue(part)
  }

  end(): void {
    this.#controller?.close()
    this.#controller = null
  }
}
