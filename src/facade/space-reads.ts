/** The readers of a space for users: the door's readers, with checked arguments. */
import type { z } from 'zod'
import { withPeers } from '../domain/peer-packages.ts'
import { readPlain } from '../domain/read-plain.ts'
import { refusalOf } from '../memory/arguments/refusal.ts'
import type { Door } from '../memory/door/door.ts'
import type { SpaceReads } from '../ports/space-reads.ts'

type ReaderName = keyof SpaceReads

/** All methods. Known before the schemas are loaded, so that a reader is a plain object. */
export const methodsOf = {
  threads: ['get', 'list'],
  messages: ['list', 'find', 'openTurns', 'turn'],
  blocks: ['get', 'list', 'history', 'at'],
  entries: ['get', 'list', 'history', 'at'],
  facts: ['get', 'list', 'history', 'derivedFrom', 'conflicts', 'byText'],
  runs: ['get', 'list'],
  log: ['read', 'seqAt'],
} as const satisfies { readonly [Name in ReaderName]: readonly (keyof SpaceReads[Name])[] }

type Schemas = typeof import('./read-schemas.ts')
let schemas: Schemas | null = null

function parsedBy(schema: z.ZodType, value: unknown, name: string): unknown {
  const given = readPlain(value, name)
  const result = schema.safeParse(given)
  if (result.success) return result.data
  throw refusalOf(result.error, schema, given, name)
}

/** @throws MemoryError `invalid-input` for the first argument that breaks a rule. */
async function parsedArguments(reader: ReaderName, method: string, given: readonly unknown[]): Promise<unknown[]> {
  schemas ??= await withPeers(() => import('./read-schemas.ts'))
  const wanted: Record<string, readonly (readonly [string, z.ZodType])[]> = schemas.readSchemas[reader]
  return (wanted[method] ?? []).map(([name, schema], index) => parsedBy(schema, given[index], name))
}

/** A reader of the space that checks its arguments. */
export function checkedReader<Name extends ReaderName>(door: Door, name: Name): SpaceReads[Name] {
  const methods = methodsOf[name].map((method) => {
    const read = async (...given: unknown[]): Promise<unknown> => {
      const args = await parsedArguments(name, method, given)
      return (door[name] as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]?.(...args)
    }
    return [method, read]
  })
  return Object.freeze(Object.fromEntries(methods)) as SpaceReads[Name]
}
