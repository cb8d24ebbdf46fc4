/** Checks the options of a call before the call does anything. */
import { checkActor } from '../domain/actor.ts'
import { invalidInput } from '../domain/error.ts'
import { checkId } from '../domain/id.ts'
import { isJsonObject } from '../domain/json.ts'
import { RequestContext } from './request-context.ts'
import { isToolSchema } from './tools/tool-schema.ts'

type Check = readonly [rule: string, fix: string, isRight: (value: unknown) => boolean]

const isSignal = (value: unknown) =>
  typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value

const checks: Readonly<Record<string, Check>> = {
  maxSteps: [
    'must be a whole number from 1',
    'Leave it out for 20.',
    (value) => Number.isInteger(value) && Number(value) >= 1,
  ],
  trigger: [
    'must be submit-message or regenerate-message',
    'Pass what useChat sends as "trigger", or leave it out.',
    (value) => value === 'submit-message' || value === 'regenerate-message',
  ],
  savePerStep: ['must be true or false', 'Leave it out for true.', (value) => typeof value === 'boolean'],
  abortSignal: ['must be an AbortSignal', 'Pass controller.signal, for example, or leave it out.', isSignal],
  requestContext: [
    'must be a RequestContext',
    `Pass new RequestContext({ 'user-tier': 'pro' }), for example.`,
    (value) => value instanceof RequestContext,
  ],
  structuredOutput: [
    'must have a schema',
    'Pass { schema: z.object({ … }) }, for example.',
    (value) => isJsonObject(value) && isToolSchema(value.schema),
  ],
}

/**
 * Checks the values of a call's own options; those of the AI SDK are for it to check.
 *
 * @param at The prefix of each option's name in errors, such as `defaultOptions.`; may be empty.
 * @throws MemoryError `invalid-input` naming the first one that is wrong.
 */
export function checkCallValues(options: Readonly<Record<string, unknown>>, at = ''): void {
  for (const [name, [rule, fix, isRight]] of Object.entries(checks)) {
    const value = options[name]
    if (value !== undefined && !isRight(value)) throw invalidInput(`${at}${name}`, rule, value, fix)
  }
  if (options.author !== undefined) checkActor(options.author, `${at}author`)
  if (options.messageId !== undefined) checkId(options.messageId, `${at}messageId`)
}
