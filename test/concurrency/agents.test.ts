// Agents of several processes in one thread, some of them killed in mid-turn: the others go on, and the thread is whole.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Agent, Memory, type StoredMessage } from 'aquifer'
import { promptProblems, scriptedModel, threadProblems } from 'aquifer/testing'
import { afterAll, expect, it } from 'vitest'
import { doorOf } from '../../src/facade/space.ts'
import { times } from '../run-lengths.ts'
import { type Line, place, type Task } from './agents-shared.ts'
import { startWorker } from './process.ts'

const rounds = times(6)
const survivors = ['anna', 'ben', 'cleo']
// The last call of an odd number of rounds answers at once, that of an even one is a stream.
const doomed: readonly Omit<Task, 'url'>[] = [
  { name: 'dan', rounds: 1, fate: 'hangs-in-tool' },
  { name: 'eve', rounds: 2, fate: 'hangs-in-stream' },
  { name: 'finn', rounds: 1_000, fate: 'runs-on' },
]
const folder = mkdtempSync(join(tmpdir(), 'aquifer-agents-'))
afterAll(() => rmSync(folder, { recursive: true }))

function start(task: Task) {
  return { ...task, worker: startWorker<Line>(new URL('./agents-worker.ts', import.meta.url), task) }
}

/** Kills a worker where it hangs; one that runs on, at any moment. Answers what it told of its last turn. */
async function kill({ fate, worker }: ReturnType<typeof start>): Promise<readonly Line[]> {
  if (fate === 'runs-on') {
    await worker.first
    await delay(Math.random() * 2_000)
  }
  const isAtWork = () => worker.child.exitCode === null && !worker.lines.some(({ what }) => what === 'hangs')
  while (fate !== 'runs-on' && isAtWork()) await delay(5)
  worker.child.kill('SIGKILL')
  expect([await worker.ended, worker.errors()]).toEqual([null, ''])
  return worker.lines
}

/** Turns that were begun while another was open, as the log has it. Taking up one's own again is no beginning. */
async function begunBesideOthers(memory: Memory): Promise<string[]> {
  const { items } = await doorOf(memory.space(`resource/${place.resourceId}`)).log.read({ after: 0, limit: 1_000_000 })
  const open = new Set<number>()
  const known = new Set<number>()
  const problems: string[] = []
  for (const { turn, status, seq } of items.flatMap(({ rows }) => rows)) {
    if (turn === 0) continue
    if (status !== 'open') open.delete(turn)
    else {
      if (!known.has(turn) && open.size > 0) problems.push(`seq ${seq}: turn ${turn} beside ${[...open].join(', ')}`)
      open.add(turn)
      known.add(turn)
    }
  }
  return problems
}

function byTurn(messages: readonly StoredMessage[]): ReadonlyMap<string, readonly StoredMessage[]> {
  return Map.groupBy(messages, ({ turnId }) => turnId)
}

it('those that are left go on, and no answer is lost', async () => {
  const url = `file:${join(folder, 'team.db')}`
  const others = survivors.map((name) => start({ url, name, rounds, fate: 'survives' }))
  const ended = await Promise.all(doomed.map((task) => kill(start({ url, ...task }))))
  for (const { worker } of others) expect([await worker.ended, worker.errors()]).toEqual([0, ''])
  const lines = [...others.flatMap(({ worker }) => worker.lines), ...ended.flat()]
  const answered = lines.filter(({ what }) => what === 'answered')
  expect(answered.length).toBeGreaterThanOrEqual(survivors.length * rounds + 1)
  expect(answered.filter(({ warnings }) => warnings > 0)).toEqual([])

  await using memory = new Memory({ storage: url, embedder: false, background: false })
  const model = scriptedModel({ answer: () => 'All is well.' })
  const agent = new Agent({
    name: 'last',
    model: model as never,
    memory,
    defaultOptions: { memory: { options: { lastMessages: 1_000 } } },
  })
  expect((await agent.generate('How is it?', place)).text).toBe('All is well.')
  expect(model.calls.flatMap((call) => promptProblems(call.messages))).toEqual([])

  const { messages } = await memory.listMessages({ ...place, perPage: false })
  expect(threadProblems(messages)).toEqual([])
  expect(await begunBesideOthers(memory)).toEqual([])
  const turns = byTurn(messages)
  for (const { word, turnId } of answered) {
    const turn = turns.get(String(turnId)) ?? []
    expect(
      turn.map(({ role, turnStatus }) => [role, turnStatus]),
      word,
    ).toEqual([
      ['user', 'complete'],
      ['assistant', 'complete'],
    ])
    expect(turn.map(({ parts }) => JSON.stringify(parts).includes(word))).toEqual([true, true])
  }
  for (const { word } of lines.filter(({ what }) => what === 'hangs')) {
    const turn = messages.filter(({ parts }) => JSON.stringify(parts).includes(word))
    expect(
      turn.map(({ role, turnStatus }) => [role, turnStatus]),
      word,
    ).toEqual([
      ['user', 'interrupted'],
      ['assistant', 'interrupted'],
    ])
  }
  const left = [...turns.values()].filter((turn) => !answered.some(({ turnId }) => turnId === turn[0]?.turnId))
  // Two that hung, the last call's, and perhaps what one was killed in that ran on.
  expect(left.length).toBeLessThanOrEqual(doomed.length + 1)
})
