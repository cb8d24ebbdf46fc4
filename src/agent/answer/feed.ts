/** A stream of the AI SDK's parts that is written to as a call goes on. */
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
      // A reader that gives up must not make the writer fail: the writer still has a turn to close.
      cancel: () => {
        this.#controller = null
      },
    })
  }

  /** Once the feed has ended, or its reader has given up, nothing is written any more. */
  write(parts: Iterable<StreamPart>): void {
    for (const part of parts) this.#controller?.enqueue(part)
  }

  end(): void {
    this.#controller?.close()
    this.#controller = null
  }
}
