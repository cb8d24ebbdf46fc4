/** Cursors: opaque texts that say where a page ended. They match only the space and the listing that issued them. */
import { invalidInput, MemoryError } from '../../domain/error.ts'
import type { Seq, SpaceId, SpaceKey } from '../../domain/id.ts'

/** Where a page begins. */
export interface PageStart {
  /** `nextCursor` of the page before this one. Pass the same other options with it. */
  readonly cursor?: string
}

/** What a page of records says about itself. */
export interface PageEnd {
  /** Seq of the space as listed. */
  readonly asOf: Seq
  /** Where the next page begins. Absent on the last page. */
  readonly nextCursor?: string
}

type CursorField = string | number

/** Makes a cursor of a kind of listing, for one space: by its key, or by its id where a new space may go on. */
export function encodeCursor(kind: string, key: SpaceKey | SpaceId, fields: readonly CursorField[]): string {
  return Buffer.from(JSON.stringify([kind, key, ...fields])).toString('base64url')
}

/**
 * Reads a cursor back.
 *
 * @throws MemoryError `invalid-input` if it is not a cursor of this listing; `cursor-expired` if its space was erased.
 */
export function decodeCursor(cursor: string, kind: string, key: SpaceKey | SpaceId | null): readonly CursorField[] {
  const wrong = () =>
    invalidInput('cursor', 'must be a nextCursor of the same listing', cursor, 'Leave it out to start over.')
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    throw wrong()
  }
  if (!Array.isArray(parsed) || parsed[0] !== kind || typeof parsed[1] !== 'string') throw wrong()
  const isField = (field: unknown) => typeof field === 'string' || (typeof field === 'number' && Number.isFinite(field))
  if (!parsed.every(isField)) throw wrong()
  if (parsed[1] !== key) {
    throw new MemoryError('cursor-expired', {
      message: 'The cursor belongs to a space that was erased, or to another one.',
      fix: 'Leave the cursor out to start over.',
      details: { field: 'cursor' },
    })
  }
  return parsed.slice(2) as CursorField[]
}

/** A cursor's field that must be a number. */
export function numberAt(fields: readonly CursorField[], index: number): number {
  const field = fields[index]
  if (typeof field === 'number') return field
  throw invalidInput('cursor', 'must be a nextCursor of the same listing', field, 'Leave it out to start over.')
}
