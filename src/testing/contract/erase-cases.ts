/**
 * Cases of erasure inside a space: named records are gone from every row and reader, and everything else is unchanged.
 */

import type { ChangeOf, ResultOf } from '../../domain/commit/commit.ts'
import { nothingErased } from '../../domain/commit/erased-counts.ts'
import { expectEqual, expectError, expectTrue } from './assert.ts'
import * as change from './changes.ts'
import { alice, bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

type Counts = Partial<Omit<ResultOf<'erase'>, 'kind'>>

const counted = (counts: Counts): ResultOf<'erase'> => ({ ...nothingErased, ...counts })

function erased(scene: Scene, what: Omit<ChangeOf<'erase'>, 'kind'>): Promise<ResultOf<'erase'>> {
  return scene.did('erase', change.erase(what))
}

/** Everything in the readers and the log of the space, as one text. */
async function everything(scene: Scene): Promise<string> {
  const { storage, access } = scene
  const parts: unknown[] = [await scene.state(), await scene.log(), await scene.threads({ archived: 'any' })]
  const seqs = [(await scene.state())?.horizon ?? 0, await scene.seq()]
  for (const key of await scene.keys()) {
    parts.push(await scene.entry(key), await storage.entries.history(access, home, key, 100))
    for (const seq of seqs) parts.push(await storage.entries.at(access, home, key, seq))
  }
  for (const threadId of [null, ...(await scene.threadIds({ archived: 'any' }))]) {
    parts.push(await storage.blocks.list(access, home, threadId))
    if (threadId !== null) parts.push(await scene.page(threadId))
  }
  return JSON.stringify(parts)
}

async function expectGone(scene: Scene, ...texts: readonly string[]): Promise<void> {
  const all = await everything(scene)
  for (const one of texts) expectTrue(!all.includes(one), `${JSON.stringify(one)} is in nothing that is read`)
}

const threads: readonly StorageCase[] = [
  sceneCase(
    'erasing a thread takes its messages, blocks, title and metadata, and leaves all else of the same commits',
    async (scene) => {
      await scene.committed([change.write('k', 'stays'), change.text('main', 'of the space')])
      await scene.committed(
        [
          change.putThread('teatime', { title: 'secret title', metadata: { a: 'secret data' } }),
          change.say(
            'teatime',
            change.message('secret one', { id: 'mine', metadata: { b: 'secret more' } }),
            'secret two',
          ),
          change.text('notes', 'secret block', 'teatime'),
          change.write('beside', 'stays too'),
        ],
        { id: 'c' },
      )
      await scene.committed([
        change.edit('teatime', 'mine', { parts: [{ type: 'text', text: 'secret edit' }] }),
        change.increment('n', 1),
      ])
      await scene.committed(change.say('other', 'stays here'))
      await scene.committed(change.mergeBlock('plan', { a: 'secret plan' }, 'teatime'))
      const before = await scene.log()
      const answer = await erased(scene, { threadIds: ['teatime', 'teatime'] })
      expectEqual(answer, counted({ commits: 3, threads: 1, messages: 2, blocks: 2 }), 'the answer')
      await expectGone(scene, 'secret', 'teatime', 'mine')
      expectEqual(
        [await scene.threadIds(), await scene.texts('other')],
        [['other'], ['stays here']],
        'the other thread',
      )
      expectEqual(await scene.keys(), ['beside', 'k', 'n'], 'the entries')
      expectEqual(await scene.block('main'), 'of the space', 'the space’s block')
      expectEqual([(await scene.state())?.threads, await scene.texts('teatime')], [1, []], 'the count, and the thread')
      expectEqual(await scene.storage.messages.find(scene.access, home, 'mine'), [], 'the message by its id')
      const kept = (commits: typeof before) => commits.map(({ seq, at, actor, commitId }) => [seq, at, actor, commitId])
      expectEqual(kept((await scene.log()).slice(0, -1)), kept(before), 'seq, time, actor and commit id stay')
      const turns = (commits: typeof before) => commits.flatMap(({ rows }) => rows.map((row) => row.turn))
      expectEqual(turns((await scene.log()).slice(0, -1)), turns(before), 'turns stay')
      const hashes = (await scene.log()).map(({ rows }) => rows[0]?.hash === null)
      expectEqual(hashes, [false, true, true, false, true, true], 'where the payload hash is gone')
    },
    10,
  ),
  sceneCase('the erasure is a commit of its own that names nothing', async (scene) => {
    await scene.committed(change.say('teatime', 'one'))
    await scene.committed(change.erase({ threadIds: ['teatime'], keys: ['ghost'] }), { id: 'e', actor: bob })
    const [last] = await scene.log(1)
    expectEqual([last?.seq, last?.actor, last?.commitId], [2, bob, 'e'], 'the commit')
    const { kind, spaces: _, ...counts } = counted({ commits: 1, threads: 1, messages: 1 })
    const [tombstone, ...effects] = last?.rows[0]?.effects ?? []
    expectEqual(effects, [{ kind, ...counts }], 'its effect')
    expectTrue(tombstone?.kind === 'record-put' && !JSON.stringify(last).includes('teatime'), 'and a tombstone')
    const again = await scene.committed(change.erase({ threadIds: ['teatime'], keys: ['ghost'] }), {
      id: 'e',
      actor: bob,
    })
    expectEqual([again.replayed, again.seq], [true, 2], 'a retry')
    expectEqual(again.results, [counted({ commits: 1, threads: 1, messages: 1 })], 'what a retry answers')
  }),
  sceneCase(
    'a deleted thread is erased in all of its lives, and may be made again',
    async (scene) => {
      for (const life of [1, 2]) {
        await scene.committed([
          change.putThread('t', { title: `secret ${life}` }),
          change.say('t', change.message('secret', { id: 'm' })),
        ])
        await scene.committed(change.text('notes', `secret ${life}`, 't'))
        await scene.committed(change.deleteThread('t'))
      }
      await scene.committed(change.deleteThread('t'))
      const answer = await erased(scene, { threadIds: ['t'] })
      expectEqual(answer, counted({ commits: 7, threads: 1, messages: 2, blocks: 1 }), 'the answer')
      expectTrue(!/secret|"t"|"m"/.test(await scene.logText()), 'nothing of it is in the log')
      expectEqual(await erased(scene, { threadIds: ['t'] }), nothingErased, 'once more')
      await scene.committed([change.say('t', change.message('new', { id: 'm' })), change.text('notes', 'new', 't')])
      expectEqual([await scene.texts('t'), await scene.block('notes', 't')], [['new'], 'new'], 'made again')
      expectEqual((await scene.thread('t'))?.messageCount, 1, 'its count')
    },
    10,
  ),
  sceneCase(
    'steps into a turn of an erased thread find nothing, and its lease is gone',
    async (scene) => {
      const { turnId, leaseToken } = await scene.did('turn-open', change.openTurn('t', { leaseMs: 50_000 }))
      const saved = await scene.did('message-append', change.step('t', { turnId }, 'secret'))
      const messageId = saved.messages[0]?.id ?? ''
      await erased(scene, { threadIds: ['t'] })
      await scene.refused('not-found', change.step('t', { turnId }, 'more'))
      await scene.refused('not-found', change.extend('t', messageId, { parts: [{ type: 'text', text: 'more' }] }))
      await scene.refused('not-found', change.closeTurn('t', { turnId }))
      await scene.refused('not-found', change.text('notes', 'x', 't'))
      await scene.refused('not-found', change.say('t', 'x'), { background: true })
      const lease = { name: `turn/${turnId}`, token: leaseToken, leaseMs: 5 }
      expectEqual(await scene.storage.renewLease(scene.access, home, lease), false, 'renewing the lease')
      scene.clock.advance(60_000)
      expectEqual((await scene.storage.due(scene.access, 10)).turns, [], 'nothing is due')
      await scene.refused('not-found', change.step('t', { turnId }, 'more'))
      await scene.committed(change.say('t', 'new'))
      await scene.refused('not-found', change.step('t', { turnId }, 'more'))
      expectEqual(await scene.texts('t'), ['new'], 'the thread of the same id')
    },
    10,
  ),
  sceneCase(
    'a commit of an erased thread sent again answers without values and applies nothing',
    async (scene) => {
      const changes = [change.say('t', 'secret'), change.write('k', 1)]
      await scene.committed(changes, { id: 'c' })
      await erased(scene, { threadIds: ['t'] })
      for (const sent of [changes, [change.write('k', 2)]]) {
        const again = await scene.committed(sent, { id: 'c' })
        expectEqual([again.replayed, again.seq, again.results], [true, 1, []], 'the answer')
      }
      await scene.conflict(changes, { id: 'c', actor: bob })
      expectEqual([await scene.threadIds(), await scene.value('k')], [[], 1], 'what is there')
    },
    5,
  ),
]

/** The content of each place in the log with messages of the thread, as text. */
const messages: readonly StorageCase[] = [
  sceneCase(
    'erasing messages takes them from every row, and the others keep their places and ids',
    async (scene) => {
      const { turnId } = await scene.did('turn-open', change.openTurn('t'))
      const first = await scene.did(
        'message-append',
        change.step('t', { turnId }, 'one', change.message('secret', { id: 'mine' })),
      )
      const second = await scene.did('message-append', change.step('t', { turnId }, 'secret too', 'four'))
      const ids = [...first.messages, ...second.messages].map(({ id }) => id as string)
      await scene.committed(change.extend('t', 'mine', { parts: [{ type: 'text', text: ' secret part' }] }), {
        id: 'x',
      })
      await scene.committed(change.edit('t', ids[2] as string, { metadata: { a: 'secret data' } }))
      await scene.committed(change.edit('t', ids[3] as string, { metadata: { a: 'stays' } }))
      const messageIds = ['mine', ids[2] as string, 'nobody']
      const answer = await erased(scene, { messageIds })
      expectEqual(answer, counted({ commits: 4, messages: 2 }), 'the answer')
      await expectGone(scene, 'secret', 'mine')
      const left = await scene.messages('t')
      expectEqual(
        left.map(({ id, metadata }) => [id, metadata]),
        [
          [ids[0], undefined],
          [ids[3], { a: 'stays' }],
        ],
        'what is left',
      )
      expectEqual((await scene.thread('t'))?.messageCount, 2, 'the count')
      await scene.refused('not-found', change.extend('t', 'mine', { parts: [] }))
      const again = await scene.committed(change.extend('t', 'mine', {}), { id: 'x' })
      expectEqual([again.replayed, again.results], [true, []], 'a retry')
      const third = await scene.did(
        'message-append',
        change.step('t', { turnId }, 'five', change.message('new', { id: 'mine' })),
      )
      expectEqual(third.messages[0]?.id, ids[0]?.replace(/\.0$/, '.4'), 'the next place')
      expectEqual(await scene.texts('t'), ['one', 'four', 'five', 'new'], 'the turn goes on')
      expectEqual(await erased(scene, { messageIds: ['nobody'] }), nothingErased, 'what never was')
    },
    10,
  ),
  sceneCase(
    'deleted, replaced, discarded and copied messages are erased',
    async (scene) => {
      const saved = await scene.did(
        'message-append',
        change.say('t', change.message('secret deleted', { id: 'gone' }), 'stays'),
      )
      await scene.committed(change.deleteMessages('t', 'gone'))
      const old = await scene.did('message-append', change.say('t', change.message('secret replaced', { id: 'old' })))
      await scene.committed(change.replaceTurns('t', [old.turnId], 'new'))
      const { turnId } = await scene.did('turn-open', change.openTurn('t'))
      await scene.committed(change.step('t', { turnId }, change.message('secret discarded', { id: 'thrown' })))
      await scene.committed(change.discardTurn('t', turnId))
      const copy = await scene.did('thread-clone', {
        kind: 'thread-clone',
        threadId: 'copy',
        source: { space: home, threadId: 't', asOf: 3 },
        turns: [[change.message('secret copied'), change.message('stays copied')]],
        blocks: [],
      })
      const messageIds = ['gone', 'old', 'thrown', copy.messageIds[0]?.[0] as string]
      expectEqual(await erased(scene, { messageIds }), counted({ commits: 3, messages: 3 }), 'the answer')
      await expectGone(scene, 'secret', '"gone"', '"old"')
      expectEqual([await scene.texts('t'), await scene.texts('copy')], [['stays', 'new'], ['stays copied']], 'the rest')
      const counts = [(await scene.thread('t'))?.messageCount, (await scene.thread('copy'))?.messageCount]
      expectEqual(counts, [2, 1], 'the counts')
      await scene.committed(change.deleteMessages('t', saved.messages[1]?.id ?? ''))
      expectEqual(await scene.texts('t'), ['new'], 'deleting goes on')
    },
    10,
  ),
  sceneCase('an id of a caller’s is erased in every thread, or in one', async (scene) => {
    for (const threadId of ['a', 'b', 'c'])
      await scene.committed(change.say(threadId, change.message(`in ${threadId}`, { id: 'm' })))
    const known = await scene.committed(change.say('b', change.message('again', { id: 'm' }), 'b2'), { id: 'known' })
    expectEqual((await erased(scene, { messageIds: ['m'], inThread: 'a' })).messages, 1, 'in one')
    expectEqual([await scene.texts('a'), await scene.texts('b')], [[], ['in b', 'b2']], 'the threads')
    const later = await scene.committed(change.say('b', change.message('again', { id: 'm' }), 'b2'), { id: 'known' })
    expectEqual([later.replayed, later.results], [true, known.results], 'a retry of what names it')
    expectEqual((await erased(scene, { messageIds: ['m'] })).messages, 2, 'in the others')
    expectEqual([await scene.texts('b'), await scene.texts('c')], [['b2'], []], 'the others')
    const last = await scene.committed(change.say('b', change.message('again', { id: 'm' }), 'b2'), { id: 'known' })
    expectEqual([last.replayed, last.results], [true, []], 'a retry of what named it')
    expectTrue(!(await scene.logText()).includes('"m"'), 'the id')
    await scene.refused('invalid-input', change.erase({ keys: ['k'], inThread: 'a' }))
  }),
  sceneCase('ids of another space, or of another kind, are refused and erase nothing', async (scene) => {
    const saved = await scene.did('message-append', change.say('t', 'stays', change.message('chosen', { id: 'mine' })))
    const [first] = saved.messages
    const issued = (first?.id ?? '').replace(/0$/, '1')
    const foreign = (first?.id ?? '').replace(/_[^_]+_/, '_0123456789ab_')
    const far = (first?.id ?? '').replace(/0$/, '7')
    const answer = await erased(scene, { messageIds: [issued, far, 'stays'] })
    expectEqual(answer, nothingErased, 'the answer')
    for (const id of [foreign, saved.turnId, 'fact_nobodyskey00_a']) {
      await scene.refused('invalid-input', change.erase({ messageIds: [id] }))
      expectEqual(await erased(scene, { messageIds: [id], inThread: 't' }), nothingErased, 'where a thread is named')
    }
    for (const id of [foreign, 'fact_nobodyskey00_a'])
      await scene.refused('invalid-input', change.erase({ factIds: [id] }))
    expectEqual(await scene.texts('t'), ['stays', 'chosen'], 'the thread')
  }),
]

const blocks: readonly StorageCase[] = [
  sceneCase('a block is erased in all its versions, and others of that name stay', async (scene) => {
    await scene.committed([change.text('main', 'secret 1'), change.text('notes', 'stays'), change.write('k', 'main')])
    await scene.committed([change.putThread('t'), change.text('main', 'of the thread', 't')])
    await scene.committed(change.text('main', 'secret 2'))
    await scene.committed([change.putThread('u'), change.text('main', 'of another', 'u')])
    const answer = await erased(scene, { blocks: [{ name: 'main' }, { name: 'main' }, { name: 'nobody' }] })
    expectEqual(answer, counted({ commits: 2, blocks: 1 }), 'the answer')
    await expectGone(scene, 'secret')
    expectEqual(await scene.block('main'), undefined, 'the block')
    expectEqual(
      [await scene.block('notes'), await scene.value('k')],
      ['stays', 'main'],
      'what stays of the same commits',
    )
    expectEqual(
      [await scene.block('main', 't'), await scene.block('main', 'u')],
      ['of the thread', 'of another'],
      'those of threads',
    )
    expectEqual(await scene.storage.blocks.history(scene.access, home, null, 'main', 9), [], 'its history')
    expectEqual(await erased(scene, { blocks: [{ name: 'main' }] }), nothingErased, 'once more')
    await scene.committed(change.text('main', 'new'))
    expectEqual(await scene.block('main'), 'new', 'written again')
  }),
  sceneCase('a block of a thread is erased, and one that went with its thread', async (scene) => {
    await scene.committed([
      change.putThread('t'),
      change.text('notes', 'secret', 't'),
      change.text('main', 'stays', 't'),
    ])
    await scene.committed(change.mergeBlock('plan', { a: 'secret plan' }, 't'))
    await scene.committed(change.text('notes', 'space', undefined))
    const named = [
      { name: 'notes', threadId: 't' },
      { name: 'plan', threadId: 't' },
    ]
    expectEqual(await erased(scene, { blocks: named }), counted({ commits: 2, blocks: 2 }), 'the answer')
    await expectGone(scene, 'secret')
    expectEqual([await scene.block('main', 't'), await scene.block('notes')], ['stays', 'space'], 'what stays')
    await scene.committed(change.deleteThread('t'))
    const deleted = await erased(scene, { blocks: [{ name: 'main', threadId: 't' }] })
    expectEqual(deleted, counted({ commits: 2, blocks: 1 }), 'a block that went with its thread')
    expectTrue(!(await scene.logText()).includes('stays'), 'and its text')
  }),
]

const keys: readonly StorageCase[] = [
  sceneCase(
    'erasing a key takes all of its versions and its name, live or deleted, swept or pruned',
    async (scene) => {
      await scene.committed(change.configure({ entriesPerSpace: 4 }))
      await scene.committed([change.write('live', 'secret 1'), change.write('stays', 1)], { id: 'c' })
      await scene.committed([change.merge('merged', { a: 'secret' }), change.append('stays-too', 1)])
      await scene.committed(change.write('live', 'secret 2'))
      await scene.committed(change.remove('merged'))
      await scene.committed(change.remove('merged'))
      await scene.committed(change.write('short', 'secret', { ttlMs: 1_000 }))
      scene.clock.advance(1_000)
      await scene.committed(change.expire('short'))
      await scene.committed(change.write('pruner', 1))
      await scene.committed(change.write('pruner-too', 1), { id: 'p' })
      const before = { stays: await scene.entry('stays-too'), pruner: await scene.entry('pruner') }
      expectEqual(await scene.value('stays'), undefined, 'one was pruned')
      const answer = await erased(scene, { keys: ['live', 'merged', 'short', 'stays', 'nobody'] })
      expectEqual([answer.entries, answer.threads, answer.messages], [4, 0, 0], 'the answer')
      await expectGone(scene, 'secret', 'live', 'merged', 'short', '"stays"')
      expectEqual(await scene.keys(), ['pruner', 'pruner-too', 'stays-too'], 'the keys')
      const after = { stays: await scene.entry('stays-too'), pruner: await scene.entry('pruner') }
      expectEqual(after, before, 'the other entries')
      expectEqual((await scene.state())?.entries, 3, 'the count')
      const again = await scene.committed([change.write('live', 'secret 1'), change.write('stays', 1)], { id: 'c' })
      expectEqual([again.replayed, again.results], [true, []], 'a retry')
      const { replayed, results } = await scene.committed(change.write('pruner-too', 1), { id: 'p' })
      const pruned = results.map((result) => ('pruned' in result ? result.pruned : null))
      expectEqual([replayed, pruned], [true, [[]]], 'a retry of what pruned one of them')
    },
    10,
  ),
  sceneCase('an erased key has no history, and starts again', async (scene) => {
    const { version } = await scene.did('entry-increment', change.increment('n', 5))
    await erased(scene, { keys: ['n'] })
    await scene.conflict(change.write('n', 1), { expect: [{ version, of: { entry: 'n' } }] })
    const history = () => scene.storage.entries.history(scene.access, home, 'n', 10)
    expectEqual([await history(), await scene.storage.entries.at(scene.access, home, 'n', 1)], [[], null], 'its past')
    await scene.committed(change.increment('n', 1), { expect: [{ absent: { entry: 'n' } }] })
    expectEqual([await scene.value('n'), (await history()).length], [1, 1], 'its new life')
  }),
  sceneCase('keys that differ only in part, and texts that look like one, stay', async (scene) => {
    for (const key of ['a', 'A', 'a/b', 'aa', '"a"', 'a\\'])
      await scene.committed(change.write(key, { a: 'a', key: 'a' }))
    await scene.committed(change.say('a', change.message('a', { id: 'a', metadata: { key: 'a' } })))
    expectEqual(await erased(scene, { keys: ['a'] }), counted({ commits: 1, entries: 1 }), 'the answer')
    expectEqual(await scene.keys(), ['"a"', 'A', 'a/b', 'aa', 'a\\'].toSorted(), 'the keys')
    expectEqual((await erased(scene, { keys: ['"a"', 'a\\'] })).entries, 2, 'keys with marks in them')
    expectEqual([await scene.keys(), await scene.texts('a')], [['A', 'a/b', 'aa'], ['a']], 'what stays')
  }),
]

const around: readonly StorageCase[] = [
  sceneCase('erasing nothing of no space is fine and makes none', async (scene) => {
    const what = { threadIds: ['t'], messageIds: ['m'], keys: ['k'] }
    expectEqual(await erased(scene, what), nothingErased, 'the answer')
    expectEqual(await scene.state(), null, 'the space')
  }),
  sceneCase('erasure stands alone in its commit, and waits for its expectations', async (scene) => {
    await scene.committed([change.write('k', 1), change.say('t', 'one')])
    await scene.refused('invalid-input', [change.erase({ keys: ['k'] }), change.write('l', 1)])
    await scene.refused('invalid-input', [change.write('l', 1), change.erase()])
    await scene.refused('invalid-input', change.erase({ keys: [''] }))
    await scene.refused('invalid-input', change.erase({ threadIds: ['*'] }))
    await scene.conflict(change.erase({ keys: ['k'] }), { expect: [{ seq: 7 }] })
    expectEqual([await scene.value('k'), await scene.texts('t')], [1, ['one']], 'all is there')
    await scene.committed(change.erase({ keys: ['k'] }), { expect: [{ version: 1, of: { entry: 'k' } }] })
    expectEqual(await scene.keys(), [], 'now it is gone')
  }),
  sceneCase('erasures take their turn among commits of one tick', async (scene) => {
    await scene.committed(change.write('k', 'before'))
    const sent = [
      change.write('k', 'between'),
      change.erase({ keys: ['k'] }),
      change.write('k', 'after'),
      change.write('l', 1),
    ]
    const answers = await Promise.all(sent.map((change) => scene.committed(change)))
    const seqs = answers.map((answer) => answer.seq)
    expectEqual(seqs, [2, 3, 4, 5], 'their order')
    expectEqual(await scene.value('k'), 'after', 'what is there')
    await expectGone(scene, 'before', 'between')
  }),
  sceneCase(
    'what compaction kept is erased as well, and the counts hold',
    async (scene) => {
      const { turnId } = await scene.did('turn-open', change.openTurn('open', { leaseMs: 80_000_000 }))
      await scene.committed(
        change.step('open', { turnId }, 'secret open', change.message('secret mine', { id: 'mine' })),
      )
      await scene.committed([
        change.putThread('t', { title: 'secret title' }),
        change.text('notes', 'secret block', 't'),
      ])
      const saved = await scene.did(
        'message-append',
        change.say('t', 'secret kept', change.message('also secret', { id: 'my' }), 'stays'),
      )
      await scene.committed([change.write('k', 'secret value'), change.write('l', 'stays')])
      await scene.committed(change.say('u', 'secret of u'))
      await scene.committed(change.take('job', 80_000_000))
      await scene.storage.compact(scene.access, home, await scene.seq())
      const messageIds = [saved.messages[0]?.id ?? '', 'my']
      expectEqual((await erased(scene, { messageIds, threadIds: ['u'], keys: ['k'] })).messages, 3, 'messages')
      const counts = async () => [(await scene.thread('t'))?.messageCount, (await scene.thread('open'))?.messageCount]
      expectEqual([await scene.texts('t'), await counts()], [['stays'], [1, 2]], 'the thread')
      await scene.committed(change.discardTurn('open', turnId))
      expectEqual([await scene.texts('open'), await counts()], [[], [1, 0]], 'the discarded turn')
      await scene.storage.compact(scene.access, home, await scene.seq())
      expectEqual([await scene.texts('t'), await scene.keys(), await counts()], [['stays'], ['l'], [1, 0]], 'the rest')
      expectEqual((await erased(scene, { threadIds: ['t', 'open'] })).threads, 2, 'threads')
      await scene.committed(change.write('last', 1))
      await scene.storage.compact(scene.access, home, await scene.seq())
      expectEqual([await scene.threadIds(), await scene.keys()], [[], ['l', 'last']], 'what is left')
    },
    10,
  ),
  sceneCase(
    'a key and the messages of a turn of one commit go together, also once compaction parted its rows',
    async (scene) => {
      const opened = await scene.committed([
        change.openTurn('t', { leaseMs: 80_000_000 }),
        change.write('k', 'secret value'),
      ])
      const turnId = opened.results[0]?.kind === 'turn-open' ? opened.results[0].turnId : ''
      await scene.committed(change.write('l', 'stays'))
      await scene.storage.compact(scene.access, home, await scene.seq())
      const said = change.step('t', { turnId }, 'secret first', change.message('secret second', { id: 'mine' }))
      const saved = (await scene.committed(said)).results[0]
      const messageIds = saved?.kind === 'message-append' ? saved.messages.map(({ id }) => id) : []
      const { messages, entries } = await erased(scene, { messageIds, keys: ['k'] })
      expectEqual([messages, entries], [2, 1], 'what was erased')
      await expectGone(scene, 'secret')
    },
  ),
  sceneCase('the payload hash of a commit goes with content in any of its rows', async (scene) => {
    const hashes = async () => (await scene.log()).flatMap(({ rows }) => rows.map((row) => row.hash !== null))
    const old = await scene.did('message-append', change.say('t', 'replaced'))
    const opened = await scene.committed(change.replaceTurns('t', [old.turnId], 'secret'))
    const [open, append] = opened.results
    const turnId = open?.kind === 'turn-open' ? open.turnId : ''
    const [, saved] = (await scene.committed(change.replaceTurns('t', [turnId], 'another'))).results
    expectEqual(await hashes(), [true, true, false, true, false], 'before')
    await scene.committed(change.discardTurn('t', turnId))
    expectEqual((await hashes()).slice(0, 5), [true, false, false, true, false], 'after a turn was discarded')
    const messageIds = [saved, append].flatMap((one) =>
      one?.kind === 'message-append' ? [one.messages[0]?.id ?? ''] : [],
    )
    expectEqual((await erased(scene, { messageIds })).messages, 1, 'messages erased')
    expectEqual((await hashes()).slice(0, 5), [true, false, false, false, false], 'after the other was erased')
  }),
  sceneCase('a space continues as before after an erasure', async (scene) => {
    await scene.committed([change.write('k', 1), change.write('l', 1), change.say('t', 'a'), change.say('t', 'b')], {
      id: 'first',
    })
    await scene.committed(change.say('u', 'c'), { actor: bob })
    await erased(scene, { keys: ['k'], threadIds: ['u'] })
    await scene.committed([change.write('l', 2), change.say('t', 'd')], { actor: alice })
    expectEqual(
      [await scene.texts('t'), await scene.value('l'), await scene.seq()],
      [['a', 'b', 'd'], 2, 4],
      'the rest',
    )
    const history = await scene.storage.entries.history(scene.access, home, 'l', 10)
    expectEqual(
      history.map(({ version, value }) => [version, value]),
      [
        [4, 2],
        [1, 1],
      ],
      'the history of another key',
    )
    await expectError('cursor-expired', 'the log below the horizon', async () => {
      await scene.storage.compact(scene.access, home, 3)
      return scene.log(1)
    })
  }),
]

export const eraseCases: readonly StorageCase[] = [...threads, ...messages, ...keys, ...blocks, ...around]
