/**
 * Lists the reads that a commit will certainly need, and those that follow from earlier answers, so that a decision
 * takes few round trips.
 */

import { type RecordChange, recordChange } from '../apply/apply-record.ts'
import type { Change, ChangeKind, ChangeOf, Commit, Expectation } from '../commit/commit.ts'
import type { Effect, EffectOf, LogRow } from '../commit/effect.ts'
import { recordName } from '../commit/effect-names.ts'
import { parseFactId, parseMessageId, parseTurnId, type RunId, runIdOf, type Seq, turnIdOf } from '../id.ts'
import { parseIssuedId } from '../issued-id.ts'
import type { Json } from '../json.ts'
import { textKey } from '../records/fact-text.ts'
import { runLease, turnLease } from '../records/lease.ts'
import {
  chunkNoteKey,
  chunkPrefix,
  currentGeneration,
  generationPrefix,
  type HeadFields,
  headKey,
  headNoun,
  headOf,
  observationNoun,
  reflectedNoteKey,
} from '../records/observation.ts'
import { type ProposedChange, proposalNoun, statementOf, targetOf } from '../records/proposal.ts'
import { stepInputText, stepKey, stepNoun, stepPrefix } from '../records/step.ts'
import { threadTombstoneText, tombstoneText } from '../records/tombstone.ts'
import type { ChainName } from '../replay/history.ts'
import { slotsOf } from '../replay/turn-fold.ts'
import { pageOfReads, type Read, type ReadOf } from './read.ts'
import type { ReadsView } from './reads-view.ts'

type ReadsOf<Kind extends ChangeKind> = (change: ChangeOf<Kind>, known: ReadsView) => readonly Read[]

const thread = (id: string): Read => ({ of: 'thread', id })
const lease = (name: string): Read => ({ of: 'lease', name })
const fact = (id: string): Read => ({ of: 'fact', id })

/** A turn by its id: its rows, the lease that keeps it open, and once they are known, the turns that it replaces. */
function turn(threadId: string, turnId: string | undefined, known: ReadsView): readonly Read[] {
  const issued = turnId === undefined ? null : parseTurnId(turnId)
  if (issued === null) return []
  return [...rowsOf(threadId, issued.turn, known), lease(turnLease(turnIdOf(issued.spaceKey, issued.turn)))]
}

/**
 * The rows of a turn. If it replaces others, also theirs, and what else has the ids of its messages, as far as its rows
 * are known.
 */
function rowsOf(threadId: string, packed: number, known: ReadsView): readonly Read[] {
  const own: Read & { of: 'turn' } = { of: 'turn', threadId, turn: packed }
  const replaced = replacedBy(own, known)
  if (replaced.length === 0) return [own]
  const rows = replaced.map((turn): Read => ({ of: 'turn', threadId, turn }))
  return [own, ...rows, ...holdersOf(threadId, own, known)]
}

/** What has the ids of the messages of turns that return when a turn is discarded. */
function returning(threadId: string, turnId: string, known: ReadsView): readonly Read[] {
  const packed = parseTurnId(turnId)?.turn
  if (packed === undefined) return []
  const replaced = replacedBy({ of: 'turn', threadId, turn: packed }, known)
  return replaced.flatMap((turn) => holdersOf(threadId, { of: 'turn', threadId, turn }, known))
}

/** The places of the turns that a turn replaces, as far as its rows are known. */
function replacedBy(read: ReadOf<'turn'>, known: ReadsView): readonly number[] {
  const ids = (known.peek<'turn'>(read) ?? []).flatMap(({ effects }) => effects.flatMap(replacedIn))
  return ids.flatMap((id) => (id === null ? [] : [id.turn]))
}

/** What has the ids that callers gave to the messages of a turn, as far as its rows are known. */
function holdersOf(threadId: string, read: ReadOf<'turn'>, known: ReadsView): readonly Read[] {
  const slots = (known.peek<'turn'>(read) ?? []).flatMap(({ effects }) => effects.flatMap(slotsOf))
  const ids = slots.flatMap((slot) => (slot?.id === undefined ? [] : [slot.id]))
  return ids.flatMap((id): readonly Read[] => {
    const place: ReadOf<'message-id'> = { of: 'message-id', threadId, id }
    const turns = known.peek<'message-id'>(place) ?? []
    return [place, ...turns.map(({ turn }): Read => ({ of: 'turn', threadId, turn }))]
  })
}

function replacedIn(effect: Effect) {
  if (effect.kind === 'turn-open') return (effect.replaces ?? []).map(parseTurnId)
  const isKept = effect.kind === 'kept' && 'turnKept' in effect
  return isKept ? (effect.turnKept.replaces ?? []).map(parseTurnId) : []
}

/** A message by its id: its turn at once if the id is an issued one, otherwise once its place is known. */
function message(threadId: string, id: string, known: ReadsView): readonly Read[] {
  const issued = parseMessageId(id)
  const place: Read & { of: 'message-id' } = { of: 'message-id', threadId, id }
  const found = (known.peek<'message-id'>(place) ?? []).map((one) => one.turn)
  const turns = issued === null ? found : [issued.turn, ...found]
  const key = known.space?.key
  return [
    place,
    ...turns.flatMap((packed): readonly Read[] => {
      const rows = rowsOf(threadId, packed, known)
      return key === undefined ? rows : [...rows, lease(turnLease(turnIdOf(key, packed)))]
    }),
  ]
}

function tombstone(threadId: string, id: string): readonly Read[] {
  return parseIssuedId(id) === null ? [{ of: 'tombstone', text: tombstoneText(threadId, id) }] : []
}

/** All callers' ids of a thread, and their tombstones once the ids are known. */
function tombstonesOfThread(threadId: string, known: ReadsView): readonly Read[] {
  const reads: Read[] = [{ of: 'tombstone', text: threadTombstoneText(threadId) }]
  for (let offset = 0; ; offset += pageOfReads) {
    const page: ReadOf<'caller-ids'> = { of: 'caller-ids', threadId, offset }
    const ids = known.peek(page)
    reads.push(page, ...(ids?.items ?? []).flatMap((id) => tombstone(threadId, id)))
    if (ids?.more !== true) return reads
  }
}

/** The tombstones of a turn's messages, once the rows of the turn are known. */
function tombstonesOfTurn({ threadId, turnId }: ChangeOf<'turn-discard'>, known: ReadsView): readonly Read[] {
  const issued = turnId === undefined ? null : parseTurnId(turnId)
  const rows = issued === null ? undefined : known.peek({ of: 'turn', threadId, turn: issued.turn })
  const slots = (rows ?? []).flatMap(({ effects }) => effects.flatMap(slotsOf))
  return slots.flatMap((slot) => (slot?.id === undefined ? [] : tombstone(threadId, slot.id)))
}

function append(change: ChangeOf<'message-append'>, known: ReadsView): readonly Read[] {
  const { threadId, turnId, messages } = change
  const named = messages.flatMap(({ id }) => (id === undefined ? [] : message(threadId, id, known)))
  return [thread(threadId), ...turn(threadId, turnId, known), ...named]
}

function open({ threadId, replaces = [], alone }: ChangeOf<'turn-open'>, known: ReadsView): readonly Read[] {
  const beside: Read[] = alone === true ? [{ of: 'turn-leases', threadId }] : []
  return [thread(threadId), ...replaces.flatMap((id) => turn(threadId, id, known)), ...beside]
}

function entry({ key }: { readonly key: string }, known: ReadsView): readonly Read[] {
  const { space } = known
  const own: Read & { of: 'entry' } = { of: 'entry', key }
  const before = known.peek<'entry'>(own)
  const isNew = before === null || before?.deleted === true
  const isFull = space !== null && space.entries >= space.settings.entriesPerSpace
  return isNew && isFull ? [own, { of: 'oldest-entries', offset: 0 }] : [own]
}

function assert(change: ChangeOf<'fact-assert'>): readonly Read[] {
  const { text, factId, unique, sources = [], supersedes = [], conflictsWith = [] } = change
  const named = [...(factId === undefined ? [] : [factId]), ...supersedes, ...conflictsWith]
  const derived = sources.filter((id) => parseFactId(id) !== null)
  const alike: Read[] = typeof text !== 'string' ? [] : [{ of: 'facts-by-text', key: textKey(text.trim()) }]
  const own: Read[] = unique === undefined ? [] : [{ of: 'fact-named', unique }]
  return [...own, ...alike, ...[...named, ...derived].map(fact)]
}

function run({ runId, unique, leaseMs, token }: ChangeOf<'run-put'>): readonly Read[] {
  const isLeased = leaseMs !== undefined || token !== undefined
  if (runId !== undefined) return [{ of: 'run', id: runId }, ...(isLeased ? [lease(runLease(runId))] : [])]
  return unique === undefined ? [] : [{ of: 'run-named', unique }]
}

function step(runId: string, path: string): readonly Read[] {
  return [{ of: 'record', name: recordName(stepNoun, stepKey(runId, path)) }]
}

/** A step of a workflow, its run with the lease, and the thread of the run once the run is known. */
function work({ runId, path }: ChangeOf<'work-begin' | 'work-end' | 'work-wait'>, known: ReadsView): readonly Read[] {
  // A run that the commit begins has no steps yet.
  if (runId === undefined) return []
  const own: ReadOf<'run'> & Read = { of: 'run', id: runId }
  const threadId = known.peek<'run'>(own)?.threadId
  return [own, lease(runLease(runId)), ...step(runId, path), ...(threadId === undefined ? [] : [thread(threadId)])]
}

/** The step, and for a decision its run, which goes on if it is a workflow. */
function patched({ runId, path, status, input }: ChangeOf<'step-patch'>): readonly Read[] {
  const wakes: Read[] = status === 'decided' || status === 'expired' ? [{ of: 'run', id: runId }] : []
  return [...step(runId, path), ...wakes, ...(input === undefined ? [] : hashOf(input))]
}

/** What a proposed change is about. */
function proposed(change: ProposedChange): readonly Read[] {
  const target = targetOf(change)
  if (target.kind === 'entry') return [{ of: 'entry', key: target.key }]
  if (target.kind === 'working-memory') return block(target)
  return [target.id, statementOf(change)].flatMap((id) => (id === null ? [] : fact(id)))
}

/** A proposal, and once it is known, what it is about. */
function decided({ proposalId }: ChangeOf<'proposal-decide'>, known: ReadsView): readonly Read[] {
  const own: ReadOf<'record'> & Read = { of: 'record', name: recordName(proposalNoun, proposalId) }
  const found = known.peek<'record'>(own)
  const change = found?.value.change as ProposedChange | undefined
  return change === undefined ? [own] : [own, ...proposed(change)]
}

/** All steps of a run. */
function stepsOf(runId: string, known: ReadsView): readonly Read[] {
  const reads: Read[] = []
  for (let offset = 0; ; offset += pageOfReads) {
    const page: ReadOf<'records-under'> = { of: 'records-under', noun: stepNoun, prefix: stepPrefix(runId), offset }
    reads.push(page)
    if (known.peek(page)?.more !== true) return reads
  }
}

/** The runs that a turn was opened and resumed for, as far as its rows are known. */
function runIdsOf(threadId: string, packed: number | undefined, known: ReadsView): readonly RunId[] {
  const key = known.space?.key
  const rows = packed === undefined ? undefined : known.peek<'turn'>({ of: 'turn', threadId, turn: packed })
  if (key === undefined || rows === undefined) return []
  const uniques = new Set(rows.flatMap(({ effects }) => effects.flatMap(runsIn)))
  return [...uniques].map((unique) => runIdOf(key, unique))
}

function stepsOfTurn(threadId: string, packed: number | undefined, known: ReadsView): readonly Read[] {
  return runIdsOf(threadId, packed, known).flatMap((id) => stepsOf(id, known))
}

function runsOfTurn(threadId: string, packed: number | undefined, known: ReadsView): readonly Read[] {
  return runIdsOf(threadId, packed, known).flatMap((id): Read[] => [{ of: 'run', id }, ...stepsOf(id, known)])
}

function runsIn(effect: Effect): readonly string[] {
  const { runId } = namesRun(effect) ? effect : { runId: undefined }
  if (runId !== undefined) return [runId]
  const isKept = effect.kind === 'kept' && 'turnKept' in effect
  return isKept && effect.turnKept.runId !== undefined ? [effect.turnKept.runId] : []
}

function namesRun(effect: Effect): effect is EffectOf<'turn-open' | 'turn-resume' | 'message-copy'> {
  return effect.kind === 'turn-open' || effect.kind === 'turn-resume' || effect.kind === 'message-copy'
}

/** The steps of the turns that messages are in, once their places are known. */
function stepsOfMessage(threadId: string, id: string, known: ReadsView): readonly Read[] {
  const issued = parseMessageId(id)
  const found = known.peek<'message-id'>({ of: 'message-id', threadId, id }) ?? []
  const turns = issued === null ? found.map(({ turn }) => turn) : [issued.turn]
  return turns.flatMap((packed) => stepsOfTurn(threadId, packed, known))
}

/** The runs of a thread, and their steps once the runs are known. */
function stepsOfThread(threadId: string, known: ReadsView): readonly Read[] {
  const reads: Read[] = [{ of: 'any-record' }]
  if (known.peek<'any-record'>({ of: 'any-record' }) === false) return reads
  for (let offset = 0; ; offset += pageOfReads) {
    const page: ReadOf<'thread-runs'> = { of: 'thread-runs', threadId, offset }
    const runs = known.peek(page)
    reads.push(page, ...(runs?.items ?? []).flatMap(({ id }) => stepsOf(id, known)))
    if (runs?.more !== true) return reads
  }
}

function hashOf(input: Json): readonly Read[] {
  return [{ of: 'keyed-hash', text: stepInputText(input) }]
}

const inThread = ({ threadId }: { readonly threadId: string }): readonly Read[] => [thread(threadId)]
const block = ({ name, threadId }: { readonly name: string; readonly threadId?: string }): readonly Read[] => {
  const own: Read = { of: 'block', threadId: threadId ?? null, name }
  return threadId === undefined ? [own] : [thread(threadId), own]
}

function erase({
  threadIds = [],
  messageIds = [],
  keys = [],
  factIds = [],
  blocks = [],
}: ChangeOf<'erase'>): readonly Read[] {
  const holding = (texts: readonly string[]): Read => ({ of: 'rows-holding', texts, offset: 0 })
  return [
    { of: 'any-record' },
    { of: 'last-fact' },
    ...threadIds.flatMap((threadId): Read[] => [
      thread(threadId),
      { of: 'thread-rows', threadId, offset: 0 },
      { of: 'thread-runs', threadId, offset: 0 },
      holding([threadId]),
    ]),
    ...(messageIds.length === 0 ? [] : [holding([...new Set(messageIds)])]),
    ...keys.flatMap((key): Read[] => [{ of: 'entry', key }, holding([key])]),
    ...factIds.map(fact),
    ...blocks.flatMap((one): Read[] => [...block(one), holding([one.name])]),
  ]
}

const ofTurn = (change: ChangeOf<'turn-close' | 'turn-discard'>, known: ReadsView): readonly Read[] => {
  return [thread(change.threadId), ...turn(change.threadId, change.turnId, known), ...taken(change, known)]
}
const closing = (change: ChangeOf<'turn-close'>, known: ReadsView): readonly Read[] => {
  const { threadId, turnId = '', status } = change
  // Others may close it only so, and its run is then interrupted too.
  const runIds = status === 'interrupted' ? runIdsOf(threadId, parseTurnId(turnId)?.turn, known) : []
  return [...ofTurn(change, known), ...runIds.map((id): Read => ({ of: 'run', id }))]
}
const ofMessage = (change: ChangeOf<'message-extend' | 'message-edit'>, known: ReadsView): readonly Read[] => {
  return [thread(change.threadId), ...message(change.threadId, change.messageId, known), ...taken(change, known)]
}

/** The thread, and its head once it is known when the thread was created. */
const observed = ({ threadId }: { readonly threadId: string }, known: ReadsView): readonly Read[] => {
  const own: ReadOf<'thread'> & Read = { of: 'thread', id: threadId }
  const created = known.peek<'thread'>(own)?.createdSeq
  return created === undefined ? [own] : [own, headRead(created)]
}

function headRead(created: Seq): ReadOf<'record'> & Read {
  return { of: 'record', name: recordName(headNoun, headKey(created)) }
}

/** The records of new notes, once the head is known. */
function newNotes(
  { threadId, notes }: ChangeOf<'observation-put' | 'observation-reflect'>,
  known: ReadsView,
  keyOf: (head: HeadFields, index: number) => string,
): readonly Read[] {
  const created = known.peek<'thread'>({ of: 'thread', id: threadId })?.createdSeq
  const state = created === undefined ? null : known.peek<'record'>(headRead(created))
  if (state == null || state.deleted) return []
  const head = headOf(state.value)
  return notes.map((_, index): Read => ({ of: 'record', name: recordName(observationNoun, keyOf(head, index)) }))
}

/** What was observed of a thread, for a change that may take it back. */
function taken(change: { readonly threadId: string }, known: ReadsView): readonly Read[] {
  const reads: Read[] = [{ of: 'any-record' }]
  if (known.peek<'any-record'>({ of: 'any-record' }) !== true) return reads
  const created = known.peek<'thread'>({ of: 'thread', id: change.threadId })?.createdSeq
  const state = created === undefined ? null : known.peek<'record'>(headRead(created))
  reads.push(...observed(change, known))
  if (state == null || state.deleted || created === undefined) return reads
  const of = { of: 'records-under', noun: observationNoun, offset: 0 } as const
  const head = headOf(state.value)
  const generations = [currentGeneration(head).generation, head.ahead?.generation ?? 0].filter((one) => one > 0)
  return [
    ...reads,
    { ...of, prefix: headKey(created) },
    { ...of, prefix: chunkPrefix(created) },
    ...generations.map((generation) => ({ ...of, prefix: generationPrefix(created, generation) })),
  ]
}

/** For every kind of change, its reads. */
const wanted = {
  'thread-put': inThread,
  'thread-delete': ({ threadId }, known) => [
    thread(threadId),
    { of: 'thread-blocks', threadId },
    { of: 'turn-leases', threadId },
    ...tombstonesOfThread(threadId, known),
    ...stepsOfThread(threadId, known),
    ...taken({ threadId }, known),
  ],
  'thread-clone': ({ threadId, source, waiting = [] }, known) => [
    thread(threadId),
    ...waiting.flatMap(({ turnId, unique }) => [
      thread(source.threadId),
      ...turn(source.threadId, turnId, known),
      ...runsOfTurn(source.threadId, parseTurnId(turnId)?.turn, known),
      { of: 'run-named', unique } as const,
    ]),
  ],
  'turn-open': open,
  'turn-close': closing,
  'turn-resume': ({ threadId, turnId, alone }, known) => {
    const beside: Read[] = alone === true ? [{ of: 'turn-leases', threadId }] : []
    return [thread(threadId), ...turn(threadId, turnId, known), ...beside]
  },
  'turn-discard': (change, known) => [
    ...ofTurn(change, known),
    ...tombstonesOfTurn(change, known),
    ...stepsOfTurn(change.threadId, parseTurnId(change.turnId ?? '')?.turn, known),
    ...returning(change.threadId, change.turnId, known),
  ],
  'turn-restore': ({ threadId, turnId }, known) => [
    thread(threadId),
    ...turn(threadId, turnId, known),
    { of: 'thread-rows', threadId, offset: 0 },
  ],
  'message-append': append,
  'message-extend': ofMessage,
  'message-edit': (change, known) => [
    ...ofMessage(change, known),
    ...(change.parts === undefined ? [] : stepsOfMessage(change.threadId, change.messageId, known)),
  ],
  'message-delete': ({ threadId, messageIds }, known) => {
    const named = messageIds.flatMap((id) => {
      return [...message(threadId, id, known), ...tombstone(threadId, id), ...stepsOfMessage(threadId, id, known)]
    })
    return [thread(threadId), ...named, ...taken({ threadId }, known)]
  },
  'block-write': block,
  'block-merge': block,
  'entry-write': entry,
  'entry-merge': entry,
  'entry-append': entry,
  'entry-increment': entry,
  'entry-delete': ({ key }) => [{ of: 'entry', key }],
  'entry-expire': ({ key }) => [{ of: 'entry', key }],
  'fact-assert': assert,
  'fact-retire': ({ factIds }) => factIds.map(fact),
  'fact-expire': ({ factId }) => [fact(factId)],
  'run-put': run,
  'run-expire': ({ runId }, known) => [{ of: 'run', id: runId }, ...stepsOf(runId, known)],
  'step-put': ({ runId, path, threadId, input }) => [
    thread(threadId),
    { of: 'run', id: runId },
    ...step(runId, path),
    ...hashOf(input),
  ],
  'step-patch': patched,
  // The labels of the author, and the hashes, are read once the decision asks for them.
  'proposal-put': ({ change }) => proposed(change as unknown as ProposedChange),
  'proposal-decide': decided,
  'run-interrupt': ({ runId }) => [{ of: 'run', id: runId }, lease(runLease(runId))],
  'work-begin': work,
  'work-end': work,
  'work-wait': work,
  'observation-begin': observed,
  'observation-put': (change, known) => [
    ...observed(change, known),
    ...newNotes(change, known, ({ created, chunk }, index) => chunkNoteKey(created, chunk + 1, index)),
  ],
  'observation-activate': observed,
  'observation-reflect': (change, known) => [
    ...observed(change, known),
    ...newNotes(change, known, (head, index) => {
      return reflectedNoteKey(head.created, head.reflecting?.generation ?? head.generation, index)
    }),
  ],
  'observation-release': observed,
  'lease-take': ({ name }) => [lease(name)],
  'lease-release': ({ name }) => [lease(name)],
  configure: () => [],
  erase,
} satisfies { readonly [Kind in ChangeKind]: ReadsOf<Kind> }

function ofExpectation(expectation: Expectation): readonly Read[] {
  if ('seq' in expectation) return []
  if ('facts' in expectation) return [{ of: 'last-fact' }]
  if ('lease' in expectation) return [lease(expectation.lease)]
  const record = 'absent' in expectation ? expectation.absent : expectation.of
  if ('entry' in record) return [{ of: 'entry', key: record.entry }]
  if ('fact' in record) return [fact(record.fact)]
  if ('noun' in record) return [{ of: 'record', name: recordName(record.noun, record.key) }]
  if ('run' in record) return [{ of: 'run', id: record.run }]
  if ('thread' in record) return [thread(record.thread)]
  if ('settings' in record) return []
  const { threadId } = record
  return block({ name: record.block, ...(threadId === undefined ? {} : { threadId }) })
}

function ofRecord({ noun, key }: RecordChange): Read {
  return { of: 'record', name: recordName(noun, key) }
}

function ofChange(change: Change, known: ReadsView): readonly Read[] {
  const record = recordChange(change)
  if (record !== null) return [ofRecord(record)]
  return (wanted[change.kind] as ReadsOf<ChangeKind>)(change, known)
}

/** What the first answer of an earlier commit is folded from. */
function ofReplay(rows: readonly LogRow[]): readonly Read[] {
  const reads: Read[] = []
  for (const row of rows) {
    if (row.threadId !== null && row.turn !== 0) reads.push({ of: 'turn', threadId: row.threadId, turn: row.turn })
    for (const effect of row.effects) {
      const version = (name: ChainName, seq: Seq) => reads.push({ of: 'version', name, seq })
      if (effect.kind === 'block-write' || effect.kind === 'block-merge') {
        const name = { block: effect.name, threadId: effect.inThread ? row.threadId : null }
        version(name, row.seq)
        if (effect.prev > 0) version(name, effect.prev)
      } else if (effect.kind.startsWith('entry-') && 'key' in effect) {
        version({ entry: effect.key as string }, row.seq)
      } else if (effect.kind === 'record-put' || effect.kind === 'record-patch') {
        version({ record: recordName(effect.noun, effect.key) }, row.seq)
      }
    }
  }
  return reads
}

/**
 * The reads that a commit needs or may need, judged by the answers of earlier reads, of which there are none at first.
 * The space's own row, with settings and counters, comes with every answer.
 */
export function readsOf(commit: Commit, known: ReadsView): readonly Read[] {
  const byId: Read[] = commit.id === null ? [] : [{ of: 'commit', id: commit.id }]
  const before = commit.id === null ? null : known.peek({ of: 'commit', id: commit.id })
  if (before !== null && before !== undefined) return [...byId, ...ofReplay(before)]
  const expected = (commit.expect ?? []).flatMap(ofExpectation)
  return [...byId, ...expected, ...commit.changes.flatMap((change) => ofChange(change, known))]
}
