// Runs random work on both drivers.
import type { Change } from '../../src/domain/commit/commit.ts'
import type { SpaceId } from '../../src/domain/id.ts'
import type { DueWork } from '../../src/ports/due-work.ts'
import type { MessageQuery, Storage, ThreadQuery } from '../../src/ports/storage.ts'
import type { ObservationPlan } from './observation-plans.ts'
import { type Action, type ActionOf, actors, spaces, threads } from './plans.ts'
import { access, answerOf, messageQuery, threadQuery } from './readings.ts'
import { changeOf, fromEnd, leaseOf } from './resolve.ts'
import { workChange } from './work-plans.ts'
import { World } from './world.ts'

/** A database to test: opens connections to it, and opens them anew in the middle of a run. */
export interface Subject {
  open(world: World): Promise<readonly Storage[]>
  reopen?(world: World): Promise<readonly Storage[]>
}

type Cursor =
  | { readonly space: SpaceId; readonly threads: ThreadQuery }
  | { readonly space: SpaceId; readonly messages: MessageQuery }

/** Expires proposals as the sweeper does. */
async function expireProposals(world: World, proposals: DueWork['proposals'], via: number): Promise<void> {
  for (const { space, proposalId } of proposals) {
    const change = { kind: 'proposal-decide', proposalId, status: 'expired' } as const
    const commit = { id: `sweep ${world.unique()}` as never, space, changes: [change] }
    const result = await world.commit({ commit, actor: actors[3] as (typeof actors)[number] }, via)
    const swept = result?.status === 'committed' ? result.results[0] : null
    world.same('expired', swept?.kind === 'record-put' ? (swept.value.status ?? null) : null, 'expired')
  }
}

/** A change of the observations of a thread, by the application. */
function observeCommit(world: World, { space, thread }: ActionOf<'observe'>, plan: ObservationPlan) {
  const id = spaces[space] as string as SpaceId
  const threadId = threads[thread] as string
  const at = { known: world.knownOf(id), space: id, threadId, nowMs: world.clock.ms, unique: world.unique }
  return world.sentBy(id, [changeOf(at, plan)], 3)
}

class Run {
  readonly world: World
  readonly #subject: Subject
  readonly #cursors: Cursor[] = []

  constructor(world: World, subject: Subject) {
    this.world = world
    this.#subject = subject
  }

  async step(action: Action): Promise<void> {
    const { world } = this
    switch (action.kind) {
      case 'commit':
        await world.commit(world.plan(action.plan), action.via)
        return
      case 'group':
        await world.commitGroup(
          action.plans.map((plan) => world.plan(plan)),
          action.via,
        )
        return
      case 'clock':
        world.clock.ms += action.ms
        return
      case 'erase':
        await this.#erase(action)
        return
      case 'erase-part':
        await world.commit(world.erasePartCommit(action), action.via)
        return
      case 'work':
        await world.commit(world.workCommit(action), action.via)
        await world.commit(world.askCommit(action), action.via)
        return
      case 'step':
        await world.commit(world.stepCommit(action), action.via)
        return
      case 'observe':
        for (const plan of [action.begin, action.plan]) {
          if (plan !== undefined) await world.commit(observeCommit(world, action, plan), action.via)
        }
        return
      case 'workflow':
        await this.#workflow(action)
        return
      case 'work-step':
        await this.#workStep(action)
        return
      case 'decide':
        await world.commit(world.decideCommit(action), action.via)
        return
      case 'copy':
        await world.commit(await world.copyCommit(action), action.via)
        return
      case 'reopen':
        world.connections = (await this.#subject.reopen?.(world)) ?? world.connections
        return
      case 'check':
        await world.check(action.via)
        return
      case 'sweep':
        await this.#sweep(action)
        return
      case 'compact':
        await this.#compact(action)
        return
      case 'renew':
        await this.#renew(action)
        return
      case 'page':
        await this.#page(action)
        return
      case 'go-on':
        await this.#goOn(action)
    }
  }

  /** A put of the workflow that was put last, or of a new one where there is none. */
  async #workflow({ space, lease, status, via }: ActionOf<'workflow'>): Promise<void> {
    const { world } = this
    const id = spaces[space] as string as SpaceId
    const known = world.knownOf(id)
    const runId = fromEnd(known.works, 0)?.runId
    const fresh = { unique: world.unique(), name: 'bot', runKind: 'workflow', leaseMs: 5_000 } as const
    const put = runId === undefined || lease === 'none' ? fresh : { runId, ...leaseOf({ known }, runId, lease, true) }
    const change: Change = { kind: 'run-put', ...put, ...(status === undefined ? {} : { status }) }
    await world.commit(world.sentBy(id, [change], 1), via)
  }

  /** A change of a step of a known workflow, by its actor unless the plan says by whom; where none is known, a workflow. */
  async #workStep({ space, plan, actor = 1, via }: ActionOf<'work-step'>): Promise<void> {
    const { world } = this
    const id = spaces[space] as string as SpaceId
    const known = fromEnd(world.knownOf(id).works, plan.run)
    if (known === undefined) {
      await this.#workflow({ kind: 'workflow', space, lease: 'none', status: undefined, via })
      return
    }
    await world.commit(world.sentBy(id, [workChange(plan, known, world.clock.ms)], actor), via)
  }

  async #interrupt(leases: DueWork['leases'], via: number): Promise<void> {
    const { world } = this
    for (const { space, runId } of leases) {
      const change = { kind: 'run-interrupt', runId } as const
      const commit = { id: `sweep ${world.unique()}` as never, space, changes: [change] }
      const result = await world.commit({ commit, actor: actors[3] as (typeof actors)[number] }, via)
      world.same('interrupted', result?.status ?? null, 'committed')
    }
  }

  async #erase({ space, via }: ActionOf<'erase'>): Promise<void> {
    const id = spaces[space] as string as SpaceId
    await this.world.commit(this.world.eraseCommit(id), via)
    for (const other of spaces) {
      if (other === id || other.startsWith(`${id}/`)) this.world.compacted.delete(other)
    }
  }

  async #compact({ space, back }: ActionOf<'compact'>): Promise<void> {
    const { world } = this
    const id = spaces[space] as string as SpaceId
    const state = await world.reference.storage.spaces.get(access, id)
    const horizon = Math.max(0, (state?.seq ?? 1) - back)
    const removed = await world.side(0).storage.compact(access, id, horizon)
    world.same('rows removed', removed, await world.reference.storage.compact(access, id, horizon))
    if (removed.rowsRemoved > 0 || horizon > (state?.horizon ?? 0)) world.compacted.add(id)
  }

  async #renew({ space, back, ms }: ActionOf<'renew'>): Promise<void> {
    const { world } = this
    const id = spaces[space] as string as SpaceId
    const known = world.knownOf(id)
    const turn = fromEnd(known.turns.get('t1'), back)
    const token = Number(turn?.split('_')[2]?.split('.')[0] ?? 1)
    const lease = { name: turn === undefined ? 'work' : `turn/${turn}`, token, leaseMs: ms }
    const side = world.side(0)
    const renewed = await side.storage.renewLease(access, id, side.names.toOwn(lease))
    const { storage, names } = world.reference
    world.same('renewed', renewed, await storage.renewLease(access, id, names.toOwn(lease)))
  }

  /** Commits all that is due, as the sweeper does; each must apply. */
  async #sweep({ via }: ActionOf<'sweep'>): Promise<void> {
    const { world } = this
    const side = world.side(via)
    const due = side.names.toShared(await side.storage.due(access, 1_000))
    const actor = actors[3] as (typeof actors)[number]
    for (const { space, key } of due.entries) {
      const commit = {
        id: `sweep ${world.unique()}` as never,
        space,
        changes: [{ kind: 'entry-expire', key } as const],
      }
      const result = await world.commit({ commit, actor }, via)
      const swept = result?.status === 'committed' ? result.results[0] : null
      world.same('swept', swept, { kind: 'entry-expire', key, deleted: true })
    }
    for (const { space, factId } of due.facts) {
      const change = { kind: 'fact-expire', factId } as const
      const result = await world.commit(
        { commit: { id: `sweep ${world.unique()}` as never, space, changes: [change] }, actor },
        via,
      )
      const swept = result?.status === 'committed' ? result.results[0] : null
      world.same('swept', swept, { ...change, deleted: true })
    }
    // Before the runs, which take theirs with them.
    for (const { space, runId, path } of due.steps) {
      const change = { kind: 'step-patch', runId, path, status: 'expired' } as const
      const commit = { id: `sweep ${world.unique()}` as never, space, changes: [change] }
      const result = await world.commit({ commit, actor }, via)
      const swept = result?.status === 'committed' ? result.results[0] : null
      const value = swept?.kind === 'record-put' ? swept.value : null
      world.same('expired', { status: value?.status, path: value?.path }, { status: 'expired', path })
    }
    await expireProposals(world, due.proposals, via)
    for (const { space, runId } of due.runs) {
      const change = { kind: 'run-expire', runId } as const
      const commit = { id: `sweep ${world.unique()}` as never, space, changes: [change] }
      const result = await world.commit({ commit, actor }, via)
      const swept = result?.status === 'committed' ? result.results[0] : null
      world.same('swept', swept, { ...change, deleted: true })
    }
    for (const { space, noun, key } of due.records) {
      const change = { kind: `${noun}-expire`, key } as unknown as Change
      const commit = { id: `sweep ${world.unique()}` as never, space, changes: [change] }
      const result = await world.commit({ commit, actor }, via)
      const swept = result?.status === 'committed' ? result.results[0] : null
      world.same('swept', swept, { kind: 'record-expire', noun, key, deleted: true })
    }
    await this.#interrupt(due.leases, via)
    for (const { space, turn } of due.turns) {
      const { threadId, turnId } = turn
      const change = { kind: 'turn-close', threadId, turnId, status: 'interrupted' } as const
      const commit = { id: `sweep ${world.unique()}` as never, space, changes: [change] }
      const result = await world.commit({ commit, actor }, via)
      world.same('closed', result?.status ?? null, 'committed')
    }
    for (const { space, below } of due.logs) {
      world.compacted.add(space)
      const removed = await side.storage.compact(access, space, below)
      world.same('rows removed', removed, await world.reference.storage.compact(access, space, below))
    }
    const { logs: _, ...left } = await side.storage.due(access, 1_000)
    const none = { entries: [], facts: [], runs: [], records: [], steps: [], proposals: [], leases: [], turns: [] }
    world.same('due after sweeping', left, none)
  }

  async #page({ space, thread, pick, limit, via }: ActionOf<'page'>): Promise<void> {
    const id = spaces[space] as string as SpaceId
    if (pick % 3 === 0) {
      const messages = messageQuery(pick, threads[thread] as string, limit)
      await this.#read({ space: id, messages }, via)
    } else await this.#read({ space: id, threads: threadQuery(pick, limit) }, via)
  }

  async #goOn({ back, limit, via }: ActionOf<'go-on'>): Promise<void> {
    const cursor = fromEnd(this.#cursors, back)
    if (cursor === undefined) return
    if ('threads' in cursor) await this.#read({ ...cursor, threads: { ...cursor.threads, limit } }, via)
    else await this.#read({ ...cursor, messages: { ...cursor.messages, limit } }, via)
  }

  /** Reads a page from both, and keeps where it ended. */
  async #read(cursor: Cursor, via: number): Promise<void> {
    const { world } = this
    const { space } = cursor
    const ask = (storage: Storage): Promise<unknown> =>
      'threads' in cursor
        ? storage.threads.list(access, space, cursor.threads)
        : storage.messages.list(access, space, cursor.messages)
    const page = await answerOf(() => ask(world.side(via).storage))
    world.same(`page ${JSON.stringify(cursor)}`, page, await answerOf(() => ask(world.reference.storage)))
    const { items, asOf, next } = page as {
      items?: readonly { turn: number; index: number }[]
      asOf: number
      next?: never
    }
    const last = items?.at(-1)
    if (last === undefined) return
    if ('messages' in cursor) {
      const after = { turn: last.turn, index: last.index }
      this.#cursors.push({ space, messages: { ...cursor.messages, after, asOf } })
    } else if (next) this.#cursors.push({ space, threads: { ...cursor.threads, after: next } })
  }
}

/** Runs the work on a new database, checks everything at its end, and closes it. */
export async function runWork(subject: Subject, work: readonly Action[]): Promise<void> {
  const world = new World()
  world.connections = await subject.open(world)
  try {
    const run = new Run(world, subject)
    for (const action of work) await run.step(action)
    for (const via of world.connections.keys()) await world.check(via)
  } finally {
    for (const connection of world.connections) await connection.close()
  }
}
