/** Lists the runs of an agent that wait, with their calls: what an inbox of approvals shows. */
import { invalidInput } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import type { Json } from '../../domain/json.ts'
import { check, fieldsOf, isWholeFrom } from '../../domain/option-checks.ts'
import { reading } from '../../domain/read-plain.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { StepStatus } from '../../domain/records/step.ts'
import { resourceOf } from '../../domain/space.ts'
import { dateOf, toRange } from '../../domain/time.ts'
import type { AgentMemory, AgentSpace } from '../../ports/agent-memory.ts'
import { type CalledAgent, memoryFor } from '../call.ts'
import { turnMessages } from '../input/stored-thread.ts'
import { type RequestContext, requestContextOf } from '../request-context.ts'
import { type PendingCall, pendingCallsOf } from '../suspension/pending-calls.ts'
import { below } from './calls-below.ts'

/** Which runs `agent.listSuspendedRuns` lists. */
export interface ListSuspendedRunsOptions {
  /** Only those in the threads of this resource. Default: of all, which needs the right to administer all spaces. */
  readonly resourceId?: string
  /** Only those of this thread. */
  readonly threadId?: string
  /** Only those that wait since this time or later: a Date, or an ISO text. */
  readonly from?: Date | string
  /** Only those that wait since this time or earlier. */
  readonly to?: Date | string
  /** `nextCursor` of the page before this one. Pass the same other options with it. */
  readonly cursor?: string
  /** Runs on one page, at most 1,000. Default: 100. */
  readonly limit?: number
  /** Handed to the agent's `memory`, if that is a function. */
  readonly requestContext?: RequestContext
}

/** A call that a run waits for. */
export interface SuspendedCall extends Omit<PendingCall, 'kind'> {
  /** Whether it waits for somebody's approval; otherwise it waits for data. */
  readonly requiresApproval: boolean
  /** `asked` while it waits, then what became of it, until the run continues. */
  readonly status: StepStatus
  /** When it was asked about. */
  readonly askedAt: Date
  /** When it expires; null if it does not wait any more, or never expires. */
  readonly expiresAt: Date | null
}

/** A run that waits. */
export interface SuspendedRun {
  /** By which it is approved, declined, resumed and cancelled. */
  readonly runId: string
  /** Its thread. */
  readonly threadId: string
  /** Whose thread it is; null outside of resources. */
  readonly resourceId: string | null
  /** Since when it waits. */
  readonly suspendedAt: Date
  /** Its calls without a result, in the order in which they were made. */
  readonly toolCalls: readonly SuspendedCall[]
}

/** A page of runs that wait. */
export interface SuspendedRunPage {
  /** The first to begin come first. */
  readonly runs: readonly SuspendedRun[]
  /** Where the next page begins. Absent on the last page. */
  readonly nextCursor?: string
}

const fields = ['resourceId', 'threadId', 'from', 'to', 'cursor', 'limit', 'requestContext'] as const
const defaultLimit = 100
const mostRuns = 1_000
/** Runs read at once. */
const readAtOnce = 100

/** Where a page begins: behind a run, by its time and its id, or by its place in its space. */
type Place = readonly [startedAt: string, runId: string] | readonly [order: number]

interface Found {
  readonly space: AgentSpace
  readonly run: RunState
  readonly place: Place
}

function placeOf(cursor: unknown, isOfResource: boolean): Place | null {
  if (cursor === undefined) return null
  const fix = 'Leave it out to start over, or pass the nextCursor of the same listing.'
  const wrong = () => invalidInput('cursor', 'must be a nextCursor of the same listing', cursor, fix)
  if (typeof cursor !== 'string') throw wrong()
  let place: unknown
  try {
    place = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) throw wrong()
    throw error
  }
  const kinds = isOfResource ? ['number'] : ['string', 'string']
  const parts: readonly unknown[] = Array.isArray(place) ? place : []
  if (parts.length !== kinds.length || !parts.every((field, index) => typeof field === kinds[index])) throw wrong()
  return parts as unknown as Place
}

function cursorOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** The suspended runs of an agent in a resource, from a place on. */
async function* inResource(space: AgentSpace, name: string, threadId: string | null, from: Place | null) {
  const query = { threadId, name, statuses: ['suspended'], order: 'oldest', limit: readAtOnce } as const
  for (let after = from === null ? null : (from[0] as number); ; ) {
    const { items, more } = await space.runs.list({ ...query, after })
    for (const run of items) yield { space, run, place: [run.order] } as Found
    after = items.at(-1)?.order ?? null
    if (!more) return
  }
}

/** Those of all spaces. */
async function* everywhere(
  usable: AgentMemory,
  actor: AgentSpace['actor'],
  threadId: string | null,
  from: Place | null,
): AsyncGenerator<Found> {
  let after = from === null ? null : { startedAt: from[0] as string, runId: from[1] as string }
  for (;;) {
    const waiting = await usable.waitingRuns(actor, {
      kind: 'agent',
      names: [actor.id],
      statuses: ['suspended'],
      after,
      limit: readAtOnce,
    })
    for (const { space, run } of waiting) {
      after = { startedAt: run.startedAt, runId: run.id }
      if (threadId === null || run.threadId === threadId) yield { space, run, place: [run.startedAt, run.id] }
    }
    if (waiting.length < readAtOnce) return
  }
}

/** The run with its calls; null if it does not wait any more. */
async function toSuspended(
  agent: CalledAgent,
  { space, run }: Found,
  requestContext: RequestContext,
): Promise<SuspendedRun | null> {
  const { id: runId, threadId, turnId, updatedAt } = run
  if (threadId === undefined || turnId === undefined) return null
  const turn = await space.messages.turn(turnId)
  if (turn?.status !== 'suspended' || turn.replacedBy !== null) return null
  const messages = await turnMessages(space, threadId, turnId)
  const pending = messages.flatMap(({ parts }) => pendingCallsOf(parts))
  const steps = [...(await space.steps(runId))]
  if (pending.some(({ chain }) => chain !== undefined)) {
    const { calls } = await below(agent, { space, run, threadId, turnId }, requestContext, true)
    steps.push(...calls.flatMap((one) => ('agent' in one ? [one.step] : [])))
  }
  const byCall = new Map(steps.map((step) => [`${step.runId} ${step.path}`, step]))
  const toolCalls = pending.map(({ kind, suspendPayload, resumeSchema, ...call }): SuspendedCall => {
    const step = byCall.get(`${call.chain?.at(-1)?.runId ?? runId} ${call.toolCallId}`)
    // Calls of earlier versions have no record.
    const { status = 'asked', askedAt = updatedAt, expiresAt, payload = suspendPayload } = step ?? {}
    const schema = step?.resumeSchema ?? resumeSchema
    return {
      ...call,
      requiresApproval: (step?.stepKind ?? kind) === 'approval',
      ...given('suspendPayload', payload),
      ...given('resumeSchema', schema),
      status,
      askedAt: dateOf(askedAt),
      expiresAt: expiresAt === undefined ? null : dateOf(expiresAt),
    }
  })
  return { runId, threadId, resourceId: resourceOf(space.address), suspendedAt: dateOf(updatedAt), toolCalls }
}

function given<Name extends string>(name: Name, value: Json | undefined): { readonly [Key in Name]?: Json } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [Key in Name]: Json })
}

/**
 * A page of the runs of an agent that wait.
 *
 * @throws MemoryError `invalid-input` for a wrong option or an agent without a memory; `denied` without a resource unless
 *   the memory may administer all spaces.
 */
export async function listSuspendedRuns(
  agent: CalledAgent,
  options: ListSuspendedRunsOptions = {},
): Promise<SuspendedRunPage> {
  const stated = fieldsOf(options, 'listSuspendedRuns', fields)
  check(
    stated,
    'limit',
    `must be a whole number from 1 to ${mostRuns}`,
    'Leave it out for 100.',
    isWholeFrom(1, mostRuns),
  )
  const requestContext = requestContextOf(stated)
  const { resourceId, threadId, from, to, limit = defaultLimit } = stated
  const thread = threadId === undefined ? null : checkId(threadId, 'threadId')
  const { from: since, to: until } = reading('from and to', () => toRange(from, to, ['from', 'to']))
  const start = placeOf(stated.cursor, resourceId !== undefined)
  const { usable, actor } = await memoryFor(agent, requestContext)
  const found =
    resourceId === undefined
      ? everywhere(usable, actor, thread, start)
      : inResource(usable.space(actor, checkId(resourceId, 'resourceId')), agent.id, thread, start)
  const runs: SuspendedRun[] = []
  let last: Place | null = null
  for await (const one of found) {
    const { updatedAt } = one.run
    if ((since !== null && updatedAt < since) || (until !== null && updatedAt > until)) continue
    const run = await toSuspended(agent, one, requestContext)
    if (run === null) continue
    if (runs.length === limit) return { runs, nextCursor: cursorOf(last as unknown as Place) }
    runs.push(run)
    last = one.place
  }
  return { runs }
}
