// The table of operations: every record is whole, and what it says of its answers is what it answers.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Operation } from '../../src/operations/operation.ts'
import { operations } from '../../src/operations/table.ts'
import { finished, listen } from '../tracing/listening.ts'
import { reads, writes } from './examples.ts'
import { openScene, perform, type Scene } from './scene.ts'

/** No example: it needs an embedder, and answers null. `test/derive/indexer.test.ts` has it. */
const withoutExample = ['memory.reindex']

function inputsOf({ name }: Operation, scene: Scene): readonly object[] {
  return reads[name]?.(scene) ?? writes[name]?.(scene).map(({ input }) => input) ?? []
}

async function answerOf(operation: Operation, scene: Scene, input: object): Promise<unknown> {
  const answer = perform(operation, scene, input)
  if (operation.streams !== true) return answer
  for await (const item of answer as AsyncIterable<unknown>) return item
  throw new Error('The stream ended without an item.')
}

/** Every form that an answer may have: each option of a union, and null. */
function formsOf(output: z.ZodType): readonly z.ZodType[] {
  if (output instanceof z.ZodNullable) return [output.unwrap() as z.ZodType, z.null()]
  return output instanceof z.ZodDiscriminatedUnion ? (output.options as readonly z.ZodType[]) : [output]
}

it('has each operation once, and an example of each', () => {
  const names = operations.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect([...Object.keys(reads), ...Object.keys(writes), ...withoutExample].toSorted()).toEqual(names.toSorted())
})

describe.each(operations.map((operation) => [operation.name, operation] as const))('%s', (name, operation) => {
  it('is named by a noun and a verb, and described in sentences', () => {
    expect(name).toMatch(/^[a-z][A-Za-z]+\.[a-z][A-Za-z]+$/)
    expect(operation.title).toMatch(/^[A-Z]/)
    expect(operation.description).toMatch(/^[A-Z].*\.$/)
  })

  it('converts to JSON Schema, both ways', () => {
    expect(z.toJSONSchema(operation.input)).toMatchObject({ type: 'object', additionalProperties: false })
    expect(Object.keys(z.toJSONSchema(operation.output)).length).toBeGreaterThan(1)
  })

  it('touches spaces that it can name from its input', async () => {
    const scene = await openScene()
    for (const input of inputsOf(operation, scene)) {
      const touched = operation.space(operation.input.parse(input))
      if (touched === 'all') continue
      const named = 'issuedIds' in touched ? touched.issuedIds : touched
      expect(named.every((one) => typeof one === 'string' && one !== '')).toBe(true)
    }
  })
})

describe.each(operations.filter(({ name }) => !withoutExample.includes(name)).map((one) => [one.name, one] as const))(
  '%s',
  (_, operation) => {
    it('answers what its schema says, in every form, and nothing that is no JSON', async () => {
      const scenes = await openScene()
      const count = inputsOf(operation, scenes).length
      const answers: unknown[] = []
      for (let i = 0; i < count; i++) {
        const scene = await openScene()
        const answer = await answerOf(operation, scene, inputsOf(operation, scene)[i] as object)
        expect(operation.output.safeParse(answer).error?.issues ?? []).toEqual([])
        expect(JSON.parse(JSON.stringify(answer))).toEqual(answer)
        answers.push(answer)
      }
      const missing = formsOf(operation.output).filter((form) => !answers.some((one) => form.safeParse(one).success))
      expect(missing).toEqual([])
    })

    it('publishes the events that it says, and no others', async () => {
      const scene = await openScene()
      const published = listen()
      await answerOf(operation, scene, inputsOf(operation, scene)[0] as object)
      const events = finished(published).map((event) => event.operation)
      expect([...new Set(events)]).toEqual(operation.event === undefined ? [] : [operation.event])
    })
  },
)
