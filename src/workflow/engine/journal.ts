/** The records of a run's steps, as its driver writes them: in order, one commit for all that comes together. */

import type { Change, ChangeResult, Expectation } from '../../domain/commit/commit.ts'
import { detach, nextTurn } from '../../domain/detached.ts'
import { MemoryError } from '../../domain/error.ts'
import { jsonLength } from '../../domain/json.ts'
import type { AgentSpace, WorkRunStep } from '../../ports/agent-memory.ts'

/** A change of a step without what is the same for all changes of a run. */
type Own<Kind extends Change['kind']> = Omit<Extract<Change, { kind: Kind }>, 'runId' | 'begun' | 'token'>

/** A change of a step as the interpreter states it. */
type StepChange = Own<'work-begin'> | Own<'work-end'> | Own<'work-wait'>

/** A change that waits for its commit. */
interface Queued {
  readonly change: StepChange
  readonly length: number
  readonly stored: (step: WorkRunStep) => void
  readonly failed: (error: unknown) => void
}

/** More changes and characters than one commit of steps has. */
const mostChanges = 100
const mostLength = 8_000_000

/** Whose run it is, and the token of the lease that every change carries. */
interface Ownership {
  readonly runId: string
  readonly token: number
}

/** The steps of one run while this process drives it. */
export class Journal {
  readonly runId: string
  readonly token: number
  readonly #space: AgentSpace
  readonly #onLost: (error: unknown) => void
  readonly #steps = new Map<string, WorkRunStep>()
  /** Paths that are records, or have records inside. */
  readonly #places = new Set<string>()
  readonly #queue: Queued[] = []
  #flushing: Promise<void> | null = null
  #isScheduled = false
  #last: Promise<unknown> = Promise.resolve()
  #lost: { readonly error: unknown } | null = null

  /** @param onLost Called once, when a commit is refused: nothing more is written then. */
  constructor(space: AgentSpace, { runId, token }: Ownership, onLost: (error: unknown) => void) {
    this.#space = space
    this.runId = runId
    this.token = token
    this.#onLost = onLost
  }

  /** How many records there are. */
  get size(): number {
    return this.#steps.size
  }

  get steps(): Iterable<WorkRunStep> {
    return this.#steps.values()
  }

  at(path: string): WorkRunStep | undefined {
    return this.#steps.get(path)
  }

  /** Whether there is a record at a place, or inside of it. */
  has(place: string): boolean {
    return this.#places.has(place)
  }

  /** Takes a record as it is stored. */
  learn(step: WorkRunStep): void {
    const { path } = step
    this.#steps.set(path, step)
    if (this.#places.has(path)) return
    for (let place = path; ; ) {
      this.#places.add(place)
      if (place.endsWith(']')) this.#places.add(place.slice(0, place.lastIndexOf('[')))
      const slash = place.lastIndexOf('/')
      if (slash === -1) return
      place = place.slice(0, slash)
    }
  }

  /**
   * Writes a change with everything else of this moment. The answer may be left alone: what fails is told to the driver
   * too.
   *
   * @returns The step, once it is stored.
   */
  write(change: StepChange): Promise<WorkRunStep> {
    const { promise, resolve, reject } = Promise.withResolvers<WorkRunStep>()
    // A failure ends the drive, which hears of it by itself.
    promise.catch(() => {})
    if (this.#lost !== null) {
      reject(this.#lost.error)
      return promise
    }
    const output = 'output' in change ? change.output : 'payload' in change ? change.payload : undefined
    const length = output === undefined ? 0 : jsonLength(output)
    this.#queue.push({ change, length, stored: resolve, failed: reject })
    this.#last = promise
    this.#schedule()
    return promise
  }

  /** Writes a change that nobody waits for. What fails is told to the driver. */
  note(change: StepChange): void {
    detach(
      () => this.write(change),
      () => {},
    )
  }

  /** Says something once everything is stored that was written so far. */
  afterAll(tell: () => void): void {
    this.#last.then(tell, () => {})
  }

  #schedule(): void {
    if (this.#isScheduled || this.#flushing !== null) return
    this.#isScheduled = true
    // What goes on from here without waiting for anything belongs to the same commit.
    nextTurn(
      () => {
        this.#isScheduled = false
        return this.#flushAll()
      },
      (error) => this.lose(error),
    )
  }

  #flushAll(): Promise<void> {
    this.#flushing ??= this.#commitQueue().finally(() => {
      this.#flushing = null
      if (this.#queue.length > 0) this.#schedule()
    })
    return this.#flushing
  }

  async #commitQueue(): Promise<void> {
    while (this.#queue.length > 0 && this.#lost === null) await this.#commitBatch(this.#takeBatch(), [])
  }

  #takeBatch(): Queued[] {
    let length = 0
    let count = 0
    for (const queued of this.#queue) {
      length += queued.length
      if (count === mostChanges || (count > 0 && length > mostLength)) break
      count += 1
    }
    return this.#queue.splice(0, count)
  }

  async #commitBatch(
    batch: readonly Queued[],
    last: readonly Change[],
    expect?: readonly Expectation[],
  ): Promise<boolean> {
    const { runId, token } = this
    const changes = [...batch.map(({ change }) => ({ ...change, runId, token }) as Change), ...last]
    try {
      const answer = await this.#space.submitAlone(changes, expect)
      if (answer.status === 'conflict') return false
      answer.results.slice(0, batch.length).forEach((result, index) => {
        const step = answeredStep(result)
        this.learn(step)
        batch[index]?.stored(step)
      })
      return true
    } catch (error) {
      for (const { failed } of batch) failed(error)
      this.lose(error)
      throw error
    }
  }

  /** Writes what is left, and with it the last changes of the run. */
  async finish(last: readonly Change[], expect?: readonly Expectation[]): Promise<boolean> {
    while (this.#flushing !== null) await this.#flushing
    while (this.#queue.length > mostChanges) await this.#commitBatch(this.#takeBatch(), [])
    if (this.#lost !== null) throw this.#lost.error
    const batch = this.#queue.splice(0)
    if (expect === undefined) return this.#commitBatch(batch, last)
    // What was done is stored even if the run may not be parked.
    if (batch.length > 0) await this.#commitBatch(batch, [])
    return this.#commitBatch([], last, expect)
  }

  /** Ends it: a commit was refused, another process has the run, or the lease could not be renewed. */
  lose(error: unknown): void {
    if (this.#lost !== null) return
    this.#lost = { error }
    for (const { failed } of this.#queue.splice(0)) failed(error)
    this.#onLost(error)
  }
}

/** The step in the answer to a change of it. */
export function answeredStep(result: ChangeResult): WorkRunStep {
  if (result.kind === 'record-put') return { ...(result.value as unknown as WorkRunStep), version: result.version }
  throw new MemoryError('bug', {
    message: `A change of a step was answered with ${result.kind}.`,
    fix: 'Please report this with the steps that led to it.',
  })
}
