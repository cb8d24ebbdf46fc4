/**
 * Cases of compaction: below the horizon only records that were current there stay, and current records do not change.
 */
import { factIdOf, runIdOf, type Seq, type SpaceKey, type ThreadId } from '../../domain/id.ts'
import { expectEqual, expectError, expectTrue } from './assert.ts'
import * as change from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

/** A space with some of every kind; returns the turn that stays open. */
async function busy(scene: Scene): Promise<string> {
  const stated = ['old', 'gone', 'left', 'right'].map((words) => change.assertFact(words, { sources: ['m1'] }))
  await scene.committed([
    change.write('k', { a: 'overwritten' }),
    change.append('list', 1),
    change.increment('count', 1),
    ...stated,
  ])
  const key = (await scene.state())?.key as SpaceKey
  const fact = (unique: string) => factIdOf(key, unique)
  const facts = [change.retire(fact('gone')), change.assertFact('new', { supersedes: [fact('old')] })]
  await scene.committed([
    change.write('k', { a: 1 }),
    change.append('list', 2),
    change.increment('count', 1),
    change.write('gone', 1),
    ...facts,
  ])
  await scene.committed([
    change.merge('k', { b: 2 }),
    change.remove('gone'),
    change.text('main', 'old'),
    change.json('plan', { a: 1 }),
  ])
  await scene.committed([
    change.text('main', 'new'),
    change.mergeBlock('plan', { b: 1 }),
    change.configure({ entriesPerSpace: 50 }),
  ])
  const { turnId } = await scene.did('turn-open', [
    change.openTurn('t', { leaseMs: 80_000_000 }),
    change.putRun('run', { opened: 0, details: { a: 1 }, continuation: 'overwritten' }),
    change.putRun('ended', { opened: 0, continuation: 'overwritten' }),
  ])
  const [run, ended] = [runIdOf(key, 'run'), runIdOf(key, 'ended')]
  await scene.committed([change.putThread('u', { title: 'U', metadata: { a: 1 } }), change.text('main', 'of u', 'u')])
  const tool = { type: 'tool-x', toolCallId: 'c1', state: 'input-available' }
  await scene.committed([
    change.say('u', 'u1', change.message('u2', { id: 'u2', role: 'assistant', parts: [tool] }), 'u3'),
    change.assertFact('raw', { queued: true }),
  ])
  await scene.committed([
    change.step('t', { turnId }, change.message('t1', { id: 't1' }), 't2'),
    change.putRun(null, { runId: run, status: 'suspended', details: { b: 1 }, continuation: { at: 1 } }),
    change.putRun(null, { runId: ended, status: 'complete', details: { b: 1 } }),
  ])
  await scene.committed([
    change.deleteMessages('u', (await scene.messages('u'))[0]?.id ?? ''),
    change.edit('u', 'u2', { metadata: { e: 1 } }),
  ])
  const old = await scene.did('message-append', change.say('v', change.message('replaced', { id: 'v1' })))
  await scene.committed([
    change.openTurn('v', { replaces: [old.turnId] }),
    change.step('v', { opened: 0 }, 'v2'),
    change.closeTurn('v', { opened: 0 }),
  ])
  await scene.committed([change.say('dead', 'lost'), change.assertFact('brief')])
  await scene.committed([change.deleteThread('dead'), change.retire(fact('brief'))])
  const changed = { factId: fact('left'), metadata: { a: 1 }, conflictsWith: [fact('right')] }
  await scene.committed([change.putThread('w', { archived: true }), change.assertFact('Left', changed)])
  await scene.committed(change.take('job', 80_000_000), { actor: bob })
  return turnId
}

/** Everything that readers answer about the present. */
async function present(scene: Scene): Promise<unknown> {
  const { storage, access } = scene
  const { items: entries } = await storage.entries.list(access, home, { prefix: '', after: null, limit: 100 })
  const orders = (['lastMessageAt', 'createdAt'] as const).map((orderBy) => scene.threads({ orderBy, archived: 'any' }))
  const threads = await Promise.all(orders)
  const ids = threads[0]?.items.map((thread) => thread.id) ?? []
  const statuses = ['current', 'superseded', 'queued'] as const
  const { horizon: _, ...space } = { ...(await scene.state()) }
  return {
    space,
    entries,
    facts: await scene.facts({ statuses }),
    conflicts: await storage.facts.conflicts(access, home, { attributes: {}, after: null, limit: 10 }),
    derived: await storage.facts.derivedFrom(access, home, { sources: ['m1'], after: null, limit: 10 }),
    same: await storage.facts.byText(access, home, 'left.'),
    runs: await scene.runs(),
    ofThread: await scene.runs({ threadId: 't', order: 'newest' }),
    threads,
    gotten: await Promise.all(ids.map((id) => scene.thread(id))),
    messages: await Promise.all(ids.map((id) => scene.page(id))),
    open: await Promise.all(ids.map((id) => storage.messages.openTurns(access, home, id))),
    blocks: await Promise.all([null, ...ids].map((id) => storage.blocks.list(access, home, id))),
    found: await Promise.all(['u2', 't1', 'v1'].map((id) => storage.messages.find(access, home, id))),
  }
}

function compact(scene: Scene, horizon: Seq): Promise<{ readonly rowsRemoved: number }> {
  return scene.storage.compact(scene.access, home, horizon)
}

const current: readonly StorageCase[] = [
  sceneCase(
    'nothing that is current changes, at whatever horizon',
    async (scene) => {
      await busy(scene)
      const before = await present(scene)
      const last = await scene.seq()
      for (let horizon = 1; horizon < last; horizon++) {
        await compact(scene, horizon)
        expectEqual((await scene.state())?.horizon, horizon, 'the horizon')
        expectEqual(await present(scene), before, `what is read after compaction at ${horizon}`)
      }
    },
    4,
  ),
  sceneCase('nothing that is current changes by one great compaction', async (scene) => {
    await busy(scene)
    const before = await present(scene)
    const last = await scene.seq()
    const { rowsRemoved } = await compact(scene, last + 100)
    expectTrue(rowsRemoved > 0, 'rows were removed')
    expectEqual((await scene.state())?.horizon, last - 1, 'the last commit always stays')
    expectEqual(await present(scene), before, 'what is read')
    expectEqual((await compact(scene, last - 3)).rowsRemoved, 0, 'the horizon never goes back')
    expectEqual((await scene.state())?.horizon, last - 1, 'and stays where it was')
  }),
  sceneCase('rows that are kept as several count as no row removed', async (scene) => {
    for (let n = 1; n <= 3; n++) {
      const messages = [{ role: 'user' as const, parts: [{ type: 'text', text: `first of thread ${n}` }] }]
      await scene.committed([
        { kind: 'thread-put', threadId: `own-${n}` },
        { kind: 'message-append', threadId: `own-${n}`, messages },
      ])
    }
    expectEqual(await compact(scene, 2), { rowsRemoved: 0 }, 'nothing was overwritten')
    await scene.committed([{ kind: 'entry-write', key: 'k', value: 1 }])
    await scene.committed([{ kind: 'entry-write', key: 'k', value: 2 }])
    await scene.committed([{ kind: 'entry-write', key: 'other', value: 1 }])
    expectEqual(await compact(scene, 5), { rowsRemoved: 1 }, 'the first value was overwritten')
  }),
  sceneCase('a compacted space is written to like any other', async (scene) => {
    const turnId = await busy(scene)
    await compact(scene, (await scene.seq()) - 1)
    await scene.committed([
      change.merge('k', { c: 3 }),
      change.append('list', 3),
      change.increment('count', 1),
      change.mergeBlock('plan', { c: 1 }),
    ])
    expectEqual(
      [await scene.value('k'), await scene.value('list'), await scene.value('count'), await scene.block('plan')],
      [{ a: 1, b: 2, c: 3 }, [1, 2, 3], 3, { a: 1, b: 1, c: 1 }],
      'merged values',
    )
    await scene.committed([
      change.extend('t', 't1', { parts: [{ type: 'text', text: '!' }] }),
      change.step('t', { turnId }, 't3', change.message('again', { id: 't1' })),
    ])
    await scene.committed(change.closeTurn('t', { turnId }))
    expectEqual(await scene.texts('t'), ['t1!', 't2', 't3'], 'the turn went on')
    const done = { type: 'tool-x', toolCallId: 'c1', state: 'output-available' }
    await scene.committed(change.edit('u', 'u2', { parts: [done], metadata: { f: 1 } }))
    expectEqual((await scene.messages('u'))[0]?.metadata, { e: 1, f: 1 }, 'an edited message')
    await scene.committed(change.deleteMessages('u', 'u2'))
    expectEqual(await scene.texts('u'), ['u3'], 'a deleted message')
    await scene.conflict(change.write('x', 1), { expect: [{ absent: { entry: 'k' } }] })
    await scene.committed(change.write('x', 1), {
      expect: [{ absent: { entry: 'gone' } }, { lease: 'job', token: 15 }],
    })
    await scene.committed(change.say('dead', 'alive'))
    expectEqual(await scene.texts('dead'), ['alive'], 'a deleted thread made again')
  }),
  sceneCase('a compacted space is compacted again', async (scene) => {
    const turnId = await busy(scene)
    await compact(scene, 8)
    await scene.committed([change.merge('k', { c: 3 }), change.text('main', 'newest')])
    await scene.committed([change.step('t', { turnId }, 't3'), change.closeTurn('t', { turnId })])
    await scene.committed(change.say('u', 'u4'))
    const before = await present(scene)
    await compact(scene, (await scene.seq()) - 1)
    expectEqual(await present(scene), before, 'what is read')
  }),
]

const below: readonly StorageCase[] = [
  sceneCase('reading below the horizon is cursor-expired, with what to do instead', async (scene) => {
    await busy(scene)
    const { storage, access } = scene
    await compact(scene, 6)
    const reads = [
      () => storage.log.read(access, home, { after: 5, limit: 5 }),
      () => storage.entries.at(access, home, 'k', 5),
      () => storage.blocks.at(access, home, null, 'main', 5),
      () => scene.page('t', { asOf: 5 }),
      () => scene.threads({ after: { asOf: 5, order: 5, threadId: 't' as never } }),
    ]
    for (const [index, read] of reads.entries()) {
      const error = await expectError('cursor-expired', `read ${index}`, read)
      expectEqual([error.details.horizon, error.details.seq], [6, await scene.seq()], 'horizon and seq')
    }
    expectEqual((await scene.log(6))[0]?.seq, 7, 'the log goes on above it')
    expectEqual((await storage.entries.at(access, home, 'k', 6))?.value, { a: 1, b: 2 }, 'and so does the past')
    expectEqual((await storage.blocks.at(access, home, null, 'main', 6))?.value, 'new', 'of blocks too')
  }),
  sceneCase('history ends where compaction left off', async (scene) => {
    await busy(scene)
    await scene.committed(change.merge('k', { c: 3 }))
    await compact(scene, 6)
    const history = await scene.storage.entries.history(scene.access, home, 'k', 10)
    const values = history.map((one) => [one.version, one.value])
    expectEqual(
      values,
      [
        [16, { a: 1, b: 2, c: 3 }],
        [3, { a: 1, b: 2 }],
      ],
      'versions of an entry',
    )
    const block = await scene.storage.blocks.history(scene.access, home, null, 'main', 10)
    expectEqual(
      block.map((one) => [one.version, one.value]),
      [[4, 'new']],
      'versions of a block',
    )
    expectEqual(await scene.storage.entries.history(scene.access, home, 'gone', 10), [], 'of what was deleted below')
  }),
  sceneCase('commit ids below the horizon are forgotten, those above are known', async (scene) => {
    await scene.committed(change.increment('count', 1), { id: 'low' })
    await scene.committed(change.increment('count', 1), { id: 'high' })
    await scene.committed(change.write('k', 1))
    await compact(scene, 1)
    expectEqual((await scene.committed(change.increment('count', 1), { id: 'high' })).replayed, true, 'above')
    expectEqual((await scene.committed(change.increment('count', 1), { id: 'low' })).replayed, false, 'below')
    expectEqual(await scene.value('count'), 3, 'the count')
  }),
  sceneCase(
    'a retry above the horizon gets its first answer, though what it built on was compacted',
    async (scene) => {
      const turnId = await busy(scene)
      const horizon = await scene.seq()
      const commits = [
        [
          change.merge('k', { c: 3 }),
          change.append('list', 3),
          change.increment('count', 1),
          change.mergeBlock('plan', { c: 1 }),
          change.text('main', 'x'),
        ],
        [change.step('t', { turnId }, 't3', 't4')],
        [change.extend('t', 't1', { parts: [] })],
        [
          change.edit('u', 'u2', { metadata: { g: 1 } }),
          change.deleteMessages('u', (await scene.messages('u'))[1]?.id ?? ''),
        ],
        [change.deleteMessages('t', 't1')],
        [change.closeTurn('t', { turnId })],
      ]
      const answers = []
      for (const [index, changes] of commits.entries())
        answers.push(await scene.committed(changes, { id: `c${index}` }))
      await compact(scene, horizon)
      for (const [index, changes] of commits.entries()) {
        const again = await scene.committed(changes, { id: `c${index}` })
        expectEqual(again, { ...answers[index], replayed: true }, `the answer to ${changes[0]?.kind}`)
      }
    },
    5,
  ),
  sceneCase('seqAt answers nothing below the horizon', async (scene) => {
    const { at } = await scene.committed(change.write('k', 1))
    for (let index = 0; index < 3; index++) {
      scene.clock.advance(1_000)
      await scene.committed(change.write(`k${index}`, 1))
    }
    await compact(scene, 3)
    expectEqual(await scene.storage.log.seqAt(scene.access, home, at), 3, 'the horizon')
    expectEqual(await scene.storage.log.seqAt(scene.access, home, '2001-01-01T00:00:00.000Z'), 3, 'before all')
  }),
]

const erased: readonly StorageCase[] = [
  sceneCase(
    'an expired value that compaction kept goes when it is swept',
    async (scene) => {
      await scene.committed(change.write('k', 'secret', { ttlMs: 1_000 }))
      await scene.committed(change.write('other', 1))
      await scene.committed(change.write('other', 2))
      await compact(scene, 2)
      scene.clock.advance(1_000)
      await scene.committed(change.expire('k'))
      const history = await scene.storage.entries.history(scene.access, home, 'k', 10)
      expectTrue(!JSON.stringify(history).includes('secret'), `the history: ${JSON.stringify(history)}`)
      const past = await scene.storage.entries.at(scene.access, home, 'k', 3)
      expectTrue(past?.value === null || past === null, `the value at 3: ${JSON.stringify(past)}`)
    },
    7,
  ),
  sceneCase('a turn that compaction kept is discarded like any other', async (scene) => {
    const { turnId } = await scene.did('turn-open', [
      change.openTurn('t'),
      change.step('t', { opened: 0 }, change.message('secret', { id: 'm' })),
    ])
    await scene.committed(change.write('other', 1))
    await scene.committed(change.write('other', 2))
    await compact(scene, 2)
    await scene.committed({ kind: 'turn-discard', threadId: 't', turnId })
    expectEqual([await scene.texts('t'), (await scene.thread('t'))?.messageCount], [[], 0], 'the thread')
    expectEqual(await scene.storage.messages.find(scene.access, home, 'm'), [], 'its message')
    await compact(scene, 3)
    expectEqual(await scene.texts('t'), [], 'after another compaction')
  }),
]

/** A turn that was resumed in a later commit than the one that opened it, with both below the horizon. */
async function resumedBelow(scene: Scene): Promise<string> {
  const opening = [change.openTurn('t'), change.step('t', { opened: 0 }, 'asked')]
  const { turnId } = await scene.did('turn-open', [...opening, change.closeTurn('t', { opened: 0 }, 'suspended')])
  await scene.committed(change.write('k', 1))
  await scene.committed(change.resumeTurn('t', turnId))
  await scene.committed(change.write('k', 2))
  await compact(scene, 3)
  return turnId
}

/** Compacts all but the last commit; who opens the file sees which turns are open by the log that is left. */
async function compactRest(scene: Scene): Promise<void> {
  await scene.committed(change.write('k', 3))
  await compact(scene, (await scene.seq()) - 1)
}

const leases: readonly StorageCase[] = [
  sceneCase('the lease of a turn that was resumed below the horizon ends with it', async (scene) => {
    const turnId = await resumedBelow(scene)
    await scene.committed(change.closeTurn('t', { turnId }))
    await compactRest(scene)
    expectEqual(await scene.texts('t'), ['asked'], 'what the turn said')
    expectEqual(await scene.storage.messages.openTurns(scene.access, home, 't' as ThreadId), [], 'open turns')
  }),
  sceneCase('what compaction kept of a thread goes with the next one after it was deleted', async (scene) => {
    await scene.committed(change.say('t', 'first'))
    await scene.committed(change.say('t', 'second'))
    await scene.committed(change.write('k', 1))
    expectEqual(await compact(scene, 2), { rowsRemoved: 0 }, 'nothing was overwritten')
    await scene.committed(change.deleteThread('t'))
    await scene.committed(change.write('k', 2))
    await scene.committed(change.write('k', 3))
    expectEqual(await compact(scene, 5), { rowsRemoved: 4 }, 'two messages, their end, and a value')
    await scene.committed(change.say('t', 'made again'))
    expectEqual(await scene.texts('t'), ['made again'], 'what the new thread says')
  }),
  sceneCase('the lease of a turn that was resumed below the horizon goes with its thread', async (scene) => {
    await resumedBelow(scene)
    await scene.committed(change.deleteThread('t'))
    await scene.committed(change.say('t', 'made again'))
    await compactRest(scene)
    expectEqual(await scene.texts('t'), ['made again'], 'what the new thread says')
    expectEqual(await scene.storage.messages.openTurns(scene.access, home, 't' as ThreadId), [], 'open turns')
  }),
]

const cursors: readonly StorageCase[] = [
  sceneCase('a cursor at the horizon goes on through threads and messages', async (scene) => {
    for (const id of ['a', 'b', 'c']) await scene.committed(change.say(id, `${id}1`, `${id}2`))
    const { turnId } = await scene.did('turn-open', change.openTurn('d'))
    await scene.committed(change.say('a', 'a3'))
    await scene.committed(change.step('d', { turnId }, 'd1'))
    await scene.committed(change.say('b', 'b3'))
    const whole = await scene.threadIds()
    const [threads, messages] = [await scene.threads({ limit: 1 }), await scene.page('a', { limit: 1 })]
    await scene.committed(change.say('d', 'd2'))
    await scene.committed(change.say('a', 'a4'))
    await compact(scene, threads.asOf)
    const rest = await scene.threads({ limit: 5, after: threads.next })
    expectEqual(
      [...threads.items, ...rest.items].map((thread) => thread.id),
      whole,
      'threads',
    )
    const [{ turn, index }] = messages.items as [(typeof messages.items)[number]]
    const more = await scene.page('a', { after: { turn, index }, asOf: messages.asOf })
    expectEqual(more.items.length, 2, 'messages')
  }),
]

export const compactionCases: readonly StorageCase[] = [...current, ...below, ...erased, ...leases, ...cursors]
