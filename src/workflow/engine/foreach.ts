/** A step for each item of a list, so many at a time. */
import { invalidInput, shown } from '../../domain/error.ts'
import type { Json } from '../../domain/json.ts'
import type { FlowNode, FlowStep } from '../definition/step.ts'
import { Activity } from './activity.ts'
import type { Scope } from './drive.ts'
import { eventOf } from './events.ts'
import { blockOutcome, type FlowOutcome, stepErrorOf } from './outcome.ts'
import { itemOf } from './paths.ts'

/** How a step is run at a place. */
type RunStepAt = (scope: Scope, step: FlowStep, place: string, input: Json | undefined) => Promise<FlowOutcome>

const statusOf = { done: 'success', failed: 'failed', bailed: 'bailed', parked: 'suspended' } as const

function tell(scope: Scope, place: string, { id }: FlowStep, outcomes: readonly FlowOutcome[], index: number): void {
  const outcome = outcomes[index]
  if (outcome === undefined) return
  const completedCount = outcomes.filter((one) => one?.kind === 'done').length
  const { drive } = scope
  drive.emit(
    eventOf('workflow-step-progress', drive.run.runId, {
      id,
      path: place,
      completedCount,
      totalCount: outcomes.length,
      currentIndex: index,
      iterationStatus: statusOf[outcome.kind],
      ...(outcome.kind === 'done' && outcome.value !== undefined ? { iterationOutput: outcome.value } : {}),
    }),
  )
}

/**
 * Runs the items. An item that waits gives its place to the next one: machines go on while people think.
 */
export async function runForeach(
  scope: Scope,
  { step, concurrency }: Extract<FlowNode, { kind: 'foreach' }>,
  place: string,
  input: Json | undefined,
  run: RunStepAt,
): Promise<FlowOutcome> {
  if (!Array.isArray(input)) {
    const error = invalidInput(
      'foreach',
      `must be given an array before the step ${shown(step.id)}`,
      input,
      'Let the step before it return an array.',
    )
    return { kind: 'failed', error: stepErrorOf(error), path: place }
  }
  const items = input as readonly Json[]
  const outcomes: FlowOutcome[] = new Array(items.length)
  const all: Promise<void>[] = []
  let next = 0
  // Once an item has failed, or has ended the workflow, no further one begins.
  let isOver = false
  const begin = (index: number): Promise<void> => {
    const activity = new Activity(scope.activity, () => {})
    const idle = Promise.withResolvers<void>()
    const stop = activity.whenIdle(() => idle.resolve())
    const work = activity.run(async () => {
      const outcome = await run({ ...scope, activity }, step, itemOf(place, index), items[index])
      outcomes[index] = outcome
      isOver ||= outcome.kind === 'failed' || outcome.kind === 'bailed'
      scope.drive.journal.afterAll(() => tell(scope, place, step, outcomes, index))
    })
    const ended = work.finally(stop)
    // A failure ends the drive, which is awaited elsewhere.
    ended.catch(() => {})
    all.push(ended)
    return Promise.race([ended, idle.promise])
  }
  const worker = async () => {
    while (next < items.length && !isOver) {
      const index = next
      next += 1
      await begin(index)
    }
  }
  const workers = Array.from({ length: Math.min(concurrency, items.length) }, worker)
  await scope.activity.pause(Promise.all(workers).then(() => Promise.all(all)))
  const outcome = blockOutcome(outcomes, () =>
    outcomes.map((one) => (one?.kind === 'done' ? (one.value ?? null) : null)),
  )
  if (outcome.kind === 'done') scope.results.set(step.id, outcome.value)
  return outcome
}
