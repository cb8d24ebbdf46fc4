// Types: what flows from step to step. Read by the type checker: a wrong order, a wrong field or a missing map does not compile.
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { createStep } from '../../src/workflow/create-step.ts'
import { createWorkflow } from '../../src/workflow/workflow.ts'

const city = z.object({ city: z.string() })
const facts = z.object({ facts: z.array(z.string()) })
const text = z.object({ text: z.string() })

const research = createStep({
  id: 'research',
  inputSchema: city,
  outputSchema: facts,
  execute: async ({ inputData }) => {
    expectTypeOf(inputData).toEqualTypeOf<{ city: string }>()
    return { facts: [inputData.city] }
  },
})
const write = createStep({
  id: 'write',
  inputSchema: facts,
  outputSchema: text,
  execute: async ({ inputData }) => ({ text: inputData.facts.join() }),
})
const count = createStep({
  id: 'count',
  inputSchema: facts,
  outputSchema: z.object({ count: z.number() }),
  execute: ({ inputData }) => ({ count: inputData.facts.length }),
})
const begin = () => createWorkflow({ id: 'city', inputSchema: city, outputSchema: text })

test('steps in the right order compile', () => {
  const workflow = begin().then(research).then(write).commit()
  expectTypeOf(workflow.id).toEqualTypeOf<'city'>()
  expect(workflow.nodes.map(({ kind }) => kind)).toEqual(['step', 'step'])
})

test('steps in the wrong order do not', () => {
  // @ts-expect-error It takes facts, and gets a city.
  begin().then(write)
  // @ts-expect-error It takes a city, and gets facts.
  begin().then(research).then(research)
  // @ts-expect-error The workflow gives a text, and its last step facts.
  begin().then(research).commit()
})

test('outputs of parallel steps stand under their ids', () => {
  const flow = begin().then(research).parallel([write, count])
  const mapped = begin()
    .then(research)
    .parallel([write, count])
    .map(({ inputData }) => {
      expectTypeOf(inputData).toEqualTypeOf<{ write: { text: string }; count: { count: number } }>()
      return { text: inputData.write.text }
    })
  expect(mapped.commit().nodes).toHaveLength(3)
  // @ts-expect-error There is no such field.
  flow.map(({ inputData }) => inputData.wrote)
  // @ts-expect-error A map into a text is missing.
  flow.commit()
  // @ts-expect-error One of the steps takes something else.
  begin().then(research).parallel([write, research])
  expect(flow.nodes).toHaveLength(3)
})
