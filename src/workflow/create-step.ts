/** Makes the steps of workflows. */

import type { StandardSchema } from '../domain/standard-schema.ts'
import { type CreateStepOptions, functionStep, type StepOf } from './definition/step-options.ts'

/**
 * Makes a step of a workflow of a function.
 *
 * @throws MemoryError `invalid-input` naming the first option that is wrong.
 */
export function createStep<
  const Id extends string,
  Input extends StandardSchema,
  Output extends StandardSchema,
  State extends StandardSchema | undefined = undefined,
  Suspend extends StandardSchema | undefined = undefined,
  Resume extends StandardSchema | undefined = undefined,
>(
  options: CreateStepOptions<Id, { input: Input; output: Output; state: State; suspend: Suspend; resume: Resume }>,
): StepOf<Id, { input: Input; output: Output; state: State; suspend: Suspend; resume: Resume }> {
  return functionStep(options)
}
