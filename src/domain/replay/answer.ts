/** The first answer of a commit, computed again from its rows for a retry: answers are not stored. */

import type { ChangeResult, ResultOf, SavedMessage } from '../commit/commit.ts'
import type { Effect, EffectKind, EffectOf, LogRow } from '../commit/effect.ts'
import { noCounts } from '../commit/erased-counts.ts'
import { type MessageId, messageIdOf, type Seq, type SpaceKey, type ThreadId, turnIdOf } from '../id.ts'
import { tombstoneNoun } from '../records/tombstone.ts'
import { factAnswer } from './fact-fold.ts'
import { type ChainName, versionAt } from './history.ts'
import { allKeyedNouns } from './keyed-nouns.ts'
import type { SpaceView } from './space-view.ts'
import { type Slot, slotsOf } from './turn-fold.ts'

interface Asked {
  readonly view: SpaceView
  readonly key: SpaceKey
  readonly rows: readonly LogRow[]
}

/** The slots of a turn, in order, up to an effect of one of its rows. */
function* slotsBefore(asked: Asked, row: LogRow, end: Effect | null): Generator<Slot> {
  for (const earlier of asked.view.turnRows(row.threadId as ThreadId, row.turn)) {
    if (earlier.seq > row.seq) return
    // The row that was passed: when read again, it has equal effects, not the same objects.
    const { effects } = earlier.seq === row.seq ? row : earlier
    for (const effect of effects) {
      if (effect === end) return
      yield* slotsOf(effect)
    }
  }
}

function appendAnswer(asked: Asked, row: LogRow, effect: EffectOf<'message-append'>): ResultOf<'message-append'> {
  const existing = new Map(effect.existing)
  const start = row.turn === 0 ? 0 : [...slotsBefore(asked, row, effect)].length
  const messages: SavedMessage[] = []
  let index = 0
  for (let position = 0; position < effect.messages.length + existing.size; position++) {
    const known = existing.get(position)
    const logged = known === undefined ? effect.messages[index] : undefined
    const id = known ?? logged?.id ?? messageIdOf(asked.key, row.turn, start + index)
    messages.push({ id: id as MessageId, stored: known === undefined })
    if (known === undefined) index += 1
  }
  const turnId = turnIdOf(asked.key, effect.known ?? row.turn)
  return { kind: 'message-append', turnId, messages, createdThread: effect.createdThread !== undefined }
}

function messageAt(asked: Asked, row: LogRow, index: number): MessageId {
  const slot = [...slotsBefore(asked, row, null)][index]
  return (slot?.id as MessageId | undefined) ?? messageIdOf(asked.key, row.turn, index)
}

function cloneAnswer(asked: Asked, row: LogRow): ResultOf<'thread-clone'> {
  const copies = asked.rows.filter((copy) => copy.effects.some((effect) => effect.kind === 'message-copy'))
  const messageIds = copies.map((copy) => {
    const copied = copy.effects.find((effect) => effect.kind === 'message-copy')
    return (copied?.messages ?? []).map((_, index) => messageIdOf(asked.key, copy.turn, index))
  })
  return { kind: 'thread-clone', threadId: row.threadId as ThreadId, version: row.seq, messageIds }
}

function turnAnswer(
  { key }: Asked,
  row: LogRow,
  { kind }: EffectOf<'turn-close' | 'turn-discard'>,
): ResultOf<'turn-close'> {
  return { kind, turnId: turnIdOf(key, row.turn) } as ResultOf<'turn-close'>
}

function messageAnswer(
  asked: Asked,
  row: LogRow,
  { kind, index }: EffectOf<'message-extend' | 'message-edit'>,
): ChangeResult {
  return { kind, messageId: messageAt(asked, row, index) }
}

type Answer<Kind extends EffectKind> = (asked: Asked, row: LogRow, effect: EffectOf<Kind>) => ChangeResult | null

/** Effects without an answer of their own: others of the same commit have it. */
const silent = (): null => null
/** The keyed noun that owns the effect answers. */
const byNoun = ({ view }: Asked, row: LogRow, effect: Effect): ChangeResult | null => {
  const past = (name: ChainName, version: Seq) => versionAt(view, name, version, version)
  for (const noun of allKeyedNouns) if (noun.owns(effect)) return noun.answer(effect, { row, past })
  return null
}
/** An effect that follows from another one of its change, which has the answer. */
const unlessImplied = (asked: Asked, row: LogRow, effect: Effect & { readonly implied?: true }) =>
  effect.implied === true ? null : byNoun(asked, row, effect)
const byFact = (_: Asked, row: LogRow, effect: Effect): ChangeResult | null => factAnswer(effect, row.seq)

const answers = {
  'thread-put': (_, { threadId, seq }, { created }) => {
    return { kind: 'thread-put', threadId: threadId as ThreadId, version: seq, created: created === true }
  },
  'thread-delete': (_, { threadId }, { missing, prev }) => {
    return { kind: 'thread-delete', threadId: missing ?? (threadId as ThreadId), deleted: prev > 0 }
  },
  'thread-clone': cloneAnswer,
  'turn-open': ({ key }, row, { createdThread }) => {
    const turnId = turnIdOf(key, row.turn)
    return { kind: 'turn-open', turnId, leaseToken: row.seq, createdThread: createdThread !== undefined }
  },
  'turn-resume': ({ key }, row) => ({ kind: 'turn-resume', turnId: turnIdOf(key, row.turn), leaseToken: row.seq }),
  'turn-close': turnAnswer,
  'turn-discard': turnAnswer,
  'turn-restore': ({ key }, { turn }, { restored, replaced }) => {
    return { kind: 'turn-restore', turnId: turnIdOf(key, turn), restored, replaced }
  },
  'turn-answered': silent,
  'turn-replaced': silent,
  'turn-restored': silent,
  'message-append': appendAnswer,
  'message-copy': silent,
  'message-extend': messageAnswer,
  'message-edit': messageAnswer,
  'message-delete': (asked, row, { indexes }) => {
    return { kind: 'message-delete', deleted: indexes.map((index) => messageAt(asked, row, index)) }
  },
  'block-write': byNoun,
  'block-merge': byNoun,
  'entry-write': byNoun,
  'entry-merge': byNoun,
  'entry-append': byNoun,
  'entry-increment': byNoun,
  'entry-delete': byNoun,
  'entry-expire': byNoun,
  'fact-assert': byFact,
  'fact-known': byFact,
  'fact-retire': byFact,
  'fact-expire': byFact,
  'run-put': unlessImplied,
  'run-expire': byNoun,
  'record-put': (asked, row, effect) => (effect.noun === tombstoneNoun ? null : unlessImplied(asked, row, effect)),
  'record-patch': byNoun,
  'record-remove': unlessImplied,
  'record-expire': byNoun,
  'lease-take': (_, { seq }, { name, until }) => ({ kind: 'lease-take', name, token: seq, expiresAt: until }),
  'lease-release': (_, __, { name, released }) => ({ kind: 'lease-release', name, released }),
  configure: (_, { seq }, { settings }) => ({ kind: 'configure', settings, version: seq }),
  erase: (_, __, { kind, of: ___, ...counts }) => ({ kind, spaces: 0, ...noCounts, ...counts }),
  kept: silent,
  erased: silent,
} satisfies { readonly [Kind in EffectKind]: Answer<Kind> }

function isErased(effect: Effect): boolean {
  if (effect.kind === 'message-append') {
    const isPart = effect.messages.includes(null) || effect.existing?.some(([, id]) => id === null)
    return effect.erased === true || isPart === true
  }
  return effect.kind === 'erased' || (effect.kind === 'message-copy' && effect.messages.includes(null))
}

/** The results that a commit answered, from its rows. Empty if any of its content was erased since. */
export function answersOf(rows: readonly LogRow[], view: SpaceView): readonly ChangeResult[] {
  const space = view.space
  if (space === null || rows.some((row) => row.effects.some(isErased))) return []
  const asked: Asked = { view, key: space.key, rows }
  const results: ChangeResult[] = []
  for (const row of rows) {
    for (const effect of row.effects) {
      const answer = (answers[effect.kind] as Answer<EffectKind>)(asked, row, effect)
      if (answer === null) continue
      const index = effect.of ?? 0
      const earlier = results[index]
      if (earlier?.kind === 'message-delete' && answer.kind === 'message-delete') {
        results[index] = { kind: 'message-delete', deleted: [...earlier.deleted, ...answer.deleted] }
      } else results[index] = answer
    }
  }
  return results
}
