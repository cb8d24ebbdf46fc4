/** Cases of the door: results, atomicity, numbering, isolation, versions. */
import type { Change } from '../../domain/commit/commit.ts'
import { spaceId } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  append,
  configure,
  deleteMessages,
  deleteThread,
  increment,
  json,
  merge,
  mergeBlock,
  openTurn,
  putThread,
  release,
  remove,
  say,
  step,
  take,
  text,
  write,
} from './changes.ts'
import { alice, bob, type StorageCase } from './contract-case.ts'
import { home, sceneCase } from './scene.ts'

const other = spaceId('team', 'acme-corp')

const results: readonly StorageCase[] = [
  sceneCase('entries answer version, value, expiry and pruned keys', async (scene) => {
    const shared = { expiresAt: null, pruned: [] }
    const { results } = await scene.committed([
      write('w', [1], { ttlMs: null }),
      merge('m', { a: 1 }, { ttlMs: null }),
      append('a', 'x', { ttlMs: null }),
      increment('i', 2.5, { ttlMs: null }),
    ])
    expectEqual(
      results,
      [
        { kind: 'entry-write', key: 'w', version: 1, value: [1], ...shared },
        { kind: 'entry-merge', key: 'm', version: 1, value: { a: 1 }, ...shared },
        { kind: 'entry-append', key: 'a', version: 1, value: ['x'], ...shared },
        { kind: 'entry-increment', key: 'i', version: 1, value: 2.5, ...shared },
      ],
      'the results of four entry changes',
    )
  }),
  sceneCase('a stored entry says who wrote it, when, and until when it lives', async (scene) => {
    const first = await scene.committed(write('k', 'one', { ttlMs: 5_000 }))
    scene.clock.advance(1_000)
    const second = await scene.committed(write('k', 'two', { ttlMs: 5_000 }), { actor: bob })
    const entry = await scene.entry('k')
    expectEqual([entry?.createdAt, entry?.updatedAt], [first.at, second.at], 'times of the entry')
    expectEqual(entry?.writtenBy, bob, 'who wrote the entry last')
    expectEqual(Date.parse(entry?.expiresAt ?? ''), Date.parse(second.at) + 5_000, 'the expiry')
    expectEqual([entry?.version, entry?.value], [2, 'two'], 'version and value')
  }),
  sceneCase('deletions answer whether there was something to delete', async (scene) => {
    await scene.committed([write('k', 1), putThread('t'), say('t', 'hello')])
    const { results } = await scene.committed([remove('k'), remove('none'), deleteThread('t')])
    expectEqual(
      results,
      [
        { kind: 'entry-delete', key: 'k', deleted: true },
        { kind: 'entry-delete', key: 'none', deleted: false },
        { kind: 'thread-delete', threadId: 't', deleted: true },
      ],
      'the results of deletions',
    )
    expectEqual((await scene.did('thread-delete', deleteThread('t'))).deleted, false, 'a second deletion')
  }),
  sceneCase('all kinds of change go into one commit, in one space and one thread', async (scene) => {
    const { seq, results } = await scene.committed([
      putThread('t', { title: 'All' }),
      openTurn('t'),
      step('t', { opened: 0 }, 'inside'),
      text('main', 'words'),
      json('plan', { a: 1 }, 't'),
      write('k', 1),
      take('job', 1_000),
      configure({ entriesPerSpace: 10 }),
    ])
    expectEqual(seq, 1, 'one commit is one seq')
    const kinds = ['thread-put', 'turn-open', 'message-append', 'block-write', 'block-write', 'entry-write']
    expectEqual(
      results.map((result) => result.kind),
      [...kinds, 'lease-take', 'configure'],
      'one result for each change, in order',
    )
    expectEqual(await scene.texts('t'), ['inside'], 'the message')
    expectEqual(await scene.block('plan', 't'), { a: 1 }, 'the block')
    expectEqual((await scene.state())?.settings.entriesPerSpace, 10, 'the setting')
  }),
]

const atomicity: readonly StorageCase[] = [
  sceneCase(
    'a change that cannot apply takes its whole commit with it',
    async (scene) => {
      await scene.committed([write('text', 'words'), putThread('t')])
      const bad = [write('new', 1), say('t', 'hello'), text('main', 'words'), merge('text', { a: 1 })]
      await scene.refused('invalid-input', bad)
      expectEqual(await scene.keys(), ['text'], 'keys')
      expectEqual(await scene.texts('t'), [], 'messages')
      expectEqual(await scene.block('main'), undefined, 'the block')
      expectEqual((await scene.committed(write('new', 2))).seq, 2, 'the next commit takes the next seq')
    },
    6,
  ),
  sceneCase(
    'commits of one tick stand each alone',
    async (scene) => {
      await scene.committed(write('text', 'words'))
      const ids = ['a', 'b', 'c', 'd', 'e']
      const answers = await Promise.allSettled([
        scene.commit(write('a', 1)),
        scene.commit([write('b', 1), increment('text', 1)]),
        scene.commit(write('c', 1)),
        scene.commit(write('d', 1), { expect: [{ seq: 77 }] }),
        scene.commit(write('e', 1)),
      ])
      const said = answers.map((one) => (one.status === 'rejected' ? 'refused' : one.value.status))
      expectEqual(said, ['committed', 'refused', 'committed', 'conflict', 'committed'], `answers to ${ids.join(', ')}`)
      expectEqual(await scene.keys(), ['a', 'c', 'e', 'text'], 'only what was acknowledged is there')
      expectEqual(await scene.seq(), 4, 'refused commits take no seq')
    },
    6,
  ),
  sceneCase('commits of one tick apply in the order of their arrival', async (scene) => {
    const commits = Array.from({ length: 20 }, (_, index) => scene.committed(append('list', index, { ttlMs: null })))
    const seqs = (await Promise.all(commits)).map((one) => one.seq)
    const expected = Array.from({ length: 20 }, (_, index) => index)
    expectEqual(await scene.value('list'), expected, 'the list')
    expectEqual(
      seqs,
      expected.map((index) => index + 1),
      'their seqs',
    )
  }),
  sceneCase('a commit touches at most one thread', async (scene) => {
    await scene.committed(putThread('a'))
    await scene.committed(putThread('b'))
    await scene.refused('invalid-input', [say('a', 'one'), say('b', 'two')])
    await scene.refused('invalid-input', [putThread('a'), text('main', 'words', 'b')])
    expectEqual(await scene.texts('a'), [], 'nothing was saved')
  }),
  sceneCase('a commit changes a record at most once', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'one'))
    const messageId = messages[0]?.id ?? ''
    const twice: readonly (readonly Change[])[] = [
      [write('k', 1), increment('k', 1)],
      [text('b', 'x'), text('b', 'y')],
      [putThread('t'), deleteThread('t')],
      [take('l', 1_000), take('l', 1_000)],
      [configure({ logDays: 1 }), configure({ logDays: 2 })],
      [{ kind: 'message-edit', threadId: 't', messageId, parts: [] }, deleteMessages('t', messageId)] as const,
    ]
    for (const changes of twice) await scene.refused('invalid-input', changes)
    const { results } = await scene.committed([text('b', 'space'), text('b', 'thread', 't'), write('b', 1)])
    expectEqual(results.length, 3, 'records of one name and different kinds are different records')
  }),
  sceneCase('erase stands alone in its commit', async (scene) => {
    await scene.committed(write('k', 1))
    await scene.refused('invalid-input', [{ kind: 'erase' }, write('k', 2)])
    expectEqual(await scene.value('k'), 1, 'nothing was erased')
  }),
]

const numbering: readonly StorageCase[] = [
  sceneCase(
    'the seq of each space is dense and its own',
    async (scene) => {
      const spaces = [home, other, home, home, other]
      const seqs: number[] = []
      for (const space of spaces) seqs.push((await scene.committed(write('k', 1), { space })).seq)
      expectEqual(seqs, [1, 1, 2, 3, 2], 'seqs by space')
      const numbers = async (space: typeof home) => (await scene.log(0, space)).map((one) => one.seq)
      expectEqual(
        [await numbers(home), await numbers(other)],
        [
          [1, 2, 3],
          [1, 2],
        ],
        'their logs',
      )
    },
    4,
  ),
  sceneCase(
    'time never goes back within a space, whatever the clock does',
    async (scene) => {
      const first = await scene.committed(write('k', 1, { ttlMs: 10_000 }))
      scene.clock.advance(-60_000)
      const second = await scene.committed(write('k', 2, { ttlMs: 10_000 }))
      expectEqual(second.at, isoTime(scene.clock.now()), 'the time of a commit made after the clock went back')
      const [row] = (await scene.log()).at(-1)?.rows ?? []
      expectEqual([row?.at, row?.logAt], [second.at, first.at], 'its times in the log')
    },
    4,
  ),
  sceneCase('a space begins with its first commit, and has a key of its own', async (scene) => {
    expectEqual(await scene.state(), null, 'a space nobody wrote to')
    const { at } = await scene.committed(write('k', 1))
    await scene.committed(write('k', 1), { space: other })
    const [mine, theirs] = [await scene.state(), await scene.state(other)]
    expectEqual([mine?.seq, mine?.horizon, mine?.floor, mine?.createdAt], [1, 0, 0, at], 'a new space')
    expectTrue(/^[0-9A-Za-z]{8,32}$/.test(mine?.key ?? ''), 'a key is 8 to 32 letters and digits')
    expectTrue(mine?.key !== theirs?.key, 'keys are unique')
  }),
]

const isolation: readonly StorageCase[] = [
  sceneCase(
    'spaces share no key, thread, message, block, lease or commit id',
    async (scene) => {
      const changes = [write('k', 'mine'), say('t', { ...hello, id: 'm1' }), text('main', 'mine'), take('job', 9_000)]
      const first = await scene.committed(changes, { id: 'same' })
      const second = await scene.committed([write('k', 'theirs')], { id: 'same', space: other })
      expectEqual([first.replayed, second.replayed], [false, false], 'one commit id in two spaces is two commits')
      expectEqual(await scene.thread('t', other), null, 'the thread in the other space')
      expectEqual(await scene.block('main', null, other), undefined, 'the block in the other space')
      await scene.committed([say('t', { ...hello, id: 'm1' }), take('job', 9_000)], { space: other, actor: bob })
      expectEqual([await scene.value('k'), await scene.value('k', other)], ['mine', 'theirs'], 'both entries')
      expectEqual([(await scene.texts('t')).length, (await scene.texts('t', other)).length], [1, 1], 'both messages')
    },
    3,
  ),
  sceneCase(
    'a message id of one space finds nothing in another',
    async (scene) => {
      const { messages } = await scene.did('message-append', say('t', 'mine'))
      await scene.committed(say('t', 'theirs'), { space: other })
      const messageId = messages[0]?.id ?? ''
      expectEqual(await scene.storage.messages.find(scene.access, other, messageId), [], 'places in the other space')
      await scene.refused('not-found', { kind: 'message-edit', threadId: 't', messageId, parts: [] }, { space: other })
      expectEqual(await scene.texts('t'), ['mine'], 'the message is where it was')
    },
    3,
  ),
]

const hello = { role: 'user', parts: [{ type: 'text', text: 'hello' }] } as const

const versions: readonly StorageCase[] = [
  sceneCase(
    'a version never returns: an old one matches neither a deleted nor a re-created entry',
    async (scene) => {
      const { seq: version } = await scene.committed(write('k', 1))
      const expect = [{ version, of: { entry: 'k' } }]
      await scene.committed(remove('k'))
      await scene.conflict(write('k', 2), { expect })
      await scene.committed(write('k', 1))
      await scene.conflict(write('k', 2), { expect })
      expectEqual(await scene.value('k'), 1, 'the entry')
    },
    2,
  ),
  sceneCase(
    'a version never returns: expiry and a new write lie between',
    async (scene) => {
      const { seq: version } = await scene.committed(write('k', 1, { ttlMs: 1_000 }))
      const expect = [{ version, of: { entry: 'k' } }]
      scene.clock.advance(1_000)
      await scene.conflict(write('k', 2), { expect })
      await scene.committed(write('k', 1))
      await scene.conflict(write('k', 2), { expect })
    },
    2,
  ),
  sceneCase(
    'a version never returns: threads and blocks deleted and made again',
    async (scene) => {
      const { seq } = await scene.committed([putThread('t'), text('main', 'a', 't')])
      await scene.committed(deleteThread('t'))
      await scene.committed([putThread('t'), text('main', 'a', 't')])
      await scene.conflict(write('k', 1), { expect: [{ version: seq, of: { thread: 't' } }] })
      await scene.conflict(write('k', 1), { expect: [{ version: seq, of: { block: 'main', threadId: 't' } }] })
    },
    2,
  ),
  sceneCase('saving messages leaves the version of the thread alone', async (scene) => {
    const { seq } = await scene.committed(putThread('t'))
    await scene.committed(say('t', 'hello'))
    expectEqual((await scene.thread('t'))?.version, seq, 'the version')
    const { seq: next } = await scene.committed(putThread('t', { title: 'New' }))
    expectEqual((await scene.thread('t'))?.version, next, 'the version after a put')
  }),
]

const background: readonly StorageCase[] = [
  sceneCase('background commits never create a space, a thread or a turn', async (scene) => {
    await scene.refused('not-found', write('k', 1), { background: true })
    expectEqual(await scene.state(), null, 'no space was made')
    await scene.committed([putThread('t'), write('k', 1)])
    await scene.committed(deleteThread('t'))
    await scene.refused('not-found', putThread('t', { title: 'Named by a worker' }), { background: true })
    await scene.refused('not-found', say('t', 'late'), { background: true })
    await scene.refused('not-found', text('main', 'late', 't'), { background: true })
    expectEqual(await scene.thread('t'), null, 'what was deleted stays deleted')
    await scene.committed(putThread('u'))
    await scene.refused('not-found', openTurn('u'), { background: true })
    await scene.committed([putThread('u', { title: 'Named by a worker' }), write('k', 2)], { background: true })
    expectEqual([(await scene.thread('u'))?.title, await scene.value('k')], ['Named by a worker', 2], 'what is there')
  }),
  sceneCase('a space is made by what can create, and by nothing else', async (scene) => {
    const steps = [
      remove('k'),
      deleteThread('t'),
      deleteMessages('t', 'm'),
      release('job', 1),
      step('t', {}, 'hello'),
      { kind: 'turn-open', threadId: 't' } as const,
    ]
    for (const change of steps) await scene.refused('not-found', change)
    expectEqual(await scene.state(), null, 'no space was made')
    const creators = [write('k', 1), mergeBlock('b', { a: 1 }), take('job', 1_000), configure({ logDays: 3 })]
    for (const [index, change] of [...creators, say('t', 'hello'), openTurn('t')].entries()) {
      const { seq } = await scene.committed(change, { space: spaceId('task', `made-${index}`), actor: alice })
      expectEqual(seq, 1, `${change.kind} makes a space`)
    }
  }),
]

export const commitCases: readonly StorageCase[] = [
  ...results,
  ...atomicity,
  ...numbering,
  ...isolation,
  ...versions,
  ...background,
]
