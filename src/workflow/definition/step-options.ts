/** The options of `createStep` for a function, and the step that they make. */

import { type Actor, checkActor } from '../../domain/actor.ts'
import { invalidInput } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import type { JsonObject } from '../../domain/json.ts'
import { check, fieldsOf, isFunction, isWholeFrom, type OptionFields } from '../../domain/option-checks.ts'
import { isStandardSchema } from '../../domain/schema-like.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import type { StepContext } from './context.ts'
import type { SchemaGives, SchemaTakes } from './schema-types.ts'
import { type Interrupted, stepMark, type WorkflowStep } from './step.ts'

/** Options that a step of any kind may have. */
export interface StepBehaviour {
  /** How often a failed attempt is repeated. Default: as the workflow says. */
  readonly retries?: number
  /** How long an attempt may take, in milliseconds: after that it has failed. Default: as long as it likes. */
  readonly timeoutMs?: number
  /**
   * What happens to a step whose process ended before its result was stored. `rerun`: it runs again, with the same `callId`.
   * `fail`: it has failed, because it may have had its effect. Default: `rerun`.
   */
  readonly interrupted?: Interrupted
  /** Agents and tools that may resume it too. People always may. Default: none. */
  readonly approvers?: readonly Actor[]
}

/** The schemas of a step. Those that it has none of are `undefined`. */
export interface StepSchemas {
  /** Of what it is given. */
  readonly input: StandardSchema
  /** Of what it returns. */
  readonly output: StandardSchema
  /** Of the fields of the state that it uses. */
  readonly state: StandardSchema | undefined
  /** Of the payload that it suspends with. */
  readonly suspend: StandardSchema | undefined
  /** Of the data that it is resumed with. */
  readonly resume: StandardSchema | undefined
}

type Parsed<Schema, Otherwise> = Schema extends StandardSchema ? SchemaGives<Schema> : Otherwise

/** The context of a step with those schemas. */
export type ContextOf<Schemas extends StepSchemas> = StepContext<
  SchemaGives<Schemas['input']>,
  Parsed<Schemas['state'], JsonObject>,
  Schemas['suspend'] extends StandardSchema ? SchemaTakes<Schemas['suspend']> : unknown,
  Parsed<Schemas['resume'], unknown>
>

/** A step with those schemas. */
export interface StepOf<Id extends string, Schemas extends StepSchemas>
  extends WorkflowStep<
    Id,
    SchemaTakes<Schemas['input']>,
    SchemaGives<Schemas['output']>,
    Parsed<Schemas['state'], unknown>
  > {
  /** Parses what it is given. */
  readonly inputSchema: Schemas['input']
  /** Parses what it returns. */
  readonly outputSchema: Schemas['output']
}

/** Options of `createStep` for a function. */
export interface CreateStepOptions<Id extends string, Schemas extends StepSchemas> extends StepBehaviour {
  /** Names it in results and events. Unique in its workflow; without `/`, `[` and `]`, which stand in paths. */
  readonly id: Id
  /** Tells people what it does. */
  readonly description?: string
  /** The schema of what it is given, from zod or any library that follows Standard Schema. */
  readonly inputSchema: Schemas['input']
  /** The schema of what it returns. Any other result is an error. */
  readonly outputSchema: Schemas['output']
  /** The schema of what it passes to `suspend`. Default: any JSON. */
  readonly suspendSchema?: Schemas['suspend'] & StandardSchema
  /** The schema of the data that it is resumed with. Default: any JSON. */
  readonly resumeSchema?: Schemas['resume'] & StandardSchema
  /** The schema of the fields of the state that it uses. Default: any JSON object. */
  readonly stateSchema?: Schemas['state'] & StandardSchema
  /** Does its work. */
  readonly execute: (
    context: ContextOf<Schemas>,
  ) => SchemaTakes<Schemas['output']> | PromiseLike<SchemaTakes<Schemas['output']>>
}

/** The names of the options that a step of any kind may have. */
export const behaviourNames = ['retries', 'timeoutMs', 'interrupted', 'approvers'] as const
const names = [
  'id',
  'description',
  'inputSchema',
  'outputSchema',
  'suspendSchema',
  'resumeSchema',
  'stateSchema',
  'execute',
  ...behaviourNames,
]

const maxRetries = 100

/** @throws MemoryError `invalid-input` for an id that would make paths ambiguous. */
export function checkStepId(value: unknown, field: string): string {
  const id = checkId(value, field)
  const fix = 'Paths such as 2/b and 3[17] are made of them. Use letters, digits and hyphens.'
  if (/[/[\]]/.test(id)) throw invalidInput(field, 'must not hold /, [ or ]', id, fix)
  return id
}

/** A schema that is required. */
export function checkRequiredSchema(fields: OptionFields, name: string): void {
  if (isStandardSchema(fields[name])) return
  throw invalidInput(name, 'must be a schema', fields[name], 'Pass a zod schema, for example z.object({ … }).')
}

/** A schema that may be left out. */
export function checkOptionalSchema(fields: OptionFields, name: string): void {
  check(fields, name, 'must be a schema', 'Pass a zod schema, or leave it out.', isStandardSchema)
}

export function checkRetries(fields: OptionFields): void {
  const rule = `must be a whole number from 0 to ${maxRetries}`
  check(fields, 'retries', rule, 'Leave it out for none.', isWholeFrom(0, maxRetries))
}

export function checkBehaviour(fields: OptionFields): void {
  checkRetries(fields)
  const timeFix = 'Pass milliseconds, or leave it out for no limit.'
  check(fields, 'timeoutMs', 'must be a whole number from 1', timeFix, isWholeFrom(1))
  check(fields, 'interrupted', 'must be rerun or fail', `Leave it out for 'rerun'.`, (value) => {
    return value === 'rerun' || value === 'fail'
  })
  const { approvers } = fields
  if (approvers === undefined) return
  const fix = `Pass approvers: [{ kind: 'agent', id: 'reviewer' }], for example.`
  if (!Array.isArray(approvers)) throw invalidInput('approvers', 'must be a list of actors', approvers, fix)
  for (const [index, actor] of approvers.entries()) checkActor(actor, `approvers[${index}]`)
}

export function checkDescription(fields: OptionFields): void {
  check(fields, 'description', 'must be a text', 'Leave it out for none.', (value) => typeof value === 'string')
}

/** The behaviour that a step's options state, with the defaults of the rest. */
export function behaviourOf({
  retries,
  timeoutMs,
  interrupted,
  approvers,
}: StepBehaviour): Pick<WorkflowStep, keyof StepBehaviour> {
  return {
    retries: retries ?? null,
    timeoutMs: timeoutMs ?? null,
    interrupted: interrupted ?? ('rerun' as const),
    ...(approvers === undefined ? {} : { approvers }),
  }
}

/** @throws MemoryError `invalid-input` naming the first option that is wrong. */
export function functionStep<Id extends string, Schemas extends StepSchemas>(
  options: CreateStepOptions<Id, Schemas>,
): StepOf<Id, Schemas> {
  const fields = fieldsOf(options ?? null, 'createStep', names)
  checkStepId(fields.id, 'id')
  checkDescription(fields)
  checkRequiredSchema(fields, 'inputSchema')
  checkRequiredSchema(fields, 'outputSchema')
  for (const name of ['suspendSchema', 'resumeSchema', 'stateSchema']) checkOptionalSchema(fields, name)
  checkBehaviour(fields)
  if (!isFunction(fields.execute)) {
    const fix = 'Pass execute: async ({ inputData }) => ({ … }).'
    throw invalidInput('execute', 'must be a function', fields.execute, fix)
  }
  const { retries, timeoutMs, interrupted, approvers, execute, ...rest } = fields as unknown as CreateStepOptions<
    Id,
    Schemas
  >
  return {
    ...rest,
    ...behaviourOf({ retries, timeoutMs, interrupted, approvers } as StepBehaviour),
    execute: execute as unknown as WorkflowStep['execute'],
    [stepMark]: true,
  }
}
