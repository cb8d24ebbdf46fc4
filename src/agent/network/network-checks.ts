/** The checks of a network as its events tell of them, each when its step is told, and around the object that it passed. Pure. */
import type { IterationEvent } from '../call-iterations.ts'
import type { NetworkEventType, NetworkPayloads } from './network-events.ts'
import { formChecked, type NetworkRun, validationOf } from './network-payloads.ts'

type Emit = <Name extends NetworkEventType>(type: Name, payload: NetworkPayloads[Name]) => void

/** The object that was asked for, as it came, and whole; null if none was. */
export type Structured = { readonly partials: readonly unknown[]; readonly object: unknown } | null

export class NetworkChecks {
  readonly #run: NetworkRun
  readonly #emit: Emit
  /** Checks of a step whose end has not come yet. */
  readonly #early: IterationEvent[] = []
  /** Steps whose end has come. */
  #finished = 0
  /** The end of a check that passed: what it passed comes in front of it. */
  #held: NetworkPayloads['network-validation-end'] | null = null
  #passed: boolean | null = null

  constructor(run: NetworkRun, emit: Emit) {
    this.#run = run
    this.#emit = emit
  }

  /** Whether the last check passed; null if nothing was checked. */
  get passed(): boolean | null {
    return this.#passed
  }

  /** What is told of a check can be ahead of the stream, in which its step is still on its way. */
  told(event: IterationEvent, iteration: number): void {
    const step = event.kind === 'check-started' ? event.iteration : event.check.iteration
    if (step > this.#run.before + this.#finished) this.#early.push(event)
    else this.#tell(event, iteration)
  }

  /** The end of a step has come. */
  stepEnded(iteration: number): void {
    this.#finished += 1
    for (const event of this.#early.splice(0)) this.told(event, iteration)
  }

  /** Another step begins: if a check has passed, somebody else had something to say. */
  goesOn(): void {
    if (this.#held !== null) this.#emit('network-validation-end', this.#held)
    this.#held = null
  }

  /** Tells of the object, and then that it was checked. */
  end(structured: Structured, iteration: number): void {
    const { runId } = this.#run
    const isForm = structured !== null && this.#held === null
    if (isForm) this.#emit('network-validation-start', { runId, iteration, checksCount: 1 })
    for (const object of structured?.partials ?? []) this.#emit('network-object', { object })
    if (structured !== null) this.#emit('network-object-result', { object: structured.object })
    if (isForm) this.#passed ??= true
    const end = isForm ? formChecked(this.#run, iteration) : this.#held
    if (end !== null) this.#emit('network-validation-end', end)
    this.#held = null
  }

  #tell(event: IterationEvent, iteration: number): void {
    const { runId } = this.#run
    if (event.kind === 'check-started') {
      this.#emit('network-validation-start', { runId, iteration, checksCount: event.checksCount })
      return
    }
    this.#passed = event.check.passed
    const end = validationOf(this.#run, iteration, event)
    if (end.passed) this.#held = end
    else this.#emit('network-validation-end', end)
  }
}
