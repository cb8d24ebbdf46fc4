/** Folds the rows of a turn into its state. Pure; used by commits, replay and readers. */

import { impliedAuthor } from '../actor.ts'
import type { Effect, EffectKind, EffectOf, LogRow } from '../commit/effect.ts'
import { invariant } from '../error.ts'
import { type MessageId, messageIdOf, type SpaceKey, type ThreadId, type TurnId, turnIdOf } from '../id.ts'
import { mergeJson } from '../json.ts'
import type { LoggedMessage, Message } from '../records/message.ts'
import { extendedParts, isReplacing, type TurnState, type TurnStatus } from '../records/turn.ts'
import type { SpaceAddress } from '../space.ts'
import { msOf } from '../time.ts'

/** What folding needs from the space. */
export interface FoldSpace {
  readonly key: SpaceKey
  readonly address: SpaceAddress
}

interface Folding {
  readonly space: FoldSpace
  readonly turnId: TurnId
  readonly status: TurnStatus
  readonly messages: (Message | null)[]
}

function foldAppend(fold: Folding, row: LogRow, messages: readonly (LoggedMessage | null)[]): void {
  for (const logged of messages) {
    if (logged === null) {
      fold.messages.push(null)
      continue
    }
    const index = fold.messages.length
    const message: { -readonly [Field in keyof Message]: Message[Field] } = {
      id: (logged.id as MessageId | undefined) ?? messageIdOf(fold.space.key, row.turn, index),
      threadId: row.threadId as ThreadId,
      role: logged.role,
      parts: logged.parts,
      author: logged.author ?? impliedAuthor(logged.role, row.actor, fold.space.address),
      turnId: fold.turnId,
      turnStatus: fold.status,
      createdAt: logged.createdAt ?? row.at,
      seq: row.seq,
    }
    if (logged.metadata !== undefined) message.metadata = logged.metadata
    fold.messages.push(message)
  }
}

function foldExtend(fold: Folding, effect: EffectOf<'message-extend'>): void {
  const message = fold.messages[effect.index]
  if (message === null || message === undefined) return
  fold.messages[effect.index] = { ...message, parts: extendedParts(message.parts, effect) }
}

/** Metadata that comes while the turn is open is what its owner says with the message, and no edit. */
function foldEdit(fold: Folding, effect: EffectOf<'message-edit'>, { status, at }: LogRow): void {
  const message = fold.messages[effect.index]
  if (message === null || message === undefined) return
  const isEdit = effect.parts !== undefined || status !== 'open'
  const parts = effect.parts === undefined ? {} : { parts: effect.parts }
  const edited = { ...message, ...parts, ...(isEdit ? { editedAt: at } : {}) }
  if (effect.metadata === undefined) fold.messages[effect.index] = edited
  else {
    const metadata = mergeJson(message.metadata ?? {}, effect.metadata) as Message['metadata'] & object
    fold.messages[effect.index] = { ...edited, metadata }
  }
}

type TurnEffectKind = Extract<EffectKind, `message-${string}` | `turn-${string}`>
type FoldEffect<Kind extends TurnEffectKind> = (fold: Folding, effect: EffectOf<Kind>, row: LogRow) => void

/** The effect changes the turn's own state, not its messages. */
const keepsMessages = (): void => {}

/** How every effect of a turn changes the turn's messages. */
const folds: { readonly [Kind in TurnEffectKind]: FoldEffect<Kind> } = {
  'message-append': (fold, { messages }, row) => foldAppend(fold, row, messages),
  'message-copy': (fold, { messages }, row) => foldAppend(fold, row, messages),
  'message-extend': (fold, effect) => foldExtend(fold, effect),
  'message-edit': (fold, effect, row) => foldEdit(fold, effect, row),
  'message-delete': (fold, { indexes }) => {
    for (const index of indexes) fold.messages[index] = null
  },
  'turn-discard': (fold) => fold.messages.fill(null),
  'turn-open': keepsMessages,
  'turn-close': keepsMessages,
  'turn-resume': keepsMessages,
  'turn-restore': keepsMessages,
  'turn-answered': keepsMessages,
  'turn-replaced': keepsMessages,
  'turn-restored': keepsMessages,
}

function foldEffect(fold: Folding, row: LogRow, effect: Effect): void {
  // Other effects in the row belong to other records.
  const apply = folds[effect.kind as TurnEffectKind] as FoldEffect<TurnEffectKind> | undefined
  apply?.(fold, effect as EffectOf<TurnEffectKind>, row)
}

/** A message that an effect adds to its turn; null for an erased or deleted one. */
export type Slot = { readonly id?: string } | null

/** The messages that an effect adds to its turn, in order, including erased and deleted ones. */
export function slotsOf(effect: Effect): readonly Slot[] {
  if (effect.kind === 'message-append' || effect.kind === 'message-copy') return effect.messages
  return effect.kind === 'kept' && 'turnKept' in effect ? effect.turnKept.messages : []
}

/** The fields of a turn that are its own, apart from its messages. */
type OwnFields = Pick<
  TurnState,
  'actor' | 'leaseMs' | 'runId' | 'replaces' | 'answered' | 'replacedBy' | 'asideAt' | 'returnedAt'
>
type Life = { -readonly [Field in keyof OwnFields]: OwnFields[Field] }

function foldLife(life: Life, row: LogRow, effect: Effect): void {
  switch (effect.kind) {
    case 'kept': {
      if (!('turnKept' in effect)) return
      const { messages: _, ...kept } = effect.turnKept
      Object.assign(life, kept)
      if (kept.replacedBy !== undefined) life.asideAt = 0
      return
    }
    case 'turn-open':
    case 'turn-resume':
      if (effect.runId !== undefined) life.runId = effect.runId
      life.leaseMs = msOf(effect.until) - msOf(row.at)
      if (effect.kind === 'turn-resume' || effect.replaces === undefined) return
      life.replaces = effect.replaces
      if (effect.waits !== true) life.answered = true
      return
    case 'message-copy':
      if (effect.turnActor !== undefined) life.actor = effect.turnActor
      if (effect.runId !== undefined) life.runId = effect.runId
      return
    case 'turn-answered':
      life.answered = true
      return
    case 'turn-replaced':
      life.replacedBy = effect.by
      if (effect.aside === true) life.asideAt = row.seq
      else delete life.asideAt
      delete life.returnedAt
      return
    case 'turn-restored':
      delete life.replacedBy
      delete life.asideAt
      life.returnedAt = row.seq
  }
}

/**
 * Folds the rows of one turn, in order of seq, into its current state. Rows up to an earlier seq give the state at that
 * seq. Effects on other records in these rows are ignored.
 */
export function foldTurn(rows: readonly LogRow[], space: FoldSpace): TurnState | null {
  const first = rows[0]
  const last = rows.at(-1)
  if (first === undefined || last === undefined) return null
  invariant(last.status !== null && first.threadId !== null, 'a row of a turn has a status and a thread')
  const id = turnIdOf(space.key, first.turn)
  const fold: Folding = { space, turnId: id, status: last.status, messages: [] }
  const life: Life = { actor: first.actor, leaseMs: 0 }
  for (const row of rows) {
    for (const effect of row.effects) {
      foldLife(life, row, effect)
      if (effect.kind !== 'kept') foldEffect(fold, row, effect)
      else if ('turnKept' in effect) {
        const { messages } = effect.turnKept
        fold.messages.push(...messages.map((message) => message && { ...message, turnStatus: fold.status }))
      }
    }
  }
  const { messages } = fold
  const turn = { turn: first.turn, id, threadId: first.threadId, status: last.status, messages, ...life }
  if (!isReplacing(turn)) return turn
  return { ...turn, messages: messages.map((message) => message && { ...message, turnStatus: 'replacing' }) }
}

/** Whether an effect saved messages to the thread, even if their content was erased since. */
export function savesMessages(effect: Effect): boolean {
  if (effect.kind === 'message-append') return effect.messages.length > 0 || effect.erased === true
  if (effect.kind === 'message-copy') return effect.messages.length > 0
  if (effect.kind === 'kept') return 'thread' in effect
  return effect.kind === 'erased' && (effect.was === 'message-append' || effect.was === 'message-copy')
}
