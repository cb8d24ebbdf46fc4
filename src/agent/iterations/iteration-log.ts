/** The steps of a run, as its record keeps them. */
import { isJsonObject, type Json, type JsonObject, jsonBytes } from '../../domain/json.ts'
import type { IterationRecord } from '../iteration-options.ts'

/** The record of one run has at most that many, the last ones. */
const mostRecords = 100

/** Bytes of all of them, as JSON. */
const mostBytes = 65_536

/** The record names at most that many calls of a step, and scorers of a check. */
const mostNames = 32

/** Letters of a name that somebody else chose. */
const mostLetters = 128

function short(text: string): string {
  return text.slice(0, mostLetters)
}

function bounded({ calls, check, hookErrors, ...record }: IterationRecord): IterationRecord {
  return {
    ...record,
    model: short(record.model),
    finishReason: short(record.finishReason),
    calls: calls.slice(0, mostNames).map(({ toolCallId, tool, ...more }) => {
      return { toolCallId: short(toolCallId), tool: short(tool), ...more }
    }),
    ...(check === undefined
      ? {}
      : {
          check: {
            ...check,
            results: check.results.slice(0, mostNames).map((one) => ({ ...one, scorerId: short(one.scorerId) })),
          },
        }),
    ...(hookErrors === undefined ? {} : { hookErrors: hookErrors.slice(0, mostNames) }),
  }
}

/** They are plain JSON; an interface has no index signature, so the type checker cannot know. */
function asJson(records: readonly IterationRecord[]): Json {
  return records as unknown as Json
}

export class IterationLog {
  #records: IterationRecord[] = []
  #dropped = 0

  /**
   * Takes what the run has told before this call of it.
   *
   * @param steps How many steps of it are stored. What is told of more was lost with its process, and is told again.
   */
  restore({ iterations, iterationsDropped }: JsonObject, steps: number): void {
    const told = Array.isArray(iterations) ? iterations.filter(isJsonObject) : []
    this.#records = (told as unknown as IterationRecord[]).filter(({ iteration }) => iteration <= steps)
    this.#dropped = typeof iterationsDropped === 'number' ? iterationsDropped : 0
  }

  /** The last ones, in order. */
  get records(): readonly IterationRecord[] {
    return this.#records
  }

  /** Notes a step. One that is noted already is replaced. */
  note(record: IterationRecord): void {
    const own = bounded(record)
    const at = this.#records.findIndex(({ iteration }) => iteration === own.iteration)
    if (at >= 0) this.#records[at] = own
    else this.#records.push(own)
    const isTooMuch = () => this.#records.length > mostRecords || jsonBytes(asJson(this.#records)) > mostBytes
    while (this.#records.length > 1 && isTooMuch()) {
      this.#records.shift()
      this.#dropped += 1
    }
  }

  /** What is noted of a step; undefined for nothing. */
  of(iteration: number): IterationRecord | undefined {
    return this.#records.find((record) => record.iteration === iteration)
  }

  get facts(): { readonly iterations?: Json; readonly iterationsDropped?: number } {
    if (this.#records.length === 0) return {}
    return { iterations: asJson(this.#records), ...(this.#dropped === 0 ? {} : { iterationsDropped: this.#dropped }) }
  }
}
