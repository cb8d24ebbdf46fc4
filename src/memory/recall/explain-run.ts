/**
 * The recall of an agent's prompt, explained from the record of its run in any process. The record has ids and numbers alone;
 * words are read now, so that nothing is told of what is gone.
 */
import { textOfRecord } from '../../derive/record-text.ts'
import { MemoryError, notFound } from '../../domain/error.ts'
import { parseObservationId, parseTurnId, type SpaceId } from '../../domain/id.ts'
import { factRef, spokenText } from '../../domain/index/indexed.ts'
import { normalise, tokensOf } from '../../domain/index/tokens.ts'
import { messageRef, type RecordKind, recordKinds } from '../../domain/index/word-segment.ts'
import { analyse, queryTerms } from '../../domain/index/words.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import { type GateMode, gateModes } from '../../domain/question-gate.ts'
import { chunkNoteKey, reflectedNoteKey } from '../../domain/records/observation.ts'
import type { FoundRecord, Storage } from '../../ports/storage.ts'
import { type PartScores, parts } from '../../recall/parts.ts'
import { type RecallMode, recallModes } from '../../recall/question.ts'
import { answerText, itemText } from '../../recall/text/explain-text.ts'
import type { DropReason, RecallExplanation, TracedItem } from '../answers/recollection.ts'
import { getRun, type RunRecord } from '../conversation/runs.ts'
import type { Core } from '../door/core.ts'
import { saidOf } from './recall.ts'

/** Words of questions and records are compared by their stems, whatever the language is. */
const language = 'english'

const textAt = (fields: JsonObject, name: string): string => (typeof fields[name] === 'string' ? fields[name] : '')
const numberAt = (fields: JsonObject, name: string): number => (typeof fields[name] === 'number' ? fields[name] : 0)
const objectsIn = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : []

/** Messages of a turn that are read at most: its question is among the first. */
const mostOfTurn = 100

/** What the user said in the turn of a run; empty where it is gone. */
async function questionOf(core: Core, { space, threadId, turnId }: RunRecord): Promise<string> {
  const place = turnId === undefined ? null : parseTurnId(turnId)
  if (place === null || threadId === undefined) return ''
  const { items } = await (await core.storage.get()).messages.list(core.access, space as SpaceId, {
    ...{ threadId, direction: 'asc', asOf: null, limit: mostOfTurn, offset: 0, from: null, to: null, turns: 'all' },
    after: { turn: place.turn, index: -1 },
  })
  const own = items.filter(({ turn, message }) => turn === place.turn && message.role === 'user')
  const said = own.map(({ message }) => spokenText(message.parts))
  return said.filter((text) => text.trim() !== '').join('\n')
}

/** How the index names a record; null if it cannot be found by its id any more. */
async function refOf(core: Core, storage: Storage, space: SpaceId, kind: RecordKind, id: string) {
  if (kind === 'entry') return id
  if (kind === 'fact') return factRef(id as Parameters<typeof factRef>[0])
  if (kind === 'observation') {
    const note = parseObservationId(id)
    if (note === null) return null
    const { created, lane, of, number } = note
    return lane === 'chunk' ? chunkNoteKey(created, of, number) : reflectedNoteKey(created, of, number)
  }
  const [place] = await storage.messages.find(core.access, space, id)
  return place === undefined ? null : messageRef(place.turn, place.index)
}

/** A record as it is now; null if it is gone, or is not the caller's to read. */
async function readRecord(core: Core, space: SpaceId, kind: RecordKind, id: string): Promise<FoundRecord | null> {
  const storage = await core.storage.get()
  try {
    const ref = await refOf(core, storage, space, kind, id)
    if (ref === null) return null
    const [record = null] = await storage.index.read(core.access, space, [{ kind, ref }])
    return record
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'denied') return null
    throw error
  }
}

/** The words of a question that stand in a record. */
function matchedWords(question: string, record: FoundRecord | null): readonly string[] {
  if (record === null) return []
  const said = new Set(analyse(textOfRecord(record), language).terms)
  const words = tokensOf(normalise(question)).filter((word) =>
    queryTerms(word, language).some(({ term }) => said.has(term)),
  )
  return [...new Set(words)]
}

/** One item, read now. */
async function traced(core: Core, question: string, fields: JsonObject, rank: number) {
  const [kind, space] = [textAt(fields, 'kind') as RecordKind, textAt(fields, 'space') as SpaceId]
  if (!recordKinds.includes(kind)) return []
  const id = textAt(fields, 'id')
  const record = await readRecord(core, space, kind, id)
  const own = isJsonObject(fields.scores) ? fields.scores : {}
  const reason = textAt(fields, 'reason')
  const item: TracedItem = {
    ...{ kind, id, space, rank },
    ...(textAt(fields, 'threadId') === '' ? {} : { threadId: textAt(fields, 'threadId') }),
    relevance: numberAt(fields, 'relevance'),
    similarity: typeof fields.similarity === 'number' ? fields.similarity : null,
    matched: matchedWords(question, record),
    score: numberAt(fields, 'score'),
    scores: Object.fromEntries(parts.map((part) => [part, numberAt(own, part)])) as PartScores,
    said: saidOf(kind, record, space),
    dropped: reason === '' ? null : (reason as DropReason),
  }
  return [{ item, matchedCount: numberAt(fields, 'matched') }]
}

/**
 * Explains the recall of the prompt that a run last gave its model.
 *
 * @throws MemoryError `not-found` for a run that is gone, or that recalled nothing.
 */
export async function explainRun(core: Core, runId: string): Promise<RecallExplanation> {
  const run = await getRun(core, { runId })
  const seen = run?.details.seen
  const compared = isJsonObject(seen) ? seen.compared : undefined
  if (run === null || !isJsonObject(seen) || !isJsonObject(compared)) {
    throw notFound('recollection', runId, 'Pass the id of a run whose prompt recalled something.')
  }
  const question = await questionOf(core, run)
  const kept = [...objectsIn(seen.recalled), ...objectsIn(seen.notRecalled)]
  const ranked = kept.toSorted((left, right) => numberAt(right, 'score') - numberAt(left, 'score'))
  const found = await Promise.all(ranked.map((fields, at) => traced(core, question, fields, at + 1)))
  const words = numberAt(compared, 'words')
  const items = found.flat().map(({ item, matchedCount }) => {
    return { ...item, text: itemText({ ...item, matchedCount }, words) }
  })
  const gate = isJsonObject(compared.gate) ? compared.gate : {}
  const mode = recallModes.find((one) => one === compared.mode) ?? ('hybrid' satisfies RecallMode)
  const gateMode = gateModes.find((one) => one === gate.mode) ?? ('off' satisfies GateMode)
  const trace = {
    ...{ question, bare: question, terms: queryTerms(question, language).map(({ text }) => text) },
    ...{ names: [], times: [], mode },
    legs: Array.isArray(compared.legs) ? compared.legs.filter((leg) => typeof leg === 'string') : [],
    spaces: isJsonObject(seen.asOf) ? Object.keys(seen.asOf) : [run.space],
    inScope: numberAt(compared, 'inScope'),
    candidates: numberAt(compared, 'candidates'),
    unmatched: numberAt(compared, 'unmatched'),
    gate: { mode: gateMode, chance: numberAt(gate, 'chance'), isClosed: gate.isClosed === true },
  }
  return { ...trace, summary: answerText({ ...trace, items }), items }
}
