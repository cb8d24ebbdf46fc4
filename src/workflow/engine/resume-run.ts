/** Gives a suspended step what it waits for. Each step is decided about by itself. */
import type { RequestContext } from '../../agent/request-context.ts'
import { type Actor, checkActor } from '../../domain/actor.ts'
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { reading } from '../../domain/read-plain.ts'
import { hasEnded } from '../../domain/records/run.ts'
import type { WorkRunStep } from '../../ports/agent-memory.ts'
import { type FlowStep, isFlow } from '../definition/step.ts'
import { validated } from '../definition/validated.ts'
import { storable } from './attempt.ts'
import type { PlacedRun, WorkflowHost } from './host.ts'
import { checkDefinition, stepAt } from './node-definition.ts'
import { indexOf } from './paths.ts'
import { waitedSchemaOf } from './run-step.ts'
import { isSuspended, namedSteps } from './run-view.ts'

/** Options of `resume`. */
export interface ResumeOptions {
  /** The step: its id, the step itself, its path, or the ids on the way to it. Default: the only one that waits. */
  readonly step?: string | FlowStep | readonly (string | FlowStep)[]
  /** The name that the step suspended itself under, instead of the step. */
  readonly label?: string
  /** Which item of a foreach it is, from 0. */
  readonly forEachIndex?: number
  /** What the step goes on with, as its `resumeSchema` takes it. `false`, 0 and an empty text are data. */
  readonly resumeData?: unknown
  /** Who decides, if the memory's actor is the application. Default: the memory's actor. */
  readonly author?: Actor
  /** Replaces the values that the run was started with. */
  readonly requestContext?: RequestContext
}

/** Which step the caller means, read once. */
interface Meant {
  /** An id, a path, or a name among the steps of the run. */
  readonly name: string | undefined
  readonly label: string | undefined
  readonly forEachIndex: number | undefined
}

/** The name of the step. The ids on the way to a step of a workflow inside of this one may be given; the last one counts. */
function nameIn(given: unknown): string | undefined {
  const step: unknown = Array.isArray(given) ? given.at(-1) : given
  if (step === undefined) return undefined
  const name: unknown = typeof step === 'object' && step !== null ? (step as { readonly id?: unknown }).id : step
  if (typeof name === 'string') return name
  throw invalidInput('step', 'must be the id of a step, a step, or a list of them', given, 'Pass its id, for example.')
}

/** Whether a record is the one that the caller means. */
function isMeant({ name: wanted, label, forEachIndex }: Meant, name: string, record: WorkRunStep): boolean {
  if (label !== undefined && record.label !== label) return false
  if (forEachIndex !== undefined && indexOf(record.path) !== forEachIndex) return false
  return wanted === undefined || [name, record.path, record.stepId].includes(wanted)
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'no step waits' : `these wait: ${names.map((name) => shown(name)).join(', ')}`
}

/** The one record that is meant: one that waits, otherwise one that no longer does, so that the error can say why. */
function target(given: Meant, steps: readonly WorkRunStep[]): WorkRunStep {
  const named = [...namedSteps(steps)]
  const meant = named.filter(([name, record]) => isMeant(given, name, record))
  const waiting = meant.filter(([, record]) => isSuspended(record))
  const all = named.flatMap(([name, record]) => (isSuspended(record) ? [name] : []))
  if (waiting.length > 1) {
    const fix = `Name one: ${waiting.map(([name]) => shown(name)).join(', ')}; or pass its label or its forEachIndex.`
    throw invalidInput('step', 'must name one of the steps that wait', nameOfGiven(given), fix)
  }
  const [found] = waiting.length === 1 ? waiting : meant.filter(([, record]) => wasAsked(record))
  if (found !== undefined) return found[1]
  throw invalidInput('step', 'must name a step that waits', nameOfGiven(given), `In this run ${listed(all)}.`)
}

function wasAsked({ decision, status }: WorkRunStep): boolean {
  return decision !== undefined || status === 'expired'
}

function nameOfGiven({ name, label }: Meant): unknown {
  return name ?? label
}

function endedError({ run }: PlacedRun): MemoryError {
  return new MemoryError('conflict', {
    message: `The run ${shown(run.id)} has ended: nothing in it can be resumed.`,
    fix: 'Start another run, or restart this one if it failed.',
    details: { runId: run.id, status: run.status },
  })
}

/**
 * Stores what a suspended step is resumed with. The process that carries the run on goes on with it.
 *
 * @throws MemoryError `conflict`, with `decided: { by, at }` in its details, if somebody else was first; `invalid-input` for
 *   data that the step's schema refuses, or if several steps wait and none is named.
 */
export async function resumeStep(host: WorkflowHost, runId: string, given: ResumeOptions): Promise<void> {
  const placed = await host.get(runId)
  const { space, run } = placed
  if (hasEnded(run.status)) throw endedError(placed)
  const steps = await space.workSteps(runId)
  const { label, forEachIndex } = given
  const name = reading('step', () => nameIn(given.step))
  const record = target({ name, label, forEachIndex }, steps)
  checkDefinition(host.flow, runId, [record])
  const step = stepAt(host.flow, record.path)
  const what = `resumeData of the step ${shown(record.stepId)}`
  const schema = step === null || isFlow(step) ? undefined : waitedSchemaOf(step, record.payload)
  if (schema !== undefined) await validated(schema, given.resumeData, what)
  const data = storable(given.resumeData, what, space.limits.stepBytes) ?? null
  const by = given.author === undefined ? {} : { by: checkActor(given.author, 'author') }
  const { path } = record
  await space.decide([{ kind: 'step-patch', runId, path, status: 'decided', decision: { data, ...by } }])
  await host.live(runId)?.drive.refresh()
}
