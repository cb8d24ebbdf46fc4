/** The interface of a memory that agents call, whether the memory is in this process or in another one. */
import type { Actor, Author } from '../domain/actor.ts'
import type { Change, ChangeOf, ChangeResult, CommitResult, Expectation } from '../domain/commit/commit.ts'
import type { Seq, SpaceId, SpaceKey, TurnId } from '../domain/id.ts'
import type { RecordKind } from '../domain/index/word-segment.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import type { Limits } from '../domain/limits.ts'
import type { BlockFormat } from '../domain/records/block.ts'
import type { Message } from '../domain/records/message.ts'
import type { RunState } from '../domain/records/run.ts'
import type { StepFields } from '../domain/records/step.ts'
import type { ShownStatus, TurnStatus } from '../domain/records/turn.ts'
import type { WorkStep } from '../domain/records/work-step.ts'
import type { SpaceAddress } from '../domain/space.ts'
import type { AgentNotes } from './agent-notes.ts'
import type { MemoryBehaviour, ResolvedBehaviour, ResolvedRecallOptions, ResolvedWorkingMemory } from './behaviour.ts'
import type { LateStorage } from './late-storage.ts'
import type { WaitingRunsQuery } from './run-queries.ts'
import type { AgentProposal, OpenProposal, ProposedSection, SharedMemory } from './shared-memory.ts'
import type { SpaceReads } from './space-reads.ts'
import type { MessagePosition } from './storage.ts'

/** How an owner ends its turn. */
export type TurnEnd = Extract<TurnStatus, 'complete' | 'aborted' | 'failed' | 'suspended'>

/** An open turn of this process. It stays open, and its memory too, until it is closed or released. */
export interface AgentTurn {
  readonly threadId: string
  readonly id: TurnId
  /** The last part of the id of the run that it belongs to. */
  readonly runId: string
  readonly spaceKey: SpaceKey
  /** The answer to opening or resuming it, change by change. */
  readonly results: readonly ChangeResult[]
  readonly isClosed: boolean
  /** Turns that it replaces, or is to replace once it has an answer. */
  readonly replaces: readonly string[]
  /** The id of the turn's next message without one: `index` messages are in it. */
  messageId(index: number): string
  /** What the work of {@link noting} read and wrote in memory so far, for the details of the run. */
  readonly notes: JsonObject
  /** Does the work of a tool. What it reads and writes in memory, in any space, is noted. */
  noting<Result>(act: () => Result): Result
  /**
   * @throws MemoryError `conflict` if the turn was replaced or discarded, or another turn took its place first;
   *   `not-found` if its thread was deleted.
   */
  commit(changes: readonly Change[]): Promise<unknown>
  /** Commits the last changes and closes the turn with them. */
  close(status: TurnEnd, changes?: readonly Change[]): Promise<void>
  /** Discards the turn and its content. */
  discard(changes?: readonly Change[]): Promise<void>
  /** Lets the lease of a turn that cannot be closed expire. */
  letGo(): void
}

/** How a turn begins: a new one, or a suspended one of the same actor that continues. */
export interface AgentTurnRequest {
  readonly threadId: string
  readonly runId: string
  /** The suspended turn to resume; null opens a new one. */
  readonly resumes: TurnId | null
  /** Turns that the new one replaces once it has an answer. */
  readonly replaces: readonly string[]
  /** Committed with it, before and after; a new turn is named by `opened: 0`. */
  readonly before: readonly Change[]
  readonly changes: readonly Change[]
  /** What must hold still when it begins: a conflict with the reason `expectation` says that it was prepared too early. */
  readonly expect?: readonly Expectation[]
}

/** Whether a turn waits for the earlier ones of its thread. */
interface TurnOrder {
  readonly turns: ResolvedBehaviour['turns']
  readonly signal?: AbortSignal | undefined
}

/** The options of a recall for an agent. */
export interface AgentQuestion extends Omit<ResolvedRecallOptions, 'scope' | 'tokenBudget'> {
  readonly question: string
  readonly kinds: readonly RecordKind[]
  /** Tokens of all items together, estimated. Default: no limit. */
  readonly tokenBudget?: number
  /** Tokens of the longest item that is shown whole, estimated; a longer one is shown by its best passage. Default: no limit. */
  readonly longestItem?: number
  /** Only messages of this thread. */
  readonly threadId?: string
  /** Only what was said, or held, at or after this time: an ISO time, or a day, which begins in UTC. Default: no limit. */
  readonly from?: string
  /** Only what was said, or held, before this time, in the same form. Default: no limit. */
  readonly to?: string
  /** Turns whose messages are left out: those that the turn of the call replaces. Default: none. */
  readonly without?: readonly string[]
}

/** One found item. */
export interface FoundItem {
  readonly kind: RecordKind
  readonly id: string
  readonly space: string
  readonly text: string
  readonly author: Author
  readonly threadId?: string
  /** ISO time. */
  readonly at: string
  /** Estimated tokens of the text. */
  readonly tokens: number
  readonly score: number
  /** What each leg and each prior added to the score. */
  readonly scores: Readonly<Record<string, number>>
  /** How likely it answers the question, from 0 to 1. */
  readonly relevance?: number
  /** Cosine of its meaning and the question's; null if it has no vector. */
  readonly similarity?: number | null
  /** The words of the question that stand in it. */
  readonly matched?: readonly string[]
  readonly isNeighbour?: true
  /** What somebody proposed about a fact, and nobody has decided. */
  readonly proposals?: readonly OpenProposal[]
  /** Its place in its thread, if it is a message. */
  readonly message?: { readonly turnId: string; readonly turnStatus: ShownStatus; readonly seq: Seq }
}

/** How an answer came about: what was compared, and how. */
interface FoundTrace {
  readonly mode: string
  /** Legs that found anything. */
  readonly legs: readonly string[]
  /** Records in scope. */
  readonly inScope: number
  /** Records that were compared. */
  readonly candidates: number
  /** Of the best records, those that had nothing of the question. */
  readonly unmatched: number
  /** Words of the question that were looked for. */
  readonly terms: readonly string[]
  /** How likely it is that the question is about anything that was said. */
  readonly gate: { readonly mode: string; readonly chance: number; readonly isClosed: boolean }
}

/** The answer of a recall, best items first. */
export interface Found {
  /** Absent where the memory does not say it. */
  readonly trace?: FoundTrace
  readonly items: readonly FoundItem[]
  /** Why it may be incomplete. */
  readonly degraded: readonly string[]
  readonly recallId: string
  /** Seq of each searched space. */
  readonly asOf: Readonly<Record<string, Seq>>
}

/** A block of working memory. */
export interface AgentBlock {
  readonly value: Json
  readonly format: BlockFormat
  readonly version: Seq
}

/** The answer of a write: written, or the current block if there is a conflict. */
export type AgentBlockWrite =
  | { readonly status: 'written'; readonly value: Json; readonly version: Seq }
  | { readonly status: 'conflict'; readonly current: AgentBlock | null }
  /** Nothing was written: somebody else decides. */
  | { readonly status: 'proposed'; readonly proposalId: string }

/** The version that a write was made from. Default: the current one. With mode `replace`, an object is written whole. */
type AgentBlockExpectation = { readonly ifVersion?: number } | { readonly ifAbsent: true }

/** Working memory in the form that an agent keeps it in. */
export interface AgentWorkingMemory {
  read(): Promise<AgentBlock | null>
  /** Writes the whole text, merged by lines with later writes of others, or merges an object. */
  write(
    value: string | JsonObject,
    how?: AgentBlockExpectation & { readonly mode?: 'replace' },
  ): Promise<AgentBlockWrite>
}

/** A turn that somebody runs, as it stands. */
export interface TurnProgress {
  /** `gone` if it was replaced, or its thread deleted. */
  readonly status: TurnStatus | 'gone'
  /** What is stored of it, in order. */
  readonly messages: readonly Message[]
}

/** An open turn, to follow until it is closed. */
export interface WatchedTurn {
  readonly turnId: TurnId
  /** How it stands now, then again whenever that may have changed. The last one is closed. */
  readonly states: AsyncIterable<TurnProgress>
}

/** The step of a call of a run, with the version of its record. */
export interface RunStep extends StepFields {
  readonly version: Seq
}

/** A step of a workflow's run, with the version of its record. */
export interface WorkRunStep extends WorkStep {
  readonly version: Seq
}

/** The run of a workflow as it stands, with steps of it. */
export interface RunProgress {
  /** null if it is gone: it expired, or was forgotten. */
  readonly run: RunState | null
  /** All its steps at first, then those that a commit changed. */
  readonly steps: readonly WorkRunStep[]
}

type Reads = Pick<SpaceReads, 'threads' | 'messages' | 'blocks' | 'entries' | 'facts' | 'runs'>

/** The space of a call, for the agent. Only a memory makes one. */
export interface AgentSpace extends Reads, AgentNotes {
  readonly id: SpaceId
  readonly address: SpaceAddress
  /** Who writes. */
  readonly actor: Actor
  readonly limits: Pick<
    Limits,
    | 'pageSize'
    | 'pinnedFacts'
    | 'turnLeaseMs'
    | 'turnWaitMs'
    | 'messageBytes'
    | 'metadataBytes'
    | 'stepBytes'
    | 'stepsPerRun'
    | 'delegationDepth'
    | 'delegationsPerRun'
    | 'runLeaseMs'
    | 'toolResultLength'
  >
  /** Aborted when the memory closes and its held work did not end in time. */
  readonly stopping: AbortSignal
  /** Those of some ids, chosen by callers, whose messages in the thread were deleted, discarded or forgotten lately. */
  deletedIds(threadId: string, ids: readonly string[]): Promise<readonly string[]>
  /**
   * Whether the thread had messages behind a place that are gone: deleted, discarded or forgotten, or, with null, the
   * whole thread.
   */
  deletedBehind(threadId: string, after: MessagePosition | null): Promise<'messages' | 'thread' | null>
  /** Milliseconds since an ISO time, by the clock of the memory. */
  elapsedMs(since: string): number
  /**
   * Keeps the memory open for a piece of work.
   *
   * @param isBackground Whether nobody waits for its answer, so that `settled` of the memory does. Default: false.
   */
  hold(work: Promise<unknown>, isBackground?: boolean): void
  /** The last part of the id of a new run. */
  newRunId(): string
  /** Closes open turns of a thread whose owner is gone; returns whether there was one. */
  closeOverdue(threadId: string): Promise<boolean>
  /**
   * Begins a turn when the earlier ones are closed.
   *
   * @param join Says which of some open turns, that must be waited for, answers the call; null if none does.
   * @param prepare Makes the request from the thread's state at that time. Turns that it begins itself must ask to be
   *   `alone` too.
   * @returns The turn, and whether it runs in parallel with others because waiting took too long; or the turn that
   *   answers the call, if there is one.
   */
  beginTurn(
    threadId: string,
    order: TurnOrder,
    join: (open: readonly TurnId[]) => Promise<TurnId | null>,
    prepare: (alone: boolean) => Promise<AgentTurnRequest>,
  ): Promise<{ readonly turn: AgentTurn; readonly gaveUp: boolean } | { readonly joined: TurnId }>
  /** Waits until a turn of anybody is closed. */
  turnEnded(threadId: string, turnId: TurnId, signal: AbortSignal | undefined): Promise<void>
  /**
   * The newest open turn of an agent in a thread, in whichever process it runs; null if none is open.
   *
   * @param signal Ends the following. The turn goes on.
   */
  watchTurn(threadId: string, signal: AbortSignal): Promise<WatchedTurn | null>
  /** Begins a turn at once, `alone` or in parallel with others. */
  begin(request: AgentTurnRequest, alone: boolean): Promise<AgentTurn>
  /** Whether a turn is an open one of this thread. */
  isTurnOf(turn: AgentTurn, threadId: string): boolean
  /** The same space for writes inside a turn, which fail once the turn is closed. */
  within(turn: AgentTurn): AgentSpace
  /** The same space, with sections of another one. */
  sharing(shared: SharedMemory): AgentSpace
  /** Proposes a change of any space, as the agent. */
  propose(
    space: SpaceId,
    change: ChangeOf<'proposal-put'>['change'],
    deciders: readonly Actor[],
  ): Promise<{ readonly status: 'proposed'; readonly proposalId: string } | { readonly status: 'conflict' }>
  /** The open proposals about some facts of the space, or of the one that shares its facts, by the ids of the facts. */
  proposalsAbout(factIds: readonly string[]): Promise<ReadonlyMap<string, readonly OpenProposal[]>>
  /** The open proposals of a space that name the agent as one who decides, the oldest first. */
  openProposals(space: SpaceId): Promise<readonly AgentProposal[]>
  /**
   * Decides about a proposal, as the agent.
   *
   * @throws MemoryError `denied`, `not-found`.
   */
  decideProposal(
    proposalId: string,
    status: 'accepted' | 'rejected',
    reason: string | undefined,
  ): Promise<
    | { readonly status: 'accepted' | 'rejected' }
    | { readonly status: 'conflict'; readonly reason: string; readonly current: Json }
  >
  recall(question: AgentQuestion): Promise<Found>
  /** Working memory of the space, or of one thread, as `form` says. */
  workingMemory(
    form: Pick<ResolvedWorkingMemory, 'scope' | 'template' | 'schema'>,
    threadId: string,
  ): AgentWorkingMemory
  /** Commits in the background, as the system. Never creates a deleted space, thread or turn again. */
  commitAs(systemId: string, changes: readonly Change[], expect: readonly Expectation[]): Promise<unknown>
  /**
   * Commits in the background, as the agent, outside of any turn. Never creates a deleted space, thread or turn again.
   *
   * @returns Whether the expectations held.
   */
  commitAlone(changes: readonly Change[], expect: readonly Expectation[]): Promise<boolean>
  /**
   * Commits as the agent or workflow, outside of any turn. Creates the space if a change may.
   *
   * @returns The answer; a conflict if an expectation does not hold.
   */
  submit(changes: readonly Change[], expect?: readonly Expectation[]): Promise<CommitResult>
  /** The same in the background: never creates a deleted space, thread or turn again. */
  submitAlone(changes: readonly Change[], expect?: readonly Expectation[]): Promise<CommitResult>
  /** Moves the deadline of a lease to `leaseMs` milliseconds from now; false if the token is not its last take's. */
  renewLease(name: string, token: Seq, leaseMs: number): Promise<boolean>
  /** A run of the space; null if there is none. */
  run(runId: string): Promise<RunState | null>
  /** The steps of the calls of an agent's run, by path. */
  steps(runId: string): Promise<readonly RunStep[]>
  /** The step of a call by its run and its path; null if there is none. */
  step(runId: string, path: string): Promise<RunStep | null>
  /** The steps of a workflow's run, all of them, in no particular order. */
  workSteps(runId: string): Promise<readonly WorkRunStep[]>
  /** A step of a workflow's run by its path; null if there is none. */
  workStep(runId: string, path: string): Promise<WorkRunStep | null>
  /**
   * Follows a workflow's run, in whichever process it is worked on: its whole state, then after each commit that changes it
   * the run and the changed steps. The whole state comes again where the log does not tell the changes. Ends when the run is
   * gone, and when the memory closes.
   *
   * @param signal Ends the following. The run goes on.
   */
  watchRun(runId: string, signal: AbortSignal): AsyncIterable<RunProgress>
  /** Who decides about steps: the actor of the memory itself, which is the application or a person. */
  readonly decider: Actor
  /**
   * Commits as the {@link AgentSpace.decider}, not as the agent. Never creates a deleted space, thread or turn again.
   *
   * @throws MemoryError `conflict`, with `decided` in its details, for a step that somebody else decided about first;
   *   `denied` for a decider that may not decide about it.
   */
  decide(changes: readonly Change[]): Promise<unknown>
}

/** A run that waits to be continued, and its space. */
interface WaitingAgentRun {
  readonly space: AgentSpace
  readonly run: RunState
}

/** A memory for agents. */
export interface AgentMemory {
  /** The actor if no agent acts. */
  readonly actor: Actor
  /**
   * The options for a call: those of the Memory, then of the agent, then of the call.
   *
   * @param levels The stated options, and their names in errors.
   * @throws MemoryError `invalid-input` for an unknown or wrong option.
   */
  behaviour(
    ...levels: readonly { readonly stated: MemoryBehaviour | undefined; readonly field: string }[]
  ): ResolvedBehaviour
  /** The space of a resource, for that agent. */
  space(agent: Actor, resourceId: string): AgentSpace
  /** A space by its id, for that agent or workflow. It need not exist. */
  spaceAt(agent: Actor, spaceId: SpaceId): AgentSpace
  /**
   * The space that the id of a run names, for that agent; null if it names none here, or the memory may not read it. The
   * run need not exist.
   */
  spaceOfRun(agent: Actor, runId: string): Promise<AgentSpace | null>
  /**
   * Runs that wait, of these names and with these statuses, in all spaces, the oldest first.
   *
   * @throws MemoryError `denied` unless the memory may administer all spaces.
   */
  waitingRuns(agent: Actor, query: WaitingRunsQuery): Promise<readonly WaitingAgentRun[]>
}

/** The storage of a memory, as far as a container may choose it. */
export interface AgentStorage {
  /** Aborted when the memory closes. */
  readonly closing: AbortSignal
  /** @throws MemoryError `conflict` if it has another storage already. */
  bind(late: LateStorage): void
  close(): Promise<void>
}

/** The use of a memory by agents. */
export interface UsableMemory {
  readonly storage: AgentStorage
  /** Loads the code that agents need. Opens nothing. */
  open(): Promise<AgentMemory>
  /** The memory for an actor whose changes of some sections are proposals. */
  proposing(actor: Actor, sections: readonly ProposedSection[]): object
}

const kinds: ((memory: object) => UsableMemory | null)[] = []

/** Makes one kind of memory usable for agents. The room of that kind calls it once. */
export function usableByAgents(kind: (memory: object) => UsableMemory | null): void {
  kinds.push(kind)
}

/** The use of a value by agents; null if it is not a memory. */
export function usableMemory(memory: unknown): UsableMemory | null {
  if (typeof memory !== 'object' || memory === null) return null
  for (const kind of kinds) {
    const usable = kind(memory)
    if (usable !== null) return usable
  }
  return null
}
