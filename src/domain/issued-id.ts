/** Ids that memory issues, by kind, and the errors for ids that do not belong where they are passed. */
import { invalidInput, type MemoryError, shown } from './error.ts'
import {
  checkId,
  parseFactId,
  parseMessageId,
  parseObservationId,
  parseProposalId,
  parseRecollectionId,
  parseRunId,
  parseTurnId,
  type SpaceKey,
} from './id.ts'

/** The kinds of record that an issued id can name. */
export type IssuedKind = 'message' | 'turn' | 'fact' | 'run' | 'proposal' | 'recollection' | 'observation'

/** The content of an issued id: the kind of record, and the key of the space that issued it. */
interface IssuedId {
  readonly kind: IssuedKind
  readonly spaceKey: SpaceKey
}

const parsers: Readonly<Record<IssuedKind, (id: string) => { readonly spaceKey: SpaceKey } | null>> = {
  message: parseMessageId,
  turn: parseTurnId,
  fact: parseFactId,
  run: parseRunId,
  proposal: parseProposalId,
  recollection: parseRecollectionId,
  observation: parseObservationId,
}
const kinds = Object.keys(parsers) as IssuedKind[]

/** Reads an id in the form of an issued one, even if it was never issued; null for an id of a caller. */
export function parseIssuedId(id: string): IssuedId | null {
  for (const kind of kinds) {
    const parsed = parsers[kind](id)
    if (parsed !== null) return { kind, spaceKey: parsed.spaceKey }
  }
  return null
}

/**
 * Whether an id has the form of an issued one and cannot name a record of that kind in the space. A space that does not
 * exist has no key.
 */
export function isForeignId(id: string, kind: IssuedKind, key: SpaceKey | null): boolean {
  const issued = parseIssuedId(id)
  return issued !== null && (issued.kind !== kind || issued.spaceKey !== key)
}

/** The fix for a message id that cannot be stored. */
export const withoutId = 'Leave the id out, and the message gets one of its own; cloneThread copies a conversation.'

/**
 * The error for an id that {@link isForeignId} finds. It is the same whether or not the id names a record elsewhere.
 */
export function foreignId(field: string, id: string, kind: IssuedKind, fix: string): MemoryError {
  const issued = parseIssuedId(id)
  const rule =
    issued === null || issued.kind === kind
      ? 'must not be an id that another space issued'
      : `must be the id of a ${kind}, not of a ${issued.kind}`
  return invalidInput(field, rule, id, fix)
}

/**
 * Refuses an id that has the form of an issued one and cannot name a record of that kind in the space.
 *
 * @throws MemoryError `invalid-input`.
 */
export function refuseForeignId(id: string, kind: IssuedKind, key: SpaceKey | null, field: string): void {
  if (!isForeignId(id, kind, key)) return
  throw foreignId(field, id, kind, `Pass the id of a ${kind} of this space, as memory returned it.`)
}

/** The error for storing a message under an id that memory issued for another one, or will issue. */
export function reservedMessageId(field: string, id: string, key: SpaceKey | null): MemoryError {
  if (isForeignId(id, 'message', key)) return foreignId(field, id, 'message', withoutId)
  return invalidInput(field, 'must not be an issued id that names no message of the thread', id, withoutId)
}

/**
 * Refuses an id in the issued form for something that callers name themselves.
 *
 * @throws MemoryError `invalid-input`.
 */
export function refuseIssuedForm(id: string, field: string): void {
  const issued = parseIssuedId(id)
  if (issued === null) return
  throw invalidInput(field, `must not have the form of a ${issued.kind}'s id`, id, 'Choose an id of another form.')
}

/**
 * Checks the id of a piece of work. The id of an agent's run is refused: Mem0's `run_id` is another thing.
 *
 * @throws MemoryError `invalid-input` that says, for the id of a run, how to read and how to forget it.
 */
export function checkTaskId(value: unknown, field: string): string {
  const id = checkId(value, field)
  const issued = parseIssuedId(id)
  if (issued === null) return id
  const call = `Name a piece of work. Call getRun(${shown(id)}) to read that run, forget({ run: ${shown(id)} }) to erase its record.`
  const fix = issued.kind === 'run' ? call : 'Name a piece of work by an id of your own.'
  throw invalidInput(field, `must not be the id of a ${issued.kind}`, id, fix)
}
