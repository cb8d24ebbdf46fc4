/** What a Memory is opened with. */
import { z } from 'zod'
import { MemoryError } from '../domain/error.ts'
import { defaultLimits, type Limits, limitsSchema } from '../domain/limits.ts'
import { SQLiteStore } from '../open.ts'
import type { Clock } from '../ports/clock.ts'
import type { Durability, Storage } from '../ports/storage.ts'
import { parse } from './parse.ts'

/** A schema of any library that follows the Standard Schema specification, zod among them. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
  }
}

type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] }

export type BlockScope = 'resource' | 'thread'

/** How working memory behaves unless a call says otherwise. Give a `template` or a `schema`, not both. */
export interface WorkingMemoryOptions {
  /** Whose memory it is: the resource's (default), or each thread's own. */
  readonly scope?: BlockScope
  /** Markdown that an empty working memory starts from. */
  readonly template?: string
  /** The shape of working memory kept as JSON; writes are merged and checked against it. */
  readonly schema?: StandardSchema
}

export interface MemoryBehaviour {
  readonly workingMemory?: WorkingMemoryOptions
}

export interface MemoryOptions {
  /** Where it lives: `'file:./aquifer.db'` (default), `':memory:'`, a `SQLiteStore`, or any storage driver. */
  readonly storage?: string | SQLiteStore | Storage
  /** Default `'process'`. For a storage given as a URL. */
  readonly durability?: Durability
  /** Where the time comes from. Default: the system clock. */
  readonly clock?: Clock
  /** Makes the random last part of ids that are issued, such as thread ids. Default: 96 random bits. */
  readonly createId?: () => string
  /** Any of the limits, raised or lowered. */
  readonly limits?: Partial<Limits>
  readonly options?: MemoryBehaviour
  /** Whether expired entries, overdue turns and old log rows are swept in the background. Default: true. */
  readonly background?: boolean
}

const hasMethod = (name: string) => (value: unknown) =>
  typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[name] === 'function'

const isSchema = (value: unknown) =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value

export const behaviourSchema = z.strictObject({
  workingMemory: z.exactOptional(
    z.strictObject({
      scope: z.exactOptional(z.enum(['resource', 'thread'])),
      template: z.exactOptional(z.string().min(1)),
      schema: z.exactOptional(z.custom<StandardSchema>(isSchema, 'must be a Standard Schema, such as a zod object')),
    }),
  ),
})

const optionsSchema = z.strictObject({
  storage: z.exactOptional(
    z.custom<string | SQLiteStore | Storage>(
      (value) => typeof value === 'string' || value instanceof SQLiteStore || hasMethod('commit')(value),
      'must be a URL, a SQLiteStore or a storage driver',
    ),
  ),
  durability: z.exactOptional(z.enum(['process', 'power'])),
  clock: z.exactOptional(z.custom<Clock>(hasMethod('now'), 'must have a now() method')),
  createId: z.exactOptional(z.custom<() => string>((value) => typeof value === 'function', 'must be a function')),
  limits: z.exactOptional(limitsSchema),
  options: z.exactOptional(behaviourSchema),
  background: z.exactOptional(z.boolean()),
})

/** Checks a Memory's options. Options left undefined count as absent. */
export function parseMemoryOptions(options: unknown): MemoryOptions & { readonly limits: Limits } {
  const given = typeof options === 'object' && options !== null ? options : {}
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const parsed = parse(optionsSchema, present, 'Memory')
  const { template, schema } = parsed.options?.workingMemory ?? {}
  if (template !== undefined && schema !== undefined) {
    throw new MemoryError('invalid-input', {
      message: 'Working memory has a template and a schema.',
      fix: 'Give one of them: a template for text, a schema for JSON.',
      details: { field: 'options.workingMemory', rule: 'must have a template or a schema', got: 'both' },
    })
  }
  if (parsed.durability !== undefined && typeof parsed.storage === 'object') {
    throw new MemoryError('invalid-input', {
      message: 'durability belongs to the storage when that is given as an object.',
      fix: `Pass it there: new SQLiteStore({ url, durability: '${parsed.durability}' }).`,
      details: { field: 'durability', rule: 'must go with a storage given as a URL', got: parsed.durability },
    })
  }
  const limits = { ...defaultLimits, ...parsed.limits } as Limits
  return { ...(parsed as MemoryOptions), limits }
}
