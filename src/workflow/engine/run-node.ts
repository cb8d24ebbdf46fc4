/** The nodes of a workflow: what runs in which order, and what each gives to the next one. */
import { invalidInput, shown } from '../../domain/error.ts'
import { type Json, setField } from '../../domain/json.ts'
import { type Flow, type FlowNode, type FlowStep, isFlow } from '../definition/step.ts'
import { validated } from '../definition/validated.ts'
import { storable } from './attempt.ts'
import { nodeContext, type Scope } from './drive.ts'
import { runForeach } from './foreach.ts'
import { nodeDefinition, nodeName } from './node-definition.ts'
import { blockOutcome, done, type FlowOutcome, stepErrorOf } from './outcome.ts'
import { inside, itemOf } from './paths.ts'
import { checkRoom, isToRepeat, runStep, storedOutcome } from './run-step.ts'
import { untilAwake } from './sleep.ts'

type NodeOf<Kind extends FlowNode['kind']> = Extract<FlowNode, { kind: Kind }>

/** A node at its place, with what it is given. */
interface Placed<Kind extends FlowNode['kind']> {
  readonly node: NodeOf<Kind>
  readonly place: string
  readonly input: Json | undefined
}

/** A node of any kind, at its place. */
interface AtPlace {
  readonly node: FlowNode
  readonly place: string
}

/** Writes a decision of the workflow itself, such as which branches run: it is made once. */
function keep(scope: Scope, { node, place }: AtPlace, output: Json | undefined): void {
  const change = { kind: 'work-end', path: place, stepId: nodeName(node), outcome: 'complete' } as const
  scope.drive.journal.note({ ...change, definition: nodeDefinition(node), ...(output === undefined ? {} : { output }) })
}

function failed(scope: Scope, { node, place }: AtPlace, thrown: unknown): FlowOutcome {
  const error = stepErrorOf(thrown)
  const change = { kind: 'work-end', path: place, stepId: nodeName(node), outcome: 'failed' } as const
  scope.drive.journal.note({ ...change, definition: nodeDefinition(node), error })
  return { kind: 'failed', error, path: place }
}

/** What is stored at the place of a node; null for nothing, and for a failure before a restart. */
function kept(scope: Scope, place: string): FlowOutcome | null {
  const record = scope.drive.journal.at(place)
  if (record?.status !== 'settled' || isToRepeat(scope.drive, record)) return null
  return storedOutcome(record)
}

async function runMap(scope: Scope, placed: Placed<'map'>): Promise<FlowOutcome> {
  const { node, place, input } = placed
  const before = kept(scope, place)
  if (before !== null) return before
  try {
    checkRoom(scope.drive)
    const output = storable(await node.map(nodeContext(scope, input)), 'output of map', scope.drive.stepBytes)
    keep(scope, placed, output)
    return done(output)
  } catch (error) {
    if (scope.drive.signal.aborted) throw error
    return failed(scope, placed, error)
  }
}

/** Runs steps at the same time, each with the same input. Gives their outputs by their ids. */
async function runTogether(
  scope: Scope,
  steps: readonly FlowStep[],
  place: string,
  input: Json | undefined,
): Promise<FlowOutcome> {
  const { activity } = scope
  const parts = steps.map((step) => activity.run(() => runFlowStep(scope, step, inside(place, partOf(step)), input)))
  const outcomes = await activity.pause(Promise.all(parts))
  return blockOutcome(outcomes, () => {
    const output: Record<string, Json> = {}
    for (const [index, { id }] of steps.entries()) {
      const outcome = outcomes[index]
      if (outcome?.kind === 'done') setField(output, id, outcome.value ?? null)
    }
    return output
  })
}

/** The id of a step as a part of a path. */
function partOf({ id }: FlowStep): string {
  return encodeURIComponent(id)
}

async function runBranch(scope: Scope, placed: Placed<'branch'>): Promise<FlowOutcome> {
  const { node, place, input } = placed
  const before = kept(scope, place)
  if (before !== null && before.kind !== 'done') return before
  let chosen = before?.kind === 'done' ? (before.value as readonly string[]) : null
  if (chosen === null) {
    try {
      checkRoom(scope.drive)
      const holds = await Promise.all(node.arms.map(async ({ when }) => when(nodeContext(scope, input))))
      chosen = node.arms.flatMap(({ step }, index) => (holds[index] ? [step.id] : []))
      keep(scope, placed, chosen)
    } catch (error) {
      if (scope.drive.signal.aborted) throw error
      return failed(scope, placed, error)
    }
  }
  const ids = new Set(chosen)
  const steps = node.arms.flatMap(({ step }) => (ids.has(step.id) ? [step] : []))
  return runTogether(scope, steps, place, input)
}

async function runLoop(scope: Scope, placed: Placed<'loop'>): Promise<FlowOutcome> {
  const { node, place, input } = placed
  const { journal } = scope.drive
  const before = kept(scope, place)
  if (before !== null && before.kind !== 'done') return before
  const rounds = before?.kind === 'done' ? ((before.value as { readonly count: number }).count ?? 0) : null
  let value = input
  for (let round = 0; ; round++) {
    const outcome = await runFlowStep(scope, node.step, itemOf(place, round), value)
    if (outcome.kind !== 'done') return outcome
    value = outcome.value
    if (rounds === round + 1) return done(value)
    // A round that has begun says what was decided about the one before it.
    if (journal.has(itemOf(place, round + 1))) continue
    try {
      const context = { ...nodeContext(scope, value), iterationCount: round + 1 }
      if (Boolean(await node.when(context)) !== node.until) continue
      checkRoom(scope.drive)
      keep(scope, placed, { count: round + 1 })
      return done(value)
    } catch (error) {
      if (scope.drive.signal.aborted) throw error
      return failed(scope, placed, error)
    }
  }
}

/** A sleep of either kind, with what it is given. */
interface PlacedSleep extends AtPlace {
  readonly node: NodeOf<'sleep' | 'sleepUntil'>
  readonly input: Json | undefined
}

/** When a sleep ends, as an ISO time. */
async function wakeTime(scope: Scope, { node, input }: PlacedSleep): Promise<string> {
  const given = node.kind === 'sleep' ? node.ms : node.at
  const value: unknown = typeof given === 'function' ? await given(nodeContext(scope, input)) : given
  if (node.kind === 'sleepUntil') {
    if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
    throw invalidInput('sleepUntil', 'must be a Date', value, 'Pass a Date, or a function that returns one.')
  }
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) {
    return new Date(scope.drive.nowMs() + value).toISOString()
  }
  throw invalidInput('sleep', 'must be milliseconds from 0', value, 'Pass a number, or a function that returns one.')
}

async function runSleep(scope: Scope, placed: PlacedSleep): Promise<FlowOutcome> {
  const { node, place, input } = placed
  const { drive } = scope
  const before = kept(scope, place)
  if (before !== null) return before.kind === 'done' ? done(input) : before
  if (drive.journal.at(place) === undefined) {
    try {
      checkRoom(drive)
      const until = await wakeTime(scope, placed)
      const about = { path: place, stepId: nodeName(node), definition: nodeDefinition(node) }
      if (Date.parse(until) > drive.nowMs()) {
        await drive.journal.write({ kind: 'work-wait', ...about, stepKind: 'sleep', until })
      }
    } catch (error) {
      if (drive.signal.aborted) throw error
      return failed(scope, placed, error)
    }
  }
  if (!(await untilAwake(scope, place))) return { kind: 'parked' }
  keep(scope, placed, undefined)
  return done(input)
}

const runners: { readonly [Kind in FlowNode['kind']]: (scope: Scope, placed: Placed<Kind>) => Promise<FlowOutcome> } = {
  step: (scope, { node, place, input }) => runFlowStep(scope, node.step, place, input),
  map: runMap,
  parallel: (scope, { node, place, input }) => runTogether(scope, node.steps, place, input),
  branch: runBranch,
  foreach: (scope, { node, place, input }) => runForeach(scope, node, place, input, runFlowStep),
  loop: runLoop,
  sleep: runSleep,
  sleepUntil: runSleep,
}

/** Runs the nodes of a workflow in order. */
async function runNodes(scope: Scope, place: string, input: Json | undefined): Promise<FlowOutcome> {
  let value = input
  for (const [index, node] of scope.flow.nodes.entries()) {
    const run = runners[node.kind] as (scope: Scope, placed: Placed<FlowNode['kind']>) => Promise<FlowOutcome>
    const outcome = await run(scope, { node, place: inside(place, index), input: value })
    if (outcome.kind !== 'done') return outcome
    value = outcome.value
  }
  return done(value)
}

/** What a workflow gives at its end, as its schema parses it. */
async function ended(scope: Scope, outcome: FlowOutcome, place: string): Promise<FlowOutcome> {
  if (outcome.kind !== 'done') return outcome
  const { flow, drive } = scope
  const what = `output of the workflow ${shown(flow.id)}`
  try {
    return done(storable(await validated(flow.outputSchema, outcome.value, what), what, drive.stepBytes))
  } catch (error) {
    return { kind: 'failed', error: stepErrorOf(error), path: place }
  }
}

/** Runs a workflow at its place: the run's own at `''`. */
export async function runFlow(outer: Scope, flow: Flow, place: string, input: Json | undefined): Promise<FlowOutcome> {
  const { drive, activity } = outer
  let initData: Json | undefined
  try {
    const what = `input of the workflow ${shown(flow.id)}`
    initData = storable(await validated(flow.inputSchema, input, what), what, drive.stepBytes)
  } catch (error) {
    return { kind: 'failed', error: stepErrorOf(error), path: place }
  }
  const scope: Scope = { drive, activity, flow, initData, results: new Map() }
  return ended(scope, await runNodes(scope, place, initData), place)
}

/** Runs a step, or a workflow that is a step, and keeps its output for those who ask for it later. */
async function runFlowStep(scope: Scope, step: FlowStep, place: string, input: Json | undefined): Promise<FlowOutcome> {
  if (!isFlow(step)) {
    const outcome = await runStep(scope, step, place, input)
    if (outcome.kind === 'done') scope.results.set(step.id, outcome.value)
    return outcome
  }
  const outcome = await runFlow(scope, step, place, input)
  // A workflow that a step of its own ended early has an output like any other.
  const own = outcome.kind === 'bailed' ? done(outcome.value) : outcome
  if (own.kind === 'done') scope.results.set(step.id, own.value)
  return own
}
