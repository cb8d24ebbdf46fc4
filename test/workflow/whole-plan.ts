// One workflow with a node of every kind, for the tests in which processes die: the runs of 20 items, and three waits.
import type { NodePlan, StepPlan, WorkflowPlan } from './plan.ts'

const step = (id: string, more: Partial<StepPlan> = {}): StepPlan => ({
  kind: 'step',
  id,
  fails: 0,
  failsLate: false,
  retries: 1,
  suspends: 0,
  bails: false,
  state: 'writes',
  takesMs: 0,
  ...more,
})
const then = (one: StepPlan | WorkflowPlan): NodePlan => ({ kind: 'step', step: one })
const workflow = (id: string, ...nodes: readonly NodePlan[]): WorkflowPlan => ({ kind: 'workflow', id, nodes })

/** A node of every kind. Nothing of it fails for good. */
export const wholePlan = workflow(
  'whole',
  then(step('begin', { state: 'counts' })),
  { kind: 'parallel', steps: [step('quick'), step('asked', { suspends: 1 }), step('slow', { takesMs: 1 })] },
  {
    kind: 'branch',
    arms: [
      { holds: 'always', step: step('arm') },
      { holds: 'never', step: step('no-arm') },
      {
        holds: 'always',
        step: workflow(
          'deep',
          then(step('inside')),
          { kind: 'sleep', ms: 2, by: 'number' },
          then(step('asks', { suspends: 2 })),
        ),
      },
    ],
  },
  { kind: 'list', items: 20 },
  { kind: 'foreach', step: step('each'), concurrency: 4 },
  then(workflow('nested', { kind: 'map', of: 'init' }, { kind: 'parallel', steps: [step('left'), step('right')] })),
  { kind: 'loop', until: true, step: step('again', { state: 'counts' }), rounds: 3 },
  { kind: 'sleep', ms: 1, by: 'date' },
  then(step('end', { state: 'reads' })),
)

/** Six steps that ask at the same time. */
export const manyAskedPlan = workflow(
  'asked',
  { kind: 'parallel', steps: ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => step(id, { suspends: 2 })) },
  then(step('end', { state: 'reads' })),
)
