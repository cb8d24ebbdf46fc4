/** Erases messages one by one, in threads that stay. */

import type { Effect, LogRow } from '../commit/effect.ts'
import type { EditedRows } from '../erase/edited-rows.ts'
import { keepsThread, withKeptCount, withoutKept } from '../erase/erase-content.ts'
import { erasedEffect } from '../erase/erased-form.ts'
import type { ErasedMessage } from '../erase/erasure.ts'
import { checkId, messageIdOf, parseMessageId, type ThreadId, unpackTurn } from '../id.ts'
import { refuseForeignId } from '../issued-id.ts'
import type { ThreadState } from '../records/thread.ts'
import { type MessagePlace, visibleMessages } from '../records/turn.ts'
import { foldTurn, slotsOf } from '../replay/turn-fold.ts'
import type { Draft } from './draft.ts'

interface Whole {
  /** Threads that are erased whole. */
  readonly threads: ReadonlySet<ThreadId>
  /** Ids of erased records; those of messages are added. */
  readonly gone: Set<string>
  /** Notes an erased message, which leaves a tombstone. */
  bury(threadId: ThreadId, messageId: string): void
}

export class MessageEraser {
  readonly #draft: Draft
  readonly #rows: EditedRows
  readonly #whole: Whole
  /** By their place. */
  readonly erased = new Map<string, ErasedMessage>()
  /** Threads that stay, with the number of messages they have left. */
  readonly recounted = new Map<ThreadId, ThreadState>()

  constructor(draft: Draft, rows: EditedRows, whole: Whole) {
    this.#draft = draft
    this.#rows = rows
    this.#whole = whole
  }

  /** Messages by id: those at the place that an issued id names, and those with a caller's id. */
  byId(ids: readonly string[], inThread: string | undefined): void {
    const { view, space } = this.#draft
    const wanted = new Set(ids.map((id) => checkId(id, 'messageIds')))
    // An earlier version stored messages under such ids; these are found by their thread as well.
    if (inThread === undefined) for (const id of wanted) refuseForeignId(id, 'message', space.key, 'messageIds')
    // Even if a message is gone, records derived from it may exist.
    if (inThread === undefined) for (const id of wanted) this.#whole.gone.add(id)
    const isMeant = (row: LogRow) => row.threadId !== null && (inThread === undefined || row.threadId === inThread)
    for (const id of wanted) {
      const issued = parseMessageId(id)
      if (issued === null || issued.spaceKey !== space.key) continue
      const row = view.rowsAt(unpackTurn(issued.turn).turnSeq).find(({ turn }) => turn === issued.turn)
      if (row === undefined || !isMeant(row)) continue
      this.#message({ threadId: row.threadId as ThreadId, turn: issued.turn, index: issued.index }, id)
    }
    for (const stored of view.rowsHolding([...wanted])) {
      if (!isMeant(stored)) continue
      for (const [index, id] of this.#chosenIn(stored)) {
        if (wanted.has(id)) this.#message({ threadId: stored.threadId as ThreadId, turn: stored.turn, index }, id)
      }
      const row = this.#rows.current(stored)
      const effects = row.effects.map((effect): Effect => {
        if (effect.kind !== 'message-append' || !effect.existing?.some(([, id]) => id !== null && wanted.has(id))) {
          return effect
        }
        const existing = effect.existing.map(([at, id]) => [at, id !== null && wanted.has(id) ? null : id] as const)
        return { ...effect, existing }
      })
      this.#rows.replace(row, effects)
    }
  }

  /** Places in its turn, and ids, of the messages in a row whose id a caller chose. */
  #chosenIn(row: LogRow): (readonly [index: number, id: string])[] {
    if (row.turn === 0) return []
    const found: (readonly [number, string])[] = []
    let index = 0
    for (const earlier of this.#draft.view.turnRows(row.threadId as ThreadId, row.turn)) {
      if (earlier.seq > row.seq) break
      for (const effect of earlier.effects) {
        const held = slotsOf(effect)
        if (earlier.seq === row.seq) {
          held.forEach((message, at) => {
            if (message?.id !== undefined) found.push([index + at, message.id])
          })
        }
        index += held.length
      }
    }
    return found
  }

  /** Erases one message, if the message at that place has that id. */
  #message(at: MessagePlace, id: string): void {
    const { view, space, address } = this.#draft
    if (this.#whole.threads.has(at.threadId) || this.erased.has(`${at.threadId} ${at.turn} ${at.index}`)) return
    const rows = view.turnRows(at.threadId, at.turn)
    const turn = foldTurn(rows, { key: space.key, address })
    let start = 0
    let uncounted = 0
    let isThere = false
    const edited: [LogRow, Effect[]][] = []
    for (const stored of rows) {
      const row = this.#rows.current(stored)
      const effects = row.effects.map((effect) => {
        const index = at.index - start
        const held = slotsOf(effect)
        start += held.length
        if (index >= 0 && index < held.length) {
          const message = held[index]
          if (message === null || (message?.id ?? id) !== id) return effect
          isThere = true
          const kept = withoutKept(effect, row, (other) => other === index)
          uncounted += kept.counted
          return withoutSlot(kept.effect, index)
        }
        const isOnIt = (effect.kind === 'message-extend' || effect.kind === 'message-edit') && effect.index === at.index
        return isOnIt ? erasedEffect(effect) : effect
      })
      edited.push([row, effects])
    }
    if (!isThere) return
    for (const [row, effects] of edited) this.#rows.replace(row, effects)
    if (uncounted > 0) this.#lowerKept(at.threadId, uncounted)
    const isOurs = id === messageIdOf(space.key, at.turn, at.index)
    this.erased.set(`${at.threadId} ${at.turn} ${at.index}`, { ...at, id: isOurs ? null : id })
    this.#whole.bury(at.threadId, id)
    this.#whole.gone.add(id)
    const thread = this.recounted.get(at.threadId) ?? view.thread(at.threadId)
    if (thread === null || thread.deleted || unpackTurn(at.turn).turnSeq < thread.createdSeq || turn === null) return
    const message = turn.messages[at.index]
    if (message === null || message === undefined || !visibleMessages(turn).includes(message)) return
    this.recounted.set(at.threadId, { ...thread, messageCount: thread.messageCount - 1 })
  }

  /** The kept record of the thread counted the message too. */
  #lowerKept(threadId: ThreadId, less: number): void {
    const stored = this.#draft.view.turnRows(threadId, 0).find(keepsThread)
    if (stored === undefined) return
    const row = this.#rows.current(stored)
    this.#rows.replace(row, withKeptCount(row.effects, less))
  }
}

function withoutSlot(effect: Effect, index: number): Effect {
  if (effect.kind !== 'message-append' && effect.kind !== 'message-copy') return effect
  return { ...effect, messages: effect.messages.map((message, at) => (at === index ? null : message)) }
}
