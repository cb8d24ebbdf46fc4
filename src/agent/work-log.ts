/** What one call handed to others, for the record of its run: names, ids and numbers, never content. */
import type { Json, JsonObject } from '../domain/json.ts'

/** The record of one run names at most that many. */
const mostRecords = 256

export class WorkLog {
  readonly #records: JsonObject[] = []
  #more = 0

  note(record: JsonObject): void {
    if (this.#records.length < mostRecords) this.#records.push(record)
    else this.#more += 1
  }

  /** Undefined if nothing was handed on. */
  get facts(): { readonly delegations?: Json; readonly moreDelegations?: number } {
    if (this.#records.length === 0) return {}
    return { delegations: this.#records, ...(this.#more === 0 ? {} : { moreDelegations: this.#more }) }
  }
}
