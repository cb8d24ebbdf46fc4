// Random changes of steps: of the run that was put last, most of them such as may follow.
import fc from 'fast-check'
import type { Change } from '../../src/domain/commit/commit.ts'
import { stepKinds, stepStatuses } from '../../src/domain/records/step.ts'

const paths = ['call-1', 'call-2', 'x'.repeat(300)] as const
const payload = fc.constantFrom(undefined, undefined, null, { note: null }, 'x'.repeat(20), 'x'.repeat(300))
const input = fc.constantFrom(1, 1, 1, { a: 1, b: 2 }, { b: 2, a: 1 })
const approver = fc.constantFrom(undefined, undefined, { kind: 'agent' as const, id: 'eve' })
const path = fc.constantFrom(...paths)

/** Plans of steps; `back` draws how many places back the run and its turn are. */
export function stepPlans(weight: number, back: fc.Arbitrary<number>) {
  const run = fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: back })
  const asking = { run, path, payload, approver, stepKind: fc.constantFrom(...stepKinds) }
  const put = fc.record({
    kind: fc.constant('step-put' as const),
    ...asking,
    status: fc.constantFrom('asked', 'asked', 'asked', 'started'),
    turn: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: back }),
    index: fc.nat(2),
    input,
  })
  const patch = fc.record({
    kind: fc.constant('step-patch' as const),
    ...asking,
    status: fc.constantFrom('decided', 'decided', 'started', 'settled', ...stepStatuses),
    attempt: fc.constantFrom(1, 1, 1, 2),
    input: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: input }),
    decision: fc.constantFrom(
      { approved: true },
      { approved: false, reason: 'no' },
      { approved: true, data: { a: null } },
      {},
    ),
  })
  return { 'step-put': { weight: 5 * weight, arbitrary: put }, 'step-patch': { weight: 5 * weight, arbitrary: patch } }
}

type StepPlan =
  ReturnType<typeof stepPlans> extends Record<string, { readonly arbitrary: fc.Arbitrary<infer Plan> }> ? Plan : never

/** Where a step is put: its run, and the place of its message. */
interface StepPlace {
  readonly runId: string
  readonly threadId: string
  readonly messageId: string
}

/** The change of a plan. */
export function stepChange(plan: StepPlan, place: StepPlace): Change {
  const { runId } = place
  const { path, payload, stepKind, approver } = plan
  const approvers = approver === undefined ? {} : { approvers: [approver] }
  const asked = { ...approvers, ...(payload === undefined ? {} : { payload }) }
  if (plan.kind === 'step-put') {
    const { status, input } = plan
    return { kind: plan.kind, ...place, path, tool: 'search', stepKind, status, input, ...asked } as Change
  }
  const { kind, status, attempt, decision, input } = plan
  const more = {
    asked: { stepKind, ...asked },
    decided: { decision },
    started: { attempt },
    settled: {},
    expired: {},
  }[status as 'asked']
  return { kind, runId, path, status, ...more, ...(input === undefined ? {} : { input }) } as Change
}
