/** Observations as users read and make them: what is noted of a thread now, or was, and its generations. */

import { type LanguageModelObject, languageModelNamed } from '../../derive/provider-model.ts'
import { MemoryError, notFound } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import type { HeadFields } from '../../domain/records/observation.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import { toIso } from '../../domain/time.ts'
import type { ObservationalMemoryOptions } from '../../ports/observational-memory.ts'
import type { ObservationRecord } from '../answers/records.ts'
import type { NamedThread } from '../conversation/threads.ts'
import type { Core } from '../door/core.ts'
import { type Door, resourceSpace } from '../door/door.ts'
import { observationFrom } from '../options/observational.ts'
import { asInput } from './cycle.ts'
import { type ObservedThread, observeThread, type ReflectedThread, reflectThread } from './observe.ts'
import { observerOf } from './observer.ts'
import { currentNotes, headsIn, notesAfter, notesOf, readHead, toObservations } from './read-notes.ts'
import { published } from './report.ts'
import { type SummarizeThreadOptions, summaryFrom, type ThreadSummary, usualSummaryTokens } from './summary.ts'

/** Which notes to read. */
export interface GetObservationsRequest<Time = string> {
  readonly resourceId: string
  /** Only of this thread. Default: of all threads of the resource. */
  readonly threadId?: string
  /** The notes that were current then, as far as they are there still. Default: now. */
  readonly at?: Time
}

/** Notes of a resource. */
export interface ObservationsRecord<Time = string> {
  /** By thread; of a thread the reflection first, then what was observed since, in the order in which it was observed. */
  readonly observations: readonly ObservationRecord<Time>[]
}

/** A generation of notes. */
export interface ObservationGenerationRecord<Time = string> {
  /** Its number, from 1. */
  readonly generation: number
  /** When it was made. */
  readonly createdAt: Time
  /** Its notes. */
  readonly observations: readonly ObservationRecord<Time>[]
}

async function threadIn(door: Door, threadId: string): Promise<ThreadState> {
  const { record } = await door.threads.get(checkId(threadId, 'threadId'))
  if (record === null) throw notFound('thread', threadId, 'Check the id and the resourceId.')
  return record
}

/** The notes that were current at a time: the last reflection until then, and the chunks until then that it does not hold. */
async function notesAt(door: Door, head: HeadFields, at: string): Promise<readonly RecordState[]> {
  const isThen = ({ createdAt }: RecordState) => createdAt <= at
  let chunk = 0
  let reflected: readonly RecordState[] = []
  for (const one of head.reflections) {
    const notes = await notesOf(door, head, one.generation)
    if (notes.length > 0 && notes.every(isThen)) [chunk, reflected] = [one.chunk, notes]
  }
  return [...reflected, ...(await notesAfter(door, head, chunk)).filter(isThen)]
}

/** The notes of a thread, or of all threads of a resource. */
export async function getObservations(core: Core, options: GetObservationsRequest): Promise<ObservationsRecord> {
  const door = resourceSpace(core, options.resourceId)
  const at = options.at === undefined ? null : toIso(options.at, 'at')
  const { threadId } = options
  const heads = threadId === undefined ? await headsIn(door) : [await readHead(door, await threadIn(door, threadId))]
  const found = heads.flatMap((head) => (head === null ? [] : [head]))
  const notes = await Promise.all(
    found.map((head) => (at === null ? currentNotes(door, head) : notesAt(door, head, at))),
  )
  return { observations: await toObservations(door, notes.flat()) }
}

/** The generations of a thread's notes that are there, the oldest first. */
export async function getObservationHistory(
  core: Core,
  { resourceId, threadId }: NamedThread,
): Promise<{ readonly generations: readonly ObservationGenerationRecord[] }> {
  const door = resourceSpace(core, resourceId)
  const head = await readHead(door, await threadIn(door, threadId))
  const generations: ObservationGenerationRecord[] = []
  for (const { generation } of head?.reflections ?? []) {
    const notes = head === null ? [] : await notesOf(door, head, generation)
    const [first] = notes
    if (first === undefined) continue
    generations.push({ generation, createdAt: first.createdAt, observations: await toObservations(door, notes) })
  }
  return { generations }
}

/** The model that makes notes: the one of the option, or that of the Memory. */
async function modelFor(core: Core, stated: ObservationalMemoryOptions['model']): Promise<LanguageModelObject> {
  const model =
    typeof stated === 'string'
      ? languageModelNamed(stated, { who: 'The Memory', field: 'model' })
      : ((stated || (await core.storage.model())) as LanguageModelObject | null)
  if (model !== null) return model
  throw new MemoryError('unsupported', {
    message: 'This memory was opened without a model to make notes with.',
    fix: `Pass options: { observationalMemory: { model: 'openai/gpt-5-mini' } }, or { model: false } for notes that need no model.`,
    details: { field: 'options.observationalMemory.model' },
  })
}

/** How the Memory itself makes notes: as its option says, or by rules without that option. */
async function ownWay(core: Core) {
  const { observationalMemory } = core.behaviour
  const stated = typeof observationalMemory === 'object' ? observationalMemory : {}
  const asks = observationalMemory === true || (typeof observationalMemory === 'object' && stated.model !== false)
  const report = published(() => {})
  return { options: observationFrom(stated), model: asks ? await modelFor(core, stated.model) : null, report }
}

/** Condenses what a thread has said since it was last observed, also if it is little. */
export async function observe(core: Core, { resourceId, threadId }: NamedThread): Promise<ObservedThread> {
  const door = resourceSpace(core, resourceId)
  const thread = await threadIn(door, threadId)
  return observeThread(door, thread, { ...(await ownWay(core)), isAll: true })
}

/** Condenses the notes of a thread, also if they are few. */
export async function reflectNow(core: Core, { resourceId, threadId }: NamedThread): Promise<ReflectedThread> {
  const door = resourceSpace(core, resourceId)
  const thread = await threadIn(door, threadId)
  return reflectThread(door, thread, await ownWay(core))
}

/** A thread in few words, by its notes. What was not observed yet is observed first. */
export async function summarizeThread(
  core: Core,
  { resourceId, threadId, maxTokens = usualSummaryTokens }: SummarizeThreadOptions,
): Promise<ThreadSummary> {
  const door = resourceSpace(core, resourceId)
  const thread = await threadIn(door, threadId)
  const way = await ownWay(core)
  const { status } = await observeThread(door, thread, { ...way, isAll: true })
  const head = await readHead(door, thread)
  const notes = head === null ? [] : (await currentNotes(door, head)).map(asInput)
  return { status, ...(await summaryFrom(notes, maxTokens, await observerOf(core, way.model, way.options))) }
}
