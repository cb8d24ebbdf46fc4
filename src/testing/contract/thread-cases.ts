/** Cases of threads: their own fields, deletion and re-creation, cloning, counters. */
import type { Change, ChangeOf } from '../../domain/commit/commit.ts'
import type { MessageInput } from '../../domain/records/message.ts'
import { spaceId } from '../../domain/space.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  closeTurn,
  deleteMessages,
  deleteThread,
  edit,
  json,
  message,
  openTurn,
  putThread,
  resumeTurn,
  say,
  step,
  text,
} from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase, textOf } from './scene.ts'

const elsewhere = spaceId('resource', 'other')

const fields: readonly StorageCase[] = [
  sceneCase('a new thread has its fields, and nothing in it', async (scene) => {
    const createdAt = '2020-01-02T03:04:05.678Z'
    const put = putThread('t', { title: 'Title', metadata: { a: { b: 1 } }, createdAt })
    const { at, results } = await scene.committed(put)
    expectEqual(results, [{ kind: 'thread-put', threadId: 't', version: 1, created: true }], 'the answer')
    const fresh = { title: 'Title', metadata: { a: { b: 1 } }, archivedAt: null, deleted: false, messageCount: 0 }
    const life = { id: 't', version: 1, createdSeq: 1, createdAt, updatedAt: at, lastMessageAt: null, order: 1 }
    expectEqual(await scene.thread('t'), { ...life, ...fresh }, 'the thread')
    expectEqual(await scene.thread('none'), null, 'no thread')
  }),
  sceneCase('a put changes what it names: metadata merges deeply, null deletes', async (scene) => {
    await scene.committed(putThread('t', { title: 'Title', metadata: { a: { b: 1, c: 1 }, d: 1 } }))
    const changed = await scene.did('thread-put', putThread('t', { metadata: { a: { b: null, e: [1] }, d: null } }))
    expectEqual([changed.version, changed.created], [2, false], 'the answer')
    const thread = await scene.thread('t')
    expectEqual([thread?.title, thread?.metadata], ['Title', { a: { c: 1, e: [1] } }], 'title kept, metadata merged')
    await scene.committed(putThread('t', { title: null, createdAt: '2001-01-01T00:00:00.000Z' }))
    const later = await scene.thread('t')
    expectEqual([later?.title, later?.createdAt], [null, thread?.createdAt], 'the title goes, the creation stays')
  }),
  sceneCase('archiving keeps its first time and is undone', async (scene) => {
    await scene.committed(putThread('t'))
    const { at } = await scene.committed(putThread('t', { archived: true }))
    scene.clock.advance(1_000)
    await scene.committed(putThread('t', { archived: true }))
    expectEqual((await scene.thread('t'))?.archivedAt, at, 'the time')
    const state = await scene.state()
    expectEqual([state?.threads, state?.archivedThreads], [0, 1], 'counters')
    await scene.committed(putThread('t', { archived: false }))
    expectEqual((await scene.thread('t'))?.archivedAt, null, 'after it is undone')
    expectEqual([(await scene.state())?.threads, (await scene.state())?.archivedThreads], [1, 0], 'counters again')
  }),
  sceneCase('a thread counts its messages and knows when the last was saved', async (scene) => {
    await scene.committed(putThread('t'))
    scene.clock.advance(1_000)
    const { at, results } = await scene.committed(say('t', 'one', 'two'))
    const thread = await scene.thread('t')
    expectEqual([thread?.messageCount, thread?.lastMessageAt, thread?.order], [2, at, 2], 'after a save')
    scene.clock.advance(1_000)
    const [saved] = results[0]?.kind === 'message-append' ? results[0].messages : []
    await scene.committed(edit('t', saved?.id ?? '', { parts: [] }))
    await scene.committed(deleteMessages('t', saved?.id ?? ''))
    const later = await scene.thread('t')
    expectEqual([later?.messageCount, later?.lastMessageAt, later?.order], [1, at, 2], 'after an edit and a deletion')
  }),
  sceneCase(
    'metadata and titles over their limits are refused',
    async (scene) => {
      await scene.committed(putThread('t', { metadata: { a: 'xxxx' } }))
      await scene.refused('limit-exceeded', putThread('t', { metadata: { b: 'x' } }), { limits: { metadataBytes: 14 } })
      await scene.refused('limit-exceeded', putThread('t', { title: 'long' }), { limits: { titleLength: 3 } })
      expectEqual((await scene.thread('t'))?.metadata, { a: 'xxxx' }, 'the metadata')
    },
    11,
  ),
]

const deletion: readonly StorageCase[] = [
  sceneCase('a deleted thread is gone from every reader', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'one', message('two', { id: 'mine' })))
    await scene.committed([openTurn('t'), text('main', 'x', 't')])
    await scene.committed(deleteThread('t'))
    expectEqual(await scene.thread('t'), null, 'get')
    expectEqual(await scene.threadIds(), [], 'list')
    expectEqual(await scene.texts('t'), [], 'messages')
    for (const id of [messages[0]?.id ?? '', 'mine']) {
      expectEqual(await scene.storage.messages.find(scene.access, home, id), [], `places of ${id}`)
    }
    expectEqual(await scene.storage.messages.openTurns(scene.access, home, 't'), [], 'open turns')
    expectEqual(await scene.storage.threads.find(scene.access, 't', 5), [], 'find')
    expectEqual((await scene.state())?.threads, 0, 'the counter')
    await scene.refused('not-found', { kind: 'message-append', threadId: 't', messages: [message('late')] })
  }),
  sceneCase('in a thread made again old messages, turns and ids never come back', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'old', message('old too', { id: 'mine' })))
    const { turnId } = await scene.did('turn-open', openTurn('t'))
    await scene.committed(deleteThread('t'))
    const { seq } = await scene.committed(putThread('t'))
    const thread = await scene.thread('t')
    expectEqual([thread?.messageCount, thread?.lastMessageAt, thread?.createdSeq], [0, null, seq], 'the thread')
    expectEqual(await scene.texts('t'), [], 'messages')
    await scene.refused('not-found', step('t', { turnId }, 'late'))
    await scene.refused('not-found', edit('t', messages[0]?.id ?? '', { parts: [] }))
    await scene.refused('not-found', edit('t', 'mine', { parts: [] }))
    const again = await scene.did('message-append', say('t', message('new', { id: 'mine' })))
    expectEqual(again.messages, [{ id: 'mine', stored: true }], 'the id is free again')
    expectEqual(await scene.texts('t'), ['new'], 'messages of the new life')
    expectEqual(await scene.storage.messages.openTurns(scene.access, home, 't'), [], 'open turns')
  }),
  sceneCase('a commit that deletes a thread changes nothing else in it', async (scene) => {
    await scene.committed(putThread('t'))
    await scene.refused('invalid-input', [say('t', 'one'), deleteThread('t')])
    await scene.refused('invalid-input', [deleteThread('t'), putThread('t')])
    expectEqual((await scene.thread('t'))?.messageCount, 0, 'the thread')
  }),
  sceneCase('threads of one id are found in every space, and only living ones', async (scene) => {
    await scene.committed(putThread('t', { title: 'here' }))
    await scene.committed(putThread('t', { title: 'there' }), { space: elsewhere })
    const find = async (limit: number) => {
      const found = await scene.storage.threads.find(scene.access, 't', limit)
      return found.map((one) => `${one.space} ${one.thread.title}`).toSorted()
    }
    expectEqual(await find(5), [`${elsewhere} there`, `${home} here`], 'both')
    expectEqual((await find(1)).length, 1, 'at most the limit')
    await scene.committed(deleteThread('t'), { space: elsewhere })
    expectEqual(await find(5), [`${home} here`], 'after one is deleted')
  }),
]

async function cloneOf(scene: Scene, threadId: string, from: string): Promise<Change> {
  const { items, asOf } = await scene.page(from)
  const turns = [...new Set(items.map((item) => item.turn))].map((turn) =>
    items
      .filter((item) => item.turn === turn)
      .map(({ message: { role, parts, metadata, author, createdAt } }) => {
        return { role, parts, author, createdAt, ...(metadata === undefined ? {} : { metadata }) }
      }),
  )
  const { items: blocks } = await scene.storage.blocks.list(scene.access, home, from)
  const copies = blocks.map(({ name, format, value }) => ({ name, format, value }))
  const source = { space: home, threadId: from, asOf }
  return { kind: 'thread-clone', threadId, source, turns, blocks: copies, title: 'Copy', metadata: { a: 1 } }
}

async function original(scene: Scene): Promise<void> {
  await scene.committed([putThread('t', { title: 'Title' }), text('main', 'words', 't'), json('plan', { a: 1 }, 't')])
  await scene.committed(say('t', 'one', message('two', { id: 'mine', createdAt: '2001-01-01T00:00:00.000Z' })))
  scene.clock.advance(60_000)
  await scene.committed(say('t', message('three', { metadata: { tag: 1 } })), { actor: bob })
}

const cloning: readonly StorageCase[] = [
  sceneCase('a clone copies turns, messages, times and blocks under new ids', async (scene) => {
    await original(scene)
    const system = { kind: 'system', id: 'app' } as const
    const change = await cloneOf(scene, 'copy', 't')
    const clone = await scene.did('thread-clone', change, { actor: system })
    const [old, copies] = [await scene.messages('t'), await scene.messages('copy')]
    expectEqual(
      clone.messageIds.flat(),
      copies.map((one) => one.id),
      'the answer names the new ids',
    )
    expectEqual(
      clone.messageIds.map((turn) => turn.length),
      [2, 1],
      'turn by turn',
    )
    expectEqual(copies.map(textOf), ['one', 'two', 'three'], 'texts')
    expectEqual(
      copies.map((one) => one.createdAt),
      old.map((one) => one.createdAt),
      'times',
    )
    expectEqual(
      copies.map((one) => one.author),
      old.map((one) => one.author),
      'authors',
    )
    expectEqual(copies[2]?.metadata, { tag: 1 }, 'metadata')
    expectTrue(
      copies.every((copy) => old.every((one) => one.id !== copy.id)),
      'no id is shared',
    )
    expectEqual(new Set(copies.map((one) => one.turnId)).size, 2, 'turns')
    expectEqual([await scene.block('main', 'copy'), await scene.block('plan', 'copy')], ['words', { a: 1 }], 'blocks')
    const thread = await scene.thread('copy')
    const source = { space: home, threadId: 't', asOf: 3 }
    expectEqual([thread?.title, thread?.metadata, thread?.source], ['Copy', { a: 1 }, source], 'the thread')
    expectEqual([thread?.messageCount, (await scene.state())?.threads], [3, 2], 'counters')
  }),
  sceneCase('a clone lives by itself', async (scene) => {
    await original(scene)
    const clone = await scene.did('thread-clone', await cloneOf(scene, 'copy', 't'))
    const id = clone.messageIds[0]?.[0] ?? ''
    await scene.committed([
      edit('copy', id, { parts: [{ type: 'text', text: 'edited' }] }),
      text('main', 'new', 'copy'),
    ])
    await scene.committed(say('copy', 'four'))
    expectEqual(await scene.texts('t'), ['one', 'two', 'three'], 'the original')
    expectEqual(await scene.texts('copy'), ['edited', 'two', 'three', 'four'], 'the copy')
    expectEqual([await scene.block('main', 't'), await scene.block('main', 'copy')], ['words', 'new'], 'blocks')
    await scene.committed(deleteThread('t'))
    expectEqual((await scene.texts('copy')).length, 4, 'it survives the original')
    const { record } = await scene.storage.blocks.get(scene.access, home, 'copy', 'plan')
    const history = await scene.storage.blocks.history(scene.access, home, 'copy', 'plan', 5)
    expectEqual(
      history.map((one) => one.version),
      [record?.version],
      'a copied block begins its history',
    )
  }),
  sceneCase('a turn that waits for answers waits in a clone too, and for the same actor', async (scene) => {
    const call = { type: 'tool-pay', toolCallId: 'c1', state: 'input-available', input: { invoice: 1 } }
    const { turnId } = await scene.did('turn-open', [
      openTurn('t'),
      step('t', { opened: 0 }, 'pay', message('', { role: 'assistant', parts: [call] })),
      closeTurn('t', { opened: 0 }, 'suspended'),
    ])
    const copied = await cloneOf(scene, 'copy', 't')
    const waiting = (index: number, id: string) =>
      ({ ...copied, waiting: [{ index, turnId: id, unique: 'copy' }] }) as Change
    const [asked, called] = (copied as ChangeOf<'thread-clone'>).turns.flat() as [MessageInput, MessageInput]
    const other = { ...called, parts: [{ ...call, input: { invoice: 2 } }] }
    const forged = { ...waiting(0, turnId), turns: [[asked, other]] } as Change
    const shorter = { ...waiting(0, turnId), turns: [[called]] } as Change
    for (const refused of [forged, shorter, waiting(1, turnId), waiting(0, `${turnId}1`)]) {
      await scene.refused('invalid-input', refused, { actor: bob })
    }
    await scene.refused('invalid-input', waiting(0, turnId), { space: elsewhere })
    const clone = await scene.did('thread-clone', waiting(0, turnId), { actor: bob })
    const [copy] = await scene.messages('copy')
    expectEqual(copy?.turnStatus, 'suspended', 'the copy waits')
    expectEqual(clone.messageIds[0]?.length, 2, 'its messages')
    const { turnId: copiedTurn = '' } = copy ?? {}
    await scene.refused('conflict', resumeTurn('copy', copiedTurn), { actor: bob })
    await scene.committed(resumeTurn('copy', copiedTurn))
    expectEqual((await scene.messages('t'))[0]?.turnStatus, 'suspended', 'the original waits on')
    await scene.committed(resumeTurn('t', turnId))
    await scene.committed(closeTurn('t', { turnId }))
    await scene.refused('conflict', { ...waiting(0, turnId), threadId: 'late' } as Change)
  }),
  sceneCase('a clone goes into another space, and onto no thread that is there', async (scene) => {
    await original(scene)
    const change = await cloneOf(scene, 't', 't')
    await scene.refused('conflict', change)
    await scene.committed(change, { space: elsewhere })
    expectEqual(await scene.texts('t', elsewhere), ['one', 'two', 'three'], 'the copy')
    await scene.committed(deleteThread('t'), { space: elsewhere })
    await scene.committed(change, { space: elsewhere })
    expectEqual(await scene.texts('t', elsewhere), ['one', 'two', 'three'], 'a copy over a deleted thread')
  }),
  sceneCase('a clone and messages saved in the same commit do not meet', async (scene) => {
    await original(scene)
    const change = await cloneOf(scene, 'copy', 't')
    const { results } = await scene.committed([
      change,
      { kind: 'message-append', threadId: 'copy', messages: [message('four')] },
    ])
    const ids = results.flatMap((result) => {
      if (result.kind === 'thread-clone') return result.messageIds.flat()
      return result.kind === 'message-append' ? result.messages.map((saved) => saved.id) : []
    })
    expectEqual(new Set(ids).size, 4, 'every message has an id of its own')
    expectEqual(await scene.texts('copy'), ['one', 'two', 'three', 'four'], 'the copy')
  }),
  sceneCase('ids given with the messages of a clone are not taken', async (scene) => {
    const clone = await scene.did('thread-clone', {
      kind: 'thread-clone',
      threadId: 'copy',
      source: { space: home, threadId: 't', asOf: 1 },
      turns: [[message('one', { id: 'mine' })]],
      blocks: [],
    })
    const [copy] = await scene.messages('copy')
    expectEqual(clone.messageIds[0]?.[0], copy?.id, 'the answer names the id of the copy')
    expectTrue(copy?.id !== 'mine', 'the id is new')
  }),
  sceneCase(
    'a clone with two blocks of one name, or a text block that holds no text, is refused',
    async (scene) => {
      await scene.committed(putThread('t'))
      const change = await cloneOf(scene, 'copy', 't')
      const [words, number] = [
        { name: 'main', format: 'text', value: 'words' },
        { name: 'other', format: 'text', value: 1 },
      ] as const
      for (const blocks of [[words, words], [number]]) {
        await scene.refused('invalid-input', { ...change, blocks } as Change)
      }
    },
    11,
  ),
  sceneCase(
    'a clone over its limits is refused whole',
    async (scene) => {
      await original(scene)
      const change = await cloneOf(scene, 'copy', 't')
      const kept: string[] = []
      for (const limits of [
        { cloneMessages: 2 },
        { blockBytes: 6 },
        { messageBytes: 8 },
        { titleLength: 2 },
        { metadataBytes: 5 },
      ]) {
        const refusal = await scene.commit(change, { limits }).catch((error: { code?: string }) => error.code)
        if (refusal !== 'limit-exceeded') kept.push(JSON.stringify(limits))
        await scene.committed(deleteThread('copy'))
      }
      expectEqual(kept, [], 'limits that a clone was let past')
    },
    11,
  ),
]

export const threadCases: readonly StorageCase[] = [...fields, ...deletion, ...cloning]
