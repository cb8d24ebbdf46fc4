/** What the tools of a run read and wrote in memory, as its record has it: names and versions, never content. */
import type { Seq, SpaceId } from '../id.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { addressText, type RecordAddress } from './address.ts'

/** Names noted of one space at most; then the space itself is noted. */
const namesPerSpace = 200
/** Spaces noted at most. */
const mostSpaces = 100

/** The names of one space. A name that was noted with the seq of a commit was written by it. */
type Names = Record<string, Record<string, Json>>

/** The records that something named, by space and kind. Objects, because the details of a run are merged deeply. */
export class NotedRecords {
  readonly #spaces = new Map<SpaceId, { names: Names; known: Set<string> }>()

  /** Notes a record, with the seq of the commit that wrote it; 0 if it was only read. */
  add(address: RecordAddress, version: Seq = 0): void {
    const { space } = address
    const own = this.#spaces.get(space) ?? { names: {}, known: new Set<string>() }
    if (!this.#spaces.has(space)) {
      if (this.#spaces.size === mostSpaces) return
      this.#spaces.set(space, own)
    }
    own.known.add(addressText(address))
    if (own.known.size > namesPerSpace) {
      own.names = { ...own.names, more: { more: true } }
      return
    }
    const [list, name] = placeOf(address)
    own.names[list] = { ...own.names[list], [name]: version }
  }

  /** As the details of a run keep it; null if nothing was noted. */
  get details(): JsonObject | null {
    if (this.#spaces.size === 0) return null
    return Object.fromEntries([...this.#spaces].map(([space, { names }]) => [space, { ...names }]))
  }
}

/** The list that names the record, and its name there. Ids have no line breaks. */
function placeOf(address: RecordAddress): readonly [list: string, name: string] {
  if (address.kind === 'fact') return ['facts', address.id]
  if (address.kind === 'observation') return ['observations', address.id]
  if (address.kind === 'entry') return ['entries', address.key]
  if (address.kind === 'message') return ['messages', `${address.threadId}\n${address.id}`]
  return ['workingMemory', `${address.threadId ?? ''}\n${address.name}`]
}
/** A noted record, and the seq of the commit that wrote it; 0 if it was only read. */
interface Noted {
  readonly address: RecordAddress
  readonly version: Seq
}

function addressOf(list: string, name: string, space: SpaceId): RecordAddress | null {
  if (list === 'facts') return { kind: 'fact', space, id: name }
  if (list === 'observations') return { kind: 'observation', space, id: name }
  if (list === 'entries') return { kind: 'entry', space, key: name }
  const border = name.indexOf('\n')
  const [threadId, own] = [name.slice(0, border), name.slice(border + 1)]
  if (list === 'messages') return { kind: 'message', space, threadId, id: own }
  if (list !== 'workingMemory') return null
  return { kind: 'working-memory', space, ...(threadId === '' ? {} : { threadId }), name: own }
}

/** Reads what the details of a run keep: the records, and the spaces of which more was named than is kept. */
export function readNoted(details: Json | undefined): {
  readonly records: readonly Noted[]
  readonly whole: readonly SpaceId[]
} {
  const records: Noted[] = []
  const whole: SpaceId[] = []
  for (const [id, names] of Object.entries(isJsonObject(details) ? details : {})) {
    const space = id as SpaceId
    for (const [list, noted] of Object.entries(isJsonObject(names) ? names : {})) {
      if (list === 'more') whole.push(space)
      for (const [name, version] of Object.entries(isJsonObject(noted) ? noted : {})) {
        const address = addressOf(list, name, space)
        if (address !== null) records.push({ address, version: typeof version === 'number' ? version : 0 })
      }
    }
  }
  return { records, whole }
}
