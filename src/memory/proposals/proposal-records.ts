/** Makes the proposals that operations answer, with what is there before and after the change. */
import type { Seq } from '../../domain/id.ts'
import { isJsonObject, type Json, type JsonObject, mergeJson } from '../../domain/json.ts'
import type { FactState } from '../../domain/records/fact.ts'
import {
  type ProposalFields,
  type ProposalTarget,
  type ProposedChange,
  proposalAction,
  statementOf,
  statusAt,
} from '../../domain/records/proposal.ts'
import type { RecordState } from '../../domain/records/record.ts'
import { isoTime } from '../../domain/time.ts'
import type { ProposalRecord } from '../answers/proposals.ts'
import type { Door } from '../door/door.ts'

/** What there is before a change and after it. */
interface Contents {
  readonly before: Json
  readonly after: Json
}

/** What proposals show of a fact. */
function shownFact(fact: Pick<FactState, 'text' | 'validFrom' | 'validTo' | 'expiresAt'>): JsonObject {
  const { text, validFrom, validTo, expiresAt } = fact
  return { memory: text, validFrom, validTo, expiresAt }
}

/** Versions that are looked through for the one that a proposal was made against. */
const mostVersions = 1_000

async function factAt(door: Door, id: string, base: Seq): Promise<JsonObject | null> {
  const { record } = await door.facts.get(id)
  if (record?.version === base) return shownFact(record)
  const past = await door.facts.history(id, mostVersions)
  const then = past.find(({ version }) => version <= base)?.fact ?? null
  return then === null ? null : shownFact(then)
}

/** What a fact says now. */
async function factNow(door: Door, id: string): Promise<Json> {
  const { record } = await door.facts.get(id)
  return record === null ? null : shownFact(record)
}

/** The fields of a fact that a change states. */
function restated(before: JsonObject | null, change: ProposedChange): JsonObject {
  const { text, validFrom, validTo, expiresAt } = change
  const stated = { memory: text, validFrom, validTo, expiresAt }
  const given = Object.entries(stated).filter(([, value]) => value !== undefined) as [string, Json][]
  return { ...before, ...Object.fromEntries(given) }
}

async function ofFact(door: Door, target: string | null, { change, base }: ProposalFields): Promise<Contents> {
  const before = target === null ? null : await factAt(door, target, base)
  if (change.kind === 'fact-retire') return { before, after: null }
  const statement = statementOf(change)
  return { before, after: statement === null ? restated(before, change) : await factNow(door, statement) }
}

/** The value of a target that is no fact, at the version that a proposal was made against; null if it is not known. */
async function valueAt(door: Door, target: Exclude<ProposalTarget, { kind: 'fact' }>, base: Seq): Promise<Json> {
  if (base === 0) return null
  if (target.kind === 'entry') {
    const { record } = await door.entries.get(target.key)
    if (record?.version === base) return record.value
    return (await door.entries.history(target.key, mostVersions)).find(({ version }) => version <= base)?.value ?? null
  }
  const { threadId = null, name } = target
  const { record } = await door.blocks.get(threadId, name)
  if (record?.version === base) return record.value
  const past = await door.blocks.history(threadId, name, mostVersions)
  return past.find(({ version }) => version <= base)?.value ?? null
}

/** The value that a change makes of another. Null where that one is not known. */
function valueAfter(change: ProposedChange, before: Json): Json {
  const { kind, value = null, patch = {}, item = null, by = 0 } = change
  if (kind === 'entry-delete') return null
  if (kind === 'entry-write' || kind === 'block-write') return value
  if (kind === 'entry-append') return [...(Array.isArray(before) ? (before as readonly Json[]) : []), item]
  if (kind === 'entry-increment') return (typeof before === 'number' ? before : 0) + Number(by)
  return mergeJson(isJsonObject(before) ? before : {}, patch)
}

async function contentsOf(door: Door, fields: ProposalFields): Promise<Contents> {
  const { target, change, base } = fields
  if (target.kind === 'fact') return ofFact(door, target.id, fields)
  const before = await valueAt(door, target, base)
  return { before, after: valueAfter(change, before) }
}

/** What is there now, in the form of `before`. */
export async function presentOf(door: Door, target: ProposalTarget): Promise<Json> {
  if (target.kind === 'fact') return target.id === null ? null : factNow(door, target.id)
  if (target.kind === 'entry') return (await door.entries.get(target.key)).record?.value ?? null
  return (await door.blocks.get(target.threadId ?? null, target.name)).record?.value ?? null
}

export function proposalFields({ value }: RecordState): ProposalFields {
  return value as unknown as ProposalFields
}

/** A stored proposal of a space. */
export async function toProposal(door: Door, record: RecordState): Promise<ProposalRecord> {
  const fields = proposalFields(record)
  const { author, at, expiresAt, target, change, base, reason, deciders, decision } = fields
  const statementId = statementOf(change)
  return {
    id: record.key,
    space: door.id,
    author,
    at,
    expiresAt,
    target,
    action: proposalAction(change),
    ...(await contentsOf(door, fields)),
    ...(statementId === null ? {} : { statementId }),
    baseVersion: base,
    ...(reason === undefined ? {} : { reason }),
    ...(deciders === undefined ? {} : { deciders }),
    status: statusAt(fields, isoTime(door.core.storage.clock.now())),
    ...(decision === undefined ? {} : { decidedBy: decision.by, decidedAt: decision.at }),
    ...(decision?.reason === undefined ? {} : { decisionReason: decision.reason }),
  }
}
