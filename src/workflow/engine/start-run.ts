/** Begins a run: one commit that has its input, so that any process can carry it on. */
import { RequestContext } from '../../agent/request-context.ts'
import type { Change } from '../../domain/commit/commit.ts'
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { checkUnique, parseRunId, runIdOf, type SpaceKey } from '../../domain/id.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import { validated } from '../definition/validated.ts'
import { storable } from './attempt.ts'
import { eventOf } from './events.ts'
import { ownership, runContinuation, spaceKeyOf, type WorkflowHost } from './host.ts'
import { answeredStep } from './journal.ts'
import { inputPath, ownDefinition } from './paths.ts'

/** Where a run is to be, and its name. */
export interface RunPlace {
  readonly runId: string
  readonly unique: string
  readonly resourceId?: string
  readonly threadId?: string
  /** The run that begins it. */
  readonly parentRunId?: string
}

/** Options of `start`. */
export interface StartOptions<Input = unknown> {
  /** What the run is started with, as the workflow's `inputSchema` takes it. */
  readonly inputData: Input
  /** The state that its steps begin with. Default: `{}`, as the `stateSchema` parses it. */
  readonly initialState?: unknown
  /** Values for the steps. They are stored with the run, as JSON, until it has ended well. */
  readonly requestContext?: RequestContext
  /** Cancels the run when it aborts. */
  readonly abortSignal?: AbortSignal
}

/** What the ids of a space's runs begin with. A space is made by its first commit. */
async function ensuredKey(space: AgentSpace, workflowId: string): Promise<SpaceKey> {
  const key = await spaceKeyOf(space)
  if (key !== null) return key
  await space.submit([{ kind: 'lease-take', name: `workflow/${workflowId}`, leaseMs: 1, steal: true }])
  return ensuredKey(space, workflowId)
}

/** The id of a new run. Nothing is stored of it yet. */
export async function placeRun(
  host: WorkflowHost,
  { runId, resourceId, threadId }: { runId?: string; resourceId?: string; threadId?: string },
): Promise<RunPlace> {
  const space = await host.space(resourceId)
  const key = await ensuredKey(space, host.flow.id)
  const issued = runId === undefined ? null : parseRunId(runId)
  const unique =
    issued?.spaceKey === key ? issued.unique : runId === undefined ? space.newRunId() : checkUnique(runId, 'runId')
  return {
    runId: runIdOf(key, unique),
    unique,
    ...(resourceId === undefined ? {} : { resourceId }),
    ...(threadId === undefined ? {} : { threadId }),
  }
}

/** The state that a run begins with, as its schema parses it. */
async function initialStateOf({ flow }: WorkflowHost, given: unknown, limitBytes: number) {
  if (given === undefined && flow.stateSchema === undefined) return {}
  const { stateSchema } = flow
  const what = `initialState of the workflow ${shown(flow.id)}`
  const parsed = stateSchema === undefined ? given : await validated(stateSchema, given ?? {}, what)
  const json = storable(parsed, what, limitBytes)
  if (isJsonObject(json)) return json
  throw invalidInput('initialState', 'must be an object', given, 'Pass the fields that the run begins with.')
}

/** Makes the thread of a run if it is not there, as a call of an agent does. */
async function missingThread(space: AgentSpace, threadId: string | undefined): Promise<readonly Change[]> {
  if (threadId === undefined) return []
  const { record } = await space.threads.get(threadId)
  return record === null || record.deleted ? [{ kind: 'thread-put', threadId }] : []
}

function beganBefore(runId: string, cause: MemoryError): MemoryError {
  return new MemoryError('conflict', {
    message: `The run ${shown(runId)} was started before.`,
    fix: 'Read it with getRun, or create a run with another runId.',
    details: { runId },
    cause,
  })
}

/**
 * Stores a new run with its input, and begins to carry it on.
 *
 * @throws MemoryError `invalid-input` for input that the workflow's schema refuses; `conflict` if the run was started
 *   before.
 */
export async function startRun(host: WorkflowHost, place: RunPlace, given: StartOptions): Promise<void> {
  const { flow } = host
  const what = `inputData of the workflow ${shown(flow.id)}`
  await validated(flow.inputSchema, given.inputData, what)
  const space = await host.space(place.resourceId)
  const input: Json | undefined = storable(given.inputData, what, space.limits.stepBytes)
  const fields = await initialStateOf(host, given.initialState, space.limits.stepBytes)
  const requestContext = given.requestContext ?? new RequestContext()
  const { runId, unique, resourceId, threadId, parentRunId } = place
  const run = {
    kind: 'run-put',
    unique,
    name: flow.id,
    runKind: 'workflow',
    status: 'running',
    leaseMs: space.limits.runLeaseMs,
    ...(threadId === undefined ? {} : { threadId }),
    ...(parentRunId === undefined ? {} : { parentRunId }),
    ...(resourceId === undefined ? {} : { details: { resourceId } }),
    continuation: runContinuation(requestContext),
  } as const
  const own = {
    kind: 'work-end',
    begun: 0,
    path: inputPath,
    stepId: inputPath,
    definition: ownDefinition,
    outcome: 'complete',
    ...(input === undefined ? {} : { output: input }),
    ...(Object.keys(fields).length === 0 ? {} : { state: { at: 0, fields } }),
  } as const
  const thread = await missingThread(space, threadId)
  let answer: Awaited<ReturnType<AgentSpace['submit']>>
  try {
    answer = await space.submit([...thread, run, own])
  } catch (error) {
    if (error instanceof MemoryError && error.code === 'conflict' && (await space.run(runId)) !== null) {
      throw beganBefore(runId, error)
    }
    throw error
  }
  const stored = await space.run(runId)
  if (answer.status !== 'committed' || stored === null) return
  host.emit(eventOf('workflow-start', runId, { workflowId: flow.id }))
  const [runAnswer, inputStep] = answer.results.slice(thread.length)
  const steps = inputStep === undefined ? [] : [answeredStep(inputStep)]
  await host.own({ space, ...ownership(runAnswer), requestContext, restartedAt: null, run: stored }, steps)
}
