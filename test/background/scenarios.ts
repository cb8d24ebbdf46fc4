// What fails in the background, one scenario a process; each answers what its user observes.
import { setTimeout as delay } from 'node:timers/promises'
import { diag, trace } from '@opentelemetry/api'
import { traceMemory } from '../../src/adapters/otel/trace-memory.ts'
import { MemoryError } from '../../src/domain/error.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import type { Memory } from '../../src/facade/memory.ts'
import { beginTurn } from '../../src/memory/conversation/turns.ts'
import { watchTurn } from '../../src/memory/conversation/watch-turn.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import type { MemoryOptions } from '../../src/memory/options/options.ts'
import { scriptedEmbedder } from '../../src/testing/scripted-embedder.ts'
import { answered, closeBeneath, codes, fail, mend } from './faults.ts'

const at = { resourceId: 'ada', threadId: 't' }

/** What an action ends in: its value, or the code of its MemoryError. */
async function outcomeOf(action: () => unknown): Promise<unknown> {
  try {
    return await action()
  } catch (error) {
    return error instanceof MemoryError && error.fix !== '' ? error.code : `untyped: ${String(error)}`
  }
}

/** Waits, however busy the machine is, until something holds. */
async function until(holds: () => unknown): Promise<void> {
  while (!(await holds())) await delay(5)
}

type Scenario = (open: (options?: MemoryOptions) => Memory) => Promise<unknown>

const codeOf = (error: unknown) => (error instanceof MemoryError ? error.code : error)

async function turnOf(memory: Memory) {
  const space = resourceSpace(coreOf(memory), 'ada')
  const request = { space, threadId: 't', runId: 'r', resumes: null, replaces: [], before: [], changes: [] }
  return (await beginTurn(space, 't', { turns: 'queue' }, async () => request)).turn
}

/** Follows a space while its looks are answered an error; what the reader gets. */
async function followed(memory: Memory, errcode: number): Promise<unknown> {
  const feed = memory.team('acme').watch({})
  const next = outcomeOf(async () => (await feed.next()).value?.changes[0]?.value)
  await memory.team('acme').list()
  const before = answered
  fail(/data_version/, errcode)
  await until(() => answered > before + 2)
  mend()
  await memory.team('acme').write('k', errcode)
  return next
}

export const scenarios: Readonly<Record<string, { readonly run: Scenario; readonly expected: unknown }>> = {
  feed: {
    run: async (open) => {
      const memory = open()
      const answers = [await followed(memory, codes.busy)]
      for (const errcode of [codes.ioError, codes.corrupt]) answers.push(await followed(memory, errcode))
      answers.push(await followed(memory, codes.busy))
      const feed = memory.team('acme').watch({})
      const next = outcomeOf(() => feed.next())
      await memory.team('acme').list()
      closeBeneath()
      answers.push(await next, await outcomeOf(() => memory.team('acme').list()))
      return answers
    },
    expected: [codes.busy, 'unavailable', 'corrupt', codes.busy, 'closed', 'closed'],
  },
  waker: {
    run: async (open) => {
      const memory = open()
      const storage = await coreOf(memory).storage.get()
      let woken = 0
      storage.log.subscribe('team/acme' as never, () => {
        throw new Error('of the waker')
      })
      storage.log.subscribe('team/acme' as never, () => {
        woken += 1
      })
      const { status } = await memory.team('acme').write('k', 1)
      return [status, woken > 0]
    },
    expected: ['written', true],
  },
  rollback: {
    run: async (open) => {
      const memory = open()
      const team = memory.team('acme')
      await team.write('k', 0)
      fail(/INSERT INTO log|^ROLLBACK/, codes.ioError)
      const refused = await Promise.all([1, 2].map((n) => outcomeOf(() => team.write(`k${n}`, n))))
      mend()
      return [refused, (await team.write('k', 3)).status, await team.read('k1'), await team.read('k')]
    },
    expected: [['unavailable', 'unavailable'], 'written', null, 3],
  },
  'busy, then corrupt': {
    run: async (open) => {
      const memory = open()
      const team = memory.team('acme')
      await team.write('k', 0)
      const before = answered
      fail(/^BEGIN IMMEDIATE/, codes.busy)
      const refused = outcomeOf(() => team.write('k', 1))
      await until(() => answered > before + 3)
      mend()
      fail(/^BEGIN IMMEDIATE/, codes.corrupt)
      const outcome = await refused
      mend()
      return [outcome, (await team.write('k', 2)).status]
    },
    expected: ['corrupt', 'written'],
  },
  sweeper: {
    run: async (open) => {
      const clock = { now: () => Date.now() }
      const memory = open({ clock })
      await memory.team('acme').write('k', 1)
      const error = async () => codeOf((await memory.settled()).error)
      fail(/FROM entry JOIN space/, codes.ioError)
      await until(async () => (await error()) !== null)
      const failing = await error()
      mend()
      await until(async () => (await error()) === null)
      return [failing, await error()]
    },
    expected: ['unavailable', null],
  },
  indexer: {
    run: async (open) => {
      const memory = open({ embedder: scriptedEmbedder() })
      await memory.saveMessages({ ...at, messages: ['tea'] })
      await memory.settled()
      fail(/FROM embedding/, codes.ioError)
      await memory.saveMessages({ ...at, messages: ['more tea'] })
      const failing = await outcomeOf(() => memory.settled())
      mend()
      await until(async () => (await memory.settled()).error === null)
      const { pendingSpaces } = await memory.settled()
      fail(/FROM embedding|FROM work/, codes.corrupt)
      await memory.saveMessages({ ...at, messages: ['yet more tea'] })
      await delay(100)
      closeBeneath()
      await delay(100)
      return [failing, pendingSpaces]
    },
    expected: ['unavailable', 0],
  },
  embedder: {
    run: async (open) => {
      const answers: unknown[] = []
      const failures = [
        () => {
          throw new Error('at once')
        },
        () => Promise.reject(new Error('later')),
        () => Promise.reject(undefined),
        () => null,
      ]
      for (const embed of failures) {
        const own = { id: 'own', dimensions: 8, maxWords: 100, batchSize: 4, embed: embed as never }
        const memory = open({ storage: ':memory:', embedder: own })
        await memory.saveMessages({ ...at, messages: ['green tea'] })
        const { degraded } = await memory.settled()
        const { items } = await memory.recall({ resourceId: 'ada', query: 'tea' })
        answers.push([degraded, items.length])
        await memory.close()
      }
      return answers
    },
    expected: Array.from({ length: 4 }, () => ['embedder-failed', 1]),
  },
  'continued re-index': {
    run: async (open) => {
      const first = open({ embedder: scriptedEmbedder({ id: 'one' }) })
      await first.saveMessages({ ...at, messages: ['green tea'] })
      await first.settled()
      const storage = await coreOf(first).storage.get()
      const access = { actor: { kind: 'system', id: 'test' }, grants: 'all' } as const
      await storage.vectors.addEmbedding(access, { fingerprint: 'two/64', dimensions: 64 })
      await first.close()
      // A re-index of this embedder was left: it is gone on with, and fails.
      const second = open({ embedder: scriptedEmbedder({ id: 'two', fail: () => new Error('of the embedder') }) })
      await second.saveMessages({ ...at, messages: ['more tea'] })
      await until(async () => (await second.settled()).error !== null)
      return (await second.settled()).degraded
    },
    expected: 'embedder-mismatch',
  },
  progress: {
    run: async (open) => {
      const embedder = scriptedEmbedder()
      const memory = open({ embedder })
      await memory.saveMessages({ ...at, messages: ['green tea'] })
      await memory.settled()
      const failures = [
        () => {
          throw new Error('of the listener')
        },
        () => Promise.reject(new Error('later')),
      ]
      const all = failures.map((onProgress) =>
        outcomeOf(() => memory.reindex({ onProgress: onProgress as () => void })),
      )
      return [await Promise.all([...all, outcomeOf(() => memory.reindex())]), (await memory.settled()).degraded]
    },
    expected: [['unavailable', 'unavailable', null], null],
  },
  eraser: {
    run: async (open) => {
      const memory = open()
      await memory.saveMessages({ ...at, messages: ['a secret'] })
      fail(/VALUES? *.*receipt|FROM receipt WHERE completed IS NULL|FROM receipt/, codes.ioError)
      const refused = await outcomeOf(() => memory.settled())
      await delay(60)
      mend()
      const { state } = await memory.forget({ resourceId: 'ada' })
      await memory.settled()
      return [refused, typeof state]
    },
    expected: ['unavailable', 'string'],
  },
  'waiting turn': {
    run: async (open) => {
      const memory = open()
      const turn = await turnOf(memory)
      const second = outcomeOf(() => turnOf(memory))
      await delay(30)
      fail(/data_version/, codes.ioError)
      const outcome = await second
      mend()
      await turn.close('complete')
      return outcome
    },
    expected: 'unavailable',
  },
  'followed turn': {
    run: async (open) => {
      const memory = open()
      const turn = await turnOf(memory.as({ kind: 'agent', id: 'bot' }))
      const space = resourceSpace(coreOf(memory), 'ada')
      const watched = await watchTurn(space, 't', new AbortController().signal)
      const states = watched?.states[Symbol.asyncIterator]()
      const first = (await states?.next())?.value?.status
      const next = outcomeOf(() => states?.next())
      await delay(30)
      fail(/data_version/, codes.ioError)
      const outcome = await next
      mend()
      await turn.close('complete')
      return [first, outcome]
    },
    expected: ['open', 'unavailable'],
  },
  heartbeat: {
    run: async (open) => {
      const memory = open({ limits: { turnLeaseMs: 60_000 } })
      const short = open({ limits: { turnLeaseMs: 3_000 } })
      await memory.team('acme').list()
      const turn = await turnOf(short)
      fail(/^UPDATE lease SET until/, codes.ioError)
      await until(() => turn.renewalFailure !== null)
      const failure = codeOf(turn.renewalFailure)
      mend()
      await turn.close('complete')
      return [failure, turn.isClosed]
    },
    expected: ['unavailable', true],
  },
  tracer: {
    run: async (open) => {
      const throws = () => {
        throw new Error('of the logger')
      }
      diag.setLogger({ error: throws, warn: throws, info: throws, debug: throws, verbose: throws })
      const stop = await traceMemory({ tracer: { startSpan: throws } })
      const memory = open()
      const saved = await memory.saveMessages({ ...at, messages: ['tea'] })
      stop()
      const span = { ...trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }), setAttributes: throws }
      const stopSecond = await traceMemory({ tracer: { startSpan: () => span } })
      await memory.saveMessages({ ...at, messages: ['more tea'] })
      stopSecond()
      return saved.messages.length
    },
    expected: 1,
  },
}
