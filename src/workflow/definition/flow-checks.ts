/** Checks what is added to a workflow, and the workflow as a whole when it is committed. */

import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { check, fieldsOf, hasMethod, isFunction, isWholeFrom } from '../../domain/option-checks.ts'
import { type BranchArm, type Flow, type FlowNode, type FlowStep, isFlow, isStep } from './step.ts'

/** Options of `foreach`. */
export interface ForeachOptions {
  /** For how many items at a time the step runs. Default: 1. */
  readonly concurrency?: number
}

/** Whether a value is a workflow, of this copy of the package or of another one. */
function isWorkflow(value: unknown): value is Flow {
  return typeof value === 'object' && value !== null && 'nodes' in value && 'isCommitted' in value && 'id' in value
}

function stepFix(given: unknown): string {
  if (hasMethod('generate')(given)) return 'Pass createStep(agent).'
  if (typeof given === 'object' && given !== null && 'inputSchema' in given) return 'Pass createStep(…) of it.'
  return 'Pass what createStep() answers, or a workflow.'
}

/** @throws MemoryError `invalid-input` for what is no step and no workflow. */
export function checkStep(given: unknown, field: string): FlowStep {
  if (isStep(given) || isWorkflow(given)) return given
  if (field === 'then' && isFunction(given)) {
    const fix = 'Call commit() first: a workflow under construction cannot be awaited or answered by an async function.'
    throw invalidInput(field, 'must be a step', given, fix)
  }
  throw invalidInput(field, 'must be a step', given, stepFix(given))
}

/** How many steps may stand side by side. */
const mostSteps = 1_000

/** @throws MemoryError `invalid-input` for what is no list, or has no steps or too many. */
export function checkList(given: unknown, field: string, fix: string): readonly unknown[] {
  if (!Array.isArray(given)) throw invalidInput(field, 'must be a list', given, fix)
  if (given.length === 0) throw invalidInput(field, 'must not be empty', given, fix)
  if (given.length > mostSteps) throw invalidInput(field, `must have at most ${mostSteps} steps`, given, fix)
  return given
}

/** Their outputs stand under their ids, so no two may have the same. */
function checkDifferent(steps: readonly FlowStep[], field: string): void {
  const twice = steps.find(({ id }, index) => steps.findIndex((other) => other.id === id) < index)
  if (twice === undefined) return
  throw invalidInput(field, 'must have an id for each step', twice.id, 'Give one of the two another id.')
}

/** @throws MemoryError `invalid-input` unless it is a list of steps with different ids. */
export function checkSteps(given: unknown, field: string): readonly FlowStep[] {
  const list = checkList(given, field, 'Pass [stepA, stepB].')
  const steps = list.map((step, index) => checkStep(step, `${field}[${index}]`))
  checkDifferent(steps, field)
  return steps
}

/** @throws MemoryError `invalid-input` unless it is a list of pairs of a condition and a step, with different ids. */
export function checkArms(given: unknown): readonly BranchArm[] {
  const fix = 'Pass [[async ({ inputData }) => inputData.ok, stepA], [async () => true, stepB]].'
  const arms = checkList(given, 'branch', fix).map((arm, index): BranchArm => {
    const field = `branch[${index}]`
    if (!Array.isArray(arm) || arm.length !== 2) throw invalidInput(field, 'must be [condition, step]', arm, fix)
    return { when: checkFunction(arm[0], `${field}[0]`), step: checkStep(arm[1], `${field}[1]`) }
  })
  checkDifferent(
    arms.map(({ step }) => step),
    'branch',
  )
  return arms
}

/** @throws MemoryError `invalid-input` for what is no function. */
export function checkFunction(given: unknown, field: string): (context: unknown) => unknown {
  if (isFunction(given)) return given as (context: unknown) => unknown
  throw invalidInput(field, 'must be a function', given, 'Pass async ({ inputData }) => ….')
}

export function concurrencyOf(options: unknown): number {
  const fields = fieldsOf(options, 'foreach', ['concurrency'])
  check(fields, 'concurrency', 'must be a whole number from 1', 'Leave it out for 1.', isWholeFrom(1))
  return (fields.concurrency ?? 1) as number
}

export function checkSleep(given: unknown): number | ((context: unknown) => unknown) {
  if (isFunction(given)) return given as (context: unknown) => unknown
  if (typeof given === 'number' && given >= 0 && Number.isFinite(given)) return given
  throw invalidInput('sleep', 'must be a number of milliseconds or a function', given, 'Pass sleep(60_000).')
}

export function checkSleepUntil(given: unknown): Date | ((context: unknown) => unknown) {
  if (isFunction(given)) return given as (context: unknown) => unknown
  if (given instanceof Date && !Number.isNaN(given.getTime())) return new Date(given)
  throw invalidInput('sleepUntil', 'must be a Date or a function', given, 'Pass sleepUntil(new Date(…)).')
}

function stepsIn(node: FlowNode): readonly FlowStep[] {
  if ('step' in node) return [node.step]
  if (node.kind === 'parallel') return node.steps
  return node.kind === 'branch' ? node.arms.map(({ step }) => step) : []
}

function notCommitted(flow: Flow, inner: Flow): MemoryError {
  return new MemoryError('invalid-input', {
    message: `The workflow ${shown(inner.id)}, a step of ${shown(flow.id)}, is not committed.`,
    fix: `Call commit() of ${shown(inner.id)} first.`,
    details: { workflow: flow.id, step: inner.id },
  })
}

/**
 * Checks a workflow that is complete.
 *
 * @throws MemoryError `invalid-input` without a node, for two steps of one id, and for a workflow in it that is not complete.
 */
export function checkNodes(flow: Flow): void {
  if (flow.nodes.length === 0) {
    const fix = 'Add a step first: createWorkflow({ … }).then(step).commit().'
    throw invalidInput('commit', `needs a step in the workflow ${shown(flow.id)}`, 'none', fix)
  }
  const byId = new Map<string, FlowStep>()
  for (const step of flow.nodes.flatMap(stepsIn)) {
    if (isFlow(step) && !step.isCommitted) throw notCommitted(flow, step)
    const other = byId.get(step.id)
    if (other !== undefined && other !== step) {
      const fix = 'Results and getStepResult name steps by their ids: give one of the two another id.'
      throw invalidInput('commit', `finds two steps of one id in the workflow ${shown(flow.id)}`, step.id, fix)
    }
    byId.set(step.id, step)
  }
}
