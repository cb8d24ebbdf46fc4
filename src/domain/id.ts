/** Ids: the rules for ids of callers, the form of issued ids, and branded types for both. */
import { invalidInput } from './error.ts'
import { limitTable } from './limits.ts'

declare const brand: unique symbol
type Branded<Text extends string> = string & { readonly [brand]: Text }

export type SpaceId = Branded<'space'>
export type SpaceKey = Branded<'space-key'>
export type ThreadId = Branded<'thread'>
export type TurnId = Branded<'turn'>
export type MessageId = Branded<'message'>
export type FactId = Branded<'fact'>
export type RunId = Branded<'run'>
export type ProposalId = Branded<'proposal'>
export type ObservationId = Branded<'observation'>
export type CommitId = Branded<'commit'>

/** Position in a space's log: 1, 2, 3 … without gaps. As a version: the seq of the commit that wrote the record. */
export type Seq = number

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is looked for
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufeff]/
const wildcard = /\*|^[%?_.]+$/
const fix = 'Pass the exact id of one thing: 1 to 256 characters, no control characters, no wildcards.'

/**
 * Checks a name chosen by a caller (an id, a key, a block name) and returns it unchanged.
 *
 * @throws MemoryError `invalid-input` if it is empty, blank, over 256 characters, holds a control character or a lone
 * surrogate, is or holds a wildcard, or names an object prototype.
 */
export function checkId(value: unknown, field: string): string {
  if (typeof value !== 'string') throw invalidInput(field, 'must be a string', value, fix)
  if (value.trim() === '') throw invalidInput(field, 'must not be empty or blank', value, fix)
  const limit = limitTable.idLength.max
  if (value.length > limit) throw invalidInput(field, `must have at most ${limit} characters`, value, fix)
  if (controlCharacters.test(value)) throw invalidInput(field, 'must not hold control characters', value, fix)
  if (wildcard.test(value)) throw invalidInput(field, 'must not be a wildcard', value, fix)
  if (!value.isWellFormed()) throw invalidInput(field, 'must be well-formed Unicode text', 'a lone surrogate', fix)
  if (value === '__proto__') throw invalidInput(field, 'must not name an object prototype', value, fix)
  return value
}

/** A turn's place in its space: the seq of the commit that opened it and its number among those that commit opened. */
interface TurnPlace {
  readonly turnSeq: Seq
  readonly turnIndex: number
}

const turnsPerCommit = 16_384

/** The last number that a turn, or a run, can have among those of a commit. */
export const lastTurnIndex = turnsPerCommit - 1

/** A turn's place as one sortable integer; 0 means "no turn". */
export function packTurn(place: TurnPlace): number {
  return place.turnSeq * turnsPerCommit + place.turnIndex
}

export function unpackTurn(packed: number): TurnPlace {
  return { turnSeq: Math.floor(packed / turnsPerCommit), turnIndex: packed % turnsPerCommit }
}

export function turnIdOf(spaceKey: SpaceKey, turn: number): TurnId {
  const { turnSeq, turnIndex } = unpackTurn(turn)
  return `turn_${spaceKey}_${turnSeq}.${turnIndex}` as TurnId
}

/** The id we issue for the message at `index` in a turn. */
export function messageIdOf(spaceKey: SpaceKey, turn: number, index: number): MessageId {
  const { turnSeq, turnIndex } = unpackTurn(turn)
  return `msg_${spaceKey}_${turnSeq}.${turnIndex}.${index}` as MessageId
}

interface IssuedTurn {
  readonly spaceKey: SpaceKey
  readonly turn: number
}

interface IssuedMessage extends IssuedTurn {
  readonly index: number
}

// Numbers without leading zeros: two texts never name the same place.
const issuedTurn = /^turn_([0-9A-Za-z]{12})_(0|[1-9]\d{0,11})\.(0|[1-9]\d{0,4})$/
const issuedMessage = /^msg_([0-9A-Za-z]{12})_(0|[1-9]\d{0,11})\.(0|[1-9]\d{0,4})\.(0|[1-9]\d{0,5})$/

/** The place that the numbers of an id name; null if no commit can have opened a turn there. */
function issuedPlace(match: RegExpExecArray): IssuedTurn | null {
  const [turnSeq, turnIndex] = [Number(match[2]), Number(match[3])]
  const turn = packTurn({ turnSeq, turnIndex })
  // A greater index would pack to the place of a later turn.
  if (turnIndex >= turnsPerCommit || !Number.isSafeInteger(turn)) return null
  return { spaceKey: match[1] as SpaceKey, turn }
}

/** Reads an issued turn id; null for any other text. */
export function parseTurnId(id: string): IssuedTurn | null {
  const match = issuedTurn.exec(id)
  return match === null ? null : issuedPlace(match)
}

/** Reads an issued message id; null for any other text (a caller's id). */
export function parseMessageId(id: string): IssuedMessage | null {
  if (!id.startsWith('msg_')) return null
  const match = issuedMessage.exec(id)
  const place = match === null ? null : issuedPlace(match)
  return match === null || place === null ? null : { ...place, index: Number(match[4]) }
}

/** An issued id of a note: when its thread was created, its chunk or generation, and its number there. */
interface IssuedObservation {
  readonly spaceKey: SpaceKey
  readonly created: Seq
  readonly lane: 'chunk' | 'generation'
  readonly of: number
  readonly number: number
}

const issuedObservation = /^obs_([0-9A-Za-z]{12})_(0|[1-9]\d{0,11})\.([cg])(0|[1-9]\d{0,11})\.(0|[1-9]\d{0,5})$/

export function observationIdOf({ spaceKey, created, lane, of, number }: IssuedObservation): ObservationId {
  return `obs_${spaceKey}_${created}.${lane === 'chunk' ? 'c' : 'g'}${of}.${number}` as ObservationId
}

/** Reads an issued id of a note; null for any other text. */
export function parseObservationId(id: string): IssuedObservation | null {
  const match = issuedObservation.exec(id)
  if (match === null) return null
  const lane = match[3] === 'c' ? 'chunk' : 'generation'
  const numbers = { created: Number(match[2]), of: Number(match[4]), number: Number(match[5]) }
  return { spaceKey: match[1] as SpaceKey, lane, ...numbers }
}

/** An issued id of a fact, a run, a proposal or a recollection. */
interface IssuedUnique {
  readonly spaceKey: SpaceKey
  /** The last part, which was chosen when the record was made. */
  readonly unique: string
}

const uniquePart = /^[0-9A-Za-z_-]{1,128}$/
const issuedFact = /^fact_([0-9A-Za-z]{12})_([0-9A-Za-z_-]{1,128})$/
const issuedRun = /^run_([0-9A-Za-z]{12})_([0-9A-Za-z_-]{1,128})$/
const issuedProposal = /^proposal_([0-9A-Za-z]{12})_([0-9a-z]{15})$/
const issuedRecollection = /^rcl_([0-9A-Za-z]{12})_([0-9A-Za-z_-]{1,128})$/

/**
 * Checks the last part of an id that we issue.
 *
 * @throws MemoryError `invalid-input` if it is not 1 to 128 letters, digits, `_` and `-`.
 */
export function checkUnique(value: unknown, field: string): string {
  if (typeof value === 'string' && uniquePart.test(value)) return value
  const rule = 'must be 1 to 128 letters, digits, "_" and "-"'
  throw invalidInput(field, rule, value, 'Let createId answer such a text, or leave createId out.')
}

export function factIdOf(spaceKey: SpaceKey, unique: string): FactId {
  return `fact_${spaceKey}_${unique}` as FactId
}

/** Reads an issued fact id; null for any other text. */
export function parseFactId(id: string): IssuedUnique | null {
  return issuedUnique(issuedFact.exec(id))
}

export function runIdOf(spaceKey: SpaceKey, unique: string): RunId {
  return `run_${spaceKey}_${unique}` as RunId
}

/** The id of a turn's run, by the last part of it; null without one, or for a turn id that was not issued. */
export function runIdIn(turnId: string, unique: string | null): RunId | null {
  const key = parseTurnId(turnId)?.spaceKey
  return unique === null || key === undefined ? null : runIdOf(key, unique)
}

/** Reads an issued run id; null for any other text. */
export function parseRunId(id: string): IssuedUnique | null {
  return issuedUnique(issuedRun.exec(id))
}

/** A number in base 36 that sorts like a number. */
function sortable(value: number, length: number): string {
  return value.toString(36).padStart(length, '0')
}

/**
 * The id of a proposal: the commit that made it, its change, and its number among those of the change. Ids sort in the
 * order in which the proposals were made.
 */
export function proposalIdOf(spaceKey: SpaceKey, seq: Seq, change: number, index: number): ProposalId {
  return `proposal_${spaceKey}_${sortable(seq, 9)}${sortable(change, 3)}${sortable(index, 3)}` as ProposalId
}

/** Reads an issued proposal id; null for any other text. */
export function parseProposalId(id: string): IssuedUnique | null {
  return issuedUnique(issuedProposal.exec(id))
}

/** Reads an issued id of a recollection; null for any other text. */
export function parseRecollectionId(id: string): IssuedUnique | null {
  return issuedUnique(issuedRecollection.exec(id))
}

function issuedUnique(match: RegExpExecArray | null): IssuedUnique | null {
  return match === null ? null : { spaceKey: match[1] as SpaceKey, unique: match[2] as string }
}
