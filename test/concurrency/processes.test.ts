// Eight operating-system processes write to one space of one file; then its history is held against what they saw.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { times } from '../run-lengths.ts'
import { startWorker } from './process.ts'
import { open, type Seen, space, system } from './shared.ts'

const processes = 8
const commits = times(1_000)
const folder = mkdtempSync(join(tmpdir(), 'aquifer-processes-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Report {
  readonly seen: readonly Seen[]
  readonly conflicts: number
}

it('eight processes lose nothing and double nothing', async () => {
  const path = join(folder, 'team.db')
  const workers = Array.from({ length: processes }, (_, index) =>
    startWorker<Report>(new URL('./team-worker.ts', import.meta.url), { path, name: `agent-${index}`, commits }),
  )
  for (const worker of workers) expect([await worker.ended, worker.errors()]).toEqual([0, ''])
  const reports = workers.flatMap((worker) => worker.lines)
  const observations = reports.flatMap((report) => report.seen)
  expect(observations).toHaveLength(processes * commits)

  const storage = await open(path)
  expect(await checkHistory(storage, system, space, { observations })).toEqual([])
  const state = await storage.spaces.get(system, space)
  expect(state?.seq).toBe(processes * commits)
  const value = async (key: string) => (await storage.entries.get(system, space, key)).record?.value
  const rounds = Math.floor(commits / 8)
  expect(await value('ledger')).toBe(processes * rounds)
  const last = { round: rounds - 1 }
  expect(Object.values((await value('plan')) as object)).toEqual(Array(processes).fill(expect.objectContaining(last)))
  await expectWholeTurns(storage, processes * rounds)
  await storage.close()
})

/** Every turn closed, and its messages side by side: input, then answer in two parts. */
async function expectWholeTurns(storage: Awaited<ReturnType<typeof open>>, turns: number): Promise<void> {
  const query = {
    threadId: 'shared',
    direction: 'asc',
    after: null,
    asOf: null,
    offset: 0,
    from: null,
    to: null,
  } as const
  const { items } = await storage.messages.list(system, space, { ...query, limit: 100_000 })
  expect(items).toHaveLength(2 * turns)
  for (let index = 0; index < items.length; index += 2) {
    const [input, answer] = [items[index]?.message, items[index + 1]?.message]
    expect(answer?.turnId).toBe(input?.turnId)
    expect([input?.turnStatus, input?.parts.length, answer?.parts.length]).toEqual(['complete', 1, 2])
  }
}
