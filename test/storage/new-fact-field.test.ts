// A field of a fact that no code names: what is stated in it is kept, versioned, replayed, compacted and forgotten.
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Change, ChangeOf } from '../../src/domain/commit/commit.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { checkSpace } from '../../src/testing/contract/check-space.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { access, expectGone } from '../forget/everything.ts'
import { Secrets } from '../forget/planted.ts'
import { newFolder, openReference, openSqlite } from './drivers.ts'

const id = 'resource/ada' as never

let folder: Awaited<ReturnType<typeof newFolder>>
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => folder.remove())

/** A change as drivers get it once the schema of facts has one field more. */
function assertFact(fields: Omit<ChangeOf<'fact-assert'>, 'kind'> & { readonly where?: string }): Change {
  return { kind: 'fact-assert', ...fields } as Change
}

it.each(['reference', 'sqlite'])('a new field of a fact is kept like the others: %s', async (name) => {
  const path = folder.nextFile()
  const clock = { now: () => Date.parse('2026-03-01T00:00:00.000Z') }
  const storage = name === 'sqlite' ? await openSqlite(clock, path) : await openReference(clock)
  let commits = 0
  const commit = (...changes: Change[]) =>
    storage.commit(access, { id: `c${++commits}` as never, space: id, changes }, defaultLimits)
  const secrets = new Secrets()
  const [first, second] = [secrets.make(), secrets.make()]
  const answer = await commit(assertFact({ unique: 'f1', text: 'Ada likes tea.', where: first }))
  const result = answer.status === 'committed' ? answer.results[0] : undefined
  const factId = result?.kind === 'fact-assert' ? result.factId : ('' as never)
  const where = async () => (await storage.facts.get(access, id, factId)).record
  expect(await where()).toMatchObject({ text: 'Ada likes tea.', where: first })
  await commit(assertFact({ factId, metadata: { a: 1 } }))
  expect(await where()).toMatchObject({ where: first, metadata: { a: 1 } })
  await commit(assertFact({ factId, where: second }))
  expect(await where()).toMatchObject({ text: 'Ada likes tea.', where: second })
  await checkSpace(storage, access, id)
  expect(await checkHistory(storage, access, id, { clock })).toEqual([])
  await storage.compact(access, id, 2)
  expect(await where()).toMatchObject({ where: second })
  await commit({ kind: 'fact-retire', factIds: [factId] })
  expect(await where()).toBeNull()
  await commit({ kind: 'erase', factIds: [factId] })
  await storage.reclaim(access)
  expect(JSON.stringify(await storage.log.read(access, id, { after: 2, limit: 10 }))).not.toContain(second)
  await storage.close()
  if (name === 'sqlite') expectGone(path, secrets.texts, [])
})
