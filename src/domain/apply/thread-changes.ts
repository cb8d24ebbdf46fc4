/** Decides changes of threads: putting, deleting and copying. */

import type { ChangeOf, ResultOf } from '../commit/commit.ts'
import type { EffectOf } from '../commit/effect.ts'
import { invalidInput, MemoryError, shown } from '../error.ts'
import { checkId, type MessageId, messageIdOf, packTurn, parseTurnId, type ThreadId, unpackTurn } from '../id.ts'
import { refuseIssuedForm } from '../issued-id.ts'
import { equalJson, type Json } from '../json.ts'
import { checkBytes, checkLimit } from '../limits.ts'
import { blockTombstone } from '../records/block.ts'
import { blockKey } from '../records/block-key.ts'
import type { MessageInput } from '../records/message.ts'
import { newThread, threadTombstone, withMessages } from '../records/thread.ts'
import { type TurnState, visibleMessages } from '../records/turn.ts'
import { foldBlock } from '../replay/block-fold.ts'
import { foldThread } from '../replay/thread-fold.ts'
import { foldTurn } from '../replay/turn-fold.ts'
import { toIso } from '../time.ts'
import { buryThread } from './bury.ts'
import { requireAlone } from './claims.ts'
import { copyRun } from './copy-run.ts'
import type { Draft } from './draft.ts'
import { dropStepsOfThread } from './drop-steps.ts'
import { toLogged } from './message-changes.ts'
import { discardRunsOfThread } from './run-changes.ts'

export function applyThreadPut(draft: Draft, change: ChangeOf<'thread-put'>): ResultOf<'thread-put'> {
  const threadId = checkId(change.threadId, 'threadId') as ThreadId
  draft.claim({ thread: threadId })
  const before = draft.findThread(threadId)
  const isNew = before === null || before.deleted
  if (isNew) draft.mayCreate('thread', threadId)
  if (isNew) refuseIssuedForm(threadId, 'threadId')
  const effect: EffectOf<'thread-put'> = {
    kind: 'thread-put',
    prev: before?.version ?? 0,
    ...(isNew ? { created: true as const } : {}),
    ...(change.title === undefined ? {} : { title: change.title }),
    ...(change.metadata === undefined ? {} : { metadata: change.metadata }),
    ...(change.archived === undefined ? {} : { archived: change.archived }),
    ...(isNew && change.createdAt !== undefined ? { createdAt: toIso(change.createdAt, 'createdAt') } : {}),
  }
  const after = foldThread(before, threadId, effect, draft)
  checkBytes(draft.limits, 'metadataBytes', after.metadata, `The metadata of thread ${shown(threadId)}`)
  checkLimit(draft.limits, 'titleLength', after.title?.length ?? 0, `The title of thread ${shown(threadId)}`)
  draft.count(isNew ? null : before, after)
  draft.setThread(after)
  draft.add(effect)
  return { kind: 'thread-put', threadId, version: draft.seq, created: isNew }
}

export function applyThreadDelete(draft: Draft, change: ChangeOf<'thread-delete'>): ResultOf<'thread-delete'> {
  const threadId = checkId(change.threadId, 'threadId') as ThreadId
  // Deleting a thread changes everything in it, and a commit changes a record at most once.
  requireAlone(draft.commit, change, 'must not change a thread that the commit deletes', 'Delete the thread')
  draft.claim({ thread: threadId })
  const stored = draft.view.thread(threadId)
  const before = stored === null || stored.deleted ? null : draft.findThread(threadId)
  const isLive = before !== null && !before.deleted
  const blocks = isLive ? draft.view.threadBlocks(threadId) : []
  const gone = blocks.map((block) => ({ key: block.name, version: block.version }))
  // If the thread does not exist, the row names none, so the effect names it.
  const missing = isLive ? {} : { missing: threadId }
  draft.add({ kind: 'thread-delete', prev: isLive ? before.version : 0, blocks: gone, ...missing })
  if (isLive) {
    buryThread(draft, threadId, draft.view.callerIds(threadId))
    for (const block of blocks) draft.blocks.set(blockKey(threadId, block.name), blockTombstone(block, draft))
    dropStepsOfThread(draft, threadId)
    discardRunsOfThread(draft, threadId)
    for (const name of draft.view.turnLeases(threadId)) draft.leases.set(name, null)
    draft.count(before, null)
    draft.setThread(threadTombstone(before, draft))
  }
  return { kind: 'thread-delete', threadId, deleted: isLive }
}

/** Whether a copy holds just what a turn of the source shows, so that no call can wait in it that does not wait there. */
function isCopyOf(copy: readonly MessageInput[], turn: TurnState): boolean {
  const shown = visibleMessages(turn)
  return (
    copy.length === shown.length &&
    shown.every(({ role, parts }, index) => {
      const copied = copy[index]
      return copied?.role === role && equalJson(copied.parts as readonly Json[], parts as readonly Json[])
    })
  )
}

/** A turn of another thread of the space, as it is before this commit; null if there is none. */
function turnOfSource(draft: Draft, threadId: string, turnId: string): TurnState | null {
  const issued = parseTurnId(turnId)
  const thread = draft.view.thread(threadId)
  if (issued === null || issued.spaceKey !== draft.space.key || thread === null || thread.deleted) return null
  if (unpackTurn(issued.turn).turnSeq < thread.createdSeq) return null
  return foldTurn(draft.view.turnRows(thread.id, issued.turn), { key: draft.space.key, address: draft.address })
}

/** A turn of the source that waits in the copy too. */
interface WaitingTurn {
  readonly turn: TurnState
  /** The last part of the id of the copy's run. */
  readonly unique: string
}

/**
 * The turns of the source that wait for answers, by the places of their copies.
 *
 * @throws MemoryError `invalid-input` for a source in another space or messages that are not the turn's, `conflict` if the
 *   turn does not wait any more.
 */
function waitingTurns(
  draft: Draft,
  { source, turns, waiting = [] }: ChangeOf<'thread-clone'>,
): Map<number, WaitingTurn> {
  const found = new Map<number, WaitingTurn>()
  for (const { index, turnId, unique } of waiting) {
    if (source.space !== draft.space.id) {
      throw invalidInput('waiting', 'must be empty for a source in another space', turnId, 'Copy these turns as ended.')
    }
    const turn = turnOfSource(draft, source.threadId, turnId)
    if (turn === null || !isCopyOf(turns[index] ?? [], turn)) {
      throw invalidInput(
        'waiting',
        'must name the turn that is copied',
        turnId,
        'Copy all messages of the turn as they are.',
      )
    }
    if (turn.status !== 'suspended' || turn.replacedBy !== undefined) {
      throw new MemoryError('conflict', {
        message: `The turn ${shown(turnId)} of thread ${shown(source.threadId)} does not wait any more.`,
        fix: 'Read the thread again, and copy it as it stands now.',
        details: { turnId },
        retryable: true,
      })
    }
    found.set(index, { turn, unique })
  }
  return found
}

export function applyThreadClone(draft: Draft, change: ChangeOf<'thread-clone'>): ResultOf<'thread-clone'> {
  const threadId = checkId(change.threadId, 'threadId') as ThreadId
  draft.claim({ thread: threadId })
  const before = draft.findThread(threadId)
  if (before !== null && !before.deleted) {
    throw new MemoryError('conflict', {
      message: `The thread ${shown(threadId)} exists already.`,
      fix: 'Clone under another id, or delete that thread first.',
      details: { threadId },
    })
  }
  draft.mayCreate('thread', threadId)
  refuseIssuedForm(threadId, 'threadId')
  const messages = change.turns.reduce((sum, turn) => sum + turn.length, 0)
  checkLimit(draft.limits, 'cloneMessages', messages, 'The clone')
  const metadata = change.metadata ?? {}
  const title = change.title ?? null
  checkLimit(draft.limits, 'titleLength', title?.length ?? 0, `The title of thread ${shown(threadId)}`)
  checkBytes(draft.limits, 'metadataBytes', metadata, `The metadata of thread ${shown(threadId)}`)
  const { source, blocks } = change
  draft.add({ kind: 'thread-clone', prev: before?.version ?? 0, title, metadata, source, blocks })
  const created = { ...newThread(threadId, draft), title, metadata, source }
  draft.count(null, created)
  draft.setThread(withMessages(created, messages, draft))
  for (const block of blocks) {
    const name = checkId(block.name, 'blocks.name')
    draft.claim({ block: blockKey(threadId, name) })
    if (block.format === 'text' && typeof block.value !== 'string') {
      throw invalidInput('blocks.value', 'must be text', block.value, 'Pass a string, or copy the block as json.')
    }
    checkBytes(draft.limits, 'blockBytes', block.value, `The block ${shown(name)}`)
    const copied = foldBlock(null, { ...block, kind: 'block-write', name, prev: 0 }, threadId, draft)
    draft.blocks.set(blockKey(threadId, block.name), copied)
  }
  const waits = waitingTurns(draft, change)
  const messageIds = change.turns.map((turn, index): MessageId[] => {
    const place = packTurn({ turnSeq: draft.seq, turnIndex: draft.turnsOpened++ })
    const messages = turn.map((input) => toLogged(draft, input))
    const waiting = waits.get(index)
    if (waiting === undefined) draft.addToTurn(place, 'complete', { kind: 'message-copy', messages })
    else {
      const runId = copyRun(draft, waiting.turn, place, waiting.unique)
      const copy = { kind: 'message-copy', messages, turnActor: waiting.turn.actor } as const
      draft.addToTurn(place, 'suspended', runId === null ? copy : { ...copy, runId })
    }
    return turn.map((_, index) => messageIdOf(draft.space.key, place, index))
  })
  return { kind: 'thread-clone', threadId, version: draft.seq, messageIds }
}
