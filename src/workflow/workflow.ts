/** Workflows: sequences of steps that are carried out one after the other, and survive the process that runs them. */

import type { JsonObject } from '../domain/json.ts'
import type { StandardSchema } from '../domain/standard-schema.ts'
import { type Building, type BuildingOf, FlowBuilder, type FlowClass } from './definition/flow-builder.ts'
import type { SchemaGives } from './definition/schema-types.ts'
import { checkFlowOptions, type FlowOptions } from './definition/workflow-options.ts'

/** Names the class for the builder. */
interface WorkflowClass extends FlowClass {
  readonly made: Workflow<Extract<this['types'], Building>>
}

/** A workflow: first under construction, and once it is committed, ready to run. */
export class Workflow<Types extends Building = Building> extends FlowBuilder<WorkflowClass, Types> {
  /** The options are checked already: use {@link createWorkflow}. */
  constructor(options: FlowOptions<Types['id'], Types['input'], Types['output']>) {
    super(options)
  }
}

/** The types of a workflow without any node. */
type Begun<
  Id extends string,
  Input extends StandardSchema,
  Output extends StandardSchema,
  State extends StandardSchema | undefined,
> = BuildingOf<
  Id,
  Input,
  Output,
  State extends StandardSchema ? SchemaGives<State> : JsonObject,
  SchemaGives<Input>,
  never
>

/**
 * Begins a workflow. Add its steps, and call `commit()`.
 *
 * @throws MemoryError `invalid-input` naming the first option that is wrong.
 */
export function createWorkflow<
  const Id extends string,
  Input extends StandardSchema,
  Output extends StandardSchema,
  State extends StandardSchema | undefined = undefined,
>(options: FlowOptions<Id, Input, Output, State>): Workflow<Begun<Id, Input, Output, State>> {
  checkFlowOptions(options, [])
  return new Workflow(options)
}
