/** Cases of idempotency: a commit id seen again gets the first answer, for every kind of change. */
import type { Change, ChangeKind } from '../../domain/commit/commit.ts'
import type { Seq, TurnId } from '../../domain/id.ts'
import type { Place } from '../../domain/records/observation.ts'
import { isCall, stepNoun } from '../../domain/records/step.ts'
import type { AnyStep } from '../../domain/records/work-step.ts'
import { isoTime } from '../../domain/time.ts'
import { expectEqual } from './assert.ts'
import * as change from './changes.ts'
import { alice, bob, carol, type StorageCase, worker } from './contract-case.ts'
import { beginCycle, note, observedAt, observeIn } from './observation-scene.ts'
import { accept, decideOn, proposed, proposing } from './proposal-scene.ts'
import { home, type Scene, sceneCase } from './scene.ts'
import { asking, type Working, working } from './step-scene.ts'
import { begun, type Leased } from './work-scene.ts'

/** Ids of the records before the commit, to build changes from. */
interface World {
  readonly openTurnId: string
  readonly suspendedTurnId: string
  readonly oldTurnId: string
  readonly replacedTurnId: string
  readonly issued: readonly string[]
  readonly token: number
  /** Ids of four facts: contradicted, the user’s, contradicting, and past its expiry. */
  readonly facts: Readonly<Record<'plain' | 'user' | 'marked' | 'short', string>>
  /** Ids of two runs: one that goes on, and one past its expiry. */
  readonly runs: Readonly<Record<'open' | 'short', string>>
  /** A run with a step `begun`, which was started once. */
  readonly calling: Working
  /** A workflow that is worked on, with a step `begun`, and one whose lease is over. */
  readonly works: Readonly<Record<'held' | 'left', Leased>>
  /** An open proposal to write the entry `made`. */
  readonly proposal: string
  /** Claims of two cycles at work, and the places that they are about. */
  readonly seen: {
    readonly observing: Seq
    readonly reflecting: Seq
    readonly place: Place
    readonly mulled: Place
  }
}

/** Three threads: one that was observed, one that is being observed, one that is being reflected on. */
async function watched(scene: Scene): Promise<World['seen']> {
  const said = async (threadId: string) => {
    const { messages } = await scene.did('message-append', change.say(threadId, 'said'))
    return observedAt(messages[0]?.id ?? '')
  }
  const [seen, place, mulled] = [await said('seen'), await said('watched'), await said('mulled')]
  await observeIn(scene, 'seen', { after: null, to: seen, activate: true }, [note('noted', seen)])
  await observeIn(scene, 'mulled', { after: null, to: mulled, activate: true }, [note('noted', mulled)])
  const observing = await beginCycle(scene, 'watched', place)
  return { observing, reflecting: await beginCycle(scene, 'mulled'), place, mulled }
}

async function build(scene: Scene): Promise<World> {
  await scene.committed([
    change.write('text', 'words'),
    change.write('list', ['a']),
    change.write('count', 3),
    change.write('object', { a: 1 }),
  ])
  await scene.committed([
    change.text('words', 'old'),
    change.json('plan', { a: { b: 1 } }),
    change.write('short', 'x', { ttlMs: 500 }),
  ])
  await scene.committed([change.putThread('t', { title: 'Old' }), change.text('main', 'old', 't')])
  const old = await scene.did('message-append', change.say('t', 'one', change.message('two', { id: 'mine' }), 'three'))
  const replaced = await scene.did('message-append', change.say('t', 'zero'))
  await scene.committed(change.replaceTurns('t', [replaced.turnId], 'zero again'))
  const suspended = await scene.did('turn-open', [
    change.openTurn('t'),
    change.closeTurn('t', { opened: 0 }, 'suspended'),
  ])
  const opening = [
    change.openTurn('t', { leaseMs: 80_000_000 }),
    change.step('t', { opened: 0 }, change.message('Well', { id: 'answer' })),
  ]
  const open = await scene.did('turn-open', opening)
  const { token } = await scene.did('lease-take', change.take('job', 80_000_000))
  const plain = await scene.asserted(change.assertFact('plain', { metadata: { a: 1 } }))
  const user = await scene.asserted(change.assertFact('user'), { actor: carol })
  const marked = await scene.asserted(change.assertFact('marked', { conflictsWith: [plain] }))
  const expiresAt = isoTime(scene.clock.now() + 500)
  const short = await scene.asserted(change.assertFact('short', { expiresAt }))
  const facts = { plain, user, marked, short }
  const running = await scene.did('run-put', change.putRun('open', { continuation: [1] }))
  const over = await scene.did('run-put', change.putRun('short'), { limits: { runTtlMs: 500 } })
  const runs = { open: running.runId, short: over.runId }
  const calling = await working(scene, 'calls')
  await scene.committed(asking(calling, 'begun', { stepKind: 'plain', status: 'started' }))
  const works = { held: await begun(scene, 'held'), left: await begun(scene, 'left', { leaseMs: 500 }) }
  await scene.committed(change.beginWork({ ...works.held, path: 'begun' }))
  const proposal = await proposed(scene, change.write('made', 1), bob)
  const seen = await watched(scene)
  scene.clock.advance(1_000)
  const issued = old.messages.map((saved) => saved.id)
  const turns = { openTurnId: open.turnId, suspendedTurnId: suspended.turnId, oldTurnId: old.turnId }
  return { ...turns, replacedTurnId: replaced.turnId, issued, token, facts, runs, calling, works, seen, proposal }
}

/** One commit, or more, for each kind of change. */
const commits: Readonly<Record<string, (world: World) => readonly Change[]>> = {
  'thread-put': () => [change.putThread('t', { title: 'New', metadata: { a: 1 }, archived: true })],
  'thread-put of a new thread': () => [change.putThread('u', { createdAt: '2020-01-01T00:00:00.000Z' })],
  'thread-delete': () => [change.deleteThread('t')],
  'thread-delete of nothing': () => [change.deleteThread('none')],
  'thread-clone': () => [
    {
      kind: 'thread-clone',
      threadId: 'copy',
      source: { space: home, threadId: 't', asOf: 1 },
      turns: [[change.message('one'), change.message('two')], [change.message('three')]],
      blocks: [{ name: 'main', format: 'text', value: 'old' }],
    },
  ],
  'turn-open': () => [change.openTurn('t', { runId: 'run-1' })],
  'turn-open that replaces': ({ oldTurnId }) => [change.openTurn('t', { replaces: [oldTurnId] })],
  'turn-open of a new thread': () => [change.openTurn('u')],
  'turn-close': ({ openTurnId }) => [change.closeTurn('t', { turnId: openTurnId }, 'failed')],
  'turn-resume': ({ suspendedTurnId }) => [change.resumeTurn('t', suspendedTurnId)],
  'turn-discard': ({ openTurnId }) => [change.discardTurn('t', openTurnId)],
  'turn-restore': ({ replacedTurnId }) => [change.restoreTurn('t', replacedTurnId)],
  'message-append': () => [change.say('t', 'four', change.message('five', { id: 'five' }))],
  'message-append of a new thread': () => [change.say('u', 'first')],
  'message-append, partly known': () => [change.say('t', 'four', change.message('two', { id: 'mine' }), 'five')],
  'message-append, wholly known': () => [change.say('t', change.message('two', { id: 'mine' }))],
  'message-append, step by step in one commit': () => [
    change.openTurn('t'),
    change.step('t', { opened: 0 }, 'four', change.message('five', { id: 'five' })),
    change.step('t', { opened: 0 }, 'six'),
    change.closeTurn('t', { opened: 0 }),
  ],
  'message-append to an open turn': ({ openTurnId }) => [change.step('t', { turnId: openTurnId }, 'four', 'five')],
  'message-append, two turns in one commit': () => [change.say('t', 'four'), change.say('t', 'five', 'six')],
  'message-extend': () => [change.extend('t', 'answer', { parts: [{ type: 'text', text: ', yes.' }] })],
  'message-edit': ({ issued }) => [change.edit('t', issued[2] ?? '', { parts: [], metadata: { a: 1 } })],
  'message-edit of a caller’s id': () => [change.edit('t', 'mine', { metadata: { a: 1 } })],
  'message-delete': ({ issued }) => [change.deleteMessages('t', issued[2] ?? '', 'mine', 'none', issued[0] ?? '')],
  'message-delete in two turns': ({ issued }) => [change.deleteMessages('t', 'answer', issued[0] ?? '')],
  'block-write': () => [change.text('words', 'new'), change.json('made', [1])],
  'block-write in a thread': () => [change.text('main', 'new', 't')],
  'block-merge': () => [change.mergeBlock('plan', { a: { c: 2 } }), change.mergeBlock('made', { a: 1 })],
  'entry-write': () => [change.write('text', 'new', { ttlMs: 9_000_000 }), change.write('made', 1)],
  'entry-merge': () => [change.merge('object', { b: 2 })],
  'entry-append': () => [change.append('list', 'b'), change.append('made', 1)],
  'entry-increment': () => [change.increment('count', 2)],
  'entry-delete': () => [change.remove('text'), change.remove('none')],
  'entry-expire': () => [change.expire('short'), change.expire('text')],
  'fact-assert': () => [change.assertFact('new', { sources: ['m'], attributes: { agentId: 'bot' } })],
  'fact-assert of what is known': () => [change.assertFact('Plain.', { unique: 'other', metadata: { a: 1 } })],
  'fact-assert of what is known, that supersedes': ({ facts }) => [
    change.assertFact('plain', { metadata: { a: 1 }, supersedes: [facts.marked] }),
  ],
  'fact-assert of a new version': ({ facts }) => [change.assertFact('changed', { factId: facts.plain, metadata: {} })],
  'fact-assert that supersedes and contradicts': ({ facts }) => [
    change.assertFact('new', { supersedes: [facts.plain, facts.user] }),
    change.assertFact('newer', { conflictsWith: [facts.marked] }),
  ],
  'fact-retire': ({ facts }) => [change.retire(facts.plain, facts.short, 'none')],
  'fact-expire': ({ facts }) => [change.expireFact(facts.short), change.expireFact(facts.plain)],
  'run-put': () => [
    change.openTurn('t'),
    change.putRun('new', { opened: 0, details: { a: 1 } }),
    change.step('t', { opened: 0 }, 'words'),
  ],
  'run-put of an old one': ({ runs }) => [change.putRun(null, { runId: runs.open, status: 'suspended' })],
  'run-put that ends it': ({ runs }) => [change.putRun(null, { runId: runs.open, status: 'complete' })],
  'run-expire': ({ runs }) => [change.expireRun(runs.short), change.expireRun(runs.open)],
  'run-put of a workflow': ({ works }) => [change.putRun(null, { ...works.held, status: 'suspended' })],
  'run-put that takes a lease': ({ works }) => [
    change.putRun(null, { runId: works.left.runId, leaseMs: 500 }),
    change.beginWork({ runId: works.left.runId, path: 'first' }),
  ],
  'run-interrupt': ({ works }) => [{ kind: 'run-interrupt', runId: works.left.runId }],
  'work-begin': ({ works }) => [change.beginWork({ ...works.held, path: 'begun' }, 2)],
  'work-end': ({ works }) => [change.endWork({ ...works.held, path: 'begun' }, { output: { none: null } })],
  'work-wait': ({ works }) => [change.waitWork({ ...works.held, path: 'begun' }, { payload: { none: null } })],
  'step-put': ({ calling }) => [asking(calling, 'new', { payload: { none: null } })],
  'step-patch': ({ calling }) => [change.patchStep(calling, 'begun', 'started', { attempt: 2 })],
  'proposal-put': () => [proposing(change.write('made', { none: null }))],
  'proposal-decide': ({ proposal }) => accept(proposal, change.write('made', 1)),
  'proposal-decide that rejects': ({ proposal }) => [decideOn(proposal, 'rejected', 'No.')],
  'observation-begin': ({ seen }) => [{ kind: 'observation-begin', threadId: 't', to: seen.place, leaseMs: 1_000 }],
  'observation-begin of a reflection': () => [{ kind: 'observation-begin', threadId: 'seen', leaseMs: 1_000 }],
  'observation-put': ({ seen }) => [
    {
      kind: 'observation-put',
      threadId: 'watched',
      claim: seen.observing,
      after: null,
      to: seen.place,
      notes: [note('one', seen.place), note('two', seen.place)],
    },
  ],
  'observation-activate': () => [{ kind: 'observation-activate', threadId: 'seen' }],
  'observation-reflect': ({ seen }) => [
    { kind: 'observation-reflect', threadId: 'mulled', claim: seen.reflecting, notes: [note('all', seen.mulled)] },
  ],
  'observation-release': ({ seen }) => [{ kind: 'observation-release', threadId: 'watched', claim: seen.observing }],
  'lease-take': () => [change.take('other', 5_000)],
  'lease-release': ({ token }) => [change.release('job', token), change.release('none', 1)],
  configure: () => [change.configure({ entriesPerSpace: 500 })],
  'all kinds at once': () => [
    change.write('a', 1),
    change.say('t', 'four'),
    change.text('words', 'new'),
    change.putThread('t', { title: 'New' }),
  ],
}

/** Changes records that the commit wrote, so that an answer read from current records would be wrong. */
async function disturb(scene: Scene): Promise<void> {
  scene.clock.advance(60_000)
  await scene.committed([
    change.write('text', 'later'),
    change.write('list', []),
    change.write('count', 100),
    change.write('object', {}),
  ])
  await scene.committed([
    change.write('made', 'later'),
    change.text('words', 'later'),
    change.json('plan', {}),
    change.json('made', {}),
  ])
  await scene.committed([change.write('a', 'later'), change.configure({ entriesPerSpace: 900 })])
  const { items } = await scene.facts()
  for (const [index, fact] of items.entries()) {
    await scene.committed(change.assertFact(`later ${index}`, { factId: fact.id, metadata: { later: true } }), {
      actor: carol,
    })
  }
  for (const run of (await scene.runs()).items) {
    const lease = run.kind === 'workflow' ? ({ leaseMs: 500, steal: true } as const) : {}
    await scene.committed(change.putRun(null, { runId: run.id, details: { later: 1 }, ...lease }))
  }
  const steps = await scene.storage.records.list(scene.access, home, stepNoun, { prefix: '', after: null, limit: 10 })
  for (const { value } of steps.items) {
    const step = value as unknown as AnyStep
    const { runId, path } = step
    if (isCall(step)) await scene.committed(change.patchStep({ runId }, path, 'settled'))
    else
      await scene.committed([
        change.putRun(null, { runId, leaseMs: 500, steal: true }),
        change.endWork({ runId, path: 'later' }),
      ])
  }
  if ((await scene.thread('t')) !== null)
    await scene.committed([change.text('main', 'later', 't'), change.say('t', 'later')])
}

const isOfApplication = (name: string) => name === 'run-interrupt' || name.startsWith('observation-')

const everyKind: readonly StorageCase[] = Object.entries(commits).map(([name, changesIn]) =>
  sceneCase(
    `a retry of ${name} gets the first answer`,
    async (scene) => {
      const changes = changesIn(await build(scene))
      const sent = { id: 'again', actor: isOfApplication(name) ? worker : alice }
      const first = await scene.committed(changes, sent)
      await disturb(scene)
      const seq = await scene.seq()
      const second = await scene.committed(changes, sent)
      expectEqual(second, { ...first, replayed: true }, 'the answer to a retry')
      expectEqual([first.replayed, await scene.seq()], [false, seq], 'nothing was applied again')
    },
    5,
  ),
)

const noFacts = { plain: '', user: '', marked: '', short: '' }
const noRuns = { open: '', short: '' }
const noPlace: Place = { turn: 0, index: 0 }
const noCycles: World['seen'] = { observing: 1, reflecting: 1, place: noPlace, mulled: noPlace }
const noWork = { held: { runId: '', token: 1 }, left: { runId: '', token: 1 } }
const noCalls: Working = { runId: '', turnId: '' as TurnId, threadId: '', messageId: '' }

/** Every kind of change has a commit above, except `erase`, whose commit leaves no trace. */
export const retriedKinds: ReadonlySet<ChangeKind> = new Set(
  Object.values(commits).flatMap((changesIn) => {
    const turns = { openTurnId: '', suspendedTurnId: '', oldTurnId: '', replacedTurnId: '' }
    const empty = { facts: noFacts, runs: noRuns, calling: noCalls, works: noWork, proposal: '', seen: noCycles }
    const world = { ...turns, issued: [], token: 1, ...empty }
    return changesIn(world).map((change) => change.kind)
  }),
)

const reuse: readonly StorageCase[] = [
  sceneCase(
    'a known commit id with other content or another actor is refused',
    async (scene) => {
      await scene.committed(change.write('k', 1), { id: 'c' })
      const others = [
        () => scene.conflict(change.write('k', 2), { id: 'c' }),
        () => scene.conflict([change.write('k', 1), change.write('l', 1)], { id: 'c' }),
        () => scene.conflict(change.write('k', 1), { id: 'c', expect: [{ seq: 0 }] }),
        () => scene.conflict(change.write('k', 1), { id: 'c', actor: bob }),
        () => scene.conflict(change.write('k', 1), { id: 'c', actor: { kind: 'user', id: alice.id } }),
      ]
      for (const reused of others) {
        const { reason, failed } = await reused()
        expectEqual([reason, failed], ['commit-id-reused', []], 'the conflict')
      }
      expectEqual(await scene.keys(), ['k'], 'nothing was applied')
    },
    5,
  ),
  sceneCase(
    'a commit without an id is applied each time',
    async (scene) => {
      const twice = [1, 2].map(() => scene.committed(change.increment('k', 1), { id: null }))
      const answers = await Promise.all(twice)
      expectEqual(
        answers.map((one) => [one.seq, one.replayed]),
        [
          [1, false],
          [2, false],
        ],
        'the answers',
      )
      const ids = (await scene.log()).flatMap((one) => [one.commitId, one.rows[0]?.hash])
      expectEqual([await scene.value('k'), ids], [2, [null, null, null, null]], 'the count, and what the log keeps')
    },
    5,
  ),
  sceneCase(
    'after a conflict the same id is evaluated afresh',
    async (scene) => {
      await scene.committed(change.write('k', 1))
      const expect = [{ absent: { entry: 'k' } }]
      await scene.conflict(change.write('k', 2), { id: 'c', expect })
      await scene.committed(change.remove('k'))
      const now = await scene.committed(change.write('k', 2), { id: 'c', expect })
      expectEqual([now.replayed, await scene.value('k')], [false, 2], 'the second attempt')
    },
    5,
  ),
  sceneCase(
    'after an error the same id is evaluated afresh, with any content',
    async (scene) => {
      await scene.committed(change.write('k', 'words'))
      await scene.refused('invalid-input', change.increment('k', 1), { id: 'c' })
      const now = await scene.committed(change.write('k', 2), { id: 'c' })
      expectEqual([now.replayed, await scene.value('k')], [false, 2], 'the second attempt')
    },
    5,
  ),
  sceneCase(
    'a replay comes before limits and expectations',
    async (scene) => {
      const expect = [{ absent: { entry: 'k' } }]
      const changes = [change.write('k', 'a long value'), change.say('t', 'hello', 'again')]
      const first = await scene.committed(changes, { id: 'c', expect })
      const limits = { entryBytes: 1, messagesPerCall: 1, changesPerCommit: 1 }
      const second = await scene.committed(changes, { id: 'c', expect, limits })
      expectEqual(second, { ...first, replayed: true }, 'the answer')
    },
    5,
  ),
  sceneCase(
    'one commit sent twice in one tick is applied once',
    async (scene) => {
      const twice = [1, 2, 3].map(() => scene.committed(change.increment('k', 1), { id: 'c' }))
      const answers = await Promise.all(twice)
      expectEqual(await scene.value('k'), 1, 'the count')
      expectEqual(answers.map((one) => one.replayed).toSorted(), [false, true, true], 'who was replayed')
    },
    5,
  ),
  sceneCase(
    'a retry of a commit whose content was erased answers without values and applies nothing',
    async (scene) => {
      await scene.committed(change.write('k', 'secret', { ttlMs: 1_000 }), { id: 'c' })
      scene.clock.advance(1_000)
      await scene.committed(change.expire('k'))
      const again = await scene.committed(change.write('k', 'secret', { ttlMs: 1_000 }), { id: 'c' })
      expectEqual([again.replayed, again.seq, again.results], [true, 1, []], 'the answer')
      expectEqual([await scene.value('k'), await scene.seq()], [undefined, 2], 'nothing was applied')
    },
    5,
  ),
  sceneCase(
    'a retry of a known pruning names the keys pruned then',
    async (scene) => {
      await scene.committed(change.configure({ entriesPerSpace: 2 }))
      await scene.committed(change.write('a', 1))
      await scene.committed(change.write('b', 1))
      const first = await scene.committed(change.write('c', 1), { id: 'c' })
      await scene.committed(change.write('a', 2))
      expectEqual(await scene.committed(change.write('c', 1), { id: 'c' }), { ...first, replayed: true }, 'the answer')
      expectEqual(await scene.keys(), ['a', 'c'], 'the keys')
    },
    5,
  ),
]

export const retryCases: readonly StorageCase[] = [...everyKind, ...reuse]
