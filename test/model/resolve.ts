// Turns a plan into a commit: its small numbers become ids, versions and tokens that are known to stand, or once stood.
import type { Change, Commit, Expectation } from '../../src/domain/commit/commit.ts'
import type { CommitId, SpaceId } from '../../src/domain/id.ts'
import type { MessageInput } from '../../src/domain/records/message.ts'
import type { HeadFields } from '../../src/domain/records/observation.ts'
import { isoTime } from '../../src/domain/time.ts'
import { type ObservationPlan, observationChange } from './observation-plans.ts'
import {
  actors,
  blockNames,
  type ChangePlan,
  type CommitPlan,
  type ExpectationPlan,
  keys,
  leaseNames,
  spaces,
  threads,
} from './plans.ts'
import { decisionOf, type KnownProposal } from './proposal-plans.ts'
import type { RecordPlan } from './record-plans.ts'
import { stepChange } from './step-plans.ts'
import { type KnownWork, workChange } from './work-plans.ts'

/** What the run has learned so far, in one space. */
export interface Known {
  /** Turns by thread, newest last, and messages that we issued an id for. */
  readonly turns: Map<string, string[]>
  readonly messages: Map<string, string[]>
  readonly tokens: Map<string, number[]>
  /** Ids of facts and of runs, newest last. */
  readonly facts: string[]
  readonly runs: string[]
  /** Steps that were put, newest last. */
  readonly steps: { readonly runId: string; readonly path: string }[]
  /** Runs of workflows whose lease was taken, each once, newest take last. */
  readonly works: KnownWork[]
  /** Runs that name a turn, newest last, with the turn. */
  readonly runTurns: { readonly runId: string; readonly threadId: string; readonly turnId: string }[]
  /** Proposals that were made, newest last. */
  readonly proposals: KnownProposal[]
  /** Heads of observed threads, as they were last answered. */
  readonly heads: Map<string, HeadFields>
  /** Present versions, by kind and name. */
  readonly versions: Map<string, number>
  seq: number
}

export function nothingKnown(): Known {
  return {
    turns: new Map(),
    messages: new Map(),
    tokens: new Map(),
    facts: [],
    runs: [],
    runTurns: [],
    steps: [],
    works: [],
    proposals: [],
    heads: new Map(),
    versions: new Map(),
    seq: 0,
  }
}

/** The item that many places before the last. */
export function fromEnd<Item>(items: readonly Item[] | undefined, back: number): Item | undefined {
  return items?.at(-1 - (back % Math.max(items.length, 1)))
}

const unknownTurn = 'turn_000000000000_1.0'

type MessagePlan = Extract<ChangePlan, { kind: 'message-append' }>['messages'][number]
type JoinPlan = Extract<ChangePlan, { kind: 'message-append' }>['join']
type TargetPlan = Extract<ChangePlan, { kind: 'message-edit' }>['target']

interface Resolving {
  readonly known: Known
  readonly space: SpaceId
  readonly threadId: string
  readonly nowMs: number
  /** Makes texts that occur once. */
  readonly unique: () => string
}

/** Drops what is undefined: optional fields are left out, never undefined. */
function compact<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Value
}

function messageOf(at: Resolving, plan: MessagePlan): MessageInput {
  const issued = fromEnd(at.known.messages.get(at.threadId), 0)
  const turn = fromEnd(at.known.turns.get(at.threadId), 0)
  const id = plan.id === 'issued' ? issued : plan.id === 'next' ? turn?.replace(/^turn/, 'msg').concat('.1') : plan.id
  const text = { type: 'text', text: `${at.unique()}${'x'.repeat(plan.size)}` }
  const parts = plan.tool ? [text, { type: 'tool-search', toolCallId: 'call-1', state: 'input' }] : [text]
  const author = plan.author === undefined ? undefined : actors[plan.author]
  return compact({ id, role: plan.role, parts, author, createdAt: plan.createdAt }) as MessageInput
}

function turnOf(at: Resolving, back: number): string {
  return fromEnd(at.known.turns.get(at.threadId), back) ?? unknownTurn
}

function reference(at: Resolving, join: JoinPlan): { turnId?: string; opened?: number } {
  const isUnknown = at.known.turns.get(at.threadId) === undefined
  if (join.to === 'new' || (join.to === 'turn' && isUnknown)) return {}
  return join.to === 'turn' ? { turnId: turnOf(at, join.back) } : { opened: join.back }
}

/** The id of a message of the thread that a plan means: the caller's own, or the one that many places before the last. */
export function messageIdOf(known: Known, threadId: string, target: TargetPlan): string {
  if ('chosen' in target) return target.chosen
  return fromEnd(known.messages.get(threadId), target.issued) ?? 'm9'
}

function messageId({ known, threadId }: Resolving, target: TargetPlan): string {
  return messageIdOf(known, threadId, target)
}

function changeInThread(at: Resolving, plan: ChangePlan): Change | null {
  const { threadId } = at
  switch (plan.kind) {
    case 'thread-put':
      return compact({ ...plan, threadId }) as Change
    case 'thread-delete':
      return { kind: plan.kind, threadId }
    case 'thread-clone': {
      const turns = plan.turns.map((turn) =>
        turn.map(({ id: _, ...input }) => messageOf(at, { ...input, id: undefined })),
      )
      const blocks = plan.blocks.map((name) => ({ name, format: 'json' as const, value: { from: at.unique() } }))
      const { waits, ...fields } = plan
      const source = { space: waits === undefined ? spaces[1] : at.space, threadId: 't1', asOf: 1 }
      const from = { ...at, threadId: source.threadId }
      const unique = at.unique()
      const waiting =
        waits === undefined ? undefined : [{ index: waits.index, turnId: turnOf(from, waits.back), unique }]
      return compact<object>({ ...fields, threadId, turns, blocks, source, waiting }) as Change
    }
    case 'turn-open': {
      const replaces = plan.replaces?.map((back) => turnOf(at, back))
      return compact({ ...plan, threadId, replaces }) as Change
    }
    case 'turn-close': {
      const { join, ...fields } = plan
      const of = join.to === 'new' ? { turnId: turnOf(at, 0) } : reference(at, join)
      return { ...fields, threadId, ...of } as Change
    }
    case 'turn-resume':
    case 'turn-discard':
    case 'turn-restore': {
      const { back, ...fields } = plan
      return compact({ ...fields, threadId, turnId: turnOf(at, back) }) as Change
    }
    default:
      return messageChange(at, plan)
  }
}

function messageChange(at: Resolving, plan: ChangePlan): Change | null {
  const { threadId } = at
  const added = () => [{ type: 'text', text: at.unique() }]
  switch (plan.kind) {
    case 'message-append': {
      const { join, messages, createThread } = plan
      const inputs = messages.map((input) => messageOf(at, input))
      return compact({ kind: plan.kind, threadId, ...reference(at, join), messages: inputs, createThread }) as Change
    }
    case 'message-extend': {
      const part = { type: 'tool-search', toolCallId: plan.complete ?? '', state: at.unique() }
      const complete = plan.complete === undefined ? undefined : { toolCallId: plan.complete, part }
      const parts = plan.parts ? added() : undefined
      return compact({ kind: plan.kind, threadId, messageId: messageId(at, plan.target), parts, complete }) as Change
    }
    case 'message-edit': {
      const parts = plan.parts ? added() : undefined
      const { metadata } = plan
      return compact({ kind: plan.kind, threadId, messageId: messageId(at, plan.target), parts, metadata }) as Change
    }
    case 'message-delete':
      return { kind: plan.kind, threadId, messageIds: plan.targets.map((target) => messageId(at, target)) }
    default:
      return null
  }
}

function factAt(at: Resolving, back: number): string {
  return fromEnd(at.known.facts, back) ?? 'fact_000000000000_none'
}

function assertOf(at: Resolving, plan: Extract<ChangePlan, { kind: 'fact-assert' }>): Change {
  const { of, isWordless, isNamedAgain, isDerived, livesMs, text, ...fields } = plan
  const { supersedes, conflictsWith, sources } = plan
  const name = of === undefined ? { unique: isNamedAgain ? 'again' : at.unique() } : { factId: factAt(at, of) }
  return compact({
    ...fields,
    ...name,
    text: of !== undefined && isWordless ? undefined : text,
    sources: isDerived ? [...(sources ?? []), factAt(at, 0)] : sources,
    supersedes: supersedes?.map((back) => factAt(at, back)),
    conflictsWith: conflictsWith?.map((back) => factAt(at, back)),
    expiresAt: typeof livesMs === 'number' ? isoTime(at.nowMs + livesMs) : livesMs,
  }) as Change
}

/** The id of the run that many places before the last. */
export function runIdOf(known: Known, back: number): string {
  return fromEnd(known.runs, back) ?? 'run_000000000000_none'
}

function runAt({ known }: Resolving, back: number): string {
  return runIdOf(known, back)
}

/** How a put takes or proves the lease of a workflow's run; most often nothing for a run of an agent. */
export function leaseOf(at: Pick<Resolving, 'known'>, runId: string | undefined, plan: string, isWorkflow: boolean) {
  const known = at.known.works.find((work) => work.runId === runId)
  if (known === undefined && !isWorkflow) return plan === 'stale' ? { token: 1 } : {}
  if (plan === 'none') return {}
  if (known === undefined || plan === 'take') return { leaseMs: 2_000 }
  if (plan === 'steal') return { leaseMs: 2_000, steal: true as const }
  return { token: plan === 'stale' ? Math.max(1, known.token - 1) : known.token }
}

function putRunOf(at: Resolving, plan: Extract<ChangePlan, { kind: 'run-put' }>): Change {
  const { of, isNamedAgain, inThread, join, isCalled, lease, ...fields } = plan
  const name = of === undefined ? { unique: isNamedAgain ? 'again' : at.unique() } : { runId: runAt(at, of) }
  const leased = leaseOf(at, name.runId, lease, fields.runKind === 'workflow')
  const place = inThread ? { threadId: at.threadId, ...reference(at, join) } : {}
  return compact({
    ...fields,
    ...name,
    ...place,
    ...leased,
    parentRunId: isCalled ? runAt(at, 1) : undefined,
  }) as Change
}

const nowhere = { threadId: '', messageId: '' }

function stepOf(at: Resolving, plan: Extract<ChangePlan, { kind: 'step-put' | 'step-patch' }>): Change {
  const step = plan.kind === 'step-patch' ? fromEnd(at.known.steps, plan.run) : undefined
  if (step !== undefined) return stepChange({ ...plan, path: step.path as typeof plan.path }, { ...step, ...nowhere })
  const run = fromEnd(at.known.runTurns, plan.run)
  const threadId = run?.threadId ?? at.threadId
  const turnId = plan.kind === 'step-put' && plan.turn > 0 ? turnOf({ ...at, threadId }, plan.turn) : run?.turnId
  const index = plan.kind === 'step-put' ? plan.index : 0
  const messageId = `${(turnId ?? unknownTurn).replace(/^turn/, 'msg')}.${index}`
  return stepChange(plan, { runId: run?.runId ?? 'run_000000000000_none', threadId, messageId })
}

function observedOf(at: Resolving, plan: ObservationPlan): Change {
  const { known, threadId, unique } = at
  const messageId = (back: number) => fromEnd(known.messages.get(threadId), back) ?? 'm9'
  return observationChange(plan, { threadId, head: known.heads.get(threadId), messageId, unique })
}

/** The id that a reference of a record stands for. */
function referred(at: Resolving, noun: string, back: number): string {
  if (noun === 'message') return fromEnd(at.known.messages.get(at.threadId), back) ?? 'm9'
  if (noun === 'turn') return turnOf(at, back)
  if (noun === 'fact') return factAt(at, back)
  if (noun === 'run') return runAt(at, back)
  return noun === 'thread' ? at.threadId : (keys[back % keys.length] as string)
}

function recordChangeOf(at: Resolving, { noun, deed, key, ttlMs, fields }: RecordPlan): Change {
  const values = Object.entries(fields).map(([field, plan]) => {
    return [field, 'refers' in plan ? referred(at, plan.refers, plan.back) : plan.value] as const
  })
  return compact({ kind: `${noun}-${deed}`, key, ttlMs, ...Object.fromEntries(values) }) as unknown as Change
}

/** The changes of a plan: a decision comes with what must follow it. */
function changesOf(at: Resolving, plan: ChangePlan): readonly Change[] {
  if (plan.kind !== 'proposal-decide') return [changeOf(at, plan)]
  return decisionOf(plan, fromEnd(at.known.proposals, plan.of))
}

export function changeOf(at: Resolving, plan: Exclude<ChangePlan, { kind: 'proposal-decide' }>): Change {
  if (plan.kind === 'record') return recordChangeOf(at, plan)
  const inThread = changeInThread(at, plan)
  if (inThread !== null) return inThread
  if (plan.kind === 'block-write' || plan.kind === 'block-merge') {
    const { inThread: isInThread, ...fields } = plan
    return compact({ ...fields, ...(isInThread ? { threadId: at.threadId } : {}) }) as Change
  }
  if (plan.kind === 'fact-assert') return assertOf(at, plan)
  if (plan.kind === 'fact-retire') return { kind: plan.kind, factIds: plan.targets.map((back) => factAt(at, back)) }
  if (plan.kind === 'fact-expire') return { kind: plan.kind, factId: factAt(at, plan.back) }
  if (plan.kind === 'run-put') return putRunOf(at, plan)
  if (plan.kind === 'run-expire' || plan.kind === 'run-interrupt') {
    return { kind: plan.kind, runId: runAt(at, plan.back) }
  }
  if (plan.kind === 'work-begin' || plan.kind === 'work-end' || plan.kind === 'work-wait') {
    return workChange(plan, fromEnd(at.known.works, plan.run), at.nowMs)
  }
  if (plan.kind === 'step-put' || plan.kind === 'step-patch') return stepOf(at, plan)
  if (plan.kind === 'proposal-put') {
    const { proposed, decider, reason, livesMs } = plan
    const change = changeOf(at, proposed)
    const expiresAt = livesMs === undefined ? undefined : isoTime(at.nowMs + livesMs)
    return compact({
      kind: plan.kind,
      change,
      reason,
      expiresAt,
      deciders: decider === undefined ? undefined : [decider],
    }) as Change
  }
  if (plan.kind.startsWith('observation-')) return observedOf(at, plan as ObservationPlan)
  if (plan.kind === 'lease-release') {
    const token = fromEnd(at.known.tokens.get(plan.name), plan.back) ?? 1
    return { kind: plan.kind, name: plan.name, token }
  }
  return compact(plan) as Change
}

function expectationOf(at: Resolving, plan: ExpectationPlan): Expectation {
  const { known, threadId } = at
  if (plan.of === 'seq') return { seq: Math.max(0, known.seq + plan.off) }
  if (plan.of === 'facts') return { facts: Math.max(0, known.seq - plan.pick + plan.off) }
  if (plan.of === 'lease') {
    const lease = leaseNames[plan.pick % leaseNames.length] as string
    return { lease, token: Math.max(1, (fromEnd(known.tokens.get(lease), 0) ?? 1) + plan.off) }
  }
  const name = blockNames[plan.pick % blockNames.length] as string
  const record = {
    entry: { entry: keys[plan.pick % keys.length] as string },
    block: { block: name },
    'thread-block': { block: name, threadId },
    thread: { thread: threadId },
    fact: { fact: factAt(at, plan.pick) },
    run: { run: runAt(at, plan.pick) },
    settings: { settings: true as const },
  }[plan.of as 'entry']
  if (plan.absent) return { absent: record }
  const version = known.versions.get(JSON.stringify(record)) ?? 0
  return { version: Math.max(0, version + plan.off), of: record }
}

/** The commit of a plan, under a new id. */
export function commitOf(
  known: Known,
  plan: CommitPlan,
  id: CommitId | null,
  nowMs: number,
  unique: () => string,
): Commit {
  const space = spaces[plan.space] as string as SpaceId
  const at: Resolving = { known, space, threadId: threads[plan.thread] as string, nowMs, unique }
  return compact({
    id,
    space,
    changes: plan.changes.flatMap((change) => changesOf(at, change)),
    expect: plan.expect?.map((expectation) => expectationOf(at, expectation)),
    background: plan.background,
  }) as Commit
}
