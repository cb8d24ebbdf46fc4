/** Checks the options of `createTool`. */
import { checkActor } from '../../domain/actor.ts'
import { invalidInput } from '../../domain/error.ts'
import { checkId } from '../../domain/id.ts'
import { check, fieldsOf, isFunction, type OptionFields } from '../../domain/option-checks.ts'
import { isToolSchema } from './tool-schema.ts'

const names = [
  'id',
  'description',
  'inputSchema',
  'outputSchema',
  'suspendSchema',
  'resumeSchema',
  'execute',
  'requireApproval',
  'needsApproval',
  'approvers',
  'readOnly',
  'retry',
  'metadata',
  'strict',
] as const

const schemaFix = 'Pass a zod object, for example, or leave it out.'

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean'
}

function checkApproval(fields: OptionFields): void {
  for (const name of ['requireApproval', 'needsApproval'] as const) {
    check(fields, name, 'must be true, false or a function', 'Leave it out for none.', (value) => {
      return isBoolean(value) || isFunction(value)
    })
  }
  const { requireApproval, needsApproval, approvers } = fields
  if (requireApproval !== undefined && needsApproval !== undefined) {
    const fix = 'They are two names for one thing: keep requireApproval.'
    throw invalidInput('needsApproval', 'must not be given together with requireApproval', needsApproval, fix)
  }
  if (approvers === undefined) return
  const fix = `Pass approvers: [{ kind: 'agent', id: 'reviewer' }], for example.`
  if (!Array.isArray(approvers)) throw invalidInput('approvers', 'must be a list of actors', approvers, fix)
  for (const [index, actor] of approvers.entries()) checkActor(actor, `approvers[${index}]`)
}

/** A tool without `execute` is carried out by the client, and so it never suspends. */
function checkSuspension(fields: OptionFields): void {
  for (const name of ['suspendSchema', 'resumeSchema'] as const) {
    check(fields, name, 'must be a schema', schemaFix, isToolSchema)
    if (fields[name] === undefined || fields.execute !== undefined) continue
    const fix = 'Give the tool an execute that calls suspend, or leave the schema out.'
    throw invalidInput(name, 'needs an execute', fields[name], fix)
  }
}

/** @throws MemoryError `invalid-input` naming the first option that is wrong. */
export function checkToolOptions(options: unknown): void {
  const fields = fieldsOf(options ?? null, 'createTool', names)
  checkId(fields.id, 'id')
  const { description, inputSchema } = fields
  if (typeof description !== 'string' || description.trim() === '') {
    const fix = 'Say what the tool does and when to use it: the model chooses by it.'
    throw invalidInput('description', 'must be a text', description, fix)
  }
  const inputFix = 'Pass a zod object, for example; z.object({}) for a tool that takes nothing.'
  if (!isToolSchema(inputSchema)) throw invalidInput('inputSchema', 'must be a schema', inputSchema, inputFix)
  check(fields, 'outputSchema', 'must be a schema', schemaFix, isToolSchema)
  check(fields, 'execute', 'must be a function', 'Leave it out for a tool that the client runs.', isFunction)
  checkSuspension(fields)
  checkApproval(fields)
  check(fields, 'readOnly', 'must be true or false', 'Leave it out for a tool with effects.', isBoolean)
  check(fields, 'retry', 'must be safe', `Pass retry: 'safe', or leave it out.`, (value) => value === 'safe')
  check(fields, 'metadata', 'must be an object', 'Pass plain JSON.', (value) => {
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  })
  check(fields, 'strict', 'must be true or false', 'Leave it out for the default of the provider.', isBoolean)
}
