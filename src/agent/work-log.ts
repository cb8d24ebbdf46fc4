/** What one call handed to others, for the record of its run: names, ids and numbers, never content. */
import { isJsonObject, type Json, type JsonObject } from '../domain/json.ts'

/** The record of one run names at most that many. */
const mostRecords = 256

export class WorkLog {
  readonly #records: JsonObject[] = []
  #more = 0
  #atEnd: (() => Promise<void>) | null = null

  /** Takes what the run handed on before this call of it. */
  restore({ delegations }: JsonObject): void {
    if (Array.isArray(delegations)) for (const one of delegations) if (isJsonObject(one)) this.note(one)
  }

  /** Notes how work stands; that of a call which is noted already goes on. */
  note(record: JsonObject): void {
    const before = this.#records.findIndex(({ toolCallId }) => toolCallId === record.toolCallId)
    if (before >= 0) this.#records[before] = { ...this.#records[before], ...record }
    else if (this.#records.length < mostRecords) this.#records.push(record)
    else this.#more += 1
  }

  /** What is noted of the work of a call; undefined for nothing. */
  of(toolCallId: string): JsonObject | undefined {
    return this.#records.find((record) => record.toolCallId === toolCallId)
  }

  /** Notes what is to be done once the turn of the call is over, if it does not wait: work that was handed on has to end. */
  endWith(work: () => Promise<void>): void {
    this.#atEnd ??= work
  }

  /** Ends the work that was handed on. The turn of the call is over. */
  async end(): Promise<void> {
    await this.#atEnd?.()
  }

  /** Undefined if nothing was handed on. */
  get facts(): { readonly delegations?: Json; readonly moreDelegations?: number } {
    if (this.#records.length === 0) return {}
    return { delegations: this.#records, ...(this.#more === 0 ? {} : { moreDelegations: this.#more }) }
  }
}
