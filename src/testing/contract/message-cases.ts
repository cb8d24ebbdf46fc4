/** Cases of messages: order, ids stored once, extending, editing, deleting. */
import { spaceId } from '../../domain/space.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  closeTurn,
  deleteMessages,
  edit,
  extend,
  message,
  openTurn,
  putThread,
  replaceTurns,
  say,
  step,
  write,
} from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const other = spaceId('resource', 'other')

const order: readonly StorageCase[] = [
  sceneCase(
    'messages stand by turn and place in it, however steps interleave',
    async (scene) => {
      const a = (await scene.did('turn-open', openTurn('t'))).turnId
      const b = (await scene.did('turn-open', openTurn('t'), { actor: bob })).turnId
      await scene.committed(step('t', { turnId: b }, 'b1'), { actor: bob })
      await scene.committed(step('t', { turnId: a }, 'a1', 'a2'))
      await scene.committed(say('t', 'between', 'and more'))
      await scene.committed(step('t', { turnId: b }, 'b2'), { actor: bob })
      await scene.committed([step('t', { turnId: a }, 'a3'), closeTurn('t', { turnId: a })])
      const expected = ['a1', 'a2', 'a3', 'b1', 'b2', 'between', 'and more']
      expectEqual(await scene.texts('t'), expected, 'the thread')
      const seqs = (await scene.messages('t')).map((one) => one.seq)
      expectEqual(seqs, [4, 4, 7, 3, 6, 5, 5], 'seqs say which commit saved them')
    },
    6,
  ),
  sceneCase('turns opened by one commit stand in the order of its changes', async (scene) => {
    const { results } = await scene.committed([
      openTurn('t'),
      openTurn('t'),
      step('t', { opened: 1 }, 'second'),
      step('t', { opened: 0 }, 'first'),
      say('t', 'third'),
    ])
    const turns = results.flatMap((result) => ('turnId' in result ? [result.turnId] : []))
    expectEqual(new Set(turns).size, 3, 'three turns')
    expectEqual(await scene.texts('t'), ['first', 'second', 'third'], 'the thread')
  }),
  sceneCase('times given on import serve dates, never order', async (scene) => {
    await scene.committed(say('t', message('new', { createdAt: '2030-01-01T00:00:00.000Z' })))
    await scene.committed(say('t', message('old', { createdAt: '2001-01-01T00:00:00.000Z' }), 'now'))
    expectEqual(await scene.texts('t'), ['new', 'old', 'now'], 'the order')
    const { items } = await scene.page('t', { from: '2001-01-01T00:00:00.000Z', to: '2001-01-01T00:00:00.000Z' })
    expectEqual(
      items.map((item) => item.message.createdAt),
      ['2001-01-01T00:00:00.000Z'],
      'a range of dates',
    )
    scene.clock.advance(-86_400_000)
    await scene.committed(say('t', 'after the clock went back'))
    expectEqual((await scene.texts('t')).at(-1), 'after the clock went back', 'the last')
  }),
  sceneCase('a stored message has all its fields', async (scene) => {
    const parts = [
      { type: 'reasoning', text: 'hm' },
      { type: 'tool-search', toolCallId: 'c1', input: { q: ['x'] }, state: 'input-available' },
      { type: 'text', text: 'found' },
    ]
    const input = message('', { role: 'assistant', parts, metadata: { a: { b: null } }, id: 'mine' })
    const { at } = await scene.committed(say('t', input))
    const { items, asOf } = await scene.page('t')
    const fields = { id: 'mine', threadId: 't', role: 'assistant', parts, metadata: { a: { b: null } }, seq: 1 }
    const key = (await scene.state())?.key
    const turn = { turnId: `turn_${key}_1.0`, turnStatus: 'complete', createdAt: at, author: scene.access.actor }
    expectEqual([items[0]?.message, asOf], [{ ...fields, ...turn }, 1], 'the message')
  }),
]

async function stored(scene: Scene, ...messages: Parameters<typeof say>[1][]): Promise<readonly boolean[]> {
  const saved = await scene.did('message-append', say('t', ...messages))
  return saved.messages.map((one) => one.stored)
}

const once: readonly StorageCase[] = [
  sceneCase(
    'a message id is stored once in its thread',
    async (scene) => {
      const one = message('first', { id: 'm1' })
      const changed = message('changed', { id: 'm1' })
      expectEqual(await stored(scene, one, changed, 'x'), [true, false, true], 'twice in one call')
      expectEqual(await stored(scene, changed), [false], 'in a later call')
      expectEqual(await scene.texts('t'), ['first', 'x'], 'the thread')
      expectEqual((await scene.thread('t'))?.messageCount, 2, 'the counter')
    },
    6,
  ),
  sceneCase(
    'a message id is stored once in its thread, also by two changes of one commit',
    async (scene) => {
      const { results } = await scene.committed([
        say('t', message('first', { id: 'm1' })),
        say('t', message('again', { id: 'm1' })),
      ])
      const flags = results.map((one) => one.kind === 'message-append' && one.messages.map((saved) => saved.stored))
      expectEqual(flags, [[true], [false]], 'what was stored')
      expectEqual(await scene.texts('t'), ['first'], 'the thread')
    },
    6,
  ),
  sceneCase(
    'a client that resends its history stores only what is new',
    async (scene) => {
      const history = ['m1', 'm2', 'm3', 'm4'].map((id) => message(id, { id }))
      for (let length = 1; length <= 4; length++) await scene.committed(say('t', ...history.slice(0, length)))
      expectEqual(await scene.texts('t'), ['m1', 'm2', 'm3', 'm4'], 'the thread')
      const { turnId } = await scene.did('turn-open', openTurn('t'))
      const again = await scene.did('message-append', step('t', { turnId }, ...history, message('m5', { id: 'm5' })))
      expectEqual(
        again.messages.map((one) => one.stored),
        [false, false, false, false, true],
        'inside a turn',
      )
    },
    6,
  ),
  sceneCase(
    'an id of ours sent back is the message it names',
    async (scene) => {
      const first = await scene.did('message-append', say('t', 'one', 'two'))
      const again = first.messages.map((one) => message('changed', { id: one.id }))
      expectEqual(await stored(scene, ...again), [false, false], 'sent back')
      const { turnId } = await scene.did('turn-open', openTurn('t'))
      const named = `${turnId.replace('turn_', 'msg_')}.0`
      const streamed = await scene.did('message-append', step('t', { turnId }, message('streamed', { id: named })))
      expectEqual(streamed.messages, [{ id: named, stored: true }], 'a stream names its answer before it is stored')
      const later = await scene.did('message-append', step('t', { turnId }, message('again', { id: named }), 'next'))
      expectEqual(
        later.messages.map((one) => one.stored),
        [false, true],
        'and sends it again',
      )
      expectEqual(await scene.texts('t'), ['one', 'two', 'streamed', 'next'], 'the thread')
    },
    6,
  ),
  sceneCase('a caller stores no message under an id that is issued, or is yet to be', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'one', 'gone'))
    const [one = '', gone = ''] = messages.map(({ id }) => id)
    await scene.committed(deleteMessages('t', gone))
    const far = await scene.did('message-append', say('t', 'far'), { space: other })
    const elsewhere = await scene.did('message-append', say('u', 'elsewhere'))
    const { turnId } = await scene.did('turn-open', openTurn('t'))
    const foreseen = one.replace(/_1\./, `_${(await scene.seq()) + 1}.`)
    const own = turnId.replace('turn_', 'msg_')
    const key = (await scene.state())?.key ?? ''
    const others = [turnId, `fact_${key}_a`, `run_${key}_a`, `rcl_${key}_a`, 'msg_nobodyskey00_1.0.0']
    const ids = [gone, foreseen, far.messages[0]?.id ?? '', elsewhere.messages[0]?.id ?? '', `${own}.0`, ...others]
    for (const id of ids) {
      await scene.refused('invalid-input', say('t', 'new', message('forged', { id })))
      const beside = [message('new'), message('forged', { id })]
      await scene.refused('invalid-input', step('t', { turnId }, ...beside))
    }
    expectEqual(await scene.texts('t'), ['one'], 'the thread')
    const close = ['msg_a_1.0.0', one.replace('_1.', '_01.'), one.replace('_1.0.', '_0.16384.'), `${one} `]
    await scene.committed(say('t', ...close.map((id) => message('chosen', { id }))))
    expectEqual((await scene.messages('t')).map(({ id }) => id).slice(1), close, 'ids that only resemble issued ones')
  }),
  sceneCase('a message that replaces another keeps its id', async (scene) => {
    const { messages, turnId } = await scene.did('message-append', say('t', 'asked'))
    const id = messages[0]?.id ?? ''
    const edited = (opened: string, text: string) => scene.committed(replaceTurns('t', [opened], message(text, { id })))
    const { results } = await edited(turnId, 'edited')
    const [second] = results
    await edited(second?.kind === 'turn-open' ? second.turnId : '', 'edited again')
    expectEqual(
      (await scene.messages('t')).map((one) => [one.id, one.parts]),
      [[id, message('edited again').parts]],
      'the thread',
    )
    await scene.refused('invalid-input', [openTurn('u', {}), step('u', { opened: 0 }, message('copied', { id }))])
    await scene.committed(deleteMessages('t', id))
    await scene.refused('invalid-input', say('t', message('back', { id })))
  }),
  sceneCase('a thread is not given the form of an issued id', async (scene) => {
    const saved = await scene.did('message-append', say('t', 'one'))
    const ids = [saved.turnId, saved.messages[0]?.id ?? '', 'run_nobodyskey00_a', 'fact_nobodyskey00_a']
    for (const id of ids) {
      await scene.refused('invalid-input', say(id, 'forged'))
      await scene.refused('invalid-input', openTurn(id))
      await scene.refused('invalid-input', putThread(id))
    }
    expectEqual((await scene.state())?.threads, 1, 'threads')
  }),
  sceneCase(
    'the same id in another thread or space is another message, and touches nobody else’s',
    async (scene) => {
      await scene.committed(say('t', message('mine', { id: 'm1' })))
      await scene.committed(say('u', message('theirs', { id: 'm1' })))
      await scene.committed(say('t', message('far', { id: 'm1' })), { space: other })
      expectEqual([await scene.texts('t'), await scene.texts('u')], [['mine'], ['theirs']], 'two threads')
      expectEqual(
        [await scene.texts('t', other), (await scene.thread('t'))?.messageCount],
        [['far'], 1],
        'another space',
      )
      const places = await scene.storage.messages.find(scene.access, home, 'm1')
      expectEqual(places.map((one) => one.message.threadId).toSorted(), ['t', 'u'], 'places of the id')
      await scene.committed(edit('u', 'm1', { parts: [{ type: 'text', text: 'edited' }] }))
      await scene.committed(deleteMessages('t', 'm1'), { space: other })
      expectEqual(
        [await scene.texts('t'), await scene.texts('u')],
        [['mine'], ['edited']],
        'after changes to the others',
      )
    },
    3,
  ),
  sceneCase('an id of ours saved in another thread moves nothing', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'mine'))
    const id = messages[0]?.id ?? ''
    await scene.commit(say('u', message('copied', { id }))).catch(() => null)
    expectEqual(await scene.texts('t'), ['mine'], 'the thread it stands in')
    const places = await scene.storage.messages.find(scene.access, home, id)
    expectEqual(places[0]?.message.threadId, 't', 'its place')
  }),
  sceneCase('a message is found by its id', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'one', message('two', { id: 'mine' })))
    const placed = (await scene.page('t')).items
    const find = (id: string) => scene.storage.messages.find(scene.access, home, id)
    expectEqual([await find(messages[0]?.id ?? ''), await find('mine')], [[placed[0]], [placed[1]]], 'both')
    const wrong = (messages[0]?.id ?? '').replace(/0$/, '7')
    const positional = (messages[0]?.id ?? '').replace(/0$/, '1')
    expectEqual([await find(wrong), await find(positional), await find('none')], [[], [], []], 'what is not there')
  }),
  sceneCase(
    'a batch is saved whole or not at all',
    async (scene) => {
      const big = message('x'.repeat(100))
      await scene.refused('limit-exceeded', say('t', 'one', 'two', big), { limits: { messageBytes: 60 } })
      await scene.refused('limit-exceeded', say('t', 'one', 'two'), { limits: { messagesPerCall: 1 } })
      const metadata = { a: 'x'.repeat(20) }
      await scene.refused('limit-exceeded', say('t', message('one', { metadata })), { limits: { metadataBytes: 10 } })
      await scene.refused('invalid-input', say('t', 'one', message('two', { id: ' ' })))
      expectEqual(await scene.state(), null, 'nothing was stored')
    },
    6,
  ),
]

const tool = { type: 'tool-search', toolCallId: 'c1', state: 'input-available', input: 'x' }

const changing: readonly StorageCase[] = [
  sceneCase('extending appends parts, and completes a tool part in its place', async (scene) => {
    const answer = message('', { role: 'assistant', parts: [tool], id: 'answer' })
    const { turnId } = await scene.did('turn-open', [openTurn('t'), step('t', { opened: 0 }, answer)])
    await scene.committed(extend('t', 'answer', { parts: [{ type: 'text', text: 'so' }] }))
    const done = { ...tool, state: 'output-available', output: [1] }
    const more = { parts: [{ type: 'text', text: ' far' }], complete: { toolCallId: 'c1', part: done } }
    const extended = await scene.did('message-extend', extend('t', 'answer', more))
    expectEqual(extended, { kind: 'message-extend', messageId: 'answer' }, 'the answer')
    const [read] = await scene.messages('t')
    const parts = [done, { type: 'text', text: 'so' }, { type: 'text', text: ' far' }]
    expectEqual([read?.parts, read?.seq, read?.editedAt], [parts, 1, undefined], 'the message')
    await scene.refused('not-found', extend('t', 'answer', { complete: { toolCallId: 'none', part: done } }))
    await scene.refused('not-found', extend('t', 'none', { parts: [] }))
    const [row] = (await scene.log(1))[0]?.rows ?? []
    expectTrue(!JSON.stringify(row).includes('input-available'), 'a step’s row holds only the addition')
    await scene.committed(closeTurn('t', { turnId }))
  }),
  sceneCase('extending completes several calls at once, each once', async (scene) => {
    const calls = ['c1', 'c2', 'c3'].map((toolCallId) => ({ ...tool, toolCallId }))
    const answer = message('', { role: 'assistant', parts: calls, id: 'answer' })
    await scene.committed([openTurn('t'), step('t', { opened: 0 }, answer)])
    const done = (toolCallId: string) => {
      return { toolCallId, part: { ...tool, toolCallId, state: 'output-available', output: toolCallId } }
    }
    await scene.refused('invalid-input', extend('t', 'answer', { complete: [done('c1'), done('c1')] }))
    await scene.refused('not-found', extend('t', 'answer', { complete: [done('c1'), done('none')] }))
    await scene.committed(extend('t', 'answer', { complete: [done('c3'), done('c1')] }))
    const parts = (await scene.messages('t'))[0]?.parts
    expectEqual(parts, [done('c1').part, calls[1], done('c3').part], 'the calls')
  }),
  sceneCase('what a commit saves it may go on with: extend, edit and delete in the same commit', async (scene) => {
    const parts = [{ type: 'text', text: ', more' }]
    for (const id of ['mine', undefined]) {
      const threadId = `t-${id}`
      const key = (await scene.state())?.key ?? ''
      const first = message('saved', id === undefined ? {} : { id })
      const named = id ?? `msg_${key}_${(await scene.seq()) + 1}.0.0`
      const opening = [openTurn(threadId), step(threadId, { opened: 0 }, first)]
      await scene.committed([...opening, extend(threadId, named, { parts })])
      expectEqual(await scene.texts(threadId), ['saved, more'], `a message under the id ${named}`)
      const next = message('saved', id === undefined ? {} : { id: 'next' })
      const nextNamed = id === undefined ? `msg_${key}_${(await scene.seq()) + 1}.0.0` : 'next'
      await scene.committed([say(threadId, next), deleteMessages(threadId, nextNamed)])
      expectEqual(await scene.texts(threadId), ['saved, more'], `a message deleted under the id ${nextNamed}`)
    }
  }),
  sceneCase(
    'extending over the limit is refused, by parts or by a completed tool part',
    async (scene) => {
      const answer = message('', { role: 'assistant', parts: [tool], id: 'answer' })
      await scene.committed([openTurn('t'), step('t', { opened: 0 }, answer)])
      const limits = { messageBytes: 150 }
      const parts = [{ type: 'text', text: 'x'.repeat(100) }]
      await scene.refused('limit-exceeded', extend('t', 'answer', { parts }), { limits })
      const part = { ...tool, output: 'x'.repeat(100) }
      await scene.refused('limit-exceeded', extend('t', 'answer', { complete: { toolCallId: 'c1', part } }), { limits })
    },
    11,
  ),
  sceneCase('metadata that comes while the turn is open is no edit, parts are', async (scene) => {
    const answer = message('so far', { role: 'assistant', id: 'answer', metadata: { a: 1 } })
    await scene.committed([openTurn('t'), step('t', { opened: 0 }, answer)])
    await scene.committed(edit('t', 'answer', { metadata: { b: 2 } }))
    const [read] = await scene.messages('t')
    expectEqual([read?.metadata, read?.editedAt], [{ a: 1, b: 2 }, undefined], 'the message')
    const { at } = await scene.committed(edit('t', 'answer', { parts: [{ type: 'text', text: 'all' }] }))
    expectEqual((await scene.messages('t'))[0]?.editedAt, at, 'the time of the edit')
  }),
  sceneCase('editing replaces parts, merges metadata deeply, and keeps the place', async (scene) => {
    await scene.committed(say('t', message('one', { id: 'm1', metadata: { a: { b: 1, c: 1 }, d: 1 } }), 'two'))
    scene.clock.advance(1_000)
    const metadata = { a: { b: null, e: 1 }, d: null }
    const { at } = await scene.committed(edit('t', 'm1', { metadata }), { actor: bob })
    const [read] = await scene.messages('t')
    expectEqual([read?.metadata, read?.parts], [{ a: { c: 1, e: 1 } }, message('one').parts], 'metadata only')
    expectEqual([read?.editedAt, read?.seq], [at, 1], 'its times')
    await scene.committed(edit('t', 'm1', { parts: [{ type: 'text', text: 'edited' }] }))
    expectEqual(await scene.texts('t'), ['edited', 'two'], 'the thread')
    expectEqual((await scene.messages('t'))[0]?.metadata, { a: { c: 1, e: 1 } }, 'metadata stays')
    await scene.refused('not-found', edit('t', 'none', { parts: [] }))
    await scene.refused('limit-exceeded', edit('t', 'm1', { metadata: { f: 'xxxxx' } }), {
      limits: { metadataBytes: 25 },
    })
  }),
  sceneCase('deleting hides messages, keeps the others’ places, and frees their ids', async (scene) => {
    const { messages } = await scene.did('message-append', say('t', 'one', message('two', { id: 'm2' }), 'three'))
    const [one, , three] = messages.map((saved) => saved.id)
    const { results } = await scene.committed([deleteMessages('t', one ?? '', 'm2', 'none', 'm2'), write('k', 1)])
    expectEqual(results[0], { kind: 'message-delete', deleted: [one, 'm2'] }, 'the answer names what was there')
    expectEqual(await scene.texts('t'), ['three'], 'the thread')
    const [left] = (await scene.page('t')).items
    expectEqual([left?.index, left?.message.id], [2, three], 'its place')
    expectEqual((await scene.did('message-delete', deleteMessages('t', one ?? ''))).deleted, [], 'a second deletion')
    await scene.refused('not-found', edit('t', one ?? '', { parts: [] }))
    expectEqual(await stored(scene, message('new', { id: 'm2' })), [true], 'the id is free')
    expectEqual(await scene.texts('t'), ['three', 'new'], 'the thread')
    await scene.refused('not-found', deleteMessages('none', 'm2'))
  }),
  sceneCase('changes in several turns are one commit', async (scene) => {
    await scene.committed(say('t', message('a1', { id: 'a1' }), message('a2', { id: 'a2' })))
    await scene.committed(say('t', message('b1', { id: 'b1' })))
    const { seq } = await scene.committed([
      edit('t', 'b1', { parts: [{ type: 'text', text: 'b1!' }] }),
      deleteMessages('t', 'a1'),
      say('t', 'c1'),
    ])
    expectEqual(await scene.texts('t'), ['a2', 'b1!', 'c1'], 'the thread')
    const [commit] = await scene.log(seq - 1)
    expectEqual([commit?.seq, commit?.rows.length, commit?.commitId !== null], [seq, 3, true], 'one row for each turn')
  }),
  sceneCase('messages of a thread that is not there', async (scene) => {
    await scene.committed(putThread('t'))
    const { items, asOf, more } = await scene.page('none')
    expectEqual([items, asOf, more], [[], 1, false], 'a list')
    await scene.refused('not-found', { kind: 'message-append', threadId: 'none', messages: [message('x')] })
  }),
]

export const messageCases: readonly StorageCase[] = [...order, ...once, ...changing]
