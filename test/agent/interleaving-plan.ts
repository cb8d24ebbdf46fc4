// Random work for agents that share threads: what is called, how it goes wrong, and what comes between.
import fc from 'fast-check'

/** What a model does at one call. `isGated`: it waits until it is let go on. */
export interface StepPlan {
  readonly does:
    | 'say'
    | 'call'
    | 'call-both'
    | 'ask'
    | 'leave'
    | 'unknown-tool'
    | 'fail'
    | 'fail-late'
    | 'break'
    | 'stall'
  readonly isGated: boolean
  readonly tool: 'works' | 'waits' | 'throws' | 'stalls' | 'delegates'
}

/** Where a processor ends the call, or fails. */
export type Refusal = 'none' | 'input' | 'context' | 'stream' | 'result' | 'result-fails' | 'stream-fails'

/** What the call is told. All but `new` are as a chat sends them: the thread as the client has it. */
export type InputPlan = 'new' | 'resent' | 'edit' | 'regenerate' | 'approve' | 'deny' | 'approve-and-ask'

export interface CallPlan {
  readonly kind: 'call'
  readonly agent: number
  readonly thread: number
  readonly memory: number
  readonly isStream: boolean
  readonly input: InputPlan
  readonly steps: readonly StepPlan[]
  readonly refusal: Refusal
  /** Whether a stream waits in its middle until it is let go on. */
  readonly isHeldInStream: boolean
  readonly savePerStep: boolean
}

export type Action =
  | CallPlan
  | { readonly kind: 'go-on' | 'abort'; readonly which: number }
  | { readonly kind: 'save' | 'delete-thread'; readonly thread: number; readonly memory: number }
  | { readonly kind: 'close'; readonly memory: number }
  | { readonly kind: 'sleep' }

/** One action, and how long the others have before the next: turns of the event loop. */
export interface Timed {
  readonly action: Action
  readonly loops: number
}

export interface RunPlan {
  /** How each agent takes its turns; there are as many agents as this is long. */
  readonly turns: readonly ('queue' | 'parallel')[]
  readonly threads: number
  /** Memories on the one file. */
  readonly memories: number
  readonly actions: readonly Timed[]
}

const one = <Value>(...values: readonly Value[]) => fc.constantFrom(...values)
const number = fc.nat({ max: 11 })

const step: fc.Arbitrary<StepPlan> = fc.record({
  does: fc.oneof(
    { weight: 4, arbitrary: one<StepPlan['does']>('say') },
    { weight: 4, arbitrary: one<StepPlan['does']>('call') },
    { weight: 4, arbitrary: one<StepPlan['does']>('ask', 'ask', 'leave', 'call-both') },
    { weight: 3, arbitrary: one<StepPlan['does']>('unknown-tool', 'fail', 'fail-late', 'break', 'stall') },
  ),
  isGated: fc.boolean(),
  tool: one<StepPlan['tool']>('works', 'works', 'waits', 'throws', 'stalls', 'delegates'),
})

const call: fc.Arbitrary<CallPlan> = fc.record({
  kind: fc.constant('call' as const),
  agent: number,
  thread: number,
  memory: number,
  isStream: fc.boolean(),
  input: fc.oneof(
    { weight: 4, arbitrary: one<InputPlan>('new') },
    { weight: 5, arbitrary: one<InputPlan>('resent', 'edit', 'regenerate') },
    { weight: 5, arbitrary: one<InputPlan>('approve', 'deny', 'approve-and-ask') },
  ),
  steps: fc.array(step, { minLength: 1, maxLength: 4 }),
  refusal: fc.oneof(
    { weight: 8, arbitrary: one<Refusal>('none') },
    { weight: 3, arbitrary: one<Refusal>('input', 'context', 'stream', 'result', 'result-fails', 'stream-fails') },
  ),
  isHeldInStream: fc.boolean(),
  savePerStep: one(true, true, true, false),
})

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: call },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('go-on' as const), which: number }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: number }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('save' as const), thread: number, memory: number }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-thread' as const), thread: number, memory: number }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close' as const), memory: number }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('sleep' as const) }) },
)

const timed: fc.Arbitrary<Timed> = fc.record({
  action,
  loops: fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 6 }) }, { weight: 2, arbitrary: fc.nat({ max: 60 }) }),
})

/** A call that asks for an approval, time for it to end, and one with the answer: by chance alone they seldom meet. */
const asking: fc.Arbitrary<readonly Timed[]> = fc
  .record({
    first: call,
    second: call,
    does: one('ask', 'call-both'),
    input: one('approve', 'deny', 'approve-and-ask'),
  })
  .map(({ first, second, does, input }): readonly Timed[] => {
    const steps = [{ does, isGated: false, tool: 'works' } as StepPlan, ...first.steps.slice(1)]
    const asks: CallPlan = { ...first, steps, refusal: 'none', isHeldInStream: false }
    const answers: CallPlan = { ...second, thread: first.thread, input: input as InputPlan }
    return [
      { action: asks, loops: 150 },
      { action: answers, loops: 3 },
    ]
  })

const actions: fc.Arbitrary<readonly Timed[]> = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: timed.map((single): readonly Timed[] => [single]) },
      { weight: 1, arbitrary: asking },
    ),
    { minLength: 4, maxLength: 24 },
  )
  .map((lists) => lists.flat())

export const runPlan: fc.Arbitrary<RunPlan> = fc.record({
  turns: fc.oneof(
    fc.constant(['queue', 'queue'] as const),
    fc.constant(['queue', 'queue', 'queue'] as const),
    fc.constant(['queue', 'parallel'] as const),
    fc.constant(['parallel', 'parallel', 'queue'] as const),
  ),
  threads: fc.integer({ min: 1, max: 2 }),
  memories: one(1, 1, 2),
  actions,
})
