/** Observations as agents use them: the notes for a prompt, and observing in the background after a turn. */

import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { currentGeneration, headOf } from '../../domain/records/observation.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { AgentObservations, ObserverModel } from '../../ports/agent-notes.ts'
import type { ObservationReport, ResolvedObservation } from '../../ports/observational-memory.ts'
import type { Door } from '../door/door.ts'
import { readyForTurn } from './before-turn.ts'
import { observeThread } from './observe.ts'
import { headRecord, headRecordsIn } from './read-notes.ts'
import { shownNotes } from './shown-notes.ts'

/** What was observed of a thread, and with the scope of a resource of its other threads too. */
export async function observationsFor(
  door: Door,
  threadId: string,
  { scope }: Pick<ResolvedObservation, 'scope'>,
): Promise<AgentObservations> {
  const { record, asOf } = await door.threads.get(threadId)
  const [state, own] = await Promise.all([door.state(), record === null ? null : headRecord(door, record)])
  if (state === null) return { head: null, notes: [], ofOthers: [], generation: 0, chunk: 0, asOf: {} }
  const others =
    scope === 'thread' ? [] : (await headRecordsIn(door)).filter(({ value }) => headOf(value).threadId !== threadId)
  const notesIn = (of: RecordState) => shownNotes(door, state.key, of)
  const [notes, ...ofOthers] = await Promise.all([own === null ? [] : notesIn(own), ...others.map(notesIn)])
  const head = own === null ? null : headOf(own.value)
  const { generation } = head === null ? { generation: 0 } : currentGeneration(head)
  const place = { generation, chunk: head?.active ?? 0, asOf: { [door.id]: asOf } }
  return { head, notes: notes ?? [], ofOthers: ofOthers.flat(), ...place }
}

/** Makes notes ready before a turn. */
export function readyBeforeTurn(
  door: Door,
  ...[threadId, options, model, report, signal]: Parameters<AgentSpace['readyNotes']>
): Promise<void> {
  return readyForTurn(door, threadId, { options, model: model as LanguageModelObject | null, report, signal })
}

/** Observes a thread if enough was said since the last time, or something was taken back. */
export async function observeAfterTurn(
  door: Door,
  threadId: string,
  options: ResolvedObservation,
  model: ObserverModel | null,
  report: ObservationReport,
): Promise<void> {
  const { record } = await door.threads.get(threadId)
  if (record === null) return
  await observeThread(door, record, { options, model: model as LanguageModelObject | null, isAll: false, report })
}
