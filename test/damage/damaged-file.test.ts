// A damaged file: every call works or fails with a MemoryError; no process dies or hangs. Which of the two is not the point.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Memory } from 'aquifer'
import { scriptedEmbedder } from 'aquifer/testing'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startWorker } from '../concurrency/process.ts'
import { temporaryFolder } from '../memory/opened.ts'
import { givenSeed, times, waitLimitMs } from '../run-lengths.ts'
import { damages } from './damaged.ts'
import type { DamageLine, DamageTask } from './worker.ts'

const worker = new URL('./worker.ts', import.meta.url)
/** A failure prints the seed of its copy: AQUIFER_TEST_SEED=… AQUIFER_TEST_LENGTH=0.1 begins with it. */
const firstSeed = givenSeed ?? 0
/** Copies of each kind of damage. */
const runs = times(8)

async function plant(path: string): Promise<void> {
  const embedder = scriptedEmbedder({ dimensions: 16 })
  await using memory = new Memory({ storage: `file:${path}`, embedder, background: false })
  const wait = (threadId: string, i: number) =>
    memory.saveMessages({
      resourceId: 'ada',
      threadId,
      messages: [`We spoke of green tea, number ${i}, in ${threadId}.`],
    })
  await memory.createThread({ resourceId: 'ada', threadId: 'one', title: 'Tea', metadata: { of: 'tea' } })
  for (let i = 0; i < 60; i++) await wait(i % 3 === 0 ? 'two' : 'one', i)
  for (let i = 0; i < 12; i++) await memory.team('acme').merge('plan', { step: i, [`at${i}`]: i })
  for (let i = 0; i < 20; i++) await memory.team('acme').write(`k${i}`, { value: i }, { ttl: '1h' })
  for (let i = 0; i < 8; i++) await memory.updateWorkingMemory({ resourceId: 'ada', workingMemory: { tea: i } })
  for (let i = 0; i < 8; i++) await memory.facts.add(`Ada likes tea number ${i}.`, { userId: 'ada', infer: false })
  await memory.space('resource/ada').commit([{ kind: 'run-put', unique: 'run', name: 'bot', details: { of: 'tea' } }])
  await memory.saveMessages({ resourceId: 'bob', threadId: 'other', messages: ['This is forgotten.'] })
  await memory.forget({ resourceId: 'bob' })
  await memory.saveMessages({ resourceId: 'bob', threadId: 'other', messages: ['This is there again.'] })
  await memory.settled()
}

const folder = mkdtempSync(join(tmpdir(), 'aquifer-damage-'))
const sound = join(folder, 'sound.db')

beforeAll(async () => {
  await plant(sound)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs a worker over damaged copies until it is through, dies or hangs. */
async function damaged(part: DamageTask['part'], path: string) {
  const count = runs * Object.keys(damages).length
  const seeds = Array.from({ length: count }, (_, i) => firstSeed + i)
  const { lines, child, ended, errors } = startWorker<DamageLine>(worker, { path, part, seeds } satisfies DamageTask)
  let [seen, isHanging] = [0, false]
  const watch = setInterval(() => {
    if (lines.length === seen) isHanging = child.kill('SIGKILL')
    seen = lines.length
  }, waitLimitMs)
  const code = await ended
  clearInterval(watch)
  const done = lines.filter(({ isBegun }) => isBegun !== true)
  const problems = done.flatMap(
    (line) => line.problems?.map((problem) => `seed ${line.seed}, ${line.damage}: ${problem}`) ?? [],
  )
  const last = lines.at(-1)
  if (code !== 0)
    problems.push(`seed ${last?.seed}, ${last?.damage}: ${isHanging ? 'hangs' : `exit ${code}`} ${errors()}`)
  const sum = (field: 'worked' | 'refused') => done.reduce((total, line) => total + (line[field] ?? 0), 0)
  return { problems, copies: done.length, count, worked: sum('worked'), refused: sum('refused'), stderr: errors() }
}

it('works or is refused with a MemoryError, whatever of its pages is damaged', async () => {
  const { problems, copies, count, worked, refused, stderr } = await damaged('db', sound)
  expect(problems).toEqual([])
  expect([copies, stderr]).toEqual([count, ''])
  // Both happen: else nothing was damaged, or nothing was tried.
  expect([worked > count, refused > count]).toEqual([true, true])
})

it('works or is refused with a MemoryError, whatever of its log is damaged', async () => {
  const live = join(temporaryFolder(), 'live.db')
  copyFileSync(sound, live)
  const database = new Memory({ storage: `file:${live}`, embedder: false, background: false })
  for (let i = 0; i < 30; i++) await database.team('acme').merge('plan', { again: i })
  await database.saveMessages({ resourceId: 'ada', threadId: 'one', messages: ['The last words about tea.'] })
  const copied = join(temporaryFolder(), 'copied.db')
  for (const end of ['', '-wal']) copyFileSync(`${live}${end}`, `${copied}${end}`)
  await database.close()
  const { problems, copies, count, stderr } = await damaged('wal', copied)
  expect(problems).toEqual([])
  expect([copies, stderr]).toEqual([count, ''])
})

/** Damages one record by SQL, where the pages stay sound: only what reads the record can see it. */
function rewrite(path: string, sql: string): void {
  const database = new DatabaseSync(path)
  database.exec(sql)
  database.close()
}

it.each([
  ['JSON of the log', `UPDATE log SET json = replace(json, '"', '!')`],
  ['JSON of the log that is another value', `UPDATE log SET json = 'null'`],
  ['effects of no kind', `UPDATE log SET json = replace(json, '"kind"', '"king"')`],
  ['messages without parts', `UPDATE log SET json = replace(json, '"parts"', '"ports"')`],
  ['an actor', `UPDATE log SET actor = '{"kind":"nobody"}'`],
  ['a time', 'UPDATE log SET at = 9e15'],
  ['a thread', `UPDATE thread SET json = '{}'`],
  ['a gap in the log', 'DELETE FROM log WHERE seq = 9'],
])('is refused as corrupt: %s', async (_, sql) => {
  const path = join(temporaryFolder(), 'rewritten.db')
  copyFileSync(sound, path)
  rewrite(path, sql)
  await using memory = new Memory({ storage: `file:${path}`, embedder: false, background: false })
  const reads = [
    () => memory.listMessages({ resourceId: 'ada', threadId: 'one' }),
    async () => {
      const feed = memory.space('resource/ada').changes({ after: 0 })
      for (let i = 0; i < 40; i++) await feed.next()
    },
  ]
  const codes = await Promise.all(
    reads.map((read) =>
      read().then(
        () => 'works',
        (error) => error.code,
      ),
    ),
  )
  expect(codes).toContain('corrupt')
})

it('does not walk a history in circles', async () => {
  const path = join(temporaryFolder(), 'circle.db')
  copyFileSync(sound, path)
  rewrite(path, `UPDATE log SET json = replace(json, '"prev":', '"prev":9') WHERE json LIKE '%entry-merge%'`)
  await using memory = new Memory({ storage: `file:${path}`, embedder: false, background: false })
  await expect(memory.team('acme').history('plan')).rejects.toMatchObject({ name: 'MemoryError', code: 'corrupt' })
})
