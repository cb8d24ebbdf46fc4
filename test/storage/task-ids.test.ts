// A database in which facts carry the id of a task under its former name, `runId`, is read under its new one.
import { DatabaseSync } from 'node:sqlite'
import { type Memory, SQLiteStore } from 'aquifer'
import { expect, it, onTestFinished } from 'vitest'
import { openStore } from '../../src/open.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { pathOf } from '../forget/planted.ts'
import { openMemory, temporaryUrl } from '../memory/opened.ts'

const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
const space = 'resource/alice'

/** Puts the file back to the eighth schema, as the version before wrote it. */
function downgrade(path: string): void {
  const database = new DatabaseSync(path)
  database.exec(`
    DROP TABLE record_label;
    ALTER TABLE log DROP COLUMN clock;
    DROP INDEX fact_pinned;
    DROP INDEX record_of_note;
    DROP INDEX lease_of_run;
    DROP INDEX run_waiting;
    ALTER TABLE run DROP COLUMN workflow;
    CREATE INDEX run_waiting ON run (name, started) WHERE deleted = 0 AND status IN (1, 5);
    DROP INDEX record_by_wakes;
    ALTER TABLE record DROP COLUMN wakes;
    ALTER TABLE space DROP COLUMN secret;
    DROP INDEX fact_by_task;
    ALTER TABLE fact RENAME COLUMN taskId TO runId;
    CREATE INDEX fact_by_run ON fact (space, runId, status, ord) WHERE runId IS NOT NULL;
    UPDATE fact SET json = replace(json, '"taskId"', '"runId"');
    UPDATE log SET json = replace(json, '"taskId"', '"runId"');
    PRAGMA user_version = 8;
  `)
  database.close()
}

/** Facts with metadata of the same name, a turn of a run, and rows that compaction kept. */
async function fill(memory: Memory): Promise<void> {
  const of = { userId: 'alice', taskId: 'q3', infer: false }
  await memory.add(['Tea is hot', 'Milk is "cold" — né \\u0041 ☕'], {
    ...of,
    metadata: { n: 1.5e300, list: [null, -0.1] },
  })
  const { results } = await memory.add('Rice is dry', { ...of, agentId: 'bot' })
  await memory.facts.update(results[0]?.id ?? '', 'Rice is white')
  await memory.add('No task', { userId: 'alice', infer: false })
  await memory.saveMessages({ resourceId: 'alice', threadId: 't', messages: 'said' })
  await memory.space(space).commit([{ kind: 'turn-open', threadId: 't', runId: 'r1' }])
}

async function answers(memory: Memory) {
  const { log } = memory.space(space)
  return {
    facts: (await memory.facts.getAll({ userId: 'alice' })).results,
    ofTask: (await memory.facts.getAll({ userId: 'alice', taskId: 'q3' })).results.map(({ memory: text }) => text),
    found: (await memory.search('rice', { userId: 'alice', taskId: 'q3' })).results.map(({ memory: text }) => text),
    log: (await log.read({ after: (await memory.space(space).state())?.horizon ?? 0, limit: 100 })).items,
  }
}

it.each([
  ['as it was written', false],
  ['compacted', true],
])('%s', async (_, isCompacted) => {
  const url = temporaryUrl()
  const opened = await openStore(new SQLiteStore({ url }))
  const before = openMemory({ storage: opened.storage })
  await fill(before)
  const { id } = before.space(space)
  if (isCompacted) await opened.storage.compact(access, id, 3)
  const expected = await answers(before)
  expect([expected.ofTask.length, expected.found[0]]).toEqual([3, 'Rice is white'])
  await opened.release()
  downgrade(pathOf(url))
  const again = await openStore(new SQLiteStore({ url }))
  onTestFinished(() => again.release())
  const memory = openMemory({ storage: again.storage })
  expect(await answers(memory)).toEqual(expected)
  expect(await checkHistory(again.storage, access, id)).toEqual([])
  const file = new DatabaseSync(pathOf(url), { readOnly: true })
  const rows = file.prepare(`SELECT count(*) AS n FROM log WHERE json LIKE '%"runId":"q3"%'`).get()
  expect(rows).toEqual({ n: 0 })
  file.close()
})
