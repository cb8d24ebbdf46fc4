// Kill -9 at random moments, again and again on one file: what was acknowledged stays, and no turn stays open for ever.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, expect, it } from 'vitest'
import type { Storage } from '../../src/ports/storage.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { times } from '../run-lengths.ts'
import { startWorker } from './process.ts'
import { commit, limits, open, type Seen, space, system } from './shared.ts'

const rounds = times(20)
const threads = ['one', 'two']
const folder = mkdtempSync(join(tmpdir(), 'aquifer-kill-'))
const path = join(folder, 'team.db')
afterAll(() => rmSync(folder, { recursive: true }))

function integrity(): unknown {
  const database = new DatabaseSync(path)
  const [row] = database.prepare('PRAGMA integrity_check').all()
  database.close()
  return row
}

/** What the killed process said of each commit: the last word counts. */
function lastWords(lines: readonly Seen[]): Map<string, Seen> {
  return new Map(lines.map((seen) => [seen.commitId, seen]))
}

async function openTurns(storage: Storage) {
  const turns = await Promise.all(threads.map((thread) => storage.messages.openTurns(system, space, thread)))
  return turns.flat()
}

it(`nothing acknowledged is lost in ${rounds} kills`, async () => {
  const observations: Seen[] = []
  for (let round = 1; round <= rounds; round++) {
    const worker = startWorker<Seen>(new URL('./kill-worker.ts', import.meta.url), { path, round })
    await worker.first
    const afterMs = Math.random() * 60
    await delay(afterMs)
    worker.child.kill('SIGKILL')
    expect([await worker.ended, worker.errors()]).toEqual([null, ''])
    observations.push(...lastWords(worker.lines).values())
    const storage = await open(path)
    const problems = await checkHistory(storage, system, space, { observations })
    await storage.close()
    const when = `round ${round}, killed after ${afterMs.toFixed(1)} ms`
    expect({ when, problems, integrity: integrity() }).toEqual({
      when,
      problems: [],
      integrity: { integrity_check: 'ok' },
    })
  }
  expect(observations.filter((seen) => seen.seq !== null).length).toBeGreaterThan(rounds)
  await expectTurnsEnd()
})

/** Once their leases are over, turns left open are due, and anyone may close them as interrupted. */
async function expectTurnsEnd(): Promise<void> {
  const storage = await open(path, { clock: { now: () => Date.now() + 3_600_000 } })
  const left = await openTurns(storage)
  expect(left.length).toBeGreaterThan(0)
  const { turns } = await storage.due(system, 1_000)
  const ids = (list: readonly { readonly turnId: string }[]) => list.map((turn) => turn.turnId).sort()
  expect(ids(turns.map(({ turn }) => turn))).toEqual(ids(left))
  for (const { turn } of turns) {
    const { threadId, turnId } = turn
    const change = { kind: 'turn-close', threadId, turnId, status: 'interrupted' } as const
    expect(await storage.commit(system, commit(`close ${turnId}`, change), limits)).toMatchObject({
      status: 'committed',
    })
  }
  expect(await openTurns(storage)).toEqual([])
  expect((await storage.due(system, 1_000)).turns).toEqual([])
  await storage.close()
}
