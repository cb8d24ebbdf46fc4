/** Cases of what stands in a thread: turns that replace others, that give their place back, and that are restored. */

import type { MessageInput } from '../../domain/records/message.ts'
import type { ShownStatus } from '../../domain/records/turn.ts'
import type { MessageQuery } from '../../ports/storage.ts'
import { expectEqual } from './assert.ts'
import {
  closeTurn,
  deleteMessages,
  discardTurn,
  extend,
  message,
  openTurn,
  replaceTurns,
  restoreTurn,
  resumeTurn,
  say,
  step,
} from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase, textsOf } from './scene.ts'

const answer = (words: string, more: Partial<MessageInput> = {}) => message(words, { role: 'assistant', ...more })

/** Three questions with their answers, each a turn. */
async function conversation(scene: Scene): Promise<readonly string[]> {
  const turns: string[] = []
  for (const n of [1, 2, 3]) {
    const said = say('t', message(`q${n}`, { id: `q${n}` }), answer(`a${n}`, { id: `a${n}` }))
    turns.push((await scene.did('message-append', said)).turnId)
  }
  return turns
}

const whole = ['q1', 'a1', 'q2', 'a2', 'q3', 'a3']

/** An open turn that is to replace others, with its question under the id of theirs. */
async function replacing(scene: Scene, replaces: readonly string[], question: string, id: string): Promise<string> {
  const asked = step('t', { opened: 0 }, message(question, { id }))
  return (await scene.did('turn-open', [openTurn('t', { replaces: [...replaces], runId: 'r' }), asked])).turnId
}

async function expectThread(scene: Scene, texts: readonly string[], what: string): Promise<void> {
  expectEqual(await scene.texts('t'), texts, what)
  expectEqual((await scene.thread('t'))?.messageCount, texts.length, `the count, ${what}`)
}

async function listed(scene: Scene, query: Partial<MessageQuery>): Promise<readonly string[]> {
  return textsOf((await scene.page('t', query)).items)
}

const waiting: readonly StorageCase[] = [
  sceneCase('what a turn replaces stands until it has kept a part of an answer', async (scene) => {
    const turns = await conversation(scene)
    const turnId = await replacing(scene, turns, 'q1 edited', 'q1')
    await expectThread(scene, whole, 'while there is no answer')
    const shown = await scene.page('t', { turns: 'shown' })
    expectEqual(textsOf(shown.items), [...whole, 'q1 edited'], 'with the question that waits')
    expectEqual(shown.items.at(-1)?.message.turnStatus, 'replacing' satisfies ShownStatus, 'its mark')
    const [found] = await scene.storage.messages.find(scene.access, home, 'q1')
    expectEqual(found?.message.parts, message('q1').parts, 'the message with the id')
    const internal = { type: 'tool-memory', toolCallId: 'c', toolMetadata: { aquifer: { internal: true } } }
    const unseen = answer('', { id: 'answer', parts: [{ type: 'step-start' }, internal] })
    await scene.committed(step('t', { turnId }, unseen))
    await expectThread(scene, whole, 'when the answer has only parts that nobody sees')
    await scene.committed(extend('t', 'answer', { parts: [{ type: 'text', text: 'better' }] }))
    await expectThread(scene, ['q1 edited', '[step-start][tool-memory]better'], 'once there is an answer')
    expectEqual((await scene.messages('t'))[0]?.turnStatus, 'open', 'its mark then')
    expectEqual((await scene.storage.messages.find(scene.access, home, 'a2')).length, 0, 'an old answer')
  }),
  ...(['failed', 'aborted', 'interrupted'] as const).map((status) =>
    sceneCase(`a turn that is ${status} without an answer replaces nothing`, async (scene) => {
      const turns = await conversation(scene)
      const turnId = await replacing(scene, turns.slice(2), 'q3', 'q3')
      await scene.committed(closeTurn('t', { turnId }, status))
      await expectThread(scene, whole, 'the thread')
      expectEqual(await listed(scene, { turns: 'shown' }), whole, 'its question')
      const all = await scene.page('t', { turns: 'all' })
      expectEqual(textsOf(all.items), [...whole, 'q3'], 'everything')
      expectEqual(all.items.at(-1)?.message.replacedBy, null, 'its mark there')
      const again = await replacing(scene, turns.slice(2), 'q3', 'q3')
      await scene.committed([step('t', { turnId: again }, answer('a3 again')), closeTurn('t', { turnId: again })])
      await expectThread(scene, [...whole.slice(0, 4), 'q3', 'a3 again'], 'when it is tried again')
    }),
  ),
  sceneCase('a turn that completes without an answer takes its place', async (scene) => {
    const turns = await conversation(scene)
    const turnId = await replacing(scene, turns.slice(1), 'q2 edited', 'q2')
    await scene.committed(closeTurn('t', { turnId }))
    await expectThread(scene, ['q1', 'a1', 'q2 edited'], 'the thread')
  }),
  sceneCase('an assistant message of the opening commit is input, unless that commit ends the turn', async (scene) => {
    const turns = await conversation(scene)
    const input = step('t', { opened: 0 }, 'q3', answer('kept'))
    const { turnId } = await scene.did('turn-open', [openTurn('t', { replaces: [turns[2] ?? ''] }), input])
    await expectThread(scene, whole, 'while it is open')
    await scene.committed(closeTurn('t', { turnId }, 'failed'))
    await expectThread(scene, whole, 'when it fails')
    const all = [openTurn('t', { replaces: [turns[2] ?? ''] }), input, closeTurn('t', { opened: 0 }, 'aborted')]
    await scene.committed(all)
    await expectThread(scene, [...whole.slice(0, 4), 'q3', 'kept'], 'when its commit ends it')
  }),
  sceneCase('a discarded turn gives its place back', async (scene) => {
    const turns = await conversation(scene)
    const turnId = await replacing(scene, turns, 'q1 edited', 'q1')
    await scene.committed(step('t', { turnId }, answer('secret')))
    await expectThread(scene, ['q1 edited', 'secret'], 'before')
    await scene.committed(discardTurn('t', turnId))
    await expectThread(scene, whole, 'after')
    const [found] = await scene.storage.messages.find(scene.access, home, 'q1')
    expectEqual(found?.message.parts, message('q1').parts, 'the message with the id')
  }),
  sceneCase('a discarded turn gives nothing back while another turn stands in its place', async (scene) => {
    const turns = await conversation(scene)
    const first = await replacing(scene, turns.slice(2), 'q3', 'q3')
    await scene.committed([step('t', { turnId: first }, answer('second')), closeTurn('t', { turnId: first })])
    const last = await replacing(scene, [first], 'q3', 'q3')
    await scene.committed(step('t', { turnId: last }, answer('third')))
    await scene.committed(discardTurn('t', first))
    await expectThread(scene, [...whole.slice(0, 4), 'q3', 'third'], 'while the other stands')
    await scene.committed(discardTurn('t', last))
    await expectThread(scene, whole, 'when the other is discarded too')
  }),
  sceneCase('a turn whose message id was used since does not return by itself', async (scene) => {
    const turns = await conversation(scene)
    const turnId = await replacing(scene, turns.slice(2), 'q3 edited', 'q4')
    await scene.committed(step('t', { turnId }, answer('better')))
    await scene.committed(say('t', message('taken', { id: 'a3' })))
    await scene.committed(discardTurn('t', turnId))
    await expectThread(scene, [...whole.slice(0, 4), 'taken'], 'the thread')
    await scene.refused('conflict', restoreTurn('t', turns[2] ?? ''))
    await scene.committed(deleteMessages('t', 'a3'))
    await scene.committed(restoreTurn('t', turns[2] ?? ''))
    await expectThread(scene, whole, 'once the id is free')
  }),
]

const rivals: readonly StorageCase[] = [
  sceneCase('of two turns that replace the same, the first kept answer wins', async (scene) => {
    const turns = await conversation(scene)
    const slow = await replacing(scene, turns, 'q1 edited', 'q1')
    const fast = await replacing(scene, turns.slice(2), 'q3', 'q3')
    await scene.committed(step('t', { turnId: fast }, answer('a3 again')))
    const now = [...whole.slice(0, 4), 'q3', 'a3 again']
    await expectThread(scene, now, 'the winner')
    const late = step('t', { turnId: slow }, answer('late'))
    const error = await scene.refused('conflict', late)
    expectEqual([error.details.overtakenBy, error.details.status], [fast, 'open'], 'the refusal')
    await scene.refused('conflict', closeTurn('t', { turnId: slow }))
    await scene.refused('conflict', [late, closeTurn('t', { turnId: slow }, 'aborted')])
    await scene.committed(closeTurn('t', { turnId: slow }, 'aborted'))
    await expectThread(scene, now, 'when the other ended')
    expectEqual((await listed(scene, { turns: 'all' })).includes('q1 edited'), true, 'its question, on request')
    await scene.refused('conflict', resumeTurn('t', slow))
  }),
  sceneCase('an open turn that is replaced goes on until the other has an answer', async (scene) => {
    const open = await scene.did('turn-open', [openTurn('t'), step('t', { opened: 0 }, 'q')])
    const next = await scene.did('turn-open', openTurn('t', { replaces: [open.turnId] }), { actor: bob })
    await scene.committed(step('t', { turnId: open.turnId }, answer('first')))
    await expectThread(scene, ['q', 'first'], 'before')
    await scene.committed(step('t', { turnId: next.turnId }, answer('second')), { actor: bob })
    await expectThread(scene, ['second'], 'after')
    await scene.refused('conflict', step('t', { turnId: open.turnId }, answer('late')))
    const turn = await scene.storage.messages.turn(scene.access, home, open.turnId)
    expectEqual([turn?.status, turn?.replacedBy], ['aborted', next.turnId], 'the replaced turn')
  }),
  sceneCase('an interrupted turn that was overtaken is not resumed', async (scene) => {
    const turns = await conversation(scene)
    const turnId = await replacing(scene, turns.slice(2), 'q3', 'q3')
    await scene.committed(closeTurn('t', { turnId }, 'interrupted'))
    await scene.committed(replaceTurns('t', turns.slice(2), 'other'))
    await scene.refused('conflict', resumeTurn('t', turnId, 'r'))
  }),
]

const restoring: readonly StorageCase[] = [
  sceneCase('a restored turn returns with its branch, and the other branch leaves whole', async (scene) => {
    const turns = await conversation(scene)
    const { turnId } = await scene.did('turn-open', replaceTurns('t', turns, 'q1 edited', answer('better')))
    const after = await scene.did('message-append', say('t', 'q4', answer('a4')))
    const other = ['q1 edited', 'better', 'q4', 'a4']
    await expectThread(scene, other, 'the other branch')
    const restored = await scene.did('turn-restore', restoreTurn('t', turns[1] ?? ''))
    expectEqual([restored.restored, restored.replaced], [turns, [turnId, after.turnId]], 'the answer')
    await expectThread(scene, whole, 'the old branch')
    const later = await scene.did('message-append', say('t', 'q5'))
    const back = await scene.did('turn-restore', restoreTurn('t', after.turnId))
    expectEqual(
      [back.restored, back.replaced],
      [
        [turnId, after.turnId],
        [...turns, later.turnId],
      ],
      'the answer again',
    )
    await expectThread(scene, other, 'the other branch again')
    await scene.committed(restoreTurn('t', later.turnId))
    await expectThread(scene, [...whole, 'q5'], 'what followed the old branch returns with it')
  }),
  sceneCase('a turn that was replaced again and again is restored at any place of the chain', async (scene) => {
    const [, , old = ''] = await conversation(scene)
    const made = [old]
    for (const words of ['second', 'third', 'fourth']) {
      const next = replaceTurns('t', [made.at(-1) ?? ''], message('q3', { id: 'q3' }), answer(words))
      made.push((await scene.did('turn-open', next)).turnId)
    }
    const words = ['a3', 'second', 'third', 'fourth']
    for (const at of [0, 2, 1, 3, 0]) {
      await scene.committed(restoreTurn('t', made[at] ?? ''))
      await expectThread(scene, [...whole.slice(0, 5), words[at] ?? ''], `${words[at]}`)
    }
    const again = await scene.did('turn-open', replaceTurns('t', [old], 'q3', answer('fifth')))
    await scene.committed(restoreTurn('t', made[2] ?? ''))
    await expectThread(scene, [...whole.slice(0, 5), 'third'], 'a turn that replaced the same one')
    await scene.committed(restoreTurn('t', again.turnId))
    await expectThread(scene, [...whole.slice(0, 5), 'fifth'], 'and back')
  }),
  sceneCase('a turn at work in the branch that leaves ends, and its owner is told', async (scene) => {
    const turns = await conversation(scene)
    const open = await replacing(scene, turns.slice(2), 'q3', 'q3')
    await scene.committed(step('t', { turnId: open }, answer('better')))
    const waiting = await replacing(scene, [open], 'q3', 'q3')
    await scene.committed(restoreTurn('t', turns[2] ?? ''), { actor: bob })
    await expectThread(scene, whole, 'the thread')
    for (const turnId of [open, waiting]) await scene.refused('conflict', step('t', { turnId }, answer('late')))
    await scene.committed(closeTurn('t', { turnId: waiting }, 'aborted'))
    expectEqual(await scene.storage.messages.openTurns(scene.access, home, 't'), [], 'open turns')
  }),
  sceneCase('only a replaced turn with something left is restored', async (scene) => {
    const turns = await conversation(scene)
    const nothing = await scene.did('turn-restore', restoreTurn('t', turns[0] ?? ''))
    expectEqual([nothing.restored, nothing.replaced], [[], []], 'a turn that stands')
    const open = await replacing(scene, turns.slice(2), 'q3', 'q3')
    await scene.refused('conflict', restoreTurn('t', open))
    await scene.committed(discardTurn('t', open))
    await scene.refused('conflict', restoreTurn('t', open))
    await scene.refused('not-found', restoreTurn('t', 'turn_none'))
    await scene.refused('not-found', restoreTurn('u', turns[0] ?? ''))
    await scene.committed(replaceTurns('t', turns.slice(2), 'q3', answer('better')))
    await scene.refused('invalid-input', [restoreTurn('t', turns[2] ?? ''), say('t', 'beside')])
    await scene.storage.compact(scene.access, home, await scene.seq())
    await scene.committed(say('t', 'later'))
    await scene.storage.compact(scene.access, home, (await scene.seq()) - 1)
    await scene.refused('conflict', restoreTurn('t', turns[2] ?? ''))
  }),
  sceneCase('a turn that was restored stays through compaction, wherever the horizon lies', async (scene) => {
    const turns = await conversation(scene)
    await scene.committed(replaceTurns('t', turns.slice(1), message('q2 edited', { id: 'q2' }), answer('better')))
    const replaced = await scene.seq()
    await scene.committed(restoreTurn('t', turns[2] ?? ''))
    await scene.committed(say('other', 'words'))
    await expectThread(scene, whole, 'once it is restored')
    for (const horizon of [replaced - 1, replaced, replaced + 1]) {
      await scene.storage.compact(scene.access, home, horizon)
      await expectThread(scene, whole, `with the horizon at ${horizon}`)
    }
    const places = await scene.storage.messages.find(scene.access, home, 'q2')
    expectEqual(places.length, 1, 'the id of its message')
  }),
  sceneCase('a turn that returned because another was discarded stays through compaction', async (scene) => {
    const turns = await conversation(scene)
    const open = await replacing(scene, turns.slice(1), 'q2 edited', 'q2')
    await scene.committed(step('t', { turnId: open }, answer('better')))
    const replaced = await scene.seq()
    await scene.committed(discardTurn('t', open))
    await scene.committed(say('other', 'words'))
    await scene.storage.compact(scene.access, home, replaced)
    await expectThread(scene, whole, 'once the other is discarded')
  }),
  sceneCase('a turn that waits keeps what it is to replace through compaction', async (scene) => {
    const turns = await conversation(scene)
    const turnId = await replacing(scene, turns.slice(1), 'q2 edited', 'q2')
    await scene.committed(say('other', 'words'))
    await scene.storage.compact(scene.access, home, (await scene.seq()) - 1)
    await expectThread(scene, whole, 'while it waits')
    await scene.committed([step('t', { turnId }, answer('better')), closeTurn('t', { turnId })])
    await expectThread(scene, ['q1', 'a1', 'q2 edited', 'better'], 'once it has an answer')
    await scene.committed(restoreTurn('t', turns[2] ?? ''))
    await expectThread(scene, whole, 'once it is restored')
  }),
]

export const standingCases: readonly StorageCase[] = [...waiting, ...rivals, ...restoring]
