/** A memory of this process as agents use it: their port, over its core and the doors of its spaces. */
import { type Actor, applicationActor, checkActor, sameActor } from '../domain/actor.ts'
import type { Change, CommitResult, Expectation } from '../domain/commit/commit.ts'
import { parseRunId, type Seq, type SpaceId, type TurnId } from '../domain/id.ts'
import type { RunState } from '../domain/records/run.ts'
import { msOf } from '../domain/time.ts'
import type {
  AgentMemory,
  AgentQuestion,
  AgentSpace,
  AgentTurn,
  AgentTurnRequest,
  AgentWorkingMemory,
  Found,
  RunProgress,
  RunStep,
  WatchedTurn,
  WorkRunStep,
} from '../ports/agent-memory.ts'
import type { ObservationReport } from '../ports/observational-memory.ts'
import type { AgentProposal, SharedMemory } from '../ports/shared-memory.ts'
import { proposalsAbout, recallIn, sharingSpace, workingMemoryIn } from './agent-sections.ts'
import { closeOverdue } from './conversation/list-messages.ts'
import { isCallStep, isWork, readStep, readSteps } from './conversation/steps.ts'
import { turnEnded } from './conversation/turn-queue.ts'
import { begin, beginOrJoin, Turn } from './conversation/turns.ts'
import { watchRun } from './conversation/watch-run.ts'
import { watchTurn } from './conversation/watch-turn.ts'
import type { Core } from './door/core.ts'
import { Door, resourceSpace } from './door/door.ts'
import { findNote } from './observations/find-note.ts'
import { observationsFor, observeAfterTurn, readyBeforeTurn } from './observations/for-agents.ts'
import { published } from './observations/report.ts'
import { mergeBehaviour, parseBehaviour } from './options/behaviour.ts'
import { randomId } from './options/random-id.ts'
import { decideProposal } from './proposals/decide.ts'
import { propose } from './proposals/propose.ts'
import { listProposals } from './proposals/read-proposals.ts'

class DoorSpace implements AgentSpace {
  readonly id: SpaceId
  readonly decider: Actor
  readonly #door: Door

  constructor(door: Door, decider: Actor) {
    this.id = door.id
    this.decider = decider
    this.#door = door
  }

  get address(): AgentSpace['address'] {
    return this.#door.address
  }

  get actor(): Actor {
    return this.#door.core.access.actor
  }

  get limits(): AgentSpace['limits'] {
    return this.#door.core.limits
  }

  get stopping(): AbortSignal {
    return this.#door.core.storage.stopping
  }

  get threads(): AgentSpace['threads'] {
    return this.#door.threads
  }

  get messages(): AgentSpace['messages'] {
    return this.#door.messages
  }

  get blocks(): AgentSpace['blocks'] {
    return this.#door.blocks
  }

  get entries(): AgentSpace['entries'] {
    return this.#door.entries
  }

  get facts(): AgentSpace['facts'] {
    return this.#door.facts
  }

  get runs(): AgentSpace['runs'] {
    return this.#door.runs
  }

  async deletedIds(threadId: string, ids: readonly string[]): Promise<readonly string[]> {
    const { storage, access } = this.#door.core
    return (await storage.get()).messages.deletedIds(access, this.id, threadId, ids)
  }

  async deletedBehind(...[threadId, after]: Parameters<AgentSpace['deletedBehind']>) {
    const { storage, access } = this.#door.core
    return (await storage.get()).messages.deletedBehind(access, this.id, threadId, after)
  }

  elapsedMs(since: string): number {
    return this.#door.core.storage.clock.now() - msOf(since)
  }

  hold(work: Promise<unknown>, isBackground?: boolean): void {
    this.#door.core.storage.hold(work, isBackground)
  }

  newRunId(): string {
    return randomId()
  }

  closeOverdue(threadId: string): Promise<boolean> {
    return closeOverdue(this.#door, threadId)
  }

  beginTurn(
    ...[threadId, order, join, prepare]: Parameters<AgentSpace['beginTurn']>
  ): ReturnType<AgentSpace['beginTurn']> {
    const space = this.#door
    return beginOrJoin(space, threadId, order, join, async (alone) => ({ space, ...(await prepare(alone)) }))
  }

  turnEnded(threadId: string, turnId: TurnId, signal: AbortSignal | undefined): Promise<void> {
    return turnEnded(this.#door, threadId, turnId, signal)
  }

  watchTurn(threadId: string, signal: AbortSignal): Promise<WatchedTurn | null> {
    return watchTurn(this.#door, threadId, signal)
  }

  begin(request: AgentTurnRequest, alone: boolean): Promise<AgentTurn> {
    return begin({ space: this.#door, ...request }, alone)
  }

  isTurnOf(turn: AgentTurn, threadId: string): boolean {
    if (!(turn instanceof Turn) || turn.isClosed || turn.threadId !== threadId) return false
    return turn.space.core.storage === this.#door.core.storage && turn.space.id === this.id
  }

  within(turn: AgentTurn): AgentSpace {
    return turn instanceof Turn ? new DoorSpace(this.#door.with({ holding: turn.holding }), this.decider) : this
  }

  #doorAt(space: SpaceId): Door {
    return new Door(this.#door.core, space)
  }

  async observations(...[threadId, options]: Parameters<AgentSpace['observations']>) {
    return options === null ? null : observationsFor(this.#door, threadId, options)
  }

  note(...asked: Parameters<AgentSpace['note']>): ReturnType<AgentSpace['note']> {
    return findNote(this.#door, ...asked)
  }

  reporting(report: ObservationReport): ObservationReport {
    return published(report)
  }

  readyNotes(...[threadId, options, model, report, signal]: Parameters<AgentSpace['readyNotes']>): Promise<void> {
    return readyBeforeTurn(this.#door, threadId, options, model, report, signal)
  }

  observe(...[threadId, options, model, report]: Parameters<AgentSpace['observe']>): Promise<void> {
    return observeAfterTurn(this.#door, threadId, options, model, report)
  }

  sharing(shared: SharedMemory): AgentSpace {
    return sharingSpace(this, (space) => this.#doorAt(space), shared)
  }

  propose(...[space, change, deciders]: Parameters<AgentSpace['propose']>): ReturnType<AgentSpace['propose']> {
    return propose(this.#doorAt(space), { change, deciders })
  }

  proposalsAbout(factIds: readonly string[]): ReturnType<AgentSpace['proposalsAbout']> {
    return proposalsAbout(this.#door, factIds)
  }

  async openProposals(space: SpaceId): Promise<readonly AgentProposal[]> {
    const { results } = await listProposals(this.#door.core, { space, limit: this.limits.pageSize })
    return results.filter(({ deciders }) => deciders?.some((decider) => sameActor(decider, this.actor)) === true)
  }

  decideProposal(...[proposalId, status, reason]: Parameters<AgentSpace['decideProposal']>) {
    return decideProposal(this.#door.core, status, { proposalId, ...(reason === undefined ? {} : { reason }) })
  }

  recall(question: AgentQuestion): Promise<Found> {
    return recallIn(this.#door.core, [this.id], question, () => false)
  }

  workingMemory(form: Parameters<AgentSpace['workingMemory']>[0], threadId: string): AgentWorkingMemory {
    return workingMemoryIn(this.#door, form, threadId)
  }

  commitAs(systemId: string, changes: readonly Change[], expect: readonly Expectation[]): Promise<unknown> {
    const access = { ...this.#door.core.access, actor: { ...applicationActor, id: systemId } }
    return this.#door.with({ access }).submit(changes, { expect, background: true })
  }

  async commitAlone(changes: readonly Change[], expect: readonly Expectation[]): Promise<boolean> {
    return (await this.#door.submit(changes, { expect, background: true })).status === 'committed'
  }

  submit(changes: readonly Change[], expect?: readonly Expectation[]): Promise<CommitResult> {
    return this.#door.submit(changes, expect === undefined ? {} : { expect })
  }

  submitAlone(changes: readonly Change[], expect?: readonly Expectation[]): Promise<CommitResult> {
    return this.#door.submit(changes, { background: true, ...(expect === undefined ? {} : { expect }) })
  }

  async renewLease(name: string, token: Seq, leaseMs: number): Promise<boolean> {
    const { storage, access } = this.#door.core
    return (await storage.get()).renewLease(access, this.id, { name, token, leaseMs })
  }

  async run(runId: string): Promise<RunState | null> {
    return (await this.#door.runs.get(runId)).record
  }

  async steps(runId: string): Promise<readonly RunStep[]> {
    return (await readSteps(this.#door, runId)).filter(isCallStep)
  }

  async step(runId: string, path: string): Promise<RunStep | null> {
    const step = await readStep(this.#door, runId, path)
    return step !== null && isCallStep(step) ? step : null
  }

  async workSteps(runId: string): Promise<readonly WorkRunStep[]> {
    return (await readSteps(this.#door, runId)).filter(isWork)
  }

  async workStep(runId: string, path: string): Promise<WorkRunStep | null> {
    const step = await readStep(this.#door, runId, path)
    return step !== null && isWork(step) ? step : null
  }

  watchRun(runId: string, signal: AbortSignal): AsyncIterable<RunProgress> {
    return watchRun(this.#door, runId, signal)
  }

  decide(changes: readonly Change[]): Promise<unknown> {
    const access = { ...this.#door.core.access, actor: this.decider }
    return this.#door.with({ access }).submit(changes, { background: true })
  }
}

/** A space as agents use it. Decisions are those of who acts there. */
export function agentSpace(door: Door): AgentSpace {
  return new DoorSpace(door, door.core.access.actor)
}

/** A memory as agents use it. */
export function agentMemory(core: Core): AgentMemory {
  const { actor } = core.access
  const coreOf = (agent: Actor): Core => ({ ...core, access: { ...core.access, actor: checkActor(agent, 'actor') } })
  return {
    actor,
    behaviour: (...levels) => {
      const parsed = levels.map(({ stated, field }) =>
        stated === undefined ? undefined : parseBehaviour(stated, field),
      )
      return mergeBehaviour(core.behaviour, ...parsed)
    },
    space: (agent, resourceId) => new DoorSpace(resourceSpace(coreOf(agent), resourceId), actor),
    spaceAt: (agent, id) => new DoorSpace(new Door(coreOf(agent), id), actor),
    spaceOfRun: async (agent, runId) => {
      const issued = parseRunId(runId)
      const id = issued === null ? null : await (await core.storage.get()).spaces.byKey(core.access, issued.spaceKey)
      return id === null ? null : new DoorSpace(new Door(coreOf(agent), id), actor)
    },
    waitingRuns: async (agent, query) => {
      const waiting = await (await core.storage.get()).runs.waiting(core.access, query)
      return waiting.map(({ space, run }) => ({ space: new DoorSpace(new Door(coreOf(agent), space), actor), run }))
    },
  }
}
