/** Waiting inside of a drive: for a decision, for a time, or until the drive ends. */
import type { AgentSpace, WorkRunStep } from '../../ports/agent-memory.ts'
import type { Drive, Scope } from './drive.ts'
import { wakeUps } from './wake-ups.ts'

/** Waits at a step. Answers whether its record may have changed; false if the drive ends first. */
export async function untilChanged({ drive, activity }: Scope, path: string): Promise<boolean> {
  return (await activity.pause(drive.waiting.at(path))) === 'changed'
}

const beginningOfTime = new Date(0).toISOString()

/** Milliseconds since 1970, by the clock of the memory. */
export function nowMsOf(space: AgentSpace): number {
  return space.elapsedMs(beginningOfTime)
}

/** Milliseconds until the time of a sleep; 0 or less once it has come. */
export function remainingMs({ nowMs }: Drive, { expiresAt }: WorkRunStep): number {
  return expiresAt === undefined ? 0 : Date.parse(expiresAt) - nowMs()
}

/**
 * Waits until a sleeping step may go on: its time has come, or somebody woke it. Answers false if the drive ends first.
 */
export async function untilAwake(scope: Scope, path: string): Promise<boolean> {
  const { drive } = scope
  for (;;) {
    const record = drive.journal.at(path)
    if (record?.status !== 'asked') return true
    const ms = remainingMs(drive, record)
    if (ms <= 0) return true
    const forget = wakeUps.later(ms, () => drive.waiting.wake(path), true)
    const isChanged = await untilChanged(scope, path)
    forget()
    if (!isChanged) return false
  }
}
