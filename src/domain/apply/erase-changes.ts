/**
 * Decides erasure inside a space: the content that rows of the log lose, and the records that leave the small tables.
 */

import type { ChangeOf, ResultOf } from '../commit/commit.ts'
import type { Effect, ErasedCounts, LogRow } from '../commit/effect.ts'
import { declarationOf } from '../commit/effect-marks.ts'
import { ownRecord, refersTo } from '../commit/effect-names.ts'
import { EditedRows } from '../erase/edited-rows.ts'
import { hasFactLife, statedFact, withoutSources } from '../erase/erase-content.ts'
import { RecordEraser } from '../erase/erase-records.ts'
import { erasedEffect, withoutRecord } from '../erase/erased-form.ts'
import type { ErasedBlock } from '../erase/erasure.ts'
import { invalidInput, MemoryError, shown } from '../error.ts'
import { checkId, messageIdOf, type RunId, type ThreadId, turnIdOf } from '../id.ts'
import { refuseForeignId } from '../issued-id.ts'
import { blockKey } from '../records/block-key.ts'
import { type FactState, guardedTrust, liveFact } from '../records/fact.ts'
import type { RunState } from '../records/run.ts'
import { slotsOf } from '../replay/turn-fold.ts'
import { bury, buryThread } from './bury.ts'
import type { Draft } from './draft.ts'
import { MessageEraser } from './erase-messages.ts'
import { eraseObservations } from './erase-observations.ts'
import { applyFactAssert, applyFactRetire, isAbove } from './fact-changes.ts'
import { loseContinuation, refuseRunning } from './run-changes.ts'

/** How many messages are in an effect. */
function messagesIn(effect: Effect): number {
  return slotsOf(effect).filter((message) => message !== null).length
}

/** Blocks of a thread in an effect, by name. */
function blocksIn(effect: Effect, threadId: ThreadId): readonly string[] {
  if (effect.kind === 'thread-clone') return effect.blocks.map((block) => block.name)
  if (effect.kind === 'block-write' || effect.kind === 'block-merge') return effect.inThread ? [effect.name] : []
  return effect.kind === 'kept' && 'block' in effect && effect.block.threadId === threadId ? [effect.block.name] : []
}

/** Whether an effect of a row of the thread is the thread's own; others in the same commit are the space's. */
function isOfThread(effect: Effect): boolean {
  const { scope } = declarationOf(effect)
  return scope === 'thread' || (scope === 'stated' && 'inThread' in effect && effect.inThread === true)
}

/**
 * Whether an effect of any row refers to the thread. Runs and records do not count: they are erased whole, by
 * themselves.
 */
function namesThread(effect: Effect, threadId: ThreadId): boolean {
  const noun = ownRecord(effect)?.noun
  return noun !== 'run' && noun !== 'record' && refersTo(effect, 'thread', threadId)
}

/** The effect without a block, which is one of the row's thread or of the space. */
function withoutBlock(effect: Effect, row: LogRow, { threadId, name }: ErasedBlock): Effect {
  if (effect.kind === 'kept') {
    const isIt = 'block' in effect && effect.block.name === name && effect.block.threadId === threadId
    return isIt ? erasedEffect(effect) : effect
  }
  if (effect.kind === 'block-write' || effect.kind === 'block-merge') {
    const owner = effect.inThread === true ? row.threadId : null
    return effect.name === name && owner === threadId ? erasedEffect(effect) : effect
  }
  if (threadId === null || row.threadId !== threadId) return effect
  if (effect.kind === 'thread-delete' && effect.blocks.some(({ key }) => key === name)) {
    return { ...effect, blocks: effect.blocks.filter(({ key }) => key !== name) }
  }
  if (effect.kind !== 'thread-clone' || !effect.blocks.some((block) => block.name === name)) return effect
  return { ...effect, blocks: effect.blocks.filter((block) => block.name !== name) }
}

/** Refuses to let an agent or a tool erase what somebody stated who is trusted more, by its id or by its sources. */
function refuseAbove(draft: Draft, stored: FactState): void {
  const fact = liveFact(stored, draft.at)
  if (fact === null || !isAbove(fact, draft)) return
  const { actor } = draft
  throw new MemoryError('denied', {
    message: `${actor.kind} ${shown(actor.id)} may not erase the fact ${shown(fact.id)}, which has the trust of a ${guardedTrust(fact)}.`,
    fix: 'Let a user or the application forget it.',
    details: { factId: fact.id, trust: guardedTrust(fact) },
  })
}

class Eraser {
  readonly #draft: Draft
  readonly #rows: EditedRows
  readonly threads = new Set<ThreadId>()
  readonly entries = new Set<string>()
  readonly blocks = new Map<string, ErasedBlock>()
  readonly runs = new Set<RunId>()
  readonly records: RecordEraser
  readonly messages: MessageEraser
  /** Keys of entries that were named, whether they exist or not. */
  readonly keys = new Set<string>()
  readonly counts = { threads: 0, entries: 0, blocks: 0, facts: 0, runs: 0 }
  /** Messages of whole threads; `messages` counts those that go one by one. */
  messagesOfThreads = 0
  /** Ids that erased messages had, by thread. */
  readonly buried = new Map<ThreadId, Set<string>>()
  /** Ids of erased messages, facts and runs. Records derived from them alone are erased with them. */
  readonly gone = new Set<string>()

  constructor(draft: Draft, rows: EditedRows) {
    this.#draft = draft
    this.#rows = rows
    this.records = new RecordEraser(draft.view, rows)
    this.messages = new MessageEraser(draft, rows, this)
  }

  bury(threadId: ThreadId, messageId: string): void {
    const ids = this.buried.get(threadId)
    if (ids === undefined) this.buried.set(threadId, new Set([messageId]))
    else ids.add(messageId)
  }

  thread(id: string): void {
    const threadId = checkId(id, 'threadIds') as ThreadId
    if (this.threads.has(threadId)) return
    const { view } = this.#draft
    const blocks = new Set<string>()
    const clear = (effect: Effect): Effect => {
      for (const name of blocksIn(effect, threadId)) blocks.add(name)
      this.messagesOfThreads += messagesIn(effect)
      return erasedEffect(effect)
    }
    const counts = new Map<number, number>()
    for (const stored of view.threadRows(threadId)) {
      const row = this.#rows.current(stored)
      this.#noteMessages(row, counts)
      const effects = row.effects.map((effect) => (isOfThread(effect) ? clear(effect) : effect))
      this.#rows.replace(row, effects, null)
    }
    for (const stored of view.rowsHolding([threadId])) {
      const row = this.#rows.current(stored)
      const effects = row.effects.map((effect) => (namesThread(effect, threadId) ? clear(effect) : effect))
      this.#rows.replace(row, effects)
    }
    const thread = view.thread(threadId)
    if (thread !== null && !thread.deleted) this.#draft.count(thread, null)
    this.#runsOf(threadId)
    if (thread === null) return
    this.threads.add(threadId)
    this.counts.threads += 1
    this.counts.blocks += blocks.size
  }

  /** The runs of a thread, in all their versions. */
  #runsOf(threadId: ThreadId): void {
    for (const run of this.#draft.view.threadRuns(threadId)) this.#run(run)
  }

  #run(run: RunState): void {
    if (this.runs.has(run.id)) return
    this.#draft.loseOfRun(run, 'run')
    this.runs.add(run.id)
    this.gone.add(run.id)
    this.counts.runs += 1
  }

  /** Runs by id, including expired and swept ones. Their messages stay in their threads. */
  runsById(ids: readonly string[]): void {
    const draft = this.#draft
    for (const id of new Set(ids)) {
      refuseForeignId(checkId(id, 'runIds'), 'run', draft.space.key, 'runIds')
      // Even if the run is gone, records derived from it may exist.
      this.gone.add(id)
      const run = draft.run(id)
      if (run === null) continue
      refuseRunning(draft, run)
      this.#run(run)
    }
  }

  /** If a message of its turn is erased, a run cannot continue: its continuation was made from that message. */
  continuations(): void {
    const { view, space } = this.#draft
    const turns = Map.groupBy(this.messages.erased.values(), ({ threadId }) => threadId)
    for (const [threadId, messages] of turns) {
      const touched = new Set(messages.map(({ turn }) => turnIdOf(space.key, turn)))
      for (const run of view.threadRuns(threadId)) {
        const holds = run.continuation !== null && run.turnId !== undefined && touched.has(run.turnId)
        if (holds && !this.runs.has(run.id)) loseContinuation(this.#draft, run)
      }
    }
  }

  /** Notes the ids of a row's messages. \`counts\` holds how many its turn had before. */
  #noteMessages(row: LogRow, counts: Map<number, number>): void {
    for (const effect of row.effects) {
      for (const message of slotsOf(effect)) {
        const index = counts.get(row.turn) ?? 0
        counts.set(row.turn, index + 1)
        // If it was deleted and compacted, only an issued id is known.
        this.gone.add(message?.id ?? messageIdOf(this.#draft.space.key, row.turn, index))
        if (message?.id !== undefined && row.threadId !== null) this.bury(row.threadId, message.id)
      }
    }
  }

  /** Facts by id, including deleted ones: everything that was ever stated of them. */
  facts(ids: readonly string[]): void {
    const draft = this.#draft
    const stored = ids.flatMap((id) => draft.fact(id) ?? [])
    const found = stored.filter(({ id }) => !this.gone.has(id) && hasFactLife(draft.view, id, draft.factBefore(id)))
    const live = found.filter((fact) => !fact.deleted).map((fact) => fact.id)
    for (const fact of found) refuseAbove(draft, fact)
    for (const id of ids) this.gone.add(id)
    for (const { id } of found) {
      draft.sweptFacts.push({ factId: id, version: draft.factBefore(id) })
    }
    if (live.length > 0) applyFactRetire(draft, { kind: 'fact-retire', factIds: live }, true)
    this.counts.facts += found.length
  }

  /** Facts derived only from erased records are erased too. A current fact with other sources is marked for review. */
  derived(): void {
    const draft = this.#draft
    for (let fresh = [...this.gone]; fresh.length > 0; ) {
      const derived = [...draft.view.factsFrom(fresh)].filter((fact) => !this.gone.has(fact.id))
      const isLeft = (fact: FactState) => {
        const isStated = fact.unsourced === true || fact.sources.some((id) => !this.gone.has(id))
        return fact.status === 'current' && isStated
      }
      for (const fact of derived.filter(isLeft)) this.#markForReview(fact)
      const alone = derived.filter((fact) => !isLeft(fact)).map((fact) => fact.id)
      const all = [...new Set([...alone, ...this.#retiredFrom(fresh)])]
      this.facts(all)
      fresh = all
    }
  }

  /**
   * Facts that were retired or swept since, but whose text is still in the log: those derived only from erased records,
   * and words that waited for extraction. Statements with other sources lose the erased ids.
   */
  #retiredFrom(fresh: readonly string[]): readonly string[] {
    const { view } = this.#draft
    // Spaces without facts need not search their log.
    if (view.lastFactSeq() === 0) return []
    const found: string[] = []
    for (const stored of view.rowsHolding(fresh)) {
      const row = this.#rows.current(stored)
      const effects = row.effects.map((effect) => {
        const factId = statedFact(effect)
        if (factId === null || this.gone.has(factId)) return effect
        const less = withoutSources(effect, this.gone)
        if (less === null) return effect
        const isRetired = this.#draft.fact(factId)?.deleted === true
        if (isRetired && (less.isQueued || less.left === 0)) found.push(factId)
        return less.effect
      })
      this.#rows.replace(row, effects)
    }
    return found
  }

  #markForReview(fact: FactState): void {
    if (liveFact(fact, this.#draft.at) === null) return
    const sources = fact.sources.filter((id) => !this.gone.has(id))
    // What was also stated by itself says nothing less now.
    const review = fact.unsourced === true ? {} : { metadata: { ...fact.metadata, needsReview: true } }
    applyFactAssert(this.#draft, { kind: 'fact-assert', factId: fact.id, sources, ...review }, true)
  }

  entry(name: string): void {
    const key = checkId(name, 'keys')
    if (this.keys.has(key)) return
    this.keys.add(key)
    const { view, counts } = this.#draft
    let isThere = false
    for (const stored of view.rowsHolding([key])) {
      const row = this.#rows.current(stored)
      const effects = row.effects.map((effect) => withoutRecord(effect, { noun: 'entry', key }))
      isThere = this.#rows.replace(row, effects) || isThere
    }
    const entry = view.entry(key)
    if (entry !== null) this.entries.add(key)
    if (entry !== null && !entry.deleted) counts.entries -= 1
    if (entry !== null || isThere) this.counts.entries += 1
  }

  /** A block of the space or of a thread that stays, in all its versions. */
  block(given: string, inThread: string | undefined): void {
    const name = checkId(given, 'blocks')
    const threadId = inThread === undefined ? null : (checkId(inThread, 'blocks') as ThreadId)
    const key = blockKey(threadId, name)
    if (this.blocks.has(key) || (threadId !== null && this.threads.has(threadId))) return
    const { view } = this.#draft
    let isThere = false
    for (const stored of view.rowsHolding([name])) {
      const row = this.#rows.current(stored)
      const effects = row.effects.map((effect) => withoutBlock(effect, row, { threadId, name }))
      isThere = this.#rows.replace(row, effects) || isThere
    }
    const isStored = view.block(threadId, name) !== null
    if (isStored) this.blocks.set(key, { threadId, name })
    if (isStored || isThere) this.counts.blocks += 1
  }
}

/** Decides an erasure inside a space, of records that are live, deleted, discarded, replaced or long overwritten. */
export function applyErase(draft: Draft, change: ChangeOf<'erase'>): ResultOf<'erase'> {
  const { threadIds = [], messageIds = [], keys = [], factIds = [], runIds = [], blocks = [], inThread } = change
  if (draft.commit.changes.length > 1) {
    throw invalidInput('changes', 'must hold erase alone', 'erase with other changes', 'Erase in a commit of its own.')
  }
  if (inThread !== undefined && messageIds.length === 0) {
    throw invalidInput('inThread', 'must go with messageIds', inThread, 'Name the messages, or erase by threadIds.')
  }
  const edited = new EditedRows(draft.view)
  const eraser = new Eraser(draft, edited)
  for (const threadId of threadIds) eraser.thread(threadId)
  if (messageIds.length > 0) eraser.messages.byId(messageIds, inThread)
  for (const key of keys) eraser.entry(key)
  for (const { name, threadId } of blocks) eraser.block(name, threadId)
  eraser.runsById(runIds)
  eraser.continuations()
  for (const id of factIds) refuseForeignId(checkId(id, 'factIds'), 'fact', draft.space.key, 'factIds')
  eraser.facts(factIds)
  eraser.derived()
  const entries = [...eraser.keys].map((key) => ({ noun: 'entry', key }) as const)
  const named = [...entries, ...blocks.map(({ name }) => ({ noun: 'block', key: name }) as const)]
  eraser.records.referringTo([...eraser.gone, ...threadIds], named)
  eraseObservations(draft, [...eraser.messages.erased.values()], (notes) => eraser.records.take(notes))
  const { rows, commits } = edited.all()
  draft.erasure = {
    rows,
    threads: [...eraser.threads],
    messages: [...eraser.messages.erased.values()],
    entries: [...eraser.entries],
    blocks: [...eraser.blocks.values()],
    runs: [...eraser.runs],
    records: [...eraser.records.names],
    recounted: [...eraser.messages.recounted.values()],
  }
  const messages = eraser.messagesOfThreads + eraser.messages.erased.size
  const counts: ErasedCounts = { commits, ...eraser.counts, messages, records: eraser.records.count }
  for (const threadId of eraser.threads) buryThread(draft, threadId, eraser.buried.get(threadId) ?? [])
  for (const [threadId, ids] of eraser.buried) if (!eraser.threads.has(threadId)) bury(draft, threadId, ids)
  draft.add({ kind: 'erase', ...counts })
  return { kind: 'erase', spaces: 0, ...counts }
}
