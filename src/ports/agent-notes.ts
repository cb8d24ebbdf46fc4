/** What agents need of the notes of a thread. Types only. */
import type { Seq } from '../domain/id.ts'
import type { HeadFields } from '../domain/records/observation.ts'
import type { ObservationReport, ResolvedObservation } from './observational-memory.ts'
import type { MessagePosition } from './storage.ts'

/** A note of a thread for a prompt. */
export interface AgentNote {
  readonly id: string
  readonly threadId: string
  readonly text: string
  /** ISO time. */
  readonly saidAt: string
  readonly refersTo?: string
  /** Absent if several said it. */
  readonly speaker?: string
}

/** A note, and where the messages that it condenses are. */
export interface NotePlace {
  readonly id: string
  readonly threadId: string
  readonly text: string
  /** The first and the last of them. */
  readonly from: MessagePosition
  readonly until: MessagePosition
}

/** A language model that makes notes. */
export type ObserverModel = Exclude<ResolvedObservation['model'], string | false | null>

/** What was observed of a thread. */
export interface AgentObservations {
  /** How far it was observed; null if it never was. */
  readonly head: HeadFields | null
  /** Its current notes, in the order in which they were made. */
  readonly notes: readonly AgentNote[]
  /** Those of other threads of the resource, and of another agent that shares them, if they are to be shown. */
  readonly ofOthers: readonly AgentNote[]
  /** The reflection that the notes begin with; 0 for none. */
  readonly generation: number
  /** The last active chunk; 0 for none. */
  readonly chunk: number
  readonly asOf: Readonly<Record<string, Seq>>
}

/** The notes of a space, as agents use them. */
export interface AgentNotes {
  /**
   * What was observed of a thread, and notes that are shared with it.
   *
   * @param options null: the thread is not observed.
   * @returns null if there is neither.
   */
  observations(threadId: string, options: Pick<ResolvedObservation, 'scope'> | null): Promise<AgentObservations | null>
  /** A report that also tells those who listen to what all cycles do. */
  reporting(report: ObservationReport): ObservationReport
  /**
   * Makes notes ready before a turn: shows those that were made ahead, and waits, at most `options.maxWaitMs`, where too much of
   * the thread has none.
   */
  readyNotes(
    threadId: string,
    options: ResolvedObservation,
    model: ObserverModel | null,
    report: ObservationReport,
    signal: AbortSignal | undefined,
  ): Promise<void>
  /**
   * A note of this space by its id, or by its words as a prompt shows them; the newest of several. Null if there is none.
   *
   * @param threadId Only of this thread; null: of any.
   */
  note(idOrWords: string, threadId: string | null): Promise<NotePlace | null>
  /**
   * Observes a thread by a model, or by rules, if enough was said since the last time. What several processes do at once is settled.
   *
   * @param report Takes what happens.
   */
  observe(
    threadId: string,
    options: ResolvedObservation,
    model: ObserverModel | null,
    report: ObservationReport,
  ): Promise<void>
}
