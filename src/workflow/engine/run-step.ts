/** A step of a driven run: begun, repeated if it fails, suspended and resumed, and ended once. */
import { MemoryError, shown } from '../../domain/error.ts'
import type { Json } from '../../domain/json.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import { withCommas } from '../../domain/with-commas.ts'
import type { WorkRunStep } from '../../ports/agent-memory.ts'
import { definitionHash, statedSchemaOf } from '../definition/definition-hash.ts'
import type { WorkflowStep } from '../definition/step.ts'
import { validated } from '../definition/validated.ts'
import { type Attempted, type Resumption, runAttempt } from './attempt.ts'
import { type Drive, type Scope, whenStored } from './drive.ts'
import { eventOfStep } from './events.ts'
import { type FlowOutcome, parked, type StepError, stepErrorOf } from './outcome.ts'
import { untilChanged } from './sleep.ts'

/** How often a step is begun whose process ends each time. */
const mostAttempts = 10

/** A step at its place in a run. */
interface PlacedStep {
  readonly step: WorkflowStep
  readonly path: string
}

/** What a settled record says. */
export function storedOutcome({ outcome, output, error, path }: WorkRunStep): FlowOutcome {
  if (outcome === 'failed') return { kind: 'failed', error: error as StepError, path }
  return { kind: outcome === 'bailed' ? 'bailed' : 'done', value: output }
}

/** Whether a place failed before the run was restarted, so that it is gone over again. */
export function isToRepeat({ restartedAt }: Drive, { outcome, endedAt }: WorkRunStep): boolean {
  return outcome === 'failed' && restartedAt !== null && endedAt !== undefined && endedAt <= restartedAt
}

/** Refuses a further record in a run that has too many. */
export function checkRoom({ journal, stepsPerRun }: Drive): void {
  if (journal.size < stepsPerRun) return
  throw new MemoryError('limit-exceeded', {
    message: `The run has ${withCommas(stepsPerRun)} steps, which is the most that a run may have.`,
    fix: 'Check that its loops end, split the workflow, or raise limits.stepsPerRun.',
    details: { limit: 'stepsPerRun', size: stepsPerRun, allowed: stepsPerRun },
  })
}

/** Why a step whose process ended in its middle does not run again; null if it does. */
function refusalOf(step: WorkflowStep, { attempt }: WorkRunStep, retries: number): MemoryError | null {
  if (step.interrupted === 'fail') {
    return new MemoryError('unknown-outcome', {
      message: `The step ${shown(step.id)} may have run: its process ended before its result was stored.`,
      fix: 'Check what it did, then restart the run; or make the step with interrupted: "rerun" if it may run twice.',
      details: { stepId: step.id, attempt },
    })
  }
  if (attempt < Math.max(mostAttempts, retries + 1)) return null
  return new MemoryError('aborted', {
    message: `The step ${shown(step.id)} was begun ${attempt} times, and its process ended each time.`,
    fix: 'Find out what ends the process, then restart the run.',
    details: { stepId: step.id, attempt },
  })
}

function expiredError({ stepId, path }: WorkRunStep): MemoryError {
  return new MemoryError('aborted', {
    message: `Nobody resumed the step ${shown(stepId)} in time.`,
    fix: 'Start the workflow again, or raise limits.pendingDays.',
    details: { stepId, path, reason: 'expired' },
  })
}

/** Writes that a step has failed, and says so. */
function settleFailed(drive: Drive, { step, path }: PlacedStep, error: unknown): FlowOutcome {
  const stored = stepErrorOf(error)
  const definition = definitionHash(step)
  const change = {
    kind: 'work-end' as const,
    path,
    stepId: step.id,
    definition,
    outcome: 'failed' as const,
    error: stored,
  }
  tellWhenStored(drive, drive.journal.write(change))
  return { kind: 'failed', error: stored, path }
}

function tellWhenStored(drive: Drive, writing: Promise<WorkRunStep>): void {
  whenStored(writing, (step) => {
    const event = eventOfStep(step)
    if (event !== null) drive.emit(event)
  })
}

/** The schema of the data that a step waits for which was suspended with a payload; undefined for any JSON. */
export function waitedSchemaOf(step: WorkflowStep, payload: Json | undefined): StandardSchema | undefined {
  return step.resumeSchemaFor?.(payload) ?? step.resumeSchema
}

/** What a step is resumed with, by its record. */
async function resumptionOf(step: WorkflowStep, record: WorkRunStep | undefined): Promise<Resumption> {
  const decision = record?.decision
  if (record === undefined || decision === undefined) return {}
  const { data, approved, reason } = decision
  const verdict = { ...(approved === undefined ? {} : { approved }), ...(reason === undefined ? {} : { reason }) }
  const given = 'data' in decision ? data : verdict
  const what = `resumeData of the step ${shown(step.id)}`
  const suspendData = record.status === 'decided' ? record.payload : record.suspendData
  const schema = waitedSchemaOf(step, suspendData)
  const resumeData = schema === undefined ? given : await validated(schema, given, what)
  return { resumeData, ...(suspendData === undefined ? {} : { suspendData }) }
}

/** Stores how an attempt ended. The answer is its outcome, or the record of a step that waits now. */
async function store(scope: Scope, { step, path }: PlacedStep, ended: Attempted): Promise<FlowOutcome | WorkRunStep> {
  const { drive } = scope
  if (ended.kind === 'failed') return settleFailed(drive, { step, path }, ended.error)
  const patch =
    ended.next === ended.seen ? undefined : drive.state.set(ended.seen, ended.next, drive.journal.at(path)?.state)
  const state = patch === undefined ? {} : { state: patch }
  const place = { path, stepId: step.id, definition: definitionHash(step), ...state }
  if (ended.kind === 'suspended') {
    const { payload, label } = ended
    const schema = waitedSchemaOf(step, payload)
    const writing = drive.journal.write({
      kind: 'work-wait',
      ...place,
      stepKind: 'suspension',
      ...(payload === undefined ? {} : { payload }),
      ...(label === undefined ? {} : { label }),
      ...(schema === undefined ? {} : { resumeSchema: statedSchemaOf(schema, 'input') as Json }),
      ...(step.approvers === undefined ? {} : { approvers: step.approvers.map((actor) => ({ ...actor })) }),
    })
    tellWhenStored(drive, writing)
    return writing
  }
  const { output } = ended
  const outcome = ended.kind
  tellWhenStored(
    drive,
    drive.journal.write({ kind: 'work-end', ...place, outcome, ...(output === undefined ? {} : { output }) }),
  )
  return { kind: outcome === 'bailed' ? 'bailed' : 'done', value: output }
}

/** Runs a step until it ends or waits, repeating it as often as it may fail. */
async function work(
  scope: Scope,
  placed: PlacedStep,
  given: Json | undefined,
  record: WorkRunStep | undefined,
): Promise<FlowOutcome | WorkRunStep> {
  const { drive } = scope
  const { step, path } = placed
  const retries = step.retries ?? scope.flow.retries
  const refusal = record?.status === 'started' ? refusalOf(step, record, retries) : null
  if (refusal !== null) return settleFailed(drive, placed, refusal)
  let input: unknown
  let resumption: Resumption
  try {
    if (record === undefined) checkRoom(drive)
    input = await validated(step.inputSchema, given, `input of the step ${shown(step.id)}`)
    resumption = await resumptionOf(step, record)
  } catch (error) {
    return settleFailed(drive, placed, error)
  }
  const first = (record?.attempt ?? 0) + 1
  for (let attempt = first; ; attempt++) {
    const writing = drive.journal.write({
      kind: 'work-begin',
      path,
      stepId: step.id,
      definition: definitionHash(step),
      attempt,
    })
    const begun = await writing
    const event = eventOfStep(begun, { payload: given })
    if (event !== null) drive.emit(event)
    const ended = await runAttempt(scope, { step, path, attempt, input, resumption })
    if (ended.kind === 'failed' && attempt - first < retries) continue
    return store(scope, placed, ended)
  }
}

/** Waits until a step that is asked about may go on. null: the drive ends first. */
async function untilDecided(scope: Scope, record: WorkRunStep): Promise<WorkRunStep | null> {
  return (await untilChanged(scope, record.path)) ? (scope.drive.journal.at(record.path) ?? null) : null
}

/** Whether the time to decide about a step is over, swept or not. */
function isOver({ nowMs }: Drive, { status, expiresAt }: WorkRunStep): boolean {
  return status === 'expired' || (status === 'asked' && expiresAt !== undefined && Date.parse(expiresAt) <= nowMs())
}

/** Carries a step on from where its record says that it is. */
export async function runStep(
  scope: Scope,
  step: WorkflowStep,
  path: string,
  input: Json | undefined,
): Promise<FlowOutcome> {
  const { drive } = scope
  const placed = { step, path }
  let record = drive.journal.at(path)
  for (;;) {
    if (record?.status === 'settled' && !isToRepeat(drive, record)) return storedOutcome(record)
    if (record !== undefined && isOver(drive, record)) return settleFailed(drive, placed, expiredError(record))
    if (record?.status === 'asked') {
      const decided = await untilDecided(scope, record)
      if (decided === null) return parked
      record = decided
      continue
    }
    const worked = await work(scope, placed, input, record)
    if ('kind' in worked) return worked
    record = worked
  }
}
