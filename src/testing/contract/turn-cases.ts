/** Cases of turns: ownership, closing, resuming, replacing, discarding. */

import type { Author } from '../../domain/actor.ts'
import type { SpaceId } from '../../domain/id.ts'
import type { ShownStatus } from '../../domain/records/turn.ts'
import { childSpaceId, spaceId } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import { expectEqual, expectTrue } from './assert.ts'
import {
  closeTurn,
  deleteMessages,
  deleteThread,
  discardTurn,
  edit,
  extend,
  message,
  openTurn,
  putThread,
  release,
  resumeTurn,
  say,
  step,
  take,
  write,
} from './changes.ts'
import { alice, bob, carol, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

async function openTurns(scene: Scene, threadId = 't'): Promise<readonly string[]> {
  const turns = await scene.storage.messages.openTurns(scene.access, home, threadId)
  return turns.map((turn) => turn.turnId)
}

async function statuses(scene: Scene, threadId = 't'): Promise<readonly ShownStatus[]> {
  return (await scene.messages(threadId)).map((one) => one.turnStatus)
}

const ownership: readonly StorageCase[] = [
  sceneCase('a turn is opened, joined by steps, and closed', async (scene) => {
    const open = await scene.did('turn-open', openTurn('t', { runId: 'run-1', leaseMs: 5_000 }))
    expectEqual([open.leaseToken, open.createdThread], [1, true], 'the answer')
    const [turn] = await scene.storage.messages.openTurns(scene.access, home, 't')
    expectEqual([turn?.turnId, turn?.threadId, turn?.lease.token], [open.turnId, 't', 1], 'the open turn')
    expectEqual([turn?.lease.holder, turn?.lease.name], [alice, `turn/${open.turnId}`], 'its lease')
    const { turnId } = open
    const saved = await scene.did('message-append', step('t', { turnId }, 'one'))
    expectEqual([saved.turnId, saved.createdThread], [turnId, false], 'the step')
    expectEqual(await statuses(scene), ['open'], 'status while open')
    await scene.committed([step('t', { turnId }, 'two'), closeTurn('t', { turnId })])
    expectEqual([await statuses(scene), await openTurns(scene)], [['complete', 'complete'], []], 'after it is closed')
  }),
  sceneCase('only the actor that opened a turn continues it', async (scene) => {
    const { turnId } = await scene.did('turn-open', [
      openTurn('t'),
      step('t', { opened: 0 }, message('words', { id: 'mine' })),
    ])
    const theirs = [
      step('t', { turnId }, 'intruding'),
      extend('t', 'mine', { parts: [{ type: 'text', text: 'more' }] }),
      edit('t', 'mine', { parts: [] }),
      discardTurn('t', turnId),
      ...(['complete', 'failed', 'aborted', 'suspended', 'interrupted'] as const).map((status) =>
        closeTurn('t', { turnId }, status),
      ),
    ]
    for (const change of theirs) await scene.refused('conflict', change, { actor: bob })
    expectEqual([await scene.texts('t'), await statuses(scene)], [['words'], ['open']], 'the turn is as it was')
    await scene.committed(step('t', { turnId }, 'mine too'))
  }),
  sceneCase('a closed turn takes no more steps', async (scene) => {
    for (const status of ['complete', 'failed', 'aborted', 'suspended', 'interrupted'] as const) {
      const { turnId } = await scene.did('turn-open', [
        openTurn('t'),
        step('t', { opened: 0 }, message('words', { id: status })),
        closeTurn('t', { opened: 0 }, status),
      ])
      await scene.refused('conflict', step('t', { turnId }, 'late'))
      await scene.refused('conflict', extend('t', status, { parts: [] }))
      await scene.refused('conflict', closeTurn('t', { turnId }))
      expectEqual((await scene.messages('t')).at(-1)?.turnStatus, status, 'its status')
    }
    expectEqual(await openTurns(scene), [], 'no turn is open')
  }),
  sceneCase('nobody takes, steals or releases the lease of a turn by its name', async (scene) => {
    const { turnId, leaseToken } = await scene.did('turn-open', openTurn('t'))
    const name = `turn/${turnId}`
    for (const change of [take(name, 1_000, true), release(name, leaseToken)]) {
      await scene.commit(change, { actor: bob }).catch(() => null)
      expectEqual(await openTurns(scene), [turnId], `the open turn after ${change.kind}`)
      await scene.refused('conflict', closeTurn('t', { turnId }, 'interrupted'), { actor: bob })
    }
  }),
  sceneCase('a turn is named by its own thread and space', async (scene) => {
    const { turnId } = await scene.did('turn-open', openTurn('t'))
    await scene.committed(putThread('u'))
    await scene.refused('not-found', step('u', { turnId }, 'astray'))
    await scene.refused('not-found', step('t', { turnId: 'turn_x' }, 'astray'))
    await scene.refused('not-found', step('t', { opened: 0 }, 'astray'))
    await scene.refused('not-found', closeTurn('t', { turnId: turnId.replace(/_\d+\./, '_99.') }))
  }),
]

const leases: readonly StorageCase[] = [
  sceneCase(
    'a turn that must be alone is refused while another is open, not for closed or abandoned ones',
    async (scene) => {
      const alone = { alone: true, leaseMs: 1_000 }
      const first = await scene.did('turn-open', openTurn('t', alone))
      await scene.did('turn-open', openTurn('u', alone), { actor: bob })
      const error = await scene.refused('conflict', openTurn('t', alone), { actor: bob })
      expectEqual(
        [error.retryable, error.details.openTurns],
        [true, [{ turnId: first.turnId, until: isoTime(scene.clock.now() + 1_000) }]],
        'the refusal',
      )
      await scene.refused('conflict', openTurn('t', alone))
      await scene.committed(openTurn('t'), { actor: bob })
      await scene.refused('conflict', openTurn('t', { ...alone, replaces: [first.turnId] }))
      scene.clock.advance(1_000)
      await scene.refused('conflict', openTurn('t', alone))
      scene.clock.advance(120_000)
      const second = await scene.did('turn-open', openTurn('t', alone))
      await scene.refused('conflict', openTurn('t', { ...alone, replaces: [second.turnId] }))
      await scene.committed(closeTurn('t', { turnId: second.turnId }))
      const third = await scene.did('turn-open', openTurn('t', { ...alone, replaces: [second.turnId] }))
      const asked = { type: 'tool-x', toolCallId: 'c', state: 'input-available' }
      const answer = step('t', { turnId: third.turnId }, message('', { role: 'assistant', parts: [asked] }))
      await scene.committed([answer, closeTurn('t', { turnId: third.turnId }, 'suspended')])
      const fourth = await scene.did('turn-open', openTurn('t', alone), { actor: bob })
      const resume = { ...resumeTurn('t', third.turnId), alone: true } as const
      await scene.refused('conflict', resume)
      await scene.committed(closeTurn('t', { turnId: fourth.turnId }), { actor: bob })
      await scene.committed(resume)
    },
  ),
  sceneCase(
    'others may close a turn as interrupted, once its lease is over',
    async (scene) => {
      const { turnId } = await scene.did('turn-open', [
        openTurn('t', { leaseMs: 1_000 }),
        step('t', { opened: 0 }, 'so far'),
      ])
      scene.clock.advance(999)
      await scene.refused('conflict', closeTurn('t', { turnId }, 'interrupted'), { actor: bob })
      scene.clock.advance(1)
      await scene.refused('conflict', closeTurn('t', { turnId }, 'complete'), { actor: bob })
      await scene.committed(closeTurn('t', { turnId }, 'interrupted'), { actor: bob })
      expectEqual([await statuses(scene), await openTurns(scene)], [['interrupted'], []], 'the turn')
    },
    6,
  ),
  sceneCase('a renewed lease keeps others out', async (scene) => {
    const { turnId, leaseToken: token } = await scene.did('turn-open', openTurn('t', { leaseMs: 1_000 }))
    scene.clock.advance(900)
    await scene.storage.renewLease(scene.access, home, { name: `turn/${turnId}`, token, leaseMs: 1_000 })
    scene.clock.advance(900)
    await scene.refused('conflict', closeTurn('t', { turnId }, 'interrupted'), { actor: bob })
  }),
  sceneCase(
    'a step renews the lease of its turn by its own length, also once its opening was compacted',
    async (scene) => {
      const opening = [openTurn('t', { leaseMs: 1_000 }), step('t', { opened: 0 }, message('one', { id: 'mine' }))]
      const { turnId, leaseToken } = await scene.did('turn-open', opening)
      const until = async () => {
        const [turn] = await scene.storage.messages.openTurns(scene.access, home, 't')
        expectEqual(turn?.lease.token, leaseToken, 'the token')
        return Date.parse(turn?.lease.until ?? '') - scene.clock.now()
      }
      scene.clock.advance(900)
      await scene.committed(step('t', { turnId }, 'two'))
      expectEqual(await until(), 1_000, 'after a step')
      scene.clock.advance(900)
      await scene.committed(extend('t', 'mine', { parts: [] }))
      expectEqual(await until(), 1_000, 'after an extension')
      await scene.storage.compact(scene.access, home, 2)
      scene.clock.advance(900)
      await scene.committed(step('t', { turnId }, 'three'))
      expectEqual(await until(), 1_000, 'after compaction')
    },
  ),
  sceneCase('the owner goes on after its lease was over, if nobody closed the turn', async (scene) => {
    const { turnId } = await scene.did('turn-open', openTurn('t', { leaseMs: 1_000 }))
    scene.clock.advance(10_000)
    await scene.committed([step('t', { turnId }, 'slept'), closeTurn('t', { turnId })])
    expectEqual(await statuses(scene), ['complete'], 'the turn')
  }),
  sceneCase('an interrupted turn is resumed by the same actor and run', async (scene) => {
    const opening = [openTurn('t', { leaseMs: 1_000, runId: 'run-1' }), step('t', { opened: 0 }, 'one')]
    const { turnId, leaseToken } = await scene.did('turn-open', opening)
    await scene.refused('conflict', resumeTurn('t', turnId, 'run-1'))
    scene.clock.advance(1_000)
    await scene.committed(closeTurn('t', { turnId }, 'interrupted'), { actor: bob })
    await scene.refused('conflict', resumeTurn('t', turnId, 'run-1'), { actor: bob })
    await scene.refused('invalid-input', resumeTurn('t', turnId, 'run-2'))
    await scene.refused('invalid-input', resumeTurn('t', turnId))
    const resumed = await scene.did('turn-resume', resumeTurn('t', turnId, 'run-1'))
    expectTrue(resumed.leaseToken > leaseToken, 'a new token')
    expectEqual([await openTurns(scene), await statuses(scene)], [[turnId], ['open']], 'it is open again')
    await scene.committed([step('t', { turnId }, 'two'), closeTurn('t', { turnId })])
    expectEqual(await scene.texts('t'), ['one', 'two'], 'nothing was lost')
  }),
  sceneCase('a suspended turn is resumed by any run of its actor; other ends are final', async (scene) => {
    const suspended = await scene.did('turn-open', [
      openTurn('t', { runId: 'a' }),
      closeTurn('t', { opened: 0 }, 'suspended'),
    ])
    await scene.refused('conflict', resumeTurn('t', suspended.turnId), { actor: bob })
    await scene.committed(resumeTurn('t', suspended.turnId, 'b'))
    for (const status of ['complete', 'failed', 'aborted'] as const) {
      const { turnId } = await scene.did('turn-open', [openTurn('t'), closeTurn('t', { opened: 0 }, status)])
      await scene.refused('conflict', resumeTurn('t', turnId))
    }
  }),
]

async function question(scene: Scene, words: string, answer: string, id: string): Promise<string> {
  const opening = [openTurn('t'), step('t', { opened: 0 }, words, message(answer, { role: 'assistant', id }))]
  return (await scene.did('turn-open', [...opening, closeTurn('t', { opened: 0 })])).turnId
}

const replacing: readonly StorageCase[] = [
  sceneCase('a replaced turn leaves the lists and frees its ids', async (scene) => {
    await scene.committed(say('t', 'before'))
    const turnId = await question(scene, 'why', 'because', 'answer')
    await scene.committed(say('t', 'after'))
    const next = await scene.did('turn-open', openTurn('t', { replaces: [turnId] }))
    await scene.committed(closeTurn('t', { turnId: next.turnId }))
    expectEqual(await scene.texts('t'), ['before', 'after'], 'the old answer is out of sight')
    expectEqual((await scene.thread('t'))?.messageCount, 2, 'the counter')
    expectEqual(await scene.storage.messages.find(scene.access, home, 'answer'), [], 'its id is nowhere')
    await scene.refused('not-found', edit('t', 'answer', { parts: [] }))
    const again = message('better', { role: 'assistant', id: 'answer' })
    const { messages } = await scene.did('message-append', say('t', 'why', again))
    expectEqual(messages[1], { id: 'answer', stored: true }, 'the id is free')
    expectEqual(await scene.texts('t'), ['before', 'after', 'why', 'better'], 'the new answer')
    expectTrue((await scene.logText()).includes('because'), 'the log keeps the old answer')
  }),
  sceneCase('a replaced turn is neither resumed nor replaced nor changed again', async (scene) => {
    const turnId = await question(scene, 'why', 'because', 'answer')
    const open = await scene.did('turn-open', openTurn('t'))
    const next = await scene.did('turn-open', openTurn('t', { replaces: [turnId, open.turnId, turnId] }))
    await scene.committed(step('t', { turnId: next.turnId }, message('better', { role: 'assistant' })))
    expectEqual(await openTurns(scene), [next.turnId], 'an open turn that was replaced is open no more')
    await scene.refused('conflict', openTurn('t', { replaces: [turnId] }))
    await scene.refused('conflict', resumeTurn('t', turnId))
    await scene.refused('conflict', step('t', { turnId: open.turnId }, 'late'))
    await scene.refused('not-found', openTurn('t', { replaces: ['turn_none'] }))
    expectEqual((await scene.did('message-delete', deleteMessages('t', 'answer'))).deleted, [], 'deleting its messages')
  }),
  sceneCase('anyone may replace a turn, and the new turn is theirs', async (scene) => {
    const turnId = await question(scene, 'why', 'because', 'answer')
    const next = await scene.did('turn-open', openTurn('t', { replaces: [turnId] }), { actor: bob })
    await scene.refused('conflict', step('t', { turnId: next.turnId }, 'mine?'))
    await scene.committed(step('t', { turnId: next.turnId }, 'mine'), { actor: bob })
  }),
]

const discarding: readonly StorageCase[] = [
  sceneCase('a discarded turn leaves no content, only that it happened', async (scene) => {
    await scene.committed(say('t', 'before'))
    const tool = { type: 'tool-search', toolCallId: 'call-1', input: 'secret-2' }
    const { turnId } = await scene.did('turn-open', [
      openTurn('t'),
      step('t', { opened: 0 }, 'secret-1'),
      write('k', 'kept'),
    ])
    await scene.committed(
      step('t', { turnId }, message('', { id: 'mine', parts: [tool], metadata: { a: 'secret-3' } })),
    )
    await scene.committed(extend('t', 'mine', { parts: [{ type: 'text', text: 'secret-4' }] }))
    await scene.committed(edit('t', 'mine', { metadata: { b: 'secret-5' } }))
    await scene.committed(discardTurn('t', turnId))
    expectEqual([await scene.texts('t'), await openTurns(scene)], [['before'], []], 'the thread')
    const log = await scene.logText()
    expectTrue(!log.includes('secret'), 'no content is left in the log')
    expectTrue(log.includes('turn-discard') && log.includes('kept'), 'that it happened is, and what else was committed')
    expectEqual((await scene.thread('t'))?.messageCount, 1, 'the counter')
    const again = await scene.did('message-append', say('t', message('new', { id: 'mine' })))
    expectEqual(again.messages, [{ id: 'mine', stored: true }], 'its ids are free')
    for (const change of [discardTurn('t', turnId), resumeTurn('t', turnId), step('t', { turnId }, 'late')]) {
      await scene.refused('conflict', change)
    }
  }),
  sceneCase('a discarded first turn leaves its thread', async (scene) => {
    const { turnId } = await scene.did('turn-open', [openTurn('t'), step('t', { opened: 0 }, 'secret')])
    await scene.committed(discardTurn('t', turnId))
    expectEqual([(await scene.thread('t'))?.messageCount, await scene.threadIds()], [0, ['t']], 'the thread')
    const saved = await scene.did('message-append', say('u', 'secret'))
    await scene.committed(discardTurn('u', saved.turnId))
    expectEqual([(await scene.thread('u'))?.messageCount, await scene.texts('u')], [0, []], 'a thread its save made')
    expectTrue(!(await scene.logText()).includes('secret'), 'no content is left in the log')
  }),
  sceneCase('what the discarding commit itself saved is discarded too', async (scene) => {
    const { turnId } = await scene.did('turn-open', openTurn('t'))
    await scene.committed([step('t', { turnId }, message('secret', { id: 'mine' })), discardTurn('t', turnId)])
    expectEqual(await scene.texts('t'), [], 'the thread')
    expectTrue(!(await scene.logText()).includes('secret'), 'no content is left in the log')
    const again = await scene.did('message-append', say('t', message('new', { id: 'mine' })))
    expectEqual(again.messages, [{ id: 'mine', stored: true }], 'its ids are free')
  }),
  sceneCase('discarding takes no thread’s place in the order away', async (scene) => {
    await scene.committed(say('a', 'one'))
    const { turnId } = await scene.did('turn-open', [openTurn('b'), step('b', { opened: 0 }, 'two')])
    await scene.committed(say('c', 'three'))
    await scene.committed(step('b', { turnId }, 'four'))
    await scene.committed(discardTurn('b', turnId))
    const ids = await scene.threadIds()
    for (const limit of [1, 2]) {
      const first = await scene.threads({ limit })
      const second = await scene.threads({ limit: 3 - limit, after: first.next })
      const both = [...first.items, ...second.items].map((thread) => thread.id)
      expectEqual(both, ids, `pages of ${limit}`)
    }
  }),
]

const unknownUser = { kind: 'user', id: 'unknown', claimed: true } as const
const ann = spaceId('resource', 'ann')
const authorsBySpace: readonly (readonly [SpaceId, Author])[] = [
  [ann, { kind: 'user', id: 'ann' }],
  [childSpaceId(ann, 'agent', 'researcher'), { kind: 'user', id: 'ann' }],
  [childSpaceId(childSpaceId(ann, 'task', 'x'), 'resource', 'bob'), { kind: 'user', id: 'ann' }],
  [childSpaceId(home, 'resource', 'bob'), { kind: 'user', id: 'bob' }],
  [home, unknownUser],
  [spaceId('task', 'x'), unknownUser],
  [spaceId('agent', 'researcher'), unknownUser],
]

const authors: readonly StorageCase[] = [
  sceneCase(
    'authors are the actor’s own, the resource’s for a user’s words, and marked when claimed',
    async (scene) => {
      const stated = { kind: 'user', id: 'dave' } as const
      await scene.committed(
        say('t', 'asked', message('answered', { role: 'assistant' }), message('x', { author: stated })),
      )
      await scene.committed(say('t', 'asked', message('mine', { author: { ...carol } })), { actor: carol })
      const found = (await scene.messages('t')).map((one) => one.author)
      const expected = [unknownUser, alice, { ...stated, claimed: true }, carol, carol]
      expectEqual(found, expected, 'authors')
    },
  ),
  sceneCase('a user’s words are the outermost resource’s in every space below it', async (scene) => {
    for (const [space, author] of authorsBySpace) {
      await scene.committed(say('t', 'asked'), { space })
      expectEqual((await scene.messages('t', space))[0]?.author, author, space)
    }
  }),
]

const reading: readonly StorageCase[] = [
  sceneCase(
    'a turn is read by its id: where, by whom, for which run, how it ended, what replaced it',
    async (scene) => {
      const read = (turnId: string, space = home) => scene.storage.messages.turn(scene.access, space, turnId)
      const { turnId } = await scene.did('turn-open', openTurn('t', { runId: 'run-1' }), { actor: bob })
      const own = { threadId: 't', actor: bob, replacedBy: null }
      expectEqual(await read(turnId), { ...own, status: 'open', runId: 'run-1' }, 'an open turn')
      await scene.committed([step('t', { turnId }, 'one'), closeTurn('t', { turnId }, 'suspended')], { actor: bob })
      expectEqual((await read(turnId))?.status, 'suspended', 'a suspended turn')
      await scene.committed(resumeTurn('t', turnId, 'run-2'), { actor: bob })
      expectEqual(await read(turnId), { ...own, status: 'open', runId: 'run-2' }, 'a resumed turn')
      const later = await scene.did('turn-open', [openTurn('t', { replaces: [turnId] }), write('k', 1)])
      await scene.committed(closeTurn('t', { turnId: later.turnId }))
      const replaced = { ...own, status: 'aborted', runId: 'run-2', replacedBy: later.turnId }
      expectEqual(await read(turnId), replaced, 'a replaced turn')
      await scene.committed(discardTurn('t', later.turnId))
      expectEqual((await read(later.turnId))?.status, 'discarded', 'a discarded turn')
      const saved = await scene.did('message-append', say('t', 'at once'))
      const atOnce = { threadId: 't', actor: alice, status: 'complete', runId: null, replacedBy: null }
      expectEqual(await read(saved.turnId), atOnce, 'a turn that was never open')
    },
  ),
  sceneCase(
    'a turn is not read under another space, under a place where none is, or once its thread is gone',
    async (scene) => {
      const read = (turnId: string, space = home) => scene.storage.messages.turn(scene.access, space, turnId)
      const { turnId } = await scene.did('turn-open', openTurn('t'))
      const other = spaceId('team', 'other')
      await scene.committed(openTurn('t'), { space: other })
      expectEqual(
        [await read(turnId, other), await read(turnId, spaceId('team', 'none'))],
        [null, null],
        'other spaces',
      )
      for (const wrong of [`${turnId}9`, turnId.replace(/_\d+\./, '_99.'), 'turn_x', '']) {
        expectEqual(await read(wrong), null, `"${wrong}"`)
      }
      await scene.committed(deleteThread('t'))
      expectEqual(await read(turnId), null, 'a turn of a deleted thread')
      const again = await scene.did('turn-open', openTurn('t'))
      expectEqual(
        [await read(turnId), (await read(again.turnId))?.status],
        [null, 'open'],
        'of a thread that is created again',
      )
    },
  ),
]

export const turnCases: readonly StorageCase[] = [
  ...ownership,
  ...leases,
  ...replacing,
  ...discarding,
  ...authors,
  ...reading,
]
