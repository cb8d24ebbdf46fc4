/** The options of a workflow that say what it is. */

import { fieldsOf } from '../../domain/option-checks.ts'
import { reading } from '../../domain/read-plain.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import {
  checkDescription,
  checkOptionalSchema,
  checkRequiredSchema,
  checkRetries,
  checkStepId,
} from './step-options.ts'

/** Options of `createWorkflow` that say what the workflow is. */
export interface FlowOptions<
  Id extends string = string,
  Input extends StandardSchema = StandardSchema,
  Output extends StandardSchema = StandardSchema,
  State extends StandardSchema | undefined = StandardSchema | undefined,
> {
  /** Names it in storage: runs are found by it. Its name as an actor, too. */
  readonly id: Id
  /** Tells people, models and other agents what it does and when to use it. */
  readonly description?: string
  /** The schema of what it is started with, from zod or any library that follows Standard Schema. */
  readonly inputSchema: Input
  /** The schema of its result: what its last step gives. */
  readonly outputSchema: Output
  /** The schema of the state that its steps share. Default: any JSON object. */
  readonly stateSchema?: State & StandardSchema
  /** How often a failed attempt of a step is repeated, unless the step says otherwise. Default: 0. */
  readonly retries?: number
}

const names = ['id', 'description', 'inputSchema', 'outputSchema', 'stateSchema', 'retries']

/**
 * Checks the options of a workflow that this folder knows.
 *
 * @param others Names of options that the caller checks itself.
 * @throws MemoryError `invalid-input` naming the first option that is wrong.
 */
export function checkFlowOptions(options: unknown, others: readonly string[]): void {
  reading('createWorkflow', () => {
    const fields = fieldsOf(options ?? null, 'createWorkflow', [...names, ...others])
    checkStepId(fields.id, 'id')
    checkDescription(fields)
    checkRequiredSchema(fields, 'inputSchema')
    checkRequiredSchema(fields, 'outputSchema')
    checkOptionalSchema(fields, 'stateSchema')
    checkRetries(fields)
  })
}
