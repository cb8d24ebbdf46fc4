// Workflows as plain descriptions: what the tests of workflows build them from, and what the plain interpreter reads.

/** How a step ends by itself. What depends on the input is decided by its digest, so that every reader decides alike. */
export interface StepPlan {
  readonly kind: 'step'
  readonly id: string
  /** How many attempts throw; 'always' for all of them; 'by input' for all of them, with a third of the inputs. */
  readonly fails: number | 'always' | 'by input'
  /** It throws before it asks for data, or after it has got all of them. */
  readonly failsLate: boolean
  readonly retries: number
  /** How often it asks for data. */
  readonly suspends: number
  /** With a third of the inputs, the workflow ends with its output. */
  readonly bails: boolean
  /** Fields of its own; a counter of all steps; its output says what the state was. */
  readonly state: 'none' | 'writes' | 'counts' | 'reads'
  readonly takesMs: number
}

/** A workflow inside another one, or the whole one. */
export interface WorkflowPlan {
  readonly kind: 'workflow'
  readonly id: string
  readonly nodes: readonly NodePlan[]
}

export type FlowPlan = StepPlan | WorkflowPlan

export interface ArmPlan {
  readonly holds: 'always' | 'never' | 'odd' | 'even'
  readonly step: FlowPlan
}

export type NodePlan =
  | { readonly kind: 'step'; readonly step: FlowPlan }
  /** The digest of its input, of the workflow's input or of the state. */
  | { readonly kind: 'map'; readonly of: 'input' | 'init' | 'state' }
  /** A list made of its input. It stands before each `foreach`. */
  | { readonly kind: 'list'; readonly items: number }
  | { readonly kind: 'parallel'; readonly steps: readonly FlowPlan[] }
  | { readonly kind: 'branch'; readonly arms: readonly ArmPlan[] }
  | { readonly kind: 'foreach'; readonly step: FlowPlan; readonly concurrency: number }
  /** So many rounds at most, fewer by the digest of an output. */
  | { readonly kind: 'loop'; readonly until: boolean; readonly step: FlowPlan; readonly rounds: number }
  | { readonly kind: 'sleep'; readonly ms: number; readonly by: 'number' | 'function' | 'date' }

/** The steps that a node or a step consists of, from the outside in. */
export function flowsOf(node: NodePlan): readonly FlowPlan[] {
  if (node.kind === 'parallel') return node.steps
  if (node.kind === 'branch') return node.arms.map(({ step }) => step)
  return 'step' in node ? [node.step] : []
}

/** Every step inside, however deep. */
export function stepsIn(plan: FlowPlan): readonly StepPlan[] {
  return plan.kind === 'step' ? [plan] : plan.nodes.flatMap((node) => flowsOf(node).flatMap(stepsIn))
}

/** True if a step inside may wait for a person. */
export const suspends = (plan: FlowPlan): boolean => stepsIn(plan).some((step) => step.suspends > 0)

/** JSON with the keys of objects in order. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return `{${fields
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`)
    .join()}}`
}

/** A number below 10,000 that stands for a value. */
export function digest(...values: readonly unknown[]): number {
  let sum = 7
  for (const letter of canonical(values)) sum = (sum * 31 + letter.charCodeAt(0)) % 1_000_003
  return sum % 10_000
}

type JsonFields = Readonly<Record<string, unknown>>

/** What a step asks for. */
export interface Asked {
  readonly step: string
  readonly round: number
  readonly input: number
}

/** What people answer. All of it is data, also what is false, empty or null. */
const answers: readonly unknown[] = [false, 0, '', null, { a: 1 }, [], 'yes', { b: { c: [false] } }]

/** The one right answer to what a step asked for. */
export function answerTo(asked: Asked): unknown {
  return answers[digest(asked) % answers.length]
}

/** What a step knows when it runs. */
export interface Known {
  readonly input: unknown
  readonly state: JsonFields
  /** How often it has thrown. */
  readonly failures: number
  readonly asked: Asked | undefined
  /** undefined if it has none. */
  readonly answer: unknown
}

export type Act =
  | { readonly does: 'throw'; readonly message: string }
  | { readonly does: 'suspend'; readonly asked: Asked; readonly state: JsonFields }
  | { readonly does: 'end' | 'bail'; readonly output: unknown; readonly state: JsonFields }

/** What the code of a step does, once. Nothing of how workflows work is in here. */
export function act(plan: StepPlan, { input, state, failures, asked, answer }: Known): Act {
  const round = asked === undefined ? 0 : asked.round + (answer === undefined ? 0 : 1)
  const fields = stateOf(plan, input, state)
  const isAnswered = round >= plan.suspends
  if (isAnswered === plan.failsLate || plan.suspends === 0) {
    const throws =
      plan.fails === 'by input' ? digest(plan.id, input) % 3 === 0 : plan.fails === 'always' || failures < plan.fails
    if (throws) return { does: 'throw', message: failureOf(plan, input) }
  }
  if (!isAnswered) {
    return { does: 'suspend', asked: { step: plan.id, round, input: digest(input) }, state: fields }
  }
  const told = asked === undefined ? 'nothing' : { asked, answer }
  const read = plan.state === 'reads' ? digest(state) : 0
  const output = outputOf(plan, { step: plan.id, saw: digest(input), told: digest(told), read })
  return { does: plan.bails && digest(plan.id, input) % 3 === 1 ? 'bail' : 'end', output, state: fields }
}

/** Some outputs are empty: those must come through as well. */
function outputOf(plan: StepPlan, whole: JsonFields): unknown {
  const empty = [false, 0, '', null][digest(plan.id, 'empty') % 12]
  return empty === undefined ? whole : empty
}

export const failureOf = (plan: StepPlan, input: unknown) => `${plan.id} fails with ${digest(input)}`

function stateOf(plan: StepPlan, input: unknown, state: JsonFields): JsonFields {
  if (plan.state === 'writes') return { [`${plan.id}:${digest(input)}`]: digest('state', input) }
  return plan.state === 'counts' ? { count: Number(state.count ?? 0) + 1 } : {}
}

/** What a map makes of what it may read. */
export function mapped(of: 'input' | 'init' | 'state', input: unknown, init: unknown, state: JsonFields): unknown {
  return { input: digest('map', input), init: digest('map', input, init), state: digest('map', input, state) }[of]
}

/** The list of a `list` node. */
export const listed = (items: number, input: unknown) =>
  Array.from({ length: items }, (_, index) => ({ index, of: digest(input) }))

/** True if an arm is to run with that input. */
export function holds(arm: ArmPlan, input: unknown): boolean {
  const isOdd = digest('arm', input) % 2 === 1
  return { always: true, never: false, odd: isOdd, even: !isOdd }[arm.holds]
}

/** True if a loop ends after that output of its nth round, from 1. */
export function endsLoop(rounds: number, output: unknown, count: number): boolean {
  return count >= rounds || digest('loop', output) % 4 === 0
}
