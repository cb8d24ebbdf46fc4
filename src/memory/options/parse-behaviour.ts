/**
 * Checks the options that say how memory serves agents. By hand, because a constructor cannot wait for zod to be
 * loaded.
 */

import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { compileFilter } from '../../domain/filter.ts'
import { checkId } from '../../domain/id.ts'
import { defaultLimits, type Limits } from '../../domain/limits.ts'
import { check, fieldsOf, isSchema, isText, isWholeFrom, type OptionFields } from '../../domain/option-checks.ts'
import { reading } from '../../domain/read-plain.ts'
import type { MemoryBehaviour } from '../../ports/behaviour.ts'

const names = [
  'lastMessages',
  'messageHistory',
  'semanticRecall',
  'workingMemory',
  'facts',
  'team',
  'observationalMemory',
  'generateTitle',
  'readOnly',
  'turns',
]

const mostItems = 1_000
const mostNeighbours = 100
const mostTokens = 1_000_000

function checkWhole(fields: OptionFields, field: string, min: number, max: number, fix: string): void {
  check(fields, field, `must be a whole number from ${min} to ${max.toLocaleString('en')}`, fix, isWholeFrom(min, max))
}

function checkFlag(fields: OptionFields, field: string, usual: boolean): void {
  check(fields, field, 'must be true or false', `Leave it out for ${usual}.`, (value) => typeof value === 'boolean')
}

function checkScope(fields: OptionFields, field: string): void {
  check(fields, field, `must be 'resource' or 'thread'`, 'Leave it out for the resource.', (scope) => {
    return scope === 'resource' || scope === 'thread'
  })
}

function checkLastMessages({ lastMessages }: OptionFields, field: string, most: number): void {
  if (lastMessages === false) return
  checkWhole({ lastMessages }, field, 0, most, 'Pass false for none, or leave it out for 10.')
}

function checkMessageHistory(value: unknown, at: string): void {
  const fields = fieldsOf(value, at, ['maxTokens'])
  checkWhole(fields, `${at}.maxTokens`, 1, mostTokens, 'Leave it out for no limit of its own.')
}

function checkMessageRange(range: unknown, at: string): void {
  const fix = 'Pass how many messages to add around each one, such as 2 or { before: 1, after: 2 }.'
  if (typeof range === 'number') {
    checkWhole({ messageRange: range }, at, 0, mostNeighbours, fix)
    return
  }
  const fields = fieldsOf(range, at, ['before', 'after'])
  checkWhole(fields, `${at}.before`, 0, mostNeighbours, fix)
  checkWhole(fields, `${at}.after`, 0, mostNeighbours, fix)
}

function checkSemanticRecall(value: unknown, at: string, limits: Limits): void {
  if (typeof value === 'boolean') return
  const fields = fieldsOf(value, at, ['topK', 'messageRange', 'scope', 'threshold', 'filter', 'tokenBudget'])
  checkWhole(fields, `${at}.topK`, 1, mostItems, 'Leave it out for 20.')
  checkMessageRange(fields.messageRange, `${at}.messageRange`)
  checkScope(fields, `${at}.scope`)
  check(fields, `${at}.threshold`, 'must be a number from 0 to 1', 'Leave it out for 0.', (threshold) => {
    return typeof threshold === 'number' && threshold >= 0 && threshold <= 1
  })
  checkWhole(fields, `${at}.tokenBudget`, 1, mostTokens, 'Leave it out for 1,000.')
  if (fields.filter !== undefined) compileFilter(fields.filter, `${at}.filter`, limits)
}

function checkWorkingMemory(value: unknown, at: string): void {
  const fields = fieldsOf(value, at, ['enabled', 'scope', 'template', 'schema', 'agentManaged', 'readOnly'])
  checkFlag(fields, `${at}.enabled`, true)
  checkScope(fields, `${at}.scope`)
  check(fields, `${at}.template`, 'must be a text', 'Pass Markdown.', isText)
  check(fields, `${at}.schema`, 'must be a Standard Schema', 'Pass a zod object, for example.', isSchema)
  checkFlag(fields, `${at}.agentManaged`, true)
  checkFlag(fields, `${at}.readOnly`, false)
  if (fields.template === undefined || fields.schema === undefined) return
  const fix = 'Give one of them: a template for text, a schema for JSON.'
  throw invalidInput(at, 'must have a template or a schema', 'both', fix)
}

function refuseObservations(value: unknown, field: string): void {
  if (value === undefined || value === false) return
  throw new MemoryError('unsupported', {
    message: `"${field}" is not available in this version; got ${shown(value)}.`,
    fix: 'Leave it out, and use lastMessages, semanticRecall and workingMemory.',
    details: { field, rule: 'must be false', got: shown(value) },
  })
}

/**
 * Checks the options that say how memory serves agents, of a Memory, an agent or a call.
 *
 * @param field Its name in errors, such as `options` or `memory.options`.
 * @throws MemoryError `invalid-input` for an unknown or wrong option, `unsupported` for observational memory.
 */
export function parseBehaviour(value: unknown, field: string, limits: Limits = defaultLimits): MemoryBehaviour {
  return reading(field, () => checkBehaviour(value, field, limits))
}

function checkBehaviour(value: unknown, field: string, limits: Limits): MemoryBehaviour {
  const fields = fieldsOf(value, field, names)
  checkLastMessages(fields, `${field}.lastMessages`, limits.lastMessages)
  checkMessageHistory(fields.messageHistory, `${field}.messageHistory`)
  checkSemanticRecall(fields.semanticRecall, `${field}.semanticRecall`, limits)
  checkWorkingMemory(fields.workingMemory, `${field}.workingMemory`)
  checkFlag(fields, `${field}.facts`, false)
  if (fields.team !== undefined) checkId(fields.team, `${field}.team`)
  refuseObservations(fields.observationalMemory, `${field}.observationalMemory`)
  checkFlag(fields, `${field}.generateTitle`, false)
  checkFlag(fields, `${field}.readOnly`, false)
  check(fields, `${field}.turns`, `must be 'queue' or 'parallel'`, `Leave it out for 'queue'.`, (turns) => {
    return turns === 'queue' || turns === 'parallel'
  })
  return fields as MemoryBehaviour
}
