/** How much of a call's results its answer can hold. A result that does not fit is an error that its model sees. */
import { MemoryError, shown } from '../../domain/error.ts'
import { type Json, jsonBytes } from '../../domain/json.ts'
import { withCommas } from '../../domain/with-commas.ts'

/** The share of a message that results leave to the words of the model: without it the answer itself would not fit. */
const shareOfWords = 1 / 16

/** The room of one answer, in bytes. */
export class ResultRoom {
  readonly #limitBytes: number
  #left: number

  /**
   * @param limitBytes What one message may hold.
   * @param stored What the answer holds already.
   */
  constructor(limitBytes: number, stored: Json = []) {
    this.#limitBytes = limitBytes
    this.#left = limitBytes * (1 - shareOfWords) - jsonBytes(stored)
  }

  /**
   * Takes room for something that is stored with the answer.
   *
   * @param what Its name at the beginning of an error.
   * @throws MemoryError `limit-exceeded` if it does not fit. Nothing is taken then.
   */
  take(what: string, bytes: number): void {
    if (bytes <= this.#left) {
      this.#left -= bytes
      return
    }
    const [size, left, limit] = [bytes, Math.max(0, Math.floor(this.#left)), this.#limitBytes].map((count) =>
      count === undefined ? undefined : withCommas(count),
    )
    throw new MemoryError('limit-exceeded', {
      message: `${what} is ${size} bytes and was not kept: the answer has room for ${left} bytes of results, and a message for ${limit} bytes.`,
      fix: 'Ask for less of it: a part, a page or a summary.',
      details: { limit: 'messageBytes', bytes, limitBytes: this.#limitBytes },
    })
  }
}

/** What an error calls the result of a tool. */
export function resultOfTool(toolName: string): string {
  return `The result of the tool ${shown(toolName)}`
}
