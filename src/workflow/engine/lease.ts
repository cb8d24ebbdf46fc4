/** The lease of a driven run: renewed while this process drives it, so that no other process does. */
import { every } from '../../domain/detached.ts'
import { MemoryError, shown } from '../../domain/error.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'

/** Whose lease it is. */
interface RunLease {
  readonly runId: string
  readonly token: number
  readonly leaseMs: number
}

/** The error of a drive whose lease somebody else has. */
export function leaseLost(runId: string): MemoryError {
  return new MemoryError('conflict', {
    message: `The run ${shown(runId)} is carried on by another process.`,
    fix: 'Read its state, or wait for it.',
    details: { runId, reason: 'lease-lost' },
    retryable: true,
  })
}

/** What is told of a lease that is kept. */
interface LeaseEvents {
  /** After each renewal. */
  readonly renewed: () => unknown
  /** It is somebody else's. */
  readonly lost: (error: unknown) => void
}

/** A lease, renewed three times within its length until it is stopped. */
export class KeptLease {
  readonly #space: AgentSpace
  readonly #lease: RunLease
  readonly #events: LeaseEvents
  readonly #timer: { stop(): void }
  #isOver = false
  /** Until then nobody else can have it, by the process's own clock. */
  #heldUntil: number

  constructor(space: AgentSpace, lease: RunLease, events: LeaseEvents) {
    this.#space = space
    this.#lease = lease
    this.#events = events
    this.#heldUntil = performance.now() + lease.leaseMs
    // One renewal that fails is no loss: the next one comes before the lease is over, and every write checks it.
    const failed = (error: unknown) => {
      if (error instanceof MemoryError && error.code === 'closed') events.lost(error)
    }
    this.#timer = every(Math.max(1, Math.floor(lease.leaseMs / 3)), () => this.#renew(), failed).unref()
  }

  stop(): void {
    this.#isOver = true
    this.#timer.stop()
  }

  /**
   * Makes sure that nobody else has the lease, before something is done that cannot be undone: a process may have stood
   * still since it was renewed.
   */
  async ensure(): Promise<void> {
    if (performance.now() >= this.#heldUntil) await this.#renew()
  }

  async #renew(): Promise<void> {
    if (this.#isOver) return
    const { runId, token, leaseMs } = this.#lease
    const askedAt = performance.now()
    const isOurs = await this.#space.renewLease(`run/${runId}`, token, leaseMs)
    if (this.#isOver) return
    if (!isOurs) return this.#events.lost(leaseLost(runId))
    this.#heldUntil = askedAt + leaseMs
    await this.#events.renewed()
  }
}
