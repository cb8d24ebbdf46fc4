/** The nouns that have only a key and fields. A new one needs a line here and its schema in `record-schemas.ts`. */

import type { JsonObject } from '../json.ts'
import type { LimitName } from '../limits.ts'
import { type ProposalFields, proposalDueAt, proposalLabels } from '../records/proposal.ts'
import type { RecordState } from '../records/record.ts'
import { stepDueAt } from '../records/step.ts'
import type { AnyStep } from '../records/work-step.ts'
import { fields, type Marks, ref } from './marks.ts'

/** The declaration of a noun, without the schema of its fields. Loads nothing. */
interface RecordNoun {
  /** The marks of its fields. A field without a mark is content, and any id in it counts as a reference. */
  readonly marks: Marks
  /** The limit of all its fields together, in bytes of JSON. Default: `recordBytes`. */
  readonly limit?: LimitName
  /** Milliseconds that a record lives after its last write, unless the write sets a ttl. Default: for ever. */
  readonly ttlMs?: number
  /** Whether records come about only by changes of other kinds: callers have no changes that are made from the noun. */
  readonly isInternal?: boolean
  /** ISO time at which the sweeper has work on a record with these fields, which stays; null for never. Default: never. */
  readonly wakesAt?: (fields: JsonObject) => string | null
  /** Texts by which a record with these fields is found. They are never stored in the log. Default: none. */
  readonly labels?: (fields: JsonObject) => readonly string[]
}

/** The marks of a change that a proposal holds. */
const proposedMarks: Marks = {
  kind: 'structure',
  factId: ref('fact'),
  factIds: ref('fact'),
  supersedes: ref('fact'),
  conflictsWith: ref('fact'),
  sources: ref('message'),
  key: ref('entry'),
  threadId: ref('thread'),
  name: ref('block'),
  unique: 'structure',
  text: 'content',
  metadata: 'content',
  attributes: 'content',
  validFrom: 'structure',
  validTo: 'structure',
  expiresAt: 'structure',
  trust: 'structure',
  format: 'structure',
  convert: 'structure',
  value: 'content',
  patch: 'content',
  item: 'content',
  by: 'content',
  ttlMs: 'structure',
  pinned: 'structure',
  importance: 'structure',
}

/**
 * By noun. The changes of a noun are `<noun>-put`, `<noun>-patch`, `<noun>-remove` and `<noun>-expire`; an internal one has
 * the last only.
 */
export const recordNouns: { readonly [noun: string]: RecordNoun } = {
  tombstone: { marks: {}, isInternal: true },
  /** Its changes check its life; see `apply/observation-changes.ts`. */
  observation: {
    marks: {
      threadId: ref('thread'),
      created: 'structure',
      text: 'content',
      kind: 'structure',
      priority: 'structure',
      made: 'structure',
      saidAt: 'structure',
      refersTo: 'content',
      author: 'content',
      trust: 'structure',
      from: 'structure',
      until: 'structure',
      chunk: 'structure',
      generation: 'structure',
      after: 'structure',
      to: 'structure',
    },
    isInternal: true,
  },
  'observation-head': {
    marks: {
      threadId: ref('thread'),
      created: 'structure',
      cursor: 'structure',
      again: 'structure',
      chunk: 'structure',
      active: 'structure',
      generation: 'structure',
      reflections: 'structure',
      observing: 'structure',
      reflecting: 'structure',
      buffered: 'structure',
      ahead: 'structure',
      spent: 'structure',
    },
    isInternal: true,
  },
  /** Its changes check its life; see `apply/step-changes.ts` for calls, `apply/work-changes.ts` for steps of workflows. */
  step: {
    marks: {
      runId: ref('run'),
      threadId: ref('thread'),
      messageId: ref('message'),
      path: 'structure',
      tool: 'structure',
      stepId: 'structure',
      definition: 'structure',
      stepKind: 'structure',
      status: 'structure',
      attempt: 'structure',
      inputHmac: 'content',
      askedBy: 'structure',
      askedAt: 'structure',
      expiresAt: 'structure',
      approvers: 'structure',
      payload: 'content',
      resumeSchema: 'content',
      decision: 'content',
      startedAt: 'structure',
      endedAt: 'structure',
      label: 'content',
      suspendData: 'content',
      outcome: 'structure',
      output: 'content',
      error: 'content',
      state: 'content',
    },
    isInternal: true,
    wakesAt: (fields) => stepDueAt(fields as unknown as AnyStep),
  },
  /** Its changes check who decides; see `apply/proposal-changes.ts`. */
  proposal: {
    marks: {
      author: 'structure',
      at: 'structure',
      expiresAt: 'structure',
      target: fields({
        kind: 'structure',
        id: ref('fact'),
        key: ref('entry'),
        name: ref('block'),
        threadId: ref('thread'),
      }),
      change: fields(proposedMarks),
      base: 'structure',
      baseHmac: 'content',
      statementHmac: 'content',
      deciders: 'structure',
      reason: 'content',
      status: 'structure',
      decision: 'content',
    },
    isInternal: true,
    wakesAt: (fields) => proposalDueAt(fields as unknown as ProposalFields),
    labels: (fields) => proposalLabels(fields as unknown as ProposalFields),
  },
}

/** ISO time at which the sweeper has work on a record that stays; null for never. */
export function wakesAt({ noun, deleted, value }: RecordState): string | null {
  return deleted ? null : (recordNouns[noun]?.wakesAt?.(value) ?? null)
}

/** The texts by which a record is found; none for one that is deleted. */
export function labelsOf({ noun, deleted, value }: RecordState): readonly string[] {
  return deleted ? [] : (recordNouns[noun]?.labels?.(value) ?? [])
}
