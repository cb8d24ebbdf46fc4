// A plain interpreter of workflows: what a workflow comes to if nothing disturbs it. It knows nothing of the engine.
import {
  type Asked,
  act,
  answerTo,
  endsLoop,
  type FlowPlan,
  failureOf,
  holds,
  listed,
  mapped,
  type NodePlan,
  type StepPlan,
  suspends,
  type WorkflowPlan,
} from './plan.ts'

type State = Record<string, unknown>

type Ending =
  | { readonly is: 'success' | 'bailed'; readonly output: unknown }
  | { readonly is: 'failed'; readonly messages: readonly string[] }

/** What a workflow comes to. */
export interface Expected {
  readonly ending: Ending
  readonly state: State
  /** How often the code of each step runs, by its path. */
  readonly runs: ReadonlyMap<string, number>
  /** Paths that may run as often, or less: the siblings of one that ended all of them. */
  readonly mayRun: ReadonlySet<string>
  /** Two siblings end their workflow in different ways: which of them counts is not said. */
  readonly isAmbiguous: boolean
}

class Interpreter {
  readonly state: State
  readonly runs = new Map<string, number>()
  readonly mayRun = new Set<string>()
  isAmbiguous = false

  constructor(state: State) {
    this.state = { ...state }
  }

  workflow({ nodes }: WorkflowPlan, prefix: string, input: unknown): Ending {
    let value = input
    for (const [index, node] of nodes.entries()) {
      const ending = this.node(node, `${prefix}${index}`, value, input)
      if (ending.is !== 'success') return ending
      value = ending.output
    }
    return { is: 'success', output: value }
  }

  node(node: NodePlan, path: string, input: unknown, init: unknown): Ending {
    switch (node.kind) {
      case 'step':
        return this.flow(node.step, path, input)
      case 'map':
        return { is: 'success', output: mapped(node.of, input, init, this.state) }
      case 'list':
        return { is: 'success', output: listed(node.items, input) }
      case 'sleep':
        return { is: 'success', output: input }
      case 'parallel':
        return this.named(node.steps, path, input)
      case 'branch':
        return this.named(
          node.arms.filter((arm) => holds(arm, input)).map((arm) => arm.step),
          path,
          input,
        )
      case 'foreach':
        return this.foreach(node.step, path, input as readonly unknown[], node.concurrency)
      case 'loop':
        return this.loop(node, path, input)
    }
  }

  /** A step, or a workflow in its place. */
  flow(plan: FlowPlan, path: string, input: unknown): Ending {
    if (plan.kind === 'step') return this.step(plan, path, input)
    const ending = this.workflow(plan, `${path}/`, input)
    return ending.is === 'bailed' ? { is: 'success', output: ending.output } : ending
  }

  step(plan: StepPlan, path: string, input: unknown): Ending {
    let asked: Asked | undefined
    let answer: unknown
    for (let failures = 0; ; ) {
      this.runs.set(path, (this.runs.get(path) ?? 0) + 1)
      const done = act(plan, { input, state: this.state, failures, asked, answer })
      if (done.does === 'throw') {
        failures += 1
        if (failures > plan.retries) return { is: 'failed', messages: [failureOf(plan, input)] }
        continue
      }
      Object.assign(this.state, done.state)
      if (done.does !== 'suspend') return { is: done.does === 'bail' ? 'bailed' : 'success', output: done.output }
      asked = done.asked
      answer = answerTo(asked)
    }
  }

  /** Steps that all run, each to its end. */
  named(steps: readonly FlowPlan[], path: string, input: unknown): Ending {
    const ranBy: (readonly string[])[] = []
    const endings = steps.map((step) => {
      const [ending, paths] = this.noting(() => this.flow(step, `${path}/${step.id}`, input))
      ranBy.push(suspends(step) ? paths : [])
      return ending
    })
    // Nobody need answer what a block asks that is over.
    if (endings.some(({ is }) => is !== 'success')) this.may(ranBy.flat())
    return this.joined(endings, (outputs) => Object.fromEntries(steps.map(({ id }, index) => [id, outputs[index]])))
  }

  foreach(step: FlowPlan, path: string, items: readonly unknown[], concurrency: number): Ending {
    const overlaps = concurrency > 1 || suspends(step)
    const endings: Ending[] = []
    const ranBy: (readonly string[])[] = []
    for (const [index, item] of items.entries()) {
      const [ending, paths] = this.noting(() => this.flow(step, `${path}[${index}]`, item))
      endings.push(ending)
      ranBy.push(paths)
      // One after the other: after an item that ends all, no other begins.
      if (endings.at(-1)?.is !== 'success' && !overlaps) break
    }
    if (overlaps && endings.some(({ is }) => is !== 'success')) {
      this.may(ranBy.flat())
      const failed = endings.flatMap((ending) => (ending.is === 'failed' ? ending.messages : []))
      // Which items have begun is chance, and so is which failure was first.
      if (failed.length > 0 && endings.every(({ is }) => is !== 'bailed')) return { is: 'failed', messages: failed }
    }
    return this.joined(endings, (outputs) => outputs)
  }

  /** Which paths run while something is done. */
  noting(work: () => Ending): readonly [Ending, readonly string[]] {
    const before = new Set(this.runs.keys())
    const ending = work()
    return [ending, [...this.runs.keys()].filter((path) => !before.has(path))]
  }

  may(paths: readonly string[]): void {
    for (const path of paths) this.mayRun.add(path)
  }

  loop({ step, rounds }: NodePlan & { kind: 'loop' }, path: string, input: unknown): Ending {
    let value = input
    for (let count = 1; ; count++) {
      const ending = this.flow(step, `${path}[${count - 1}]`, value)
      if (ending.is !== 'success') return ending
      value = ending.output
      if (endsLoop(rounds, value, count)) return ending
    }
  }

  joined(endings: readonly Ending[], output: (outputs: readonly unknown[]) => unknown): Ending {
    const early = endings.filter(({ is }) => is !== 'success')
    const failed = early.flatMap((ending) => (ending.is === 'failed' ? ending.messages : []))
    const [first] = early
    if (first === undefined)
      return { is: 'success', output: output(endings.map((one) => ('output' in one ? one.output : null))) }
    if (failed.length > 0 && failed.length < early.length) this.isAmbiguous = true
    if (failed.length === 0 && early.length > 1) this.isAmbiguous = true
    return failed.length > 0 ? { is: 'failed', messages: failed } : first
  }
}

/** What a workflow comes to with that input. */
export function expected(plan: WorkflowPlan, input: unknown, state: State = {}): Expected {
  const interpreter = new Interpreter(state)
  const ending = interpreter.workflow(plan, '', input)
  const { runs, mayRun, isAmbiguous } = interpreter
  return { ending, state: interpreter.state, runs, mayRun, isAmbiguous }
}
