/** The state that the steps of a run share: fields, as the steps that ended or suspended have set them. */
import { equalJson, type Json, type JsonObject, setField } from '../../domain/json.ts'
import type { WorkRunStep } from '../../ports/agent-memory.ts'

/** Fields that a step sets. */
interface StatePatch {
  /** Its place among all patches of the run. */
  readonly at: number
  readonly fields: JsonObject
}

export class SharedState {
  #fields: JsonObject = {}
  /** The patch that last set each field. */
  readonly #setBy = new Map<string, number>()
  #count = 0

  /** @param steps All records of the run. */
  constructor(steps: Iterable<WorkRunStep>) {
    const patches = [...steps].flatMap(({ state }) => state ?? [])
    for (const patch of patches.toSorted((one, other) => one.at - other.at)) this.#add(patch)
  }

  /** As it is now. It never changes: a later state is another object. */
  get fields(): JsonObject {
    return this.#fields
  }

  /**
   * Sets what a step changed of the state that it saw. Fields that it left as they were are not touched, so that steps
   * that run at the same time keep each other's fields.
   *
   * @param before What the step has set already: a record has one patch, so the new one has what still counts of it.
   * @returns What to store with the step; undefined if nothing changed.
   */
  set(seen: JsonObject, next: JsonObject, before?: StatePatch): StatePatch | undefined {
    if (!changes(seen, next)) return undefined
    const fields: Record<string, Json> = {}
    for (const [key, value] of Object.entries(before?.fields ?? {})) {
      if (this.#setBy.get(key) === before?.at) setField(fields, key, value)
    }
    for (const [key, value] of Object.entries(next)) {
      if (!equalJson(seen[key], value) || !Object.hasOwn(seen, key)) setField(fields, key, value)
    }
    const patch = { at: this.#count + 1, fields }
    this.#add(patch)
    return patch
  }

  #add({ at, fields }: StatePatch): void {
    this.#count = Math.max(this.#count, at)
    const next: Record<string, Json> = {}
    for (const [key, value] of [...Object.entries(this.#fields), ...Object.entries(fields)]) setField(next, key, value)
    this.#fields = next
    for (const key of Object.keys(fields)) this.#setBy.set(key, at)
  }
}

function changes(seen: JsonObject, next: JsonObject): boolean {
  return Object.keys(next).some((key) => !Object.hasOwn(seen, key) || !equalJson(seen[key], next[key]))
}
