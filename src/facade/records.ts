/** Records for users: those of the operations, with a `Date` for each time. */
import type { Json } from '../domain/json.ts'
import { dateOf } from '../domain/time.ts'
import type { Proposable, ProposalRecord } from '../memory/answers/proposals.ts'
import type { RecalledItemRecord, RecalledMessageRecord, RecollectionRecord } from '../memory/answers/recollection.ts'
import type { MessageRecord, ObservationRecord, ThreadRecord } from '../memory/answers/records.ts'
import type { RunPageRecord, RunRecord } from '../memory/conversation/runs.ts'
import type { ThreadPageRecord, ThreadUpdateRecord } from '../memory/conversation/threads.ts'
import type { FactRecord, FactVersionRecord } from '../memory/facts/fact-records.ts'
import type { ForgetAnswerRecord, ForgetReceiptRecord } from '../memory/forget.ts'
import type {
  GetObservationsRequest,
  ObservationGenerationRecord,
  ObservationsRecord,
} from '../memory/observations/observations.ts'
import type { WorkingMemoryRecord, WorkingMemoryWriteRecord } from '../memory/working-memory/block.ts'
import type { WorkingMemoryVersionRecord } from '../memory/working-memory/working-memory.ts'
import { dateOrNull, type Time } from './times.ts'

/** A conversation of a resource. */
export interface Thread extends ThreadRecord<Date> {}

/** A page of a resource's threads. */
export interface ThreadPage extends ThreadPageRecord<Date> {}

/** The changed thread, or the current one if `ifVersion` did not hold. */
export type ThreadUpdate = ThreadUpdateRecord<Date>

/** A stored message: a UI message of the AI SDK, with its author, place and time. */
export interface StoredMessage extends MessageRecord<Date> {}

/** One execution of an agent or a workflow. It refers to messages by id, and never copies them. */
export interface Run extends RunRecord<Date> {}

/** A page of runs, the newest first. */
export interface RunPage extends RunPageRecord<Date> {}

/** A block in its current state. */
export interface WorkingMemory<Value = Json> extends WorkingMemoryRecord<Date, Value> {}

/** The answer of a write: what it replaced, or the current block if there is a conflict. */
export type WorkingMemoryWrite<Value = Json> = WorkingMemoryWriteRecord<Date, Value>

/** A version of a block. */
export interface WorkingMemoryVersion extends WorkingMemoryVersionRecord<Date> {}

/** A fact in its current state. */
export interface Fact extends FactRecord<Date> {}

/** A change that somebody proposed, and what became of it. */
export interface Proposal extends ProposalRecord<Date> {}

/** One version of a fact: what changed, and the fact after it. */
export interface FactVersion extends FactVersionRecord<Date> {}

/** What a forget did. It names nothing that was erased. */
export interface Receipt extends ForgetReceiptRecord<Date> {}

/** A receipt, and the threads that were copied from a forgotten one: they stay. */
export interface ForgetAnswer extends ForgetAnswerRecord<Date> {}

/** A note that was condensed from messages of a thread. */
export interface Observation extends ObservationRecord<Date> {}

/** Which notes to read. */
export interface GetObservationsOptions extends GetObservationsRequest<Time> {}

/** Notes of a resource. */
export interface Observations extends ObservationsRecord<Date> {}

/** A generation of notes. */
export interface ObservationGeneration extends ObservationGenerationRecord<Date> {}

/** The generations of a thread's notes. */
export interface ObservationHistory {
  /** The oldest first. */
  readonly generations: readonly ObservationGeneration[]
}

/** One found item. */
export interface RecalledItem extends RecalledItemRecord<Date> {}

/** A message that was found, with its score. */
export type RecalledMessage = RecalledMessageRecord<Date>

/** The answer to a recall. */
export interface Recollection extends RecollectionRecord<Date> {}

export function datedThread(record: ThreadRecord): Thread {
  return {
    ...record,
    createdAt: dateOf(record.createdAt),
    updatedAt: dateOf(record.updatedAt),
    lastMessageAt: dateOrNull(record.lastMessageAt),
    archivedAt: dateOrNull(record.archivedAt),
  }
}

type Dated<Record extends MessageRecord> = Omit<Record, keyof MessageRecord> & StoredMessage

/** A message with its other fields. */
export function datedMessage<Record extends MessageRecord>(record: Record): Dated<Record> {
  const { createdAt, editedAt } = record
  // One object literal for nearly all: a page has many messages.
  const dated: Omit<Record, 'createdAt' | 'editedAt'> & { createdAt: Date } =
    editedAt === undefined
      ? { ...record, createdAt: dateOf(createdAt) }
      : { ...record, createdAt: dateOf(createdAt), editedAt: dateOf(editedAt) }
  return dated as unknown as Dated<Record>
}

export function datedRun(record: RunRecord): Run {
  return {
    ...record,
    startedAt: dateOf(record.startedAt),
    updatedAt: dateOf(record.updatedAt),
    endedAt: dateOrNull(record.endedAt),
    expiresAt: dateOrNull(record.expiresAt),
  }
}

export function datedWorkingMemory(record: WorkingMemoryRecord): WorkingMemory {
  return { ...record, updatedAt: dateOf(record.updatedAt) }
}

export function datedWrite(write: WorkingMemoryWriteRecord): WorkingMemoryWrite {
  if (write.status === 'written') return write
  return { status: 'conflict', current: write.current === null ? null : datedWorkingMemory(write.current) }
}

/** A version of a record, with the Date of its commit. */
export function datedVersion<Version extends { readonly at: string }>(
  version: Version,
): Omit<Version, 'at'> & { readonly at: Date } {
  return { ...version, at: dateOf(version.at) }
}

function dateOrAbsent(time: string | undefined): { readonly decidedAt?: Date } {
  return time === undefined ? {} : { decidedAt: dateOf(time) }
}

export function datedProposal({ at, expiresAt, decidedAt, ...record }: ProposalRecord): Proposal {
  return { ...record, at: dateOf(at), expiresAt: dateOf(expiresAt), ...dateOrAbsent(decidedAt) }
}

/** The open proposals of a record, with their Dates. */
function datedProposals({ proposals }: Proposable): Proposable<Date> {
  return proposals === undefined ? {} : { proposals: proposals.map(datedProposal) }
}

export function datedFact<Record extends FactRecord>(record: Record): Omit<Record, keyof FactRecord> & Fact {
  return {
    ...record,
    createdAt: dateOf(record.createdAt),
    updatedAt: dateOf(record.updatedAt),
    validFrom: dateOf(record.validFrom),
    validTo: dateOrNull(record.validTo),
    expiresAt: dateOrNull(record.expiresAt),
    ...datedProposals(record),
  } as Omit<Record, keyof FactRecord> & Fact
}

export function datedReceipt<Record extends ForgetReceiptRecord>(
  record: Record,
): Omit<Record, keyof ForgetReceiptRecord> & Receipt {
  return { ...record, requestedAt: dateOf(record.requestedAt), completedAt: dateOrNull(record.completedAt) }
}

export function datedObservation(record: ObservationRecord): Observation {
  return { ...record, saidAt: dateOf(record.saidAt), createdAt: dateOf(record.createdAt) }
}

export function datedGeneration(record: ObservationGenerationRecord): ObservationGeneration {
  return { ...record, createdAt: dateOf(record.createdAt), observations: record.observations.map(datedObservation) }
}

function datedItem({ message, observation, proposals, ...record }: RecalledItemRecord): RecalledItem {
  const noted = observation === undefined ? {} : { observation: datedObservation(observation) }
  const shown = proposals === undefined ? {} : datedProposals({ proposals })
  const item = { ...record, at: dateOf(record.at), ...noted, ...shown }
  return message === undefined ? item : { ...item, message: datedMessage(message) }
}

export function datedRecollection(record: RecollectionRecord): Recollection {
  return { ...record, items: record.items.map(datedItem), messages: record.messages.map(datedMessage) }
}
