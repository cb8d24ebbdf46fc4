/** The first answer of a commit, folded again from its rows for a retry: answers are not stored. */
import type { ChangeResult, ResultOf, SavedMessage } from './commit.ts'
import type { SpaceView } from './draft.ts'
import type { Effect, EffectOf, LogRow } from './effect.ts'
import { factAnswer } from './fact-fold.ts'
import { versionAt } from './history.ts'
import { type MessageId, messageIdOf, type SpaceKey, type ThreadId, turnIdOf } from './id.ts'

interface Asked {
  readonly view: SpaceView
  readonly key: SpaceKey
  readonly rows: readonly LogRow[]
}

/** Messages that an effect put into its turn, deleted ones included. */
function slotsOf(effect: Effect): readonly ({ readonly id?: string } | null)[] {
  if (effect.kind === 'message-append' || effect.kind === 'message-copy') return effect.messages
  return effect.kind === 'kept' && 'turnKept' in effect ? effect.turnKept.messages : []
}

/** The slots of a turn, in order, up to an effect of one of its rows. */
function* slotsBefore(asked: Asked, row: LogRow, end: Effect | null): Generator<{ readonly id?: string } | null> {
  for (const earlier of asked.view.turnRows(row.threadId as ThreadId, row.turn)) {
    if (earlier.seq > row.seq) return
    // The row as asked for: the one read again holds equal effects, not the same ones.
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

function blockAnswer(asked: Asked, row: LogRow, effect: EffectOf<'block-write' | 'block-merge'>): ChangeResult {
  const name = { block: effect.name, threadId: effect.inThread ? row.threadId : null }
  const value = versionAt(asked.view, name, row.seq, row.seq)?.value ?? null
  const before = effect.prev === 0 ? null : versionAt(asked.view, name, effect.prev, effect.prev)
  const replaced = before === null || before.event === 'delete' ? null : { version: before.version, by: before.by }
  return { kind: effect.kind, name: effect.name, version: row.seq, value, replaced }
}

function turnAnswer(asked: Asked, row: LogRow, effect: Effect): ChangeResult | null {
  const turnId = turnIdOf(asked.key, row.turn)
  if (effect.kind === 'turn-open') {
    return { kind: 'turn-open', turnId, leaseToken: row.seq, createdThread: effect.createdThread !== undefined }
  }
  if (effect.kind === 'turn-resume') return { kind: 'turn-resume', turnId, leaseToken: row.seq }
  return effect.kind === 'turn-close' || effect.kind === 'turn-discard' ? { kind: effect.kind, turnId } : null
}

function messageAnswer(asked: Asked, row: LogRow, effect: Effect): ChangeResult | null {
  if (effect.kind === 'message-append') return appendAnswer(asked, row, effect)
  if (effect.kind === 'message-extend' || effect.kind === 'message-edit') {
    return { kind: effect.kind, messageId: messageAt(asked, row, effect.index) }
  }
  if (effect.kind !== 'message-delete') return null
  return { kind: 'message-delete', deleted: effect.indexes.map((index) => messageAt(asked, row, index)) }
}

function recordAnswer(asked: Asked, row: LogRow, effect: Effect): ChangeResult | null {
  const { seq, threadId } = row
  if (effect.kind === 'thread-put') {
    return { kind: 'thread-put', threadId: threadId as ThreadId, version: seq, created: effect.created === true }
  }
  if (effect.kind === 'thread-delete') {
    const thread = effect.missing ?? (threadId as ThreadId)
    return { kind: 'thread-delete', threadId: thread, deleted: effect.prev > 0 }
  }
  if (effect.kind === 'thread-clone') return cloneAnswer(asked, row)
  if (effect.kind === 'block-write' || effect.kind === 'block-merge') return blockAnswer(asked, row, effect)
  if (effect.kind === 'entry-delete' || effect.kind === 'entry-expire') {
    return { kind: effect.kind, key: effect.key, deleted: effect.absent !== true }
  }
  if ('expiresAt' in effect) {
    const { kind, key, expiresAt } = effect
    const value = versionAt(asked.view, { entry: key }, seq, seq)?.value ?? null
    return { kind, key, version: seq, value, expiresAt, pruned: (effect.pruned ?? []).map((entry) => entry.key) }
  }
  if (effect.kind === 'run-put') return { kind: 'run-put', runId: effect.runId, version: seq }
  if (effect.kind === 'run-expire') return { kind: 'run-expire', runId: effect.runId, deleted: effect.prev > 0 }
  if (effect.kind === 'lease-take') {
    return { kind: 'lease-take', name: effect.name, token: seq, expiresAt: effect.until }
  }
  if (effect.kind === 'lease-release') return { kind: 'lease-release', name: effect.name, released: effect.released }
  if (effect.kind === 'erase') {
    const { commits, threads, messages, entries, blocks, facts, runs } = effect
    return { kind: 'erase', spaces: 0, commits, threads, messages, entries, blocks, facts, runs }
  }
  return effect.kind === 'configure' ? { kind: 'configure', settings: effect.settings, version: seq } : null
}

function isErased(effect: Effect): boolean {
  if (effect.kind === 'message-append') {
    const isPart = effect.messages.includes(null) || effect.existing?.some(([, id]) => id === null)
    return effect.erased === true || isPart === true
  }
  return effect.kind === 'erased' || (effect.kind === 'message-copy' && effect.messages.includes(null))
}

/** The results a commit answered, from its rows. Empty if any of its content was erased since. */
export function answersOf(rows: readonly LogRow[], view: SpaceView): readonly ChangeResult[] {
  const space = view.space
  if (space === null || rows.some((row) => row.effects.some(isErased))) return []
  const asked: Asked = { view, key: space.key, rows }
  const answers: ChangeResult[] = []
  for (const row of rows) {
    for (const effect of row.effects) {
      const answer =
        turnAnswer(asked, row, effect) ??
        messageAnswer(asked, row, effect) ??
        factAnswer(effect, row.seq) ??
        recordAnswer(asked, row, effect)
      if (answer === null) continue
      const index = effect.of ?? 0
      const earlier = answers[index]
      if (earlier?.kind === 'message-delete' && answer.kind === 'message-delete') {
        answers[index] = { kind: 'message-delete', deleted: [...earlier.deleted, ...answer.deleted] }
      } else answers[index] = answer
    }
  }
  return answers
}
