// Runs whose calls wait, by chance: what the model calls, who decides about it and in which order, and which process dies where.
import fc from 'fast-check'

/** How a call comes to its result: at once, once a person approves it, with data that its tool asks for, or from the client. */
export type CallKind = 'plain' | 'approval' | 'suspension' | 'both' | 'client'

export interface CallPlan {
  readonly kind: CallKind
  /** Its tool throws after it has had its effect. */
  readonly fails: boolean
  /** Whether its tool may run again with the same `callId`. */
  readonly isSafe: boolean
  /** How often its tool asks for data. */
  readonly rounds: 1 | 2
}

/** Where a process dies: at a commit, or inside the next tool that it runs, before or after its effect. */
export type Death =
  | { readonly at: 'commit'; readonly commits: number }
  | { readonly at: 'effect'; readonly isDone: boolean }

/** One request of a person, carried out by one of two processes. */
export interface Request {
  readonly process: 0 | 1
  readonly way: 'generate' | 'stream'
  readonly death: Death | null
}

/** A word on the call that is the nth of those that wait. */
export interface Decision extends Request {
  /** A chat sends the message with the word in it; a program calls the agent's method. */
  readonly by: 'chat' | 'program'
  readonly which: number
  readonly approved: boolean
  /** What a client's tool came to. */
  readonly output: unknown
}

export type CallAction =
  | { readonly kind: 'decide'; readonly decisions: readonly Decision[] }
  /** A page that was loaded long ago approves all that it ever showed. */
  | { readonly kind: 'replay'; readonly request: Request }
  | { readonly kind: 'say'; readonly request: Request }
  | { readonly kind: 'recover'; readonly request: Request }

export interface CallTreePlan {
  /** The calls of each step of the model. */
  readonly steps: readonly (readonly CallPlan[])[]
  /** Ids that the provider gives: never the same, or those of an earlier step again. */
  readonly ids: 'fresh' | 'repeated'
  readonly asked: Request
  readonly actions: readonly CallAction[]
}

/** What clients tell. */
export const outputs: readonly unknown[] = ['told', 0, false, '', null, { size: 'M' }]

const one = <Value>(...values: readonly Value[]) => fc.constantFrom(...values)

const death: fc.Arbitrary<Death | null> = fc.oneof(
  { weight: 7, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.record({ at: fc.constant('commit' as const), commits: fc.nat(7) }) },
  { weight: 1, arbitrary: fc.record({ at: fc.constant('effect' as const), isDone: fc.boolean() }) },
)

const requestFields = { process: one<0 | 1>(0, 1), way: one<Request['way']>('generate', 'stream'), death }
const request: fc.Arbitrary<Request> = fc.record(requestFields)

const decision: fc.Arbitrary<Decision> = fc.record({
  ...requestFields,
  by: one<Decision['by']>('chat', 'program'),
  which: fc.nat(3),
  approved: one(true, true, true, false),
  output: one<unknown>(...outputs),
})

const call: fc.Arbitrary<CallPlan> = fc.record({
  kind: one<CallKind>('plain', 'approval', 'approval', 'suspension', 'both', 'client'),
  fails: one(false, false, false, true),
  isSafe: fc.boolean(),
  rounds: one<CallPlan['rounds']>(1, 1, 2),
})

const action: fc.Arbitrary<CallAction> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      decisions: fc.array(decision, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: one<'recover'>('recover'), request }) },
  { weight: 2, arbitrary: fc.record({ kind: one<'replay' | 'say'>('replay', 'say'), request }) },
)

export const callTreePlan: fc.Arbitrary<CallTreePlan> = fc.record({
  steps: fc.array(fc.array(call, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
  ids: one<CallTreePlan['ids']>('fresh', 'fresh', 'repeated'),
  asked: request,
  actions: fc.array(action, { minLength: 1, maxLength: 6 }),
})
