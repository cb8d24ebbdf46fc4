/** Decides changes of leases: taking and releasing. */

import type { ChangeOf, ChangeResult, ResultOf } from '../commit/commit.ts'
import { invalidInput, MemoryError, shown } from '../error.ts'
import { checkId, type ThreadId } from '../id.ts'
import { type LeaseState, leasedRun } from '../records/lease.ts'
import { isoTime, msOf } from '../time.ts'
import type { Draft } from './draft.ts'

/** The name of a lease that callers may take. Those of turns and runs are taken only with them. */
function checkName(value: string): string {
  const name = checkId(value, 'name')
  if (leasedRun(name) !== null) {
    throw invalidInput(
      'name',
      'must not be the lease of a run',
      name,
      'Put the run with leaseMs, or with another status.',
    )
  }
  if (!name.startsWith('turn/')) return name
  throw invalidInput('name', 'must not be the lease of a turn', name, 'Open, resume or close the turn instead.')
}

export function holdLease(draft: Draft, name: string, leaseMs: number, threadId: ThreadId | null): LeaseState {
  const lease = { name, token: draft.seq, holder: draft.actor, until: isoTime(msOf(draft.at) + leaseMs), threadId }
  draft.leases.set(name, lease)
  return lease
}

/** The error for a lease that somebody else holds. */
export function leaseHeld({ name, holder, until, token }: LeaseState): MemoryError {
  return new MemoryError('conflict', {
    message: `The lease ${shown(name)} is held by ${holder.kind} ${shown(holder.id)} until ${until}.`,
    fix: 'Try again after that time, or take it with steal: true.',
    details: { name, holder, until, token },
    retryable: true,
  })
}

function applyLeaseTake(draft: Draft, change: ChangeOf<'lease-take'>): ResultOf<'lease-take'> {
  const name = checkName(change.name)
  draft.claim({ lease: name })
  const held = draft.view.lease(name)
  if (held !== null && held.until > draft.at && change.steal !== true) throw leaseHeld(held)
  const lease = holdLease(draft, name, change.leaseMs, null)
  draft.add({ kind: 'lease-take', name, until: lease.until })
  return { kind: 'lease-take', name, token: lease.token, expiresAt: lease.until }
}

function applyLeaseRelease(draft: Draft, change: ChangeOf<'lease-release'>): ResultOf<'lease-release'> {
  const name = checkName(change.name)
  draft.claim({ lease: name })
  const released = draft.view.lease(name)?.token === change.token
  if (released) draft.leases.set(name, null)
  draft.add({ kind: 'lease-release', name, released })
  return { kind: 'lease-release', name, released }
}

/** Decides a change of a lease. */
export function applyLease(draft: Draft, change: ChangeOf<'lease-take' | 'lease-release'>): ChangeResult {
  return change.kind === 'lease-take' ? applyLeaseTake(draft, change) : applyLeaseRelease(draft, change)
}
