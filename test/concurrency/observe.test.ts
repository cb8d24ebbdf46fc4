// Two processes observe one thread, again and again killed, while messages are said and deleted: no note is lost or doubled.
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { noteOf } from '../../src/domain/records/observation.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { Memory } from '../../src/facade/memory.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import { notesAfter, readHead } from '../../src/memory/observations/read-notes.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { temporaryUrl } from '../memory/opened.ts'
import { times } from '../run-lengths.ts'
import type { ObserveTask } from './observe-worker.ts'
import { startWorker } from './process.ts'

const rounds = times(6)
const minute = 60_000
const where = { resourceId: 'ann', threadId: 'trip' }

interface Said {
  readonly status: string
  readonly notes: number
}

it(`no note is lost or doubled in ${rounds} kills of two observers`, async () => {
  const url = temporaryUrl()
  const aheadOf = (round: number) => 3 * minute * round
  const memory = new Memory({ storage: url, embedder: false, clock: { now: () => Date.now() + aheadOf(rounds + 1) } })
  let said = 0
  let noted = 0
  const standing = new Map<string, string>()
  const say = async () => {
    const mark = `Town${said++}x`
    const { messages } = await memory.saveMessages({ ...where, messages: [`Ada visited ${mark} with 2 dogs.`] })
    standing.set(messages[0]?.id ?? '', mark)
  }
  await say()
  for (let round = 1; round <= rounds; round++) {
    const task: ObserveTask = { url, aheadMs: aheadOf(round) }
    const workers = [1, 2].map(() => startWorker<Said>(new URL('./observe-worker.ts', import.meta.url), task))
    await Promise.all(workers.map(({ first }) => first))
    for (let at = 0; at < 12; at++) await say()
    const [gone = ''] = standing.keys()
    await memory.deleteMessages([gone], { resourceId: 'ann' })
    standing.delete(gone)
    for (const { child } of workers) {
      await delay(Math.random() * 40)
      child.kill('SIGKILL')
    }
    for (const { ended, errors, lines } of workers) {
      expect([await ended, errors()]).toEqual([null, ''])
      noted += lines.reduce((sum, { notes }) => sum + notes, 0)
    }
  }
  expect(await memory.observe(where)).toMatchObject({ status: 'complete' })
  const door = resourceSpace(coreOf(memory), 'ann')
  const { record } = await door.threads.get('trip')
  const head = record === null ? null : await readHead(door, record)
  const notes = head === null ? [] : await notesAfter(door, head, 0)
  const marks = notes.flatMap(({ value }) => /Town\d+x/.exec(noteOf(value).text) ?? [])
  expect(marks.toSorted()).toEqual([...standing.values()].toSorted())
  // The processes did the work, not this one at its end.
  expect(noted).toBeGreaterThan(0)
  const storage = await coreOf(memory).storage.get()
  const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
  expect(await checkHistory(storage, access, door.id)).toEqual([])
  await checkIndex(storage, access, door.id)
  await memory.close()
})
