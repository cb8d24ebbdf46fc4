/** Positions in a log below its horizon, where rows were compacted away. */
import { MemoryError } from '../domain/error.ts'
import type { Seq } from '../domain/id.ts'
import type { SpaceState } from '../domain/space.ts'

/** The error for a position in a log that was compacted away, or belongs to a space that was erased. */
function cursorExpired(after: Seq, horizon: Seq, seq: Seq): MemoryError {
  return new MemoryError('cursor-expired', {
    message: `The log begins after seq ${horizon}; seq ${after} lies below it.`,
    fix: `Read the current state, then follow from seq ${seq}.`,
    details: { after, horizon, seq },
  })
}

/** Refuses a position below the horizon of its space. */
export function requireAbove({ horizon, seq: last }: SpaceState, seq: Seq): void {
  if (seq < horizon) throw cursorExpired(seq, horizon, last)
}
