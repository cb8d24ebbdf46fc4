/** Builds a workflow: one call for each place in it, in the order in which they run. The types of the steps must fit. */

import { MemoryError, shown } from '../../domain/error.ts'
import { isFunction } from '../../domain/option-checks.ts'
import { reading } from '../../domain/read-plain.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import type { LoopContext, NodeContext, OutputOf } from './context.ts'
import { type FieldSource, fieldMap, type MappedFields } from './field-map.ts'
import {
  checkArms,
  checkFunction,
  checkNodes,
  checkSleep,
  checkSleepUntil,
  checkStep,
  checkSteps,
  concurrencyOf,
  type ForeachOptions,
} from './flow-checks.ts'
import type { SchemaGives, SchemaTakes } from './schema-types.ts'
import type { Flow, FlowNode, FlowStep, FlowTypes } from './step.ts'
import type { FlowOptions } from './workflow-options.ts'

/** The types of a workflow under construction. */
export interface Building {
  readonly id: string
  readonly input: StandardSchema
  readonly output: StandardSchema
  /** The type of the state. */
  readonly state: unknown
  /** What the last node gives. */
  readonly current: unknown
  /** The ids of the steps that are done by then. */
  readonly done: string
}

/** The types of a workflow under construction, one by one: so they are shown in one line. */
export interface BuildingOf<Id, Input, Output, State, Current, Done> {
  readonly id: Id
  readonly input: Input
  readonly output: Output
  readonly state: State
  readonly current: Current
  readonly done: Done
}

/** Names the class of workflows that a builder builds, for whatever types it has so far: TypeScript has no other way. */
export interface FlowClass {
  readonly types: unknown
  readonly made: unknown
}

/** The workflow after a further node. */
type After<Class extends FlowClass, Types extends Building, Current, Done extends string = never> = (Class & {
  readonly types: BuildingOf<
    Types['id'],
    Types['input'],
    Types['output'],
    Types['state'],
    Current,
    Types['done'] | Done
  >
})['made']

/** The methods that add nodes. */
type Adding = 'then' | 'parallel' | 'branch' | 'map' | 'foreach' | 'dountil' | 'dowhile' | 'sleep' | 'sleepUntil'

/** The workflow once it is committed: there is nothing to add. */
type Committed<Class extends FlowClass, Types extends Building> = Omit<After<Class, Types, unknown>, Adding | 'commit'>

type ContextFor<Types extends Building, Input = Types['current']> = NodeContext<
  Input,
  Types['state'],
  SchemaGives<Types['input']>,
  Types['done']
>

type LoopContextFor<Types extends Building, Input> = LoopContext<
  Input,
  Types['state'],
  SchemaGives<Types['input']>,
  Types['done']
>

type Holds<Context> = (context: Context) => boolean | PromiseLike<boolean>

/** Ids that are known to the type checker. */
type Known<Id extends string> = string extends Id ? never : Id

/** Stands for the items of what is no list, so that no step fits. */
interface NotAList {
  readonly foreach: 'needs a list from the node before it'
}

type ItemOf<Value> = Value extends readonly (infer Item)[] ? Item : NotAList

type StepFor<Types extends Building> = FlowStep<string, Types['current'], unknown, Types['state']>
type ArmFor<Types extends Building> = readonly [when: Holds<ContextFor<Types>>, step: StepFor<Types>]

/** The outputs of steps, by their ids. */
type OutputsOf<Step extends FlowStep> = { [Each in Step as Each['id']]: OutputOf<Each> }
type OutputsOfSome<Step extends FlowStep> = { [Each in Step as Each['id']]?: OutputOf<Each> }

/** Shown where a `commit()` does not compile. Use `map` to bring what the last step gives into the form of the output. */
interface LastOutputDoesNotFit<Given, Wanted> {
  readonly theLastStepGives: Given
  readonly theOutputSchemaTakes: Wanted
}

type Fitting<Given, Wanted> = [Given] extends [Wanted] ? unknown : LastOutputDoesNotFit<Given, Wanted>

/** A workflow that is being built. Each method adds a node and answers the same object, with the type of what the node gives. */
export abstract class FlowBuilder<Class extends FlowClass, Types extends Building>
  implements Flow<Types['id'], SchemaTakes<Types['input']>, SchemaGives<Types['output']>, Types['state']>
{
  /** Names it in storage and as an actor. */
  readonly id: Types['id']
  /** Tells people, models and other agents what it does and when to use it. */
  declare readonly description?: string
  /** Parses what it is started with. */
  readonly inputSchema: Types['input']
  /** Parses its result. */
  readonly outputSchema: Types['output']
  /** Parses the state of a run. Default: any JSON object. */
  declare readonly stateSchema?: StandardSchema
  /** How often a failed attempt of a step is repeated, unless the step says otherwise. */
  readonly retries: number
  /** Types only; never set. */
  declare readonly types?: FlowTypes<SchemaTakes<Types['input']>, SchemaGives<Types['output']>, Types['state']>
  readonly #nodes: FlowNode[] = []
  #isCommitted = false

  /** The options are checked already. */
  protected constructor(options: FlowOptions<Types['id'], Types['input'], Types['output']>) {
    this.id = options.id
    if (options.description !== undefined) this.description = options.description
    this.inputSchema = options.inputSchema
    this.outputSchema = options.outputSchema
    if (options.stateSchema !== undefined) this.stateSchema = options.stateSchema
    this.retries = options.retries ?? 0
  }

  /** What it does, in order. */
  get nodes(): readonly FlowNode[] {
    return this.#nodes
  }

  /** Whether {@link commit} was called: it can run, and its nodes do not change any more. */
  get isCommitted(): boolean {
    return this.#isCommitted
  }

  /** Runs a step, or another workflow, with what the node before it gave. */
  // biome-ignore lint/suspicious/noThenProperty: the name that users of workflows know; commit() takes it away
  then<Id extends string, Output>(
    step: FlowStep<Id, Types['current'], Output, Types['state']>,
  ): After<Class, Types, Output, Known<Id>> {
    return this.#add('then', () => ({ kind: 'step', step: checkStep(step, 'then') }))
  }

  /** Runs all steps at the same time, each with what the node before gave. Gives their outputs by their ids. */
  parallel<const Steps extends readonly StepFor<Types>[]>(
    steps: Steps,
  ): After<Class, Types, OutputsOf<Steps[number]>, Known<Steps[number]['id']>> {
    return this.#add('parallel', () => ({ kind: 'parallel', steps: checkSteps(steps, 'parallel') }))
  }

  /**
   * Runs the steps whose conditions hold, at the same time. Gives their outputs by their ids: those of the others are
   * missing. A condition that fails makes the run fail.
   */
  branch<const Arms extends readonly ArmFor<Types>[]>(arms: Arms): After<Class, Types, OutputsOfSome<Arms[number][1]>> {
    return this.#add('branch', () => ({ kind: 'branch', arms: checkArms(arms) }))
  }

  /** Gives what the function returns: to bring the output of one step into the form that the next one takes. */
  map<Output>(map: (context: ContextFor<Types>) => Output | PromiseLike<Output>): After<Class, Types, Output>
  /** Gives an object, each field of which comes from a step, from what the workflow was started with, or from elsewhere. */
  map<const Sources extends Readonly<Record<string, FieldSource<ContextFor<Types>>>>>(
    sources: Sources,
  ): After<Class, Types, MappedFields<Sources>>
  map(map: unknown): unknown {
    return this.#add('map', () => {
      return { kind: 'map', map: isFunction(map) ? checkFunction(map, 'map') : fieldMap(map) }
    })
  }

  /**
   * Runs a step for each item of a list, which the node before must give. Gives the list of its outputs, in the order of the
   * items.
   *
   * @param options `concurrency`: for how many items at a time. Default: 1.
   */
  foreach<Id extends string, Output>(
    step: FlowStep<Id, ItemOf<Types['current']>, Output, Types['state']>,
    options: ForeachOptions = {},
  ): After<Class, Types, Output[]> {
    return this.#add('foreach', () => {
      return { kind: 'foreach', step: checkStep(step, 'foreach'), concurrency: concurrencyOf(options) }
    })
  }

  /** Runs a step, then again with its own output until the condition holds. The condition sees the output as `inputData`. */
  dountil<Id extends string, Output>(
    step: FlowStep<Id, Types['current'] | NoInfer<Output>, Output, Types['state']>,
    when: Holds<LoopContextFor<Types, Output>>,
  ): After<Class, Types, Output, Known<Id>> {
    return this.#loop('dountil', step, when)
  }

  /** Runs a step, then again with its own output while the condition holds. The condition sees the output as `inputData`. */
  dowhile<Id extends string, Output>(
    step: FlowStep<Id, Types['current'] | NoInfer<Output>, Output, Types['state']>,
    when: Holds<LoopContextFor<Types, Output>>,
  ): After<Class, Types, Output, Known<Id>> {
    return this.#loop('dowhile', step, when)
  }

  /** Waits so many milliseconds, in no process. Gives what it was given. */
  sleep(
    ms: number | ((context: ContextFor<Types>) => number | PromiseLike<number>),
  ): After<Class, Types, Types['current']> {
    return this.#add('sleep', () => ({ kind: 'sleep', ms: checkSleep(ms) }))
  }

  /** Waits until that time, in no process. Gives what it was given. */
  sleepUntil(
    at: Date | ((context: ContextFor<Types>) => Date | PromiseLike<Date>),
  ): After<Class, Types, Types['current']> {
    return this.#add('sleepUntil', () => ({ kind: 'sleepUntil', at: checkSleepUntil(at) }))
  }

  /**
   * Ends the construction: now it can run. What the last node gives must fit the workflow's `outputSchema`; use `map` to bring
   * it into form.
   *
   * @throws MemoryError `invalid-input` if there is no node, two steps have one id, or a workflow in it is not committed.
   */
  commit(this: Fitting<Types['current'], SchemaTakes<Types['output']>>): Committed<Class, Types> {
    const own = this as FlowBuilder<Class, Types>
    checkNodes(own)
    own.#isCommitted = true
    // With a method of that name, nobody could await it or answer it from an async function.
    Object.defineProperty(own, 'then', { value: undefined })
    return own as unknown as Committed<Class, Types>
  }

  #loop<Result>(kind: 'dountil' | 'dowhile', step: unknown, when: unknown): Result {
    const until = kind === 'dountil'
    return this.#add(kind, () => {
      return { kind: 'loop', until, step: checkStep(step, kind), when: checkFunction(when, kind) }
    })
  }

  #add<Result>(method: string, read: () => FlowNode): Result {
    if (this.#isCommitted) throw isComplete(this.id)
    this.#nodes.push(reading(method, read))
    return this as unknown as Result
  }
}

function isComplete(id: string): MemoryError {
  return new MemoryError('conflict', {
    message: `The workflow ${shown(id)} is committed: nothing can be added to it.`,
    fix: 'Add all steps before commit().',
    details: { workflow: id },
  })
}
