// Maps that are written as data.
import { createStep, createWorkflow, type NodeContext, RequestContext } from 'aquifer'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { fieldMap } from '../../src/workflow/definition/field-map.ts'

const schema = z.object({ a: z.object({ b: z.number() }) })
const stepAs = (id: string) =>
  createStep({ id, inputSchema: schema, outputSchema: schema, execute: ({ inputData }) => inputData })
const [done, missing] = [stepAs('done'), stepAs('missing')]
const flow = createWorkflow({ id: 'flow', inputSchema: schema, outputSchema: schema })

/** What the functions of a workflow get, in which one step is done. */
const context = {
  inputData: 7,
  getStepResult: (step: { readonly id: string }) => (step === done ? { a: { b: 1 } } : null),
  getInitData: () => ({ a: { b: 2 } }),
  requestContext: new RequestContext({ user: { tier: 'pro' }, plain: 3 }),
} as unknown as NodeContext

const mapped = async (source: object) => {
  const { field } = (await fieldMap({ field: source })(context)) as { readonly field: unknown }
  return field
}

test.each([
  ['the whole output of a step', { step: done, path: '.' }, { a: { b: 1 } }],
  ['a field of it', { path: 'a.b', step: done }, 1],
  ['a field that it does not have', { step: done, path: 'a.b.c' }, undefined],
  ['a field of every object', { step: done, path: 'constructor' }, undefined],
  ['a step that has no output', { step: missing, path: '.' }, undefined],
  ['the first of several that has one', { step: [missing, done], path: 'a' }, { b: 1 }],
  ['what the workflow was started with', { initData: flow, path: 'a.b' }, 2],
  ['all of that', { path: '.', initData: flow }, { a: { b: 2 } }],
  ['a value of the context', { requestContextPath: 'plain' }, 3],
  ['a field of such a value', { requestContextPath: 'user.tier', schema: z.string() }, 'pro'],
  ['a value that is not there', { requestContextPath: 'none.tier' }, undefined],
  ['a fixed value', { value: false }, false],
  ['a function', { fn: async ({ inputData }: NodeContext) => inputData }, 7],
])('a field is %s', async (_, source, expected) => {
  expect(await mapped(source)).toEqual(expected)
})
