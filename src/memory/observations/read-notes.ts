/** Reads what was observed of a thread: its head, and the notes of its chunks and generations. */
import {
  afterChunk,
  chunkPrefix,
  currentGeneration,
  generationPrefix,
  type HeadFields,
  headKey,
  headNoun,
  headOf,
  noteIdOf,
  noteOf,
  observationNoun,
} from '../../domain/records/observation.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import { type ObservationRecord, recordPlace, toObservation } from '../answers/records.ts'
import type { Door } from '../door/door.ts'

/** The record of the head of a thread; null if it was never observed. */
export async function headRecord(door: Door, { createdSeq }: ThreadState): Promise<RecordState | null> {
  const { storage, access } = door.core
  return (await (await storage.get()).records.get(access, door.id, headNoun, headKey(createdSeq))).record
}

/** The head of a thread; null if it was never observed. */
export async function readHead(door: Door, thread: ThreadState): Promise<HeadFields | null> {
  const record = await headRecord(door, thread)
  return record === null ? null : headOf(record.value)
}

/** The heads of all threads of a space. */
export async function headsIn(door: Door): Promise<readonly HeadFields[]> {
  return (await headRecordsIn(door)).map(({ value }) => headOf(value))
}

/** The records of the heads of all threads of a space. */
export async function headRecordsIn(door: Door): Promise<readonly RecordState[]> {
  const { storage, access, limits } = door.core
  const { records } = await storage.get()
  const heads: RecordState[] = []
  for (let after: string | null = null; ; ) {
    const page = await records.list(access, door.id, headNoun, { prefix: '', after, limit: limits.pageSize })
    heads.push(...page.items)
    after = page.items.at(-1)?.key ?? null
    if (!page.more || after === null) return heads
  }
}

async function notesUnder(door: Door, prefix: string, from: string | null): Promise<readonly RecordState[]> {
  const { storage, access, limits } = door.core
  const { records } = await storage.get()
  const notes: RecordState[] = []
  for (let after = from; ; ) {
    const page = await records.list(access, door.id, observationNoun, { prefix, after, limit: limits.pageSize })
    notes.push(...page.items)
    after = page.items.at(-1)?.key ?? null
    if (!page.more || after === null) return notes
  }
}

/** The notes of a generation, in their order. */
export function notesOf(door: Door, { created }: HeadFields, generation: number): Promise<readonly RecordState[]> {
  return notesUnder(door, generationPrefix(created, generation), null)
}

/** The notes of the chunks behind one, in their order. */
export function notesAfter(door: Door, { created }: HeadFields, chunk: number): Promise<readonly RecordState[]> {
  return notesUnder(door, chunkPrefix(created), afterChunk(created, chunk))
}

/** The notes that are current: the last reflection, then the active chunks that it does not hold. */
export async function currentNotes(door: Door, head: HeadFields): Promise<readonly RecordState[]> {
  const { generation, chunk } = currentGeneration(head)
  const [reflected, chunks] = await Promise.all([
    generation === 0 ? [] : notesOf(door, head, generation),
    notesAfter(door, head, chunk),
  ])
  return [...reflected, ...chunks.filter(({ value }) => noteOf(value).chunk <= head.active)]
}

/** Notes as operations answer them. */
export async function toObservations(door: Door, notes: readonly RecordState[]): Promise<readonly ObservationRecord[]> {
  const key = (await door.state())?.key
  if (key === undefined) return []
  const place = recordPlace(door.id)
  return notes.map((note) => toObservation(noteIdOf(key, note.key), note, place))
}
