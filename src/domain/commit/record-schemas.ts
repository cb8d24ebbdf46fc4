/** The zod schemas of records' fields, and of the changes that they make. Loaded with the other schemas: zod is large. */
import { z } from 'zod'
import { invariant } from '../error.ts'
import { limitTable } from '../limits.ts'
import { recordNouns } from './record-nouns.ts'

/** The fields of each noun of `record-nouns.ts`. No field may be called `kind`, `key` or `ttlMs`. */
export const recordSchemas: { readonly [noun: string]: z.ZodObject } = {}

const ttlMs = z.exactOptional(z.int().min(1).max(limitTable.entryTtlMs.max).nullable())
const key = z.string()

function changesOf(noun: string, schema: z.ZodObject) {
  for (const field of ['kind', 'key', 'ttlMs'])
    invariant(!(field in schema.shape), `no field of ${noun} is called ${field}`)
  const named = <Deed extends string>(deed: Deed) => ({ kind: z.literal(`${noun}-${deed}`), key })
  return [
    schema.extend({ ...named('put'), ttlMs }).strict(),
    schema
      .partial()
      .extend({ ...named('patch'), ttlMs })
      .strict(),
    z.strictObject(named('remove')),
    z.strictObject(named('expire')),
  ]
}

/** The union with the changes of every noun of records in it. Their types are those of the schemas they were declared with. */
export function withRecordChanges<Union extends z.ZodDiscriminatedUnion>(union: Union): Union {
  const nouns = Object.keys(recordNouns).filter((noun) => recordNouns[noun]?.isInternal !== true)
  const changes = nouns.flatMap((noun) => {
    const schema = recordSchemas[noun]
    invariant(schema !== undefined, `the noun ${noun} has a schema`)
    return changesOf(noun, schema)
  })
  if (changes.length === 0) return union
  return z.discriminatedUnion('kind', [...union.options, ...changes] as never) as unknown as Union
}
