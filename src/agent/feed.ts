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
    })
  }

  /** Once the feed has ended nothing is written any more. */
  write(parts: Iterable<StreamPart>): void {
    for (const part of parts) this.#controller?.enqueue(part)
  }

  end(): void {
    this.#controller?.close()
    this.#controller = null
  }
}
