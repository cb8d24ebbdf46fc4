// Patches to working memory whose stored value no longer fits its schema: judged by what they touch, and by nothing else.
import type { Json, JsonObject } from 'aquifer'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { mergeJson } from '../../src/domain/json.ts'
import { runRandom } from '../random-runs.ts'
import { openMemory } from './opened.ts'

const leaves = { name: z.string(), age: z.number(), tags: z.array(z.enum(['a', 'b'])) }
const rooms = { city: z.string(), zip: z.string() }
const schema = z
  .strictObject({ ...leaves, home: z.strictObject(rooms).partial() })
  .partial()
  .refine(({ age = 0, tags = [] }) => tags.length <= age, { message: 'a tag for each year', path: ['tags'] })

const leaf = fc.constantFrom<Json>('x', '', 0, 1, 2, [], ['a'], ['a', 'b'], ['c'], true)
const home = fc.dictionary(fc.constantFrom('city', 'zip', 'street'), fc.oneof(leaf, fc.constant(null)))
const fields = (value: fc.Arbitrary<Json>) =>
  fc.record({ name: value, age: value, tags: value, gone: value, home: fc.oneof(home, value) }, { requiredKeys: [] })
const stored = fields(leaf).map((value) => mergeJson({}, value as JsonObject) as JsonObject)
const patches = fields(fc.oneof(leaf, fc.constant(null))) as fc.Arbitrary<JsonObject>

/** Whether every field that a patch writes fits, each looked at alone. */
function fits(patch: JsonObject): boolean {
  const fieldFits = (form: Readonly<Record<string, z.ZodType>>, [key, value]: [string, Json]) =>
    value === null || (Object.hasOwn(form, key) && form[key]?.safeParse(value).success === true)
  return Object.entries(patch).every(([key, value]) => {
    if (key !== 'home' || value === null) return fieldFits(leaves, [key, value])
    return (
      typeof value === 'object' &&
      !Array.isArray(value) &&
      Object.entries(value).every((room) => fieldFits(rooms, room))
    )
  })
}

/** Whether a value breaks the rule about two fields. One that has the wrong type counts as absent. */
function breaksRule({ age, tags }: JsonObject): boolean {
  const { data: years = 0 } = leaves.age.safeParse(age)
  const { data: marks = [] } = leaves.tags.safeParse(tags)
  return marks.length > years
}

it('is written if and only if what it writes fits, and changes nothing else', async () => {
  const memory = openMemory({ options: { workingMemory: { schema } } })
  let written = 0
  let run = 0
  await runRandom(
    fc.asyncProperty(stored, patches, async (base, patch) => {
      const resourceId = `r${run++}`
      const change = { kind: 'block-write', name: 'main', format: 'json', value: base } as const
      await memory.space(`resource/${resourceId}`).commit([change])
      const answer = await memory.updateWorkingMemory({ resourceId, workingMemory: patch }).catch((error) => error.code)
      const after = mergeJson(base, patch) as JsonObject
      const touchesRule = Object.hasOwn(patch, 'tags') && patch.tags !== null
      const isAtFault = breaksRule(after) && (touchesRule || !breaksRule(base))
      const { value, version } = (await memory.getWorkingMemory({ resourceId })) ?? {}
      if (!fits(patch) || isAtFault) {
        expect([answer, value, version]).toEqual(['invalid-input', base, 1])
        return
      }
      written++
      expect(answer).toMatchObject({ status: 'written', version: 2, value: after })
      expect(value).toEqual(after)
      expect(answer.issues === undefined).toBe(schema.safeParse(after).success)
    }),
    300,
  )
  expect(written).toBeGreaterThan(run / 20)
  expect(written).toBeLessThan(run)
})
