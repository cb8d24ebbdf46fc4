/** The product as a user opens it. Imported only when a row needs it, so that the floor can be measured alone. */
import type { Memory } from 'aquifer'
import { z } from 'zod'
import { blockFields } from './corpus.ts'
import type { Durability } from './floor.ts'

export type { Memory }

/** Working memory by schema: eight optional texts. */
export const blockSchema = z.object(Object.fromEntries(blockFields.map((field) => [field, z.string().optional()])))

/** Opens a memory on a file, with working memory by schema. Words are indexed; the model that makes vectors would be measured with it. */
export async function openOurs(file: string, durability: Durability = 'process'): Promise<Memory> {
  const { Memory } = await import('aquifer')
  return new Memory({
    storage: `file:${file}`,
    durability,
    embedder: false,
    options: { workingMemory: { schema: blockSchema } },
  })
}

/** Runs `count` tasks, at most `width` of them at once, in order of their numbers. */
export async function inParallel(
  count: number,
  width: number,
  task: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const work = async () => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: width }, work))
}
