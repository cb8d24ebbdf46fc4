/**
 * Steps of runs: what a run carries out once and stores the result of, such as a tool call. A step is a record without
 * its input: who asks, what it waits for, and who decided about it. The input of a call stays in its message. The steps of
 * workflows are in `work-step.ts`.
 */
import { type Actor, sameActor } from '../actor.ts'
import { MemoryError, shown } from '../error.ts'
import { canonicalJson, type Json } from '../json.ts'
import { limitTable } from '../limits.ts'

/** The noun of these records. */
export const stepNoun = 'step'

export const stepKinds = ['approval', 'suspension', 'client', 'plain'] as const

/**
 * What a step waits for: `approval` for somebody's consent, `suspension` for what its tool asked for, `client` for the
 * result of a tool that runs elsewhere. `plain` waits for nothing.
 */
type StepKind = (typeof stepKinds)[number]

export const stepStatuses = ['asked', 'decided', 'started', 'settled', 'expired'] as const

/**
 * How a step stands: `asked` waits for a decision, `decided` has one, `started` may have had its effect, `settled` has its
 * result, `expired` got no decision in time.
 */
export type StepStatus = (typeof stepStatuses)[number]

/** What was decided about a step. */
export interface StepDecision {
  readonly by: Actor
  /** ISO time. */
  readonly at: string
  /** Whether it may be carried out; absent where only data was given. */
  readonly approved?: boolean
  /** Why, in the words of who decided. */
  readonly reason?: string
  /** What the tool continues with, or a client's result. Any JSON, `false`, 0 and an empty text included. */
  readonly data?: Json
  /** Nobody decided in time. */
  readonly expired?: true
}

/** The fields that calls and steps of workflows share. */
export interface CommonStep {
  readonly runId: string
  /** Its place in the run: the id of the tool call, or its path in the workflow. */
  readonly path: string
  readonly stepKind: string
  readonly status: StepStatus
  /** How often it was started. */
  readonly attempt: number
  /** Who asks and carries out. It never decides. */
  readonly askedBy: Actor
  /** ISO time at which it was last asked about, or begun if it never was. */
  readonly askedAt: string
  /** ISO time; only of a step that is asked about. */
  readonly expiresAt?: string
  /** Agents and tools that may decide. People and the application always may. */
  readonly approvers?: readonly Actor[]
  /** What those who decide are told. */
  readonly payload?: Json
  /** The JSON Schema of the data that it waits for. */
  readonly resumeSchema?: Json
  readonly decision?: StepDecision
}

/** The fields of the step of a call. */
export interface StepFields extends CommonStep {
  readonly threadId: string
  /** The message that holds the call. */
  readonly messageId: string
  readonly tool: string
  readonly stepKind: StepKind
  /** Binds the step to its input; see `stepInputText`. */
  readonly inputHmac: string
}

/** Whether a step is a call of an agent, and not a step of a workflow. */
export function isCall(step: CommonStep): step is StepFields {
  return 'tool' in step
}

/** The step in the words of errors. */
function titleOf(step: CommonStep): string {
  return `${isCall(step) ? 'call' : 'step'} ${shown(step.path)}`
}

/** Names the step in the details of errors. */
function detailsOf(step: CommonStep): { readonly toolCallId: string } | { readonly path: string } {
  return isCall(step) ? { toolCallId: step.path } : { path: step.path }
}

/** The statuses that may follow each status. */
const followers: Readonly<Record<StepStatus, readonly StepStatus[]>> = {
  asked: ['decided', 'expired', 'settled'],
  decided: ['started', 'settled'],
  started: ['asked', 'started', 'settled'],
  expired: ['settled'],
  settled: [],
}

/** Two rounds of multiplying and shifting over all 16-bit units. */
function round(text: string, start: number, factor: number): number {
  let hash = start
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), factor)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 13), 0x85ebca6b)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Paths that stand in keys as they are: usual ids of calls, and places in a workflow. */
const plainPath = /^[0-9A-Za-z_.:|+=/[\]-]+$/

/** Characters that the key of another path begins with, so that it still tells what it is. */
const shownLength = 32

/** What the keys of all steps of a run begin with. */
export function stepPrefix(runId: string): string {
  return `${runId}/`
}

/**
 * The key of a step's record. Some providers make ids of calls that are too long for a key, or hold what no key may hold:
 * of such a path it has some letters and digits, a `~`, which no other path has, and 64 bits of a hash. The record has the
 * whole path, so of two paths with the same key the second one is refused.
 */
export function stepKey(runId: string, path: string): string {
  const key = stepPrefix(runId) + path
  if (key.length <= limitTable.idLength.max && plainPath.test(path)) return key
  const start = path.replace(/[^0-9A-Za-z_-]/g, '').slice(0, shownLength)
  const hash = [round(path, 0x2545f491, 0x9e3779b1), round(path, 0x811c9dc5, 0x01000193)]
  return `${stepPrefix(runId)}${start}~${hash.map((part) => part.toString(16).padStart(8, '0')).join('')}`
}

/**
 * The text whose keyed hash binds a step to its input. It begins unlike any other text that is hashed under the space's
 * secret.
 */
export function stepInputText(input: Json): string {
  return `step-input\n${canonicalJson(input)}`
}

/** When a step needs the sweeper: at the end of the time to decide. null for one that waits for nobody. */
export function stepDueAt({ status, expiresAt }: CommonStep): string | null {
  return status === 'asked' ? (expiresAt ?? null) : null
}

/** Who ends the waiting of steps that nobody decided about. */
export const expiringActor: Actor = { kind: 'system', id: 'sweeper' }

/** The decision of a step, and of one whose time is over, swept or not. */
function decisionOf(step: CommonStep, at: string): StepDecision | null {
  const due = stepDueAt(step)
  if (due !== null && due <= at) return { by: expiringActor, at: due, expired: true }
  return step.decision ?? null
}

/** The error for a change of a step that somebody else changed first. */
export function overtaken(step: CommonStep, at: string): MemoryError {
  const { status } = step
  const decision = decisionOf(step, at)
  const told =
    decision === null
      ? null
      : { by: decision.by, at: decision.at, approved: decision.approved ?? null, ...expiredPart(decision) }
  const state = decision?.expired === true && status === 'asked' ? 'expired' : status
  return new MemoryError('conflict', {
    message: `The ${titleOf(step)} is ${state}${toldOf(decision)}.`,
    fix: isCall(step) ? 'A decision is made once. Read the thread again.' : 'Read the run again, and go on from there.',
    details: { ...detailsOf(step), status: state, decided: told },
  })
}

/** Who decided what, and when, in words. */
function toldOf(decision: StepDecision | null): string {
  if (decision === null || decision.expired === true) return ''
  const { by, at, approved } = decision
  const what = approved === undefined ? 'gave its data' : approved ? 'approved it' : 'declined it'
  return `: ${by.kind} ${shown(by.id)} ${what} at ${at}`
}

function expiredPart({ expired }: StepDecision): { readonly expired?: true } {
  return expired === true ? { expired } : {}
}

/**
 * Checks that a step may come to a status.
 *
 * @param at ISO time of the change.
 * @throws MemoryError `conflict`, with `decided` in its details if there was a decision, or the time for one is over.
 */
export function checkFollows(before: CommonStep, status: StepStatus, at: string): void {
  if (!followers[before.status].includes(status)) throw overtaken(before, at)
  const isOver = decisionOf(before, at)?.expired === true
  if (status === 'decided' && isOver) throw overtaken(before, at)
  if (status === 'expired' && !isOver) throw overtaken(before, at)
}

function denied(message: string, fix: string, step: CommonStep): MemoryError {
  return new MemoryError('denied', { message, fix, details: detailsOf(step) })
}

/**
 * Checks who decides: a person or the application, and an agent or a tool only if the step names it. Who asks never does.
 *
 * @throws MemoryError `denied`.
 */
export function checkDecider(step: CommonStep, by: Actor): void {
  const { askedBy, approvers = [] } = step
  const isAllowed = by.kind === 'user' || by.kind === 'system' || approvers.some((approver) => sameActor(approver, by))
  if (isAllowed && !sameActor(by, askedBy)) return
  throw denied(
    `The ${by.kind} ${shown(by.id)} may not decide about a ${isCall(step) ? 'call' : 'step'} of the ${askedBy.kind} ${shown(askedBy.id)}.`,
    'Decide as a person or as the application, or name the agent in approvers.',
    step,
  )
}

/** Whether an actor may bring a step of somebody to a status, decisions apart. */
function mayDrive({ askedBy }: CommonStep, status: StepStatus, actor: Actor): boolean {
  if (status === 'expired') return actor.kind === 'system'
  return sameActor(askedBy, actor) || (status === 'settled' && actor.kind === 'system')
}

/**
 * Checks who carries a step on: the agent that asks, and the application to settle it or to let it expire.
 *
 * @throws MemoryError `denied`.
 */
export function checkDriver(step: CommonStep, status: StepStatus, actor: Actor): void {
  if (mayDrive(step, status, actor)) return
  const { askedBy } = step
  throw denied(
    `The ${actor.kind} ${shown(actor.id)} may not carry on the ${titleOf(step)} of the ${askedBy.kind} ${shown(askedBy.id)}.`,
    'Decide about it; the agent that asks then carries it out.',
    step,
  )
}
