// Values that nobody should pass, as the options of steps and workflows: a typed error that names the option, or taken.
import { Agent, createStep, createTool, createWorkflow, MemoryError } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { badValues } from '../attacks/bad-values.ts'

const schema = z.object({ text: z.string() })
const agent = new Agent({ name: 'Clerk', model: scriptedModel({ script: [] }) })
const tool = createTool({ id: 'copy', description: 'Copies.', inputSchema: schema, execute: async (input) => input })
const behaviour = {
  retries: 1,
  timeoutMs: 5,
  interrupted: 'fail',
  approvers: [{ kind: 'agent', id: 'boss', name: 'B' }],
}
const named = { id: 'x', description: 'y' }
const schemas = { inputSchema: schema, outputSchema: schema, stateSchema: schema }
const execute = () => ({ text: '' })
const more = { suspendSchema: schema, resumeSchema: schema, execute }

/** Everything that may be passed. */
const makers: readonly (readonly [string, object, (options: never) => unknown])[] = [
  ['a function', { ...named, ...behaviour, ...schemas, ...more }, (options) => createStep(options)],
  ['an agent', { ...named, ...behaviour, structuredOutput: { schema } }, (options) => createStep(agent, options)],
  ['a tool', { ...named, ...behaviour }, (options) => createStep(tool, options)],
  ['a workflow', { ...named, ...schemas, retries: 1, memory: undefined }, (options) => createWorkflow(options)],
]

/** What is wrong with how a call ended; null if nothing is. */
function wrongEnd(make: () => unknown): string | null {
  try {
    make()
    return null
  } catch (error) {
    if (!(error instanceof MemoryError)) return `untyped: ${String(error)}`
    return error.code === 'invalid-input' && Buffer.byteLength(error.message) <= 2_048 ? null : error.message
  }
}

it.each(makers)('options of %s are refused or taken, each in its place', (_, options, make) => {
  expect(wrongEnd(() => make(options as never))).toBeNull()
  const problems: string[] = []
  for (const [name, bad] of Object.entries(badValues)) {
    const whole = wrongEnd(() => make(bad() as never))
    if (whole !== null) problems.push(`${name} as all of them: ${whole}`)
    for (const key of Object.keys(options)) {
      const wrong = wrongEnd(() => make({ ...options, [key]: bad() } as never))
      if (wrong !== null) problems.push(`${name} as ${key}: ${wrong}`)
    }
    const list = wrongEnd(() => make({ ...options, approvers: [bad()] } as never))
    if (list !== null) problems.push(`${name} as an approver: ${list}`)
  }
  expect(problems).toEqual([])
})

it('a tool or an agent that is none is refused', () => {
  for (const [name, bad] of Object.entries(badValues)) {
    const wrong = wrongEnd(() => createStep(bad() as never))
    expect(wrong, name).toBeNull()
  }
})
