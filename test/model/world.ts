// Two drivers side by side on one clock: every commit and every reading goes to both, and their answers are compared.
import type { Actor } from '../../src/domain/actor.ts'
import type { Change, Commit, CommitResult } from '../../src/domain/commit/commit.ts'
import type { CommitId, SpaceId } from '../../src/domain/id.ts'
import { headNoun, headOf } from '../../src/domain/records/observation.ts'
import { isoTime } from '../../src/domain/time.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { ReferenceStorage } from '../../src/storage/reference/reference-storage.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { copyOfThread } from './clone-plan.ts'
import { assertSame } from './differences.ts'
import { KeyNames, sharedKey } from './keys.ts'
import { type ActionOf, actors, type CommitPlan, messageIds, spaces, threads, tinyLimits } from './plans.ts'
import { decisionOf, proposalsIn } from './proposal-plans.ts'
import { access, answerOf, readAcross, readSpace } from './readings.ts'
import { changeOf, commitOf, fromEnd, type Known, messageIdOf, nothingKnown, runIdOf } from './resolve.ts'

export class ManualClock {
  ms = Date.parse('2026-03-01T00:00:00.000Z')
  now(): number {
    return this.ms
  }
}

/** The change of an erasure, as far as the run knows of what it names. */
function erasedPart(
  known: Parameters<typeof messageIdOf>[0],
  { thread, targets, keys, runs, blocks }: ActionOf<'erase-part'>,
): Change {
  const inThread = threads[targets.length % threads.length] as string
  const messageIds = targets.map((target) => messageIdOf(known, inThread, target))
  const named = blocks.map(({ name, own }) => (own ? { name } : { name, threadId: inThread }))
  const change = {
    kind: 'erase' as const,
    ...(thread === undefined ? {} : { threadIds: [threads[thread] as string] }),
    ...(messageIds.length === 0 ? {} : { messageIds }),
    ...(keys.length === 0 ? {} : { keys }),
    ...(blocks.length === 0 ? {} : { blocks: named }),
    ...(runs.length === 0 ? {} : { runIds: runs.map((back) => runIdOf(known, back)) }),
  }
  // Naming nothing would take the whole space.
  return Object.keys(change).length === 1 ? { ...change, keys: ['a'] } : change
}

/** An answer without the keys that gave way, which may have been erased since. */
function withoutPruned<Result extends object>(result: Result): object {
  return 'pruned' in result ? { ...result, pruned: null } : result
}

function isSpaceErase({ changes }: Commit): boolean {
  const [change] = changes
  return change?.kind === 'erase' && Object.keys(change).length === 1
}

interface Sent {
  readonly commit: Commit
  readonly actor: Actor
}

interface Side {
  readonly storage: Storage
  readonly names: KeyNames
}

/** How often each kind of change was answered how; printed on request. */
const tally = new Map<string, number>()

function count(commit: Commit, answer: unknown): void {
  const { status, replayed, error, reason } = answer as Record<string, unknown>
  for (const { kind } of commit.changes) {
    const outcome = `${kind} ${replayed === true ? 'replayed' : (error ?? reason ?? status)}`
    tally.set(outcome, (tally.get(outcome) ?? 0) + 1)
  }
}

export function tallied(): string {
  return [...tally]
    .sort()
    .map(([outcome, times]) => `${times} ${outcome}`)
    .join('\n')
}

export class World {
  readonly clock = new ManualClock()
  readonly reference: Side = { storage: new ReferenceStorage({ clock: this.clock }), names: new KeyNames() }
  readonly #names = new KeyNames()
  /** Connections of the driver under test; all on one database. */
  connections: readonly Storage[] = []
  readonly known = spaces.map(nothingKnown)
  readonly compacted = new Set<string>()
  readonly sent: Sent[] = []
  readonly #first = new Map<string, CommitResult>()
  readonly #moments: string[] = []
  #lives = spaces.map(() => 0)
  #count = 0

  side(via: number): Side {
    const storage = this.connections[via % this.connections.length] as Storage
    return { storage, names: this.#names }
  }

  unique = () => `text-${++this.#count}`

  knownOf(space: SpaceId): Known {
    return this.known[spaces.indexOf(space as never)] as Known
  }

  /** Compares two answers, in shared keys. */
  same(what: string, driver: unknown, reference: unknown): void {
    const got = this.#names.toShared(driver)
    const wanted = this.reference.names.toShared(reference)
    assertSame(what, got, wanted)
  }

  async #learnKeys(): Promise<void> {
    for (const [index, space] of spaces.entries()) {
      const own = (await this.side(0).storage.spaces.get(access, space as SpaceId))?.key
      const theirs = (await this.reference.storage.spaces.get(access, space as SpaceId))?.key
      if (own === undefined || theirs === undefined) continue
      if (this.#names.knows(own) || this.reference.names.knows(theirs)) continue
      this.#lives[index] = (this.#lives[index] ?? 0) + 1
      const shared = sharedKey(index, this.#lives[index] ?? 0)
      this.#names.learn(own, shared)
      this.reference.names.learn(theirs, shared)
    }
  }

  plan(plan: CommitPlan): Sent {
    const { again } = plan
    const earlier = again === undefined ? undefined : fromEnd(this.sent, again.back)
    const actor = actors[plan.actor] as Actor
    if (earlier !== undefined && again?.isSame === true) {
      return { commit: earlier.commit, actor: again.isOther ? actor : earlier.actor }
    }
    const known = this.known[plan.space] as Known
    const fresh = plan.isUnnamed ? null : (`c${++this.#count}` as CommitId)
    const commit = commitOf(known, plan, fresh, this.clock.ms, this.unique)
    return { commit: earlier === undefined ? commit : { ...commit, id: earlier.commit.id }, actor }
  }

  async commit(sent: Sent, via: number): Promise<CommitResult | null> {
    const [result] = await this.commitGroup([sent], via)
    return result ?? null
  }

  /** Sends all to the driver in one tick, and to the reference one after the other. */
  async commitGroup(group: readonly Sent[], via: number): Promise<readonly (CommitResult | null)[]> {
    const side = this.side(via)
    const send = (to: Side, { commit, actor }: Sent) =>
      answerOf(() => to.storage.commit({ actor, grants: 'all' }, to.names.toOwn(commit), tinyLimits))
    const answers = await Promise.all(group.map((sent) => send(side, sent)))
    const expected: unknown[] = []
    for (const sent of group) expected.push(await send(this.reference, sent))
    await this.#learnKeys()
    return group.map((sent, index) => {
      this.same(`answer to ${JSON.stringify(sent)}`, answers[index], expected[index])
      this.sent.push(sent)
      const answer = this.#names.toShared(answers[index])
      count(sent.commit, answer)
      if (typeof answer !== 'object' || answer === null || !('status' in answer)) return null
      this.#learn(sent.commit, answer as CommitResult)
      return answer as CommitResult
    })
  }

  #learn(commit: Commit, result: CommitResult): void {
    if (result.status !== 'committed') return
    const known = this.knownOf(commit.space)
    const name = `${this.#lives[spaces.indexOf(commit.space as never)]} ${commit.space} ${commit.id}`
    if (result.replayed) {
      this.#checkReplayed(name, commit, result)
      return
    }
    if (commit.changes[0]?.kind === 'erase' && result.seq === 0) return
    if (isSpaceErase(commit)) return
    if (commit.id !== null) this.#first.set(name, result)
    known.seq = result.seq
    this.#moments.push(result.at)
    const opened = result.results.flatMap((answer) => (answer.kind === 'turn-open' ? [answer.turnId] : []))
    const runThread = (change: Change | undefined) => (change?.kind === 'run-put' ? (change.threadId ?? '') : '')
    for (const [index, answer] of result.results.entries()) {
      const change = commit.changes[index]
      known.proposals.push(...proposalsIn(change, answer))
      const threadId = change !== undefined && 'threadId' in change ? (change.threadId as string) : ''
      const add = <Item>(to: Map<string, Item[]>, key: string, items: readonly Item[]) =>
        to.set(key, [...(to.get(key) ?? []), ...items])
      if (answer.kind === 'turn-open') add(known.turns, threadId, [answer.turnId])
      else if (answer.kind === 'message-append') {
        add(known.turns, threadId, [answer.turnId])
        add(
          known.messages,
          threadId,
          answer.messages.map((message) => message.id),
        )
      } else if (answer.kind === 'thread-clone') add(known.messages, threadId, answer.messageIds.flat())
      else if (answer.kind === 'lease-take') add(known.tokens, answer.name, [answer.token])
      else if (answer.kind === 'fact-assert') {
        if (!known.facts.includes(answer.factId)) known.facts.push(answer.factId)
        known.versions.set(JSON.stringify({ fact: answer.factId }), answer.version)
      } else if (answer.kind === 'run-put') {
        if (!known.runs.includes(answer.runId)) known.runs.push(answer.runId)
        if (answer.token !== undefined) {
          const earlier = known.works.findIndex(({ runId }) => runId === answer.runId)
          if (earlier >= 0) known.works.splice(earlier, 1)
          known.works.push({ runId: answer.runId, token: answer.token })
        }
        known.versions.set(JSON.stringify({ run: answer.runId }), answer.version)
        const turnId = change?.kind === 'run-put' ? (change.turnId ?? opened[change.opened ?? -1]) : undefined
        if (turnId !== undefined) known.runTurns.push({ runId: answer.runId, threadId: runThread(change), turnId })
      } else if ('noun' in answer) {
        known.versions.set(JSON.stringify({ noun: answer.noun, key: answer.key }), result.seq)
        if (answer.kind === 'record-put' && answer.noun === headNoun) known.heads.set(threadId, headOf(answer.value))
        if (change?.kind === 'step-put' || (change?.kind === 'work-wait' && change.runId !== undefined))
          known.steps.push({ runId: change.runId as string, path: change.path })
      } else if ('key' in answer) known.versions.set(JSON.stringify({ entry: answer.key }), result.seq)
      else if ('name' in answer && change !== undefined && 'name' in change) {
        const block = { block: answer.name, ...(threadId === '' ? {} : { threadId }) }
        known.versions.set(JSON.stringify(block), result.seq)
      } else if (answer.kind === 'thread-put') known.versions.set(JSON.stringify({ thread: threadId }), result.seq)
      else if (answer.kind === 'configure') known.versions.set(JSON.stringify({ settings: true }), result.seq)
    }
  }

  /** A retry gets the first answer again, or none where content was erased since. */
  #checkReplayed(name: string, commit: Commit, result: CommitResult & { status: 'committed' }): void {
    const first = this.#first.get(name)
    if (first?.status !== 'committed' || result.results.length === 0) return
    const { seq, at } = result
    const wanted = { results: first.results.map(withoutPruned), seq: first.seq, at: first.at }
    const results = result.results.map(withoutPruned)
    assertSame(`answer to a retry of ${JSON.stringify(commit)}`, { results, seq, at }, wanted)
  }

  /** Compares all answers, and looks into the log of every space. */
  async check(via: number): Promise<void> {
    const side = this.side(via)
    const moments = ['2000-01-01T00:00:00.000Z', isoTime(this.clock.ms), ...this.#moments.slice(-6)]
    this.same('readings', await readAcross(side.storage), await readAcross(this.reference.storage))
    for (const space of spaces as readonly string[] as readonly SpaceId[]) {
      const known = this.knownOf(space)
      const ids = [...messageIds, ...[...known.messages.values()].flatMap((list) => list.slice(-4))]
      const facts = known.facts.slice(-6)
      const turns = [...known.turns.values()].flatMap((list) => list.slice(-4))
      const read = ({ storage, names }: Side) =>
        readSpace(storage, space, moments, names.toOwn({ messages: ids, turns, facts, runs: known.runs.slice(-6) }))
      const readings = await read(side)
      const expected = await read(this.reference)
      this.same('readings', readings, expected)
      const options = { clock: this.clock, isWhole: !this.compacted.has(space) }
      const problems = await checkHistory(side.storage, access, space, options)
      await checkIndex(side.storage, access, space)
      if (problems.length > 0) throw new Error(`the history of ${space} differs:\n.${problems.join('\n.')}`)
    }
  }

  /** Erases a thread, messages, keys and runs of a space, as far as the run knows of any. */
  erasePartCommit(action: ActionOf<'erase-part'>): Sent {
    const id = spaces[action.space] as string as SpaceId
    const named = erasedPart(this.knownOf(id), action)
    return { commit: { id: `c${++this.#count}` as CommitId, space: id, changes: [named] }, actor: actors[3] as Actor }
  }

  /** A run at work in a turn of a thread, with an answer that holds calls. */
  workCommit({ space, thread }: ActionOf<'work'>): Sent {
    const threadId = threads[thread] as string
    const unique = this.unique()
    const parts = ['call-1', 'call-2'].map((toolCallId) => ({ type: 'tool-search', toolCallId }))
    const messages = [{ role: 'assistant' as const, parts }]
    const changes: readonly Change[] = [
      { kind: 'turn-open', threadId, createThread: true, runId: unique },
      { kind: 'run-put', unique, name: 'bot', threadId, opened: 0 },
      { kind: 'message-append', threadId, opened: 0, messages },
    ]
    const id = `c${++this.#count}` as CommitId
    return { commit: { id, space: spaces[space] as string as SpaceId, changes }, actor: actors[1] as Actor }
  }

  /** The calls of the run that was put last: one is asked about, the other was started. */
  askCommit({ space }: ActionOf<'work'>): Sent {
    const id = spaces[space] as string as SpaceId
    const run = fromEnd(this.knownOf(id).runTurns, 0)
    const { runId, threadId, turnId } = run ?? {
      runId: 'run_000000000000_none',
      threadId: 't1',
      turnId: 'turn_000000000000_1.0',
    }
    const shared = { runId, threadId, messageId: `${turnId.replace(/^turn/, 'msg')}.0`, tool: 'search', input: 1 }
    const changes: readonly Change[] = [
      { kind: 'step-put', path: 'call-1', stepKind: 'approval', status: 'asked', ...shared },
      { kind: 'step-put', path: 'call-2', stepKind: 'plain', status: 'started', ...shared },
    ]
    return this.sentBy(id, changes, 1)
  }

  /** A change of a step of a known run, by somebody who may, unless the plan says by whom. */
  stepCommit({ space, plan, actor }: ActionOf<'step'>): Sent {
    const id = spaces[space] as string as SpaceId
    const change = changeOf(
      { known: this.knownOf(id), space: id, threadId: 't1', nowMs: this.clock.ms, unique: this.unique },
      plan,
    )
    const usual = { decided: 0, expired: 3 }[plan.status as 'decided'] ?? 1
    return this.sentBy(id, [change], actor ?? usual)
  }

  /** A decision about a known proposal, with what must follow it. */
  decideCommit({ space, plan, actor }: ActionOf<'decide'>): Sent {
    const id = spaces[space] as string as SpaceId
    return this.sentBy(id, decisionOf(plan, fromEnd(this.knownOf(id).proposals, plan.of)), actor)
  }

  /** A commit by the actor of that number. */
  sentBy(space: SpaceId, changes: readonly Change[], actor: number): Sent {
    return { commit: { id: `c${++this.#count}` as CommitId, space, changes }, actor: actors[actor] as Actor }
  }

  async copyCommit({ space, from, to, actor }: ActionOf<'copy'>): Promise<Sent> {
    const id = spaces[space] as string as SpaceId
    const { storage, names } = this.reference
    const [source, target] = [threads[from] as string, threads[to] as string]
    const change = names.toShared(await copyOfThread(storage, id, source, target, this.unique))
    return this.sentBy(id, [change], actor)
  }

  eraseCommit(space: SpaceId): Sent {
    return this.sentBy(space, [{ kind: 'erase' }], 3)
  }
}
