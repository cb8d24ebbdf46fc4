/** A thread whose messages are observed: what cases of observations begin with. */
import type { Change, ChangeOf } from '../../domain/commit/commit.ts'
import { parseMessageId, type Seq } from '../../domain/id.ts'
import {
  chunkPrefix,
  generationPrefix,
  type HeadFields,
  headKey,
  headNoun,
  headOf,
  type NoteFields,
  type NoteInput,
  noteOf,
  observationNoun,
  type Place,
} from '../../domain/records/observation.ts'
import { expectTrue } from './assert.ts'
import { worker } from './contract-case.ts'
import { home, type Scene } from './scene.ts'

export const byWorker = { actor: worker } as const

/** The place that an issued message id names. */
export function observedAt(messageId: string): Place {
  const place = parseMessageId(messageId)
  expectTrue(place !== null, 'the message has an id of ours')
  return { turn: place.turn, index: place.index }
}

/** A note of the messages from one place to another. */
export function note(text: string, from: Place, until: Place = from, more: Partial<NoteInput> = {}): NoteInput {
  return { text, priority: 'medium', made: 'model', saidAt: '2026-03-01T12:00:00.000Z', from, until, ...more }
}

/** The end of a cycle that observed. */
export function putChunk(
  threadId: string,
  claim: Seq,
  span: Pick<ChangeOf<'observation-put'>, 'after' | 'to' | 'activate' | 'tokens'>,
  notes: readonly NoteInput[],
): Change {
  return { kind: 'observation-put', threadId, claim, ...span, notes: [...notes] }
}

/** The end of a cycle that reflected. */
export function putReflection(threadId: string, claim: Seq, notes: readonly NoteInput[]): Change {
  return { kind: 'observation-reflect', threadId, claim, notes: [...notes] }
}

/** Begins a cycle over a thread; answers its claim. With `to` it observes, without it reflects. */
export async function beginCycle(scene: Scene, threadId: string, to?: Place): Promise<Seq> {
  const upTo = to === undefined ? {} : { to }
  const begin: Change = { kind: 'observation-begin', threadId, leaseMs: 60_000, ...upTo }
  return (await scene.committed(begin, byWorker)).seq
}

/** Observes the messages behind one place up to another in one cycle. */
export async function observeIn(
  scene: Scene,
  threadId: string,
  span: Pick<ChangeOf<'observation-put'>, 'after' | 'to' | 'activate' | 'tokens'>,
  notes: readonly NoteInput[],
): Promise<void> {
  const claim = await beginCycle(scene, threadId, span.to)
  await scene.committed(putChunk(threadId, claim, span, notes), byWorker)
}

/** Reflects on a thread in one cycle. */
export async function reflect(scene: Scene, threadId: string, notes: readonly NoteInput[]): Promise<void> {
  const claim = await beginCycle(scene, threadId)
  await scene.committed(putReflection(threadId, claim, notes), byWorker)
}

async function createdSeq(scene: Scene, threadId: string): Promise<Seq> {
  return (await scene.thread(threadId))?.createdSeq ?? 0
}

/** The head of a thread; null if it was never observed. */
export async function headIn(scene: Scene, threadId: string): Promise<HeadFields | null> {
  const key = headKey(await createdSeq(scene, threadId))
  const { record } = await scene.storage.records.get(scene.access, home, headNoun, key)
  return record === null ? null : headOf(record.value)
}

async function notesUnder(scene: Scene, prefix: string): Promise<readonly NoteFields[]> {
  const query = { prefix, after: null, limit: 1_000 }
  const { items } = await scene.storage.records.list(scene.access, home, observationNoun, query)
  return items.map(({ value }) => noteOf(value))
}

/** The texts of the notes of all chunks of a thread. */
export async function chunkTexts(scene: Scene, threadId: string): Promise<readonly string[]> {
  const notes = await notesUnder(scene, chunkPrefix(await createdSeq(scene, threadId)))
  return notes.map(({ text }) => text)
}

/** The texts of the notes of a generation of a thread. */
export async function reflectedTexts(scene: Scene, threadId: string, generation: number): Promise<readonly string[]> {
  const notes = await notesUnder(scene, generationPrefix(await createdSeq(scene, threadId), generation))
  return notes.map(({ text }) => text)
}
