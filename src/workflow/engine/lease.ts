/** The lease of a driven run: renewed while this process drives it, so that no other process does. */
import { every } from '../../domain/detached.ts'
import { MemoryError, shown } from '../../domain/error.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'

/** The lease of a run. */
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

/**
 * Renews a lease three times within its length.
 *
 * @param renewed Called after each renewal.
 * @param lost Called once, when it is somebody else's.
 * @returns A function that stops it.
 */
export function keepLease(
  space: AgentSpace,
  { runId, token, leaseMs: ms }: RunLease,
  renewed: () => unknown,
  lost: (error: unknown) => void,
): () => void {
  let isOver = false
  const renew = async () => {
    if (isOver) return
    const isOurs = await space.renewLease(`run/${runId}`, token, ms)
    if (isOver) return
    if (isOurs) await renewed()
    else lost(leaseLost(runId))
  }
  // One renewal that fails is no loss: the next one comes before the lease is over, and every write checks it.
  const failed = (error: unknown) => {
    if (error instanceof MemoryError && error.code === 'closed') lost(error)
  }
  const timer = every(Math.max(1, Math.floor(ms / 3)), renew, failed).unref()
  return () => {
    isOver = true
    timer.stop()
  }
}
