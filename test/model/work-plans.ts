// Random changes of the steps of workflows: of the workflow that was put last, most of them such as may follow.
import fc from 'fast-check'
import type { Change } from '../../src/domain/commit/commit.ts'
import { isoTime } from '../../src/domain/time.ts'

const paths = ['0', '1', '2/b', 'x'.repeat(300)] as const
const value = fc.constantFrom(undefined, false, null, { a: null }, 'x'.repeat(20), 'x'.repeat(300))
const rarely = <Odd, Usual>(odd: Odd, usual: Usual) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constant(odd) })

/** How a put of a workflow's run takes or proves the lease. */
export const leasePlan = fc.constantFrom('take', 'take', 'prove', 'prove', 'prove', 'steal', 'stale', 'none')

/** Plans of steps of workflows; `back` draws how many places back the run is. */
export function workPlans(weight: number, back: fc.Arbitrary<number>) {
  const shared = {
    run: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: back }),
    path: fc.constantFrom(...paths),
    isBegun: rarely(true, false),
    isStale: rarely(true, false),
    definition: fc.constantFrom('d1', 'd2'),
  }
  const state = fc.constantFrom(undefined, undefined, { at: 1, fields: { n: 1 } }, { at: 2, fields: { n: null } })
  const begin = fc.record({
    kind: fc.constant('work-begin' as const),
    ...shared,
    attempt: fc.constantFrom(1, 1, 1, 2, 2, 3),
  })
  const end = fc.record({
    kind: fc.constant('work-end' as const),
    ...shared,
    outcome: fc.constantFrom('complete', 'complete', 'failed', 'bailed'),
    output: value,
    state,
  })
  const wait = fc.record({
    kind: fc.constant('work-wait' as const),
    ...shared,
    stepKind: fc.constantFrom('suspension', 'suspension', 'sleep'),
    payload: value,
    untilMs: fc.constantFrom(undefined, undefined, 1, 2_000, 200_000_000),
    approver: fc.constantFrom(undefined, undefined, { kind: 'agent' as const, id: 'eve' }),
    state,
  })
  return {
    'work-begin': { weight: 4 * weight, arbitrary: begin },
    'work-end': { weight: 4 * weight, arbitrary: end },
    'work-wait': { weight: 3 * weight, arbitrary: wait },
  }
}

export type WorkPlan =
  ReturnType<typeof workPlans> extends Record<string, { readonly arbitrary: fc.Arbitrary<infer Plan> }> ? Plan : never

/** A workflow's run, with the token of the lease that was taken last. */
export interface KnownWork {
  readonly runId: string
  readonly token: number
}

/** What a change says in addition to which step it is of. */
function saidBy(plan: WorkPlan, nowMs: number): object {
  if (plan.kind === 'work-begin') return { attempt: plan.attempt }
  if (plan.kind === 'work-end') {
    const { outcome, output, state } = plan
    return { outcome, state, ...(outcome === 'failed' ? { error: { name: 'Error', message: 'No.' } } : { output }) }
  }
  const { stepKind, payload, untilMs, approver, state } = plan
  // Most sleeps have a time, and most suspensions none.
  const until = stepKind === 'sleep' ? isoTime(nowMs + (untilMs ?? 5_000)) : undefined
  const asks = stepKind === 'sleep' ? {} : { payload, ...(approver === undefined ? {} : { approvers: [approver] }) }
  return { stepKind, state, until, ...asks }
}

/** The change of a plan. */
export function workChange(plan: WorkPlan, known: KnownWork | undefined, nowMs: number): Change {
  const { kind, path, definition, isBegun, isStale } = plan
  const { runId = 'run_000000000000_none', token = 1 } = known ?? {}
  const name = isBegun ? { begun: 0 } : { runId, token: isStale ? Math.max(1, token - 1) : token }
  const all = { kind, ...name, path, stepId: 'step', definition, ...saidBy(plan, nowMs) }
  return Object.fromEntries(Object.entries(all).filter(([, field]) => field !== undefined)) as unknown as Change
}
