// A list that is read page by page takes time in the number of its rows, not in their square.
// Own process: it measures processor time.
import { expect, it, onTestFinished } from 'vitest'
import type { SpaceId } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { systemClock } from '../../src/ports/clock.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { growth, mostGrowth } from '../processor-time.ts'
import { openSqlite } from './drivers.ts'

const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
const sizes = [500, 2_000, 8_000, 32_000]
const limits = { ...defaultLimits, entriesPerSpace: 100_000 }
const team = (size: number) => `team/of-${size}` as SpaceId

async function openWith(fill: (storage: Storage, size: number) => Promise<unknown>): Promise<Storage> {
  const storage = await openSqlite(systemClock, ':memory:')
  onTestFinished(() => storage.close())
  for (const size of sizes) await fill(storage, size)
  return storage
}

type Page = { readonly items: readonly unknown[]; readonly more: boolean }

/** Reads pages of twenty rows to the end, and answers how many rows there were. */
async function readAll<Listed extends Page>(
  page: (after: string | null) => Promise<Listed>,
  nameOf: (listed: Listed) => string | null,
): Promise<number> {
  let count = 0
  for (let after: string | null = null; ; ) {
    const listed = await page(after)
    count += listed.items.length
    if (!listed.more) return count
    after = nameOf(listed)
  }
}

it('of entries', async () => {
  const storage = await openWith(async (opened, size) => {
    for (let n = 0; n < size; n += 500) {
      const changes = Array.from(
        { length: 500 },
        (_, i) => ({ kind: 'entry-write', key: `k${n + i}`, value: 1 }) as const,
      )
      await opened.commit(access, { id: null, space: team(size), changes }, limits)
    }
  })
  const runs = sizes.map((size) => async () => {
    const page = (after: string | null) => storage.entries.list(access, team(size), { prefix: 'k', after, limit: 20 })
    expect(await readAll(page, ({ items }) => items.at(-1)?.key ?? null)).toBe(size)
  })
  expect(await growth(runs)).toBeLessThan(mostGrowth)
})

it('of spaces', async () => {
  const storage = await openWith(async (opened, size) => {
    const changes = [{ kind: 'entry-write', key: 'k', value: 1 }] as const
    const spaces = Array.from({ length: size }, (_, n) => `task/${size}-${n}` as SpaceId)
    await Promise.all(spaces.map((space) => opened.commit(access, { id: null, space, changes }, limits)))
  })
  const runs = sizes.map((size) => async () => {
    const page = async (after: string | null) => {
      const query = { kind: 'task', prefix: `${size}-`, after: after as SpaceId | null, limit: 20 } as const
      const items = await storage.spaces.list(access, query)
      return { items, more: items.length === 20 }
    }
    expect(await readAll(page, ({ items }) => items.at(-1)?.id ?? null)).toBe(size)
  })
  expect(await growth(runs)).toBeLessThan(mostGrowth)
})
