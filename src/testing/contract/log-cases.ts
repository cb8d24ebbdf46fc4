/** Cases of the log: pages, what a row holds, finding a seq by time, waking followers. */
import { setTimeout as delay } from 'node:timers/promises'
import { detach } from '../../domain/detached.ts'
import { spaceId } from '../../domain/space.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { merge, openTurn, putThread, say, step, write } from './changes.ts'
import { bob, type StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const other = spaceId('team', 'other')

/** Lets everything that was started by then happen. */
function turnOfTheLoop(): Promise<void> {
  return delay(30)
}

function follow(scene: Scene, space = home) {
  const following = { wakes: 0, stop: () => {} }
  following.stop = scene.storage.log.subscribe(space, () => {
    following.wakes += 1
  })
  return following
}

export const logCases: readonly StorageCase[] = [
  sceneCase(
    'the log is read in pages of every size, from any seq',
    async (scene) => {
      for (let index = 1; index <= 7; index++) await scene.committed([write('k', index), say('t', `m${index}`)])
      const read = (after: number, limit: number) => scene.storage.log.read(scene.access, home, { after, limit })
      for (let limit = 1; limit <= 8; limit++) {
        for (let after = 0; after <= 7; after++) {
          const { items, asOf, more } = await read(after, limit)
          const expected = Array.from({ length: Math.min(limit, 7 - after) }, (_, index) => after + 1 + index)
          expectEqual(
            items.map((one) => one.seq),
            expected,
            `${limit} after ${after}`,
          )
          expectEqual([asOf, more], [7, after + limit < 7], `asOf and more of ${limit} after ${after}`)
        }
      }
      expectEqual((await read(99, 5)).items, [], 'after the end')
    },
    4,
  ),
  sceneCase('a logged commit says who, when and under which id', async (scene) => {
    const { at } = await scene.committed([merge('k', { a: 1 }), say('t', 'hello')], { actor: bob, id: 'my-commit' })
    const [commit] = await scene.log()
    expectEqual([commit?.seq, commit?.at, commit?.actor, commit?.commitId], [1, at, bob, 'my-commit'], 'the commit')
    const kinds = commit?.rows.flatMap((row) => row.effects.map((effect) => effect.kind))
    expectEqual(kinds, ['entry-merge', 'message-append'], 'its effects')
    expectEqual(
      commit?.rows.map((row) => [row.seq, row.threadId]),
      [[1, 't']],
      'its row',
    )
  }),
  sceneCase('a commit has one row for each turn it touches', async (scene) => {
    const { turnId } = await scene.did('turn-open', [openTurn('t'), step('t', { opened: 0 }, 'one')])
    await scene.committed([step('t', { turnId }, 'two'), say('t', 'three'), write('k', 1)], { id: 'c' })
    const [commit] = await scene.log(1)
    expectEqual(
      commit?.rows.map((row) => row.status),
      [null, 'open', 'complete'],
      'rows by turn',
    )
    expectEqual(
      commit?.rows.map((row) => row.commitId),
      ['c', null, null],
      'the commit id stands in the first',
    )
    const { more, items } = await scene.storage.log.read(scene.access, home, { after: 0, limit: 1 })
    expectEqual([items.length, items[0]?.seq, more], [1, 1, true], 'a page counts commits, not rows')
  }),
  sceneCase('the log of a thread that was deleted and made again keeps naming it', async (scene) => {
    await scene.committed(say('t', 'old'))
    await scene.committed({ kind: 'thread-delete', threadId: 't' })
    await scene.committed(say('t', 'new'))
    const threads = (await scene.log()).flatMap((one) => one.rows.map((row) => row.threadId))
    expectEqual(threads, ['t', 't', 't'], 'threads of the rows')
  }),
  sceneCase('seqAt finds the last commit that was not later than a time', async (scene) => {
    const times: string[] = []
    for (let index = 0; index < 5; index++) {
      times.push((await scene.committed(write('k', index))).at)
      if (index === 2) times.push((await scene.committed(write('k', index))).at)
      scene.clock.advance(1_000)
    }
    const seqAt = (at: string) => scene.storage.log.seqAt(scene.access, home, at)
    const found = await Promise.all(times.map(seqAt))
    expectEqual(found, [1, 2, 4, 4, 5, 6], 'at the time of each commit')
    const between = new Date(Date.parse(times[1] ?? '') + 500).toISOString()
    expectEqual([await seqAt(between), await seqAt('2001-01-01T00:00:00.000Z')], [2, 0], 'between, and before all')
    expectEqual(await seqAt('2100-01-01T00:00:00.000Z'), 6, 'after all')
    expectEqual(await scene.storage.log.seqAt(scene.access, other, times[0] ?? ''), 0, 'in no space')
  }),
  sceneCase('followers wake for commits to their space, and for no other', async (scene) => {
    const [mine, theirs] = [follow(scene), follow(scene, other)]
    await scene.committed(write('k', 1))
    await turnOfTheLoop()
    expectTrue(mine.wakes >= 1, 'the follower of the space woke')
    expectEqual(theirs.wakes, 0, 'the follower of another slept')
    const before = mine.wakes
    mine.stop()
    await scene.committed([putThread('t')])
    await scene.committed(write('k', 1), { space: other })
    await turnOfTheLoop()
    expectEqual(mine.wakes, before, 'one that stopped sleeps on')
    expectTrue(theirs.wakes >= 1, 'the other wakes for its own')
    theirs.stop()
    theirs.stop()
  }),
  sceneCase('followers do not wake for what changed nothing', async (scene) => {
    await scene.committed(write('k', 'words'), { id: 'c' })
    const mine = follow(scene)
    await scene.committed(write('k', 'words'), { id: 'c' })
    await scene.conflict(write('k', 2), { expect: [{ seq: 77 }] })
    await scene.refused('invalid-input', merge('k', { a: 1 }))
    await turnOfTheLoop()
    expectEqual(mine.wakes, 0, 'wakes')
    mine.stop()
  }),
  sceneCase('a follower finds a commit as soon as it wakes', async (scene) => {
    const seen: number[] = []
    const failures: unknown[] = []
    const stop = scene.storage.log.subscribe(home, () => {
      detach(
        async () => {
          const { items } = await scene.storage.log.read(scene.access, home, { after: seen.length, limit: 10 })
          for (const one of items) if (one.seq > seen.length) seen.push(one.seq)
        },
        (error) => failures.push(error),
      )
    })
    for (let index = 0; index < 5; index++) await scene.committed(write('k', index))
    await turnOfTheLoop()
    stop()
    expectEqual(seen, [1, 2, 3, 4, 5], 'nothing missed or doubled')
    expectEqual(failures, [], 'reads that failed')
  }),
  sceneCase('followers of a child wake when its parent is erased', async (scene) => {
    const child = `${home}/agent/x` as typeof home
    await scene.committed(write('k', 1))
    await scene.committed(write('k', 1), { space: child })
    const [mine, theirs] = [follow(scene), follow(scene, child)]
    await scene.committed({ kind: 'erase' })
    await turnOfTheLoop()
    expectTrue(mine.wakes >= 1 && theirs.wakes >= 1, `the space woke ${mine.wakes} times, its child ${theirs.wakes}`)
    mine.stop()
    theirs.stop()
  }),
]
