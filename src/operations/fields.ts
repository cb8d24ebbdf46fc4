/** Fields that several operations share. Rules for which the domain has better errors are only described here. */
import { z } from 'zod'
import { actorKinds } from '../domain/actor.ts'
import { isJsonObject } from '../domain/json.ts'
import { limitTable } from '../domain/limits.ts'

const idLength = limitTable.idLength.max

/**
 * A field that may be left out. Not `z.exactOptional`: for an absent field it runs the schema and drops the error, 2 µs
 * for a union. A top-level `undefined` already counts as absent, so this accepts nothing more there.
 */
export function optional<Type extends z.ZodType>(type: Type): z.ZodExactOptional<Type> {
  return z.optional(type) as unknown as z.ZodExactOptional<Type>
}

/** An id or a key. `checkId` in the domain says what is wrong with one. */
export const id = z.string().meta({ minLength: 1, maxLength: idLength })
export const optionalId = optional(id)

/** An id under which a write is applied once. */
export const commitId = optional(id).describe(
  'An id of your own. Sent again with the same content, the write is applied once and returns the first answer.',
)

/** A time: ISO 8601 with a time zone. */
export const time = z.iso.datetime({ offset: true })
export const optionalTime = optional(time)

/** Any JSON value. The domain checks it, and refuses anything that is not JSON. */
export const json = z.unknown().meta({ description: 'Any JSON value.' })

/** An object with a caller's own keys, passed on unchanged: zod's own records silently drop a key `__proto__`. */
export const jsonFields = z
  .unknown()
  .refine(isJsonObject, 'must be a plain object')
  .meta({ type: 'object' }) as unknown as z.ZodType<Record<string, unknown>>
export const metadata = optional(jsonFields)

/** What the metadata of records must be. The domain reads it, and says which operators there are. */
export const filter = optional(
  z.unknown().meta({
    type: 'object',
    description: 'What the metadata must be, such as { "topic": "billing", "priority": { "$gte": 2 } }.',
  }) as unknown as z.ZodType<Record<string, unknown>>,
)

export const version = z.int().min(1)
export const ifVersion = optional(version).describe('Write only over this version.')
export const ifAbsent = optional(z.boolean()).describe('Write only if there is nothing yet.')

/** Records on one page. */
export const count = z.int().min(1).max(limitTable.pageSize.max)
export const limit = optional(count)
/** Versions of a record, at most. */
export const historyLimit = optional(z.int().min(1).max(1_000))
export const cursor = optional(z.string()).describe('The nextCursor of the page before.')
export const prefix = optional(z.string().max(idLength))

export const dateRange = optional(z.strictObject({ start: optionalTime, end: optionalTime }))

/** The thread of a resource. */
export const threadOfResource = { resourceId: id, threadId: id }

/** Answers: who acts. */
export const actor = z.strictObject({ kind: z.enum(actorKinds), id: z.string(), name: optional(z.string()) })
/** Answers: who speaks. */
export const author = actor.extend({ claimed: optional(z.literal(true)) })
/** Answers: a position in the log of a space. */
export const seq = z.int().min(0)
/** Answers: a time of a record, in UTC with milliseconds. */
export const recordTime = z.iso.datetime()
