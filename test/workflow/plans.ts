// Random workflows, and what people, processes and deaths do to them.
import fc from 'fast-check'
import {
  type ArmPlan,
  digest,
  type FlowPlan,
  flowsOf,
  type NodePlan,
  type StepPlan,
  stepsIn,
  suspends,
  type WorkflowPlan,
} from './plan.ts'

/** Where the process that carries an action out dies: instead of a commit, or after it and before its answer. */
export interface DeathPlan {
  readonly afterCommits: number
  readonly isStored: boolean
}

/** What happens next to a run: one or several of those who are asked answer, each with a process of their own. */
export interface TurnPlan {
  readonly answers: readonly { readonly which: number; readonly process: 0 | 1 }[]
  readonly death: DeathPlan | null
  /** Whether those who wait read the events meanwhile. */
  readonly isStreamed: boolean
}

export interface RandomRun {
  readonly workflow: WorkflowPlan
  readonly input: unknown
  readonly turns: readonly TurnPlan[]
  /** Whether it is restarted each time that it fails. */
  readonly restarts?: boolean
}

const one = <Value>(...values: readonly Value[]) => fc.constantFrom(...values)

const anyStep: fc.Arbitrary<StepPlan> = fc.record({
  kind: fc.constant('step' as const),
  id: fc.constant(''),
  fails: fc.oneof(
    { weight: 20, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: one(1, 2) },
    { weight: 1, arbitrary: one<StepPlan['fails']>('by input', 'always') },
  ),
  failsLate: fc.boolean(),
  retries: one(0, 1, 2, 2),
  suspends: one(0, 0, 0, 0, 0, 1, 1, 2),
  bails: fc.nat(11).map((chance) => chance === 0),
  state: one<StepPlan['state']>('none', 'none', 'writes', 'counts', 'reads'),
  takesMs: one(0, 0, 0, 1, 2),
})

// A failure that a death keeps from being stored is none that counts: what fails for good fails each time.
const step = anyStep.map((plan): StepPlan => {
  return typeof plan.fails === 'number' && plan.fails > plan.retries ? { ...plan, fails: 'always' } : plan
})

/** Nodes of a workflow; those inside others are smaller. */
function nodesOf(depth: number): fc.Arbitrary<readonly NodePlan[]> {
  const flow = flowOf(depth)
  const arm: fc.Arbitrary<ArmPlan> = fc.record({
    holds: one<ArmPlan['holds']>('always', 'never', 'odd', 'even'),
    step: flow,
  })
  const list = fc.record({ kind: fc.constant('list' as const), items: fc.nat(4) })
  const foreach = fc.record({ kind: fc.constant('foreach' as const), step: flow, concurrency: one(1, 2, 3) })
  const single: fc.Arbitrary<NodePlan> = fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('step' as const), step: flow }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('map' as const),
        of: one<'input' | 'init' | 'state'>('input', 'init', 'state'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('parallel' as const),
        steps: fc.array(flow, { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('branch' as const),
        arms: fc.array(arm, { minLength: 1, maxLength: 3 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('loop' as const),
        until: fc.boolean(),
        step: flow,
        rounds: one(1, 2, 3),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('sleep' as const),
        ms: fc.nat(5),
        by: one<'number' | 'function' | 'date'>('number', 'function', 'date'),
      }),
    },
  )
  const node = fc.oneof(
    { weight: 6, arbitrary: single.map((alone) => [alone]) },
    { weight: 1, arbitrary: fc.tuple(list, foreach) as fc.Arbitrary<NodePlan[]> },
  )
  return fc
    .array(node, { minLength: depth === 3 ? 3 : 1, maxLength: depth === 3 ? 7 : 3, size: 'max' })
    .map((nodes) => nodes.flat())
}

function flowOf(depth: number): fc.Arbitrary<FlowPlan> {
  if (depth <= 1) return step
  const nested = nodesOf(depth - 1).map((nodes) => ({ kind: 'workflow' as const, id: '', nodes }))
  return fc.oneof({ weight: 5, arbitrary: step }, { weight: 1, arbitrary: nested })
}

/** What siblings that run at the same time may do: nothing whose outcome depends on who is first. */
type Place = { readonly isAlone: boolean; readonly mayWrite: boolean }

const endsEarly = (plan: FlowPlan) =>
  stepsIn(plan).some(({ bails, fails, retries }) => bails || typeof fails === 'string' || fails > retries)

/** Gives every step an id, and takes out what has more than one right outcome. */
function settled(nodes: readonly NodePlan[]): WorkflowPlan {
  let ids = 0
  const id = (letter: string) => {
    ids += 1
    return `${letter}${ids}`
  }
  const flow = (plan: FlowPlan, place: Place): FlowPlan => {
    if (plan.kind === 'workflow') return { ...plan, id: id('w'), nodes: plan.nodes.map((node) => inside(node, place)) }
    const shared = plan.state === 'none' ? 'none' : 'writes'
    return { ...plan, id: id('s'), state: !place.mayWrite ? 'none' : place.isAlone ? plan.state : shared }
  }
  const inside = (node: NodePlan, place: Place): NodePlan => {
    // Of a block that is over, what waits in it goes on or not.
    const flows = flowsOf(node)
    const mayWrite = place.mayWrite && !(flows.length > 1 && flows.some(endsEarly) && flows.some(suspends))
    const beside = { mayWrite, isAlone: false }
    switch (node.kind) {
      case 'step':
      case 'loop':
        return { ...node, step: flow(node.step, place) }
      case 'parallel':
        return { ...node, steps: node.steps.map((one) => flow(one, node.steps.length > 1 ? beside : place)) }
      case 'branch':
        return { ...node, arms: node.arms.map((arm) => ({ ...arm, step: flow(arm.step, beside) })) }
      case 'foreach':
        return { ...node, step: flow(node.step, { isAlone: false, mayWrite: place.mayWrite && !endsEarly(node.step) }) }
      case 'map':
        return node.of === 'state' && !(place.isAlone && place.mayWrite) ? { ...node, of: 'input' } : node
      default:
        return node
    }
  }
  return { kind: 'workflow', id: 'whole', nodes: nodes.map((node) => inside(node, { isAlone: true, mayWrite: true })) }
}

/** Workflows with at most so many steps in them, counted without repetition. */
export const workflowPlan: fc.Arbitrary<WorkflowPlan> = nodesOf(3)
  .map(settled)
  .filter((plan) => stepsIn(plan).length <= 16)

const death: fc.Arbitrary<DeathPlan> = fc.record({ afterCommits: fc.nat(6), isStored: fc.boolean() })

const turn = (deaths: number): fc.Arbitrary<TurnPlan> =>
  fc.record({
    answers: fc.array(fc.record({ which: fc.nat(5), process: one<0 | 1>(0, 0, 0, 1) }), { minLength: 1, maxLength: 3 }),
    isStreamed: fc.boolean(),
    death: fc.oneof({ weight: 10 - deaths, arbitrary: fc.constant(null) }, { weight: deaths, arbitrary: death }),
  })

/** Random runs, in which so many of ten processes die. */
export const randomRun = (deaths: number): fc.Arbitrary<RandomRun> =>
  fc.record({
    workflow: workflowPlan,
    input: one<unknown>(null, 0, '', false, 'go', { a: [1, { b: null }] }, [1, 2]),
    turns: fc.array(turn(deaths), { minLength: 1, maxLength: 6 }),
  })

const flowWith = (plan: FlowPlan, change: (step: StepPlan) => StepPlan): FlowPlan =>
  plan.kind === 'step' ? change(plan) : planWith(plan, change)

/** The same workflow with other steps. */
export function planWith(plan: WorkflowPlan, change: (step: StepPlan) => StepPlan): WorkflowPlan {
  const nodes = plan.nodes.map((node): NodePlan => {
    if (node.kind === 'parallel') return { ...node, steps: node.steps.map((step) => flowWith(step, change)) }
    if (node.kind === 'branch') {
      return { ...node, arms: node.arms.map((arm) => ({ ...arm, step: flowWith(arm.step, change) })) }
    }
    return 'step' in node ? { ...node, step: flowWith(node.step, change) } : node
  })
  return { ...plan, nodes }
}

/** Runs whose steps fail often, each a few times, and that are restarted when they have failed. */
export const restartedRun: fc.Arbitrary<RandomRun> = randomRun(1).map((run) => {
  const change = (step: StepPlan): StepPlan => {
    return { ...step, fails: digest(step.id) % 3, retries: digest(step.id, 'retries') % 2 }
  }
  return { ...run, restarts: true, workflow: planWith(run.workflow, change) }
})

/** Which kinds of nodes, endings and waits a plan has: a property that never meets them proves nothing. */
export function kindsIn(plan: WorkflowPlan): readonly string[] {
  return plan.nodes.flatMap((node) => [
    node.kind,
    ...flowsOf(node).flatMap((flow) =>
      flow.kind === 'workflow' ? [`${node.kind} of workflow`, ...kindsIn(flow)] : [],
    ),
  ])
}
