// Trees of delegations by chance: who hands on what to whom, what fails or waits, who decides, and which process dies where.
import fc from 'fast-check'

/** A call of a tool: one that answers at once, throws, is approved by a person, asks for data, or writes into shared memory. */
type ToolKind = 'plain' | 'fails' | 'approval' | 'suspension' | 'writes'

export type CallPlan =
  | { readonly kind: ToolKind }
  /** A task for the subagent, which works as its plan says. */
  | { readonly kind: 'agent'; readonly subagent: AgentPlan }

export interface AgentPlan {
  /** The calls of each step of its model. */
  readonly steps: readonly (readonly CallPlan[])[]
  /** Whether its model fails instead of giving the last answer. */
  readonly fails: boolean
}

/** Something that one of three processes does. */
export interface Request {
  readonly process: 0 | 1 | 2
  readonly way: 'generate' | 'stream'
  /** The process dies at that commit, which is or is not stored; null: it lives. */
  readonly death: { readonly commits: number; readonly isStored: boolean } | null
  /** The caller ends it when so many more calls of tools have begun; null: never. */
  readonly abortAfter: number | null
}

export interface Decision extends Request {
  readonly which: number
  readonly approved: boolean
  /** How the call is named: by its own id, or by the whole way to it. */
  readonly by: 'inner' | 'way'
}

export type TreeAction =
  | { readonly kind: 'decide'; readonly decisions: readonly Decision[] }
  | { readonly kind: 'recover'; readonly request: Request }
  /** A message of its own; one that may give a call its data; or the first one again, in other words. */
  | { readonly kind: 'say' | 'give' | 'edit'; readonly request: Request }
  /** Somebody deletes the thread. */
  | { readonly kind: 'delete' }

export interface TreePlan {
  readonly root: AgentPlan
  readonly asked: Request
  readonly actions: readonly TreeAction[]
}

const one = <Value>(...values: readonly Value[]) => fc.constantFrom(...values)

const { agent } = fc.letrec<{ agent: AgentPlan; call: CallPlan }>((tie) => ({
  agent: fc.record({
    steps: fc.array(fc.array(tie('call'), { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 2 }),
    fails: one(false, false, false, false, true),
  }),
  call: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: one<ToolKind>('plain', 'fails', 'approval', 'approval', 'suspension', 'suspension', 'writes'),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('agent' as const), subagent: tie('agent') }) },
  ),
}))

const death: fc.Arbitrary<Request['death']> = fc.oneof(
  { weight: 7, arbitrary: fc.constant(null) },
  { weight: 3, arbitrary: fc.record({ commits: fc.nat(14), isStored: fc.boolean() }) },
)

const requestFields = {
  process: one<0 | 1 | 2>(0, 1, 2),
  way: one<Request['way']>('generate', 'stream'),
  death,
  abortAfter: fc.option(fc.nat(3), { freq: 8 }),
}
const request: fc.Arbitrary<Request> = fc.record(requestFields)

const decision: fc.Arbitrary<Decision> = fc.record({
  ...requestFields,
  which: fc.nat(3),
  approved: one(true, true, true, false),
  by: one<Decision['by']>('inner', 'way'),
})

const action: fc.Arbitrary<TreeAction> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      decisions: fc.array(decision, { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: one<'recover' | 'say' | 'give' | 'edit'>('recover', 'say', 'give', 'give', 'edit'),
      request,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'delete' as const }) },
)

export const treePlan: fc.Arbitrary<TreePlan> = fc.record({
  root: agent,
  asked: request,
  actions: fc.array(action, { minLength: 1, maxLength: 4 }),
})
