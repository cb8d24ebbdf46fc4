/** Cases of reading runs, of their expiry, and of erasing them. */

import type { ChangeOf, ResultOf } from '../../domain/commit/commit.ts'
import { defaultLimits } from '../../domain/limits.ts'
import { runStatuses } from '../../domain/records/run.ts'
import { msOf } from '../../domain/time.ts'
import type { RunQuery } from '../../ports/storage.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  assertFact,
  closeTurn,
  erase,
  expireRun,
  message,
  openTurn,
  putRun,
  putRunIn,
  putThread,
  say,
  step,
  write,
} from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

type Put = Omit<ChangeOf<'run-put'>, 'kind' | 'unique'>

async function began(scene: Scene, unique: string, more: Put = {}, ttlMs?: number): Promise<string> {
  const limits = ttlMs === undefined ? {} : { limits: { runTtlMs: ttlMs } }
  return (await scene.did('run-put', putRun(unique, more), limits)).runId
}

/** The last parts of the ids of the runs on a page. */
async function listed(scene: Scene, query: Partial<RunQuery> = {}): Promise<string> {
  const { items } = await scene.runs(query)
  return items.map((run) => run.id.split('_')[2]).join(' ')
}

const lists: readonly StorageCase[] = [
  sceneCase('runs are listed in the order in which they began, in pages of every size', async (scene) => {
    await scene.committed([putRun('a'), putRun('b', { threadId: 't' })])
    const c = await began(scene, 'c')
    await scene.committed([write('k', 1), putRun('d'), putRun('e')])
    await scene.committed(putRun(null, { runId: c, status: 'complete' }))
    expectEqual([await listed(scene), await listed(scene, { order: 'newest' })], ['a b c d e', 'e d c b a'], 'all')
    for (const order of ['oldest', 'newest'] as const) {
      const whole = await listed(scene, { order })
      for (let limit = 1; limit <= 6; limit++) {
        const found: string[] = []
        for (let after: number | null = null; ; ) {
          const page = await scene.runs({ order, limit, after })
          expectEqual(page.more, found.length + page.items.length < 5, 'whether more follows')
          found.push(...page.items.map((run) => run.id.split('_')[2] ?? ''))
          after = page.items.at(-1)?.order ?? null
          if (!page.more) break
        }
        expectEqual(found.join(' '), whole, `${order}, ${limit} at a time`)
      }
    }
  }),
  sceneCase('a list takes runs of one thread, of one name and in some states', async (scene) => {
    await scene.committed([putRun('a', { threadId: 't' }), putRun('b'), putRun('c', { name: 'eve', status: 'failed' })])
    await scene.committed([putRun('d', { threadId: 'u', status: 'suspended' })])
    await scene.committed([putRun('e', { threadId: 't', name: 'eve', status: 'suspended' })])
    expectEqual(await listed(scene, { threadId: 't' }), 'a e', 'of a thread')
    expectEqual(await listed(scene, { threadId: 'u', order: 'newest' }), 'd', 'of another')
    expectEqual(await listed(scene, { threadId: 'none' }), '', 'of none')
    expectEqual(await listed(scene, { name: 'eve' }), 'c e', 'of a name')
    expectEqual(await listed(scene, { name: 'eve', threadId: 't' }), 'e', 'of both')
    expectEqual(await listed(scene, { statuses: ['suspended'] }), 'd e', 'suspended')
    expectEqual(await listed(scene, { statuses: ['failed', 'running'] }), 'a b c', 'failed and running')
    expectEqual(await listed(scene, { statuses: [] }), '', 'in no state')
    await scene.committed(putRun(null, { runId: (await scene.runs()).items[1]?.id ?? '', threadId: 'u' }))
    expectEqual(await listed(scene, { threadId: 'u' }), 'b d', 'one that came to its thread later')
  }),
]

const expiry: readonly StorageCase[] = [
  sceneCase('a run lives as long again after each put, and for ever while it is suspended', async (scene) => {
    const lives = async (id: string) => {
      const run = await scene.run(id)
      return run === null || run.expiresAt === null ? null : msOf(run.expiresAt) - msOf(scene.now())
    }
    const usual = await began(scene, 'usual')
    expectEqual(await lives(usual), defaultLimits.runTtlMs, 'by default')
    const limits = { runTtlMs: 1_000 }
    const runId = await began(scene, 'a', {}, 1_000)
    scene.clock.advance(900)
    await scene.committed(putRun(null, { runId, status: 'complete' }), { limits })
    scene.clock.advance(900)
    expectEqual(await lives(runId), 100, 'after its last put')
    await scene.committed(putRun(null, { runId, status: 'suspended' }), { limits })
    scene.clock.advance(100_000)
    expectEqual((await scene.run(runId))?.status, 'suspended', 'it waits')
    expectEqual(await lives(runId), null, 'for ever')
    await scene.committed(putRun(null, { runId, status: 'running' }), { limits })
    expectEqual(await lives(runId), 1_000, 'once it goes on')
  }),
  sceneCase(
    'an expired run is absent at once, for reads and for commits',
    async (scene) => {
      await scene.committed(putThread('t'))
      const runId = await began(scene, 'short', { threadId: 't' }, 1_000)
      await began(scene, 'long', { threadId: 't' }, 1_001)
      scene.clock.advance(999)
      expectEqual(await listed(scene, { threadId: 't' }), 'short long', 'a moment before')
      scene.clock.advance(1)
      expectEqual([await scene.run(runId), await listed(scene)], [null, 'long'], 'a read, and a list')
      expectEqual(await listed(scene, { threadId: 't' }), 'long', 'a list of its thread')
      await scene.refused('not-found', putRun(null, { runId }))
      await scene.committed(write('k', 1), { expect: [{ absent: { run: runId } }] })
      await scene.refused('conflict', putRun('short'))
    },
    7,
  ),
  sceneCase(
    'run-expire applies only to what is past its time, and takes all that was stated from the log',
    async (scene) => {
      const stated = { threadId: 'secret-1', details: { a: 'secret-2' } }
      await scene.committed(write('other', 1))
      const runId = await began(scene, 'a', stated, 1_000)
      await scene.committed([putRun(null, { runId, details: { b: 'secret-3' } }), write('k', 'kept')], {
        limits: { runTtlMs: 1_000 },
      })
      const waits = await began(scene, 'waits', { status: 'suspended', continuation: 1 }, 1_000)
      expectEqual((await scene.did('run-expire', expireRun(runId))).deleted, false, 'it is not due yet')
      scene.clock.advance(1_000)
      expectTrue((await scene.logText()).includes('secret-1'), 'until swept the log has it')
      expectEqual((await scene.did('run-expire', expireRun(runId))).deleted, true, 'now it is')
      expectEqual((await scene.did('run-expire', expireRun(runId))).deleted, false, 'and once only')
      expectEqual((await scene.did('run-expire', expireRun(waits))).deleted, false, 'one that is suspended is not')
      expectEqual((await scene.did('run-expire', expireRun('none'))).deleted, false, 'nor what never was')
      const log = await scene.logText()
      expectTrue(!log.includes('secret'), 'nothing of it is in the log')
      expectTrue(log.includes('kept'), 'what else was committed is')
      const kinds = (await scene.log()).map(({ rows }) =>
        rows.flatMap((row) => row.effects.map((effect) => effect.kind)),
      )
      expectEqual(kinds.slice(1, 3), [['erased'], ['erased', 'entry-write']], 'that it happened is')
      await scene.refused('conflict', putRun('a'))
    },
    7,
  ),
  sceneCase('due names runs that have expired, and forgets what was dealt with', async (scene) => {
    const { storage, access } = scene
    const runId = await began(scene, 'a', {}, 1_000)
    await began(scene, 'b', { status: 'suspended' }, 1_000)
    const c = await began(scene, 'c', {}, 9_000)
    expectEqual((await storage.due(access, 10)).runs, [], 'nothing is due yet')
    scene.clock.advance(1_000)
    expectEqual((await storage.due(access, 10)).runs, [{ space: home, runId, version: 1 }] as never, 'runs')
    await scene.committed(expireRun(runId))
    expectEqual((await storage.due(access, 10)).runs, [], 'all is done')
    scene.clock.advance(777)
    const late = await began(scene, 'd')
    scene.clock.advance(defaultLimits.runTtlMs - 1)
    const names = async (limit: number) => (await storage.due(access, limit)).runs.map((run) => run.runId as string)
    expectEqual(await names(10), [c], 'a moment before another is due')
    scene.clock.advance(1)
    expectEqual([(await names(10)).toSorted(), (await names(1)).length], [[c, late], 1], 'no more than asked for')
  }),
]

async function erased(scene: Scene, what: Omit<ChangeOf<'erase'>, 'kind'>): Promise<ResultOf<'erase'>> {
  return scene.did('erase', erase(what), { actor: bob })
}

/** A thread with two runs, one of them suspended in a turn of two messages, and runs outside it. */
async function running(scene: Scene) {
  const { turnId } = await scene.did('turn-open', [
    openTurn('t'),
    putRun('a', { opened: 0, details: { seen: 'secret-1' } }),
    step('t', { opened: 0 }, message('asked', { id: 'm1' }), message('called', { id: 'm2' })),
    closeTurn('t', { opened: 0 }, 'suspended'),
  ])
  const key = (await scene.state())?.key
  const id = (unique: string) => `run_${key}_${unique}`
  await scene.committed(putRun(null, { runId: id('a'), status: 'suspended', continuation: { call: 'secret-2' } }))
  await scene.committed([putRun('b', { threadId: 't', details: { seen: 'secret-3' } }), write('k', 'kept')])
  await scene.committed(putRun('c', { threadId: 'u', status: 'suspended', continuation: 'kept too' }))
  return { turnId, a: id('a'), b: id('b'), c: id('c') }
}

const erasing: readonly StorageCase[] = [false, true].flatMap((isCompacted) => {
  const how = isCompacted ? ', also below the horizon' : ''
  const prepare = async (scene: Scene) => {
    const ids = await running(scene)
    if (isCompacted) await scene.storage.compact(scene.access, home, (await scene.seq()) - 1)
    return ids
  }
  const leftOf = async (scene: Scene) => `${await scene.logText()} ${JSON.stringify((await scene.runs()).items)}`
  return [
    sceneCase(
      `erasing a thread takes its runs, in all their versions, and what was derived from them${how}`,
      async (scene) => {
        const { a, b, c } = await prepare(scene)
        const fact = await scene.asserted(assertFact('knows secret-4', { unique: 'derived', sources: [b] }))
        const answer = await erased(scene, { threadIds: ['t'] })
        expectEqual([answer.threads, answer.runs, answer.facts], [1, 2, 1], 'the answer')
        expectEqual(
          [await scene.run(a), await scene.run(b), await scene.fact(fact)],
          [null, null, null],
          'they are gone',
        )
        expectEqual([await listed(scene), (await scene.run(c))?.continuation], ['c', 'kept too'], 'the other is there')
        const left = await leftOf(scene)
        for (const word of ['secret', a, b]) expectTrue(!left.includes(word), `${word} is gone`)
        await scene.refused('not-found', putRun(null, { runId: a, status: 'complete' }))
        expectEqual((await erased(scene, { threadIds: ['t'] })).runs, 0, 'the second time')
      },
      10,
    ),
    sceneCase(
      `erasing a message takes what runs of its turn need to go on${how}`,
      async (scene) => {
        const { a, turnId } = await prepare(scene)
        const answer = await erased(scene, { messageIds: ['m2'] })
        expectEqual([answer.messages, answer.runs], [1, 0], 'the answer')
        const run = await scene.run(a)
        expectEqual([run?.status, run?.continuation, run?.turnId], ['suspended', null, turnId], 'the run')
        const { expiresAt, details, version } = run ?? {}
        expectEqual([expiresAt, details, version], [null, { seen: 'secret-1' }, await scene.seq()], 'all else of it')
        const left = await leftOf(scene)
        expectEqual([left.includes('secret-2'), left.includes('kept too')], [false, true], 'what is left')
        await scene.committed(putRun(null, { runId: a, status: 'aborted' }))
      },
      10,
    ),
  ]
})

const more: readonly StorageCase[] = [
  sceneCase('erasing a message of another turn leaves runs as they are', async (scene) => {
    const { a } = await running(scene)
    await scene.committed(say('t', message('beside', { id: 'm3' })))
    const before = await scene.run(a)
    await erased(scene, { messageIds: ['m3'] })
    expectEqual(await scene.run(a), before, 'the run')
  }),
  sceneCase(
    'erasing a thread that is gone takes the runs that refer to it',
    async (scene) => {
      await scene.committed(write('k', 1))
      await scene.committed(putRun('a', { threadId: 'none', details: { a: 'secret' } }))
      const answer = await erased(scene, { threadIds: ['none'] })
      expectEqual([answer.threads, answer.runs, await listed(scene)], [0, 1, ''], 'the answer')
      expectTrue(!(await scene.logText()).includes('secret'), 'nothing of it is in the log')
    },
    10,
  ),
  sceneCase(
    'erasing a space counts its runs, but for those that were swept',
    async (scene) => {
      const runId = await began(scene, 'a', {}, 1_000)
      await scene.committed(runStatuses.map((status) => putRunIn(status, status)))
      scene.clock.advance(1_000)
      await scene.committed(expireRun(runId))
      expectEqual((await erased(scene, {})).runs, runStatuses.length, 'the answer')
      expectEqual((await scene.runs()).items, [], 'none is left')
    },
    10,
  ),
]

export const runReadCases: readonly StorageCase[] = [...lists, ...expiry, ...erasing, ...more]
