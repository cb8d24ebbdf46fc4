/** Cases of reads across spaces: runs that wait, and spaces that changed. */

import type { SpaceId } from '../../domain/id.ts'
import { runStatuses, waitingRunStatuses } from '../../domain/records/run.ts'
import { childSpaceId, spaceId } from '../../domain/space.ts'
import type { WaitingRunsQuery } from '../../ports/run-queries.ts'
import type { ChangedSpacesQuery } from '../../ports/storage.ts'
import { expectEqual, expectTrue } from './assert.ts'
import { erase, putRun, putRunIn, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const child = childSpaceId(home, 'agent', 'bot')
const ada = spaceId('resource', 'ada')

const ofAgents = { kind: 'agent', statuses: waitingRunStatuses } as const

/** The space and the last part of the id of runs that wait. */
async function waiting(scene: Scene, query: Partial<WaitingRunsQuery> = {}): Promise<readonly string[]> {
  const all = { ...ofAgents, names: ['bot'], after: null, limit: 100 } as const
  const found = await scene.storage.runs.waiting(scene.access, { ...all, ...query })
  for (const { space, run } of found) expectEqual(await scene.run(run.id, space), run, 'a run that waits is whole')
  return found.map(({ space, run }) => `${space} ${run.id.split('_')[2]}`)
}

/** All of them, some at a time. */
async function waitingPages(scene: Scene, names: readonly string[], limit: number): Promise<readonly string[]> {
  const found: string[] = []
  for (let after: WaitingRunsQuery['after'] = null; ; ) {
    const page = await scene.storage.runs.waiting(scene.access, { ...ofAgents, names, after, limit })
    expectTrue(page.length <= limit, 'a page is no longer than asked for')
    found.push(...page.map(({ space, run }) => `${space} ${run.id.split('_')[2]}`))
    const last = page.at(-1)?.run
    if (page.length < limit || last === undefined) return found
    after = { startedAt: last.startedAt, runId: last.id }
  }
}

async function changed(scene: Scene, query: Omit<ChangedSpacesQuery, 'after'>): Promise<readonly SpaceId[]> {
  const found: SpaceId[] = []
  for (let after: SpaceId | null = null; ; ) {
    const page = await scene.storage.spaces.changedSince(scene.access, { ...query, after })
    expectTrue(page.items.length <= query.limit, 'a page is no longer than asked for')
    for (const space of page.items) expectEqual(space, await scene.state(space.id), 'a space that changed is whole')
    found.push(...page.items.map(({ id }) => id))
    if (page.next === null) return found
    after = page.next
  }
}

export const acrossSpacesCases: readonly StorageCase[] = [
  sceneCase('runs that wait are found in every space: those suspended and those interrupted', async (scene) => {
    await scene.committed(runStatuses.map((status) => putRunIn(status, status)))
    await scene.committed(putRun('theirs', { status: 'suspended' }), { space: ada })
    await scene.committed(putRun('of-child', { status: 'interrupted' }), { space: child })
    const own = ['suspended', 'interrupted'].map((status) => `${home} ${status}`)
    const all = [...own, `${ada} theirs`, `${child} of-child`]
    expectEqual((await waiting(scene)).toSorted(), all.toSorted(), 'all that wait')
    const { runId } = (await scene.runs()).items
      .map((run) => ({ runId: run.id, status: run.status }))
      .find(({ status }) => status === 'suspended') as { runId: string }
    await scene.committed(putRun(null, { runId, status: 'running' }))
    const left = all.filter((name) => name !== `${home} suspended`)
    expectEqual((await waiting(scene)).toSorted(), left.toSorted(), 'once one goes on')
    await scene.committed(erase(), { space: ada })
    expectEqual((await waiting(scene)).includes(`${ada} theirs`), false, 'once its space was erased')
  }),
  sceneCase('runs that wait are listed oldest first, of the names asked for, in pages of every size', async (scene) => {
    const suspended = { status: 'suspended' } as const
    await scene.committed(putRun('first', suspended), { space: ada })
    scene.clock.advance(1)
    await scene.committed(putRun('second', { ...suspended, name: 'eve' }))
    await scene.committed([putRun('b', suspended), putRun('a', suspended)])
    await scene.committed(putRun('c', suspended), { space: child })
    scene.clock.advance(1)
    await scene.committed(putRun('last', suspended), { space: ada })
    await scene.committed(putRun('other', { ...suspended, name: 'bo' }))
    const both = await waiting(scene, { names: ['bot', 'eve'] })
    expectEqual([both[0], both.at(-1), both.length], [`${ada} first`, `${ada} last`, 6], 'by the time they began')
    expectTrue(both.indexOf(`${home} a`) < both.indexOf(`${home} b`), 'of one time, by id')
    expectEqual(await waiting(scene, { names: ['eve', 'eve'] }), [`${home} second`], 'of one name, given twice')
    expectEqual(await waiting(scene, { names: [] }), [], 'of no name')
    for (let limit = 1; limit <= 7; limit++) {
      expectEqual(await waitingPages(scene, ['bot', 'eve'], limit), both, `${limit} at a time`)
    }
  }),
  sceneCase('a run that was interrupted waits until it expires', async (scene) => {
    await scene.committed(putRun('a', { status: 'interrupted' }), { limits: { runTtlMs: 1_000 } })
    await scene.committed(putRun('b', { status: 'suspended' }), { limits: { runTtlMs: 1_000 } })
    scene.clock.advance(999)
    expectEqual((await waiting(scene)).length, 2, 'a moment before')
    scene.clock.advance(1)
    expectEqual(await waiting(scene), [`${home} b`], 'when it is past its time')
  }),
  sceneCase('runs are found in every space by what their details mention, in pages of every size', async (scene) => {
    const seen = (text: string) => ({ details: { seen: [{ id: text }], read: { [`${text}-name`]: 1 } } })
    await scene.committed([putRun('a', seen('fact_1')), putRun('b', seen('fact_2')), putRun('c', seen('say "hi"'))])
    await scene.committed(putRun('theirs', seen('fact_1')), { space: ada })
    await scene.committed(putRun('plain'), { space: child })
    const found = async (texts: readonly string[], spaces: readonly SpaceId[] = [], limit = 100) => {
      const names: string[] = []
      for (let after: number | null = null; ; ) {
        const page = await scene.storage.runs.mentioning(scene.access, { texts, spaces, after, limit })
        for (const { space, run } of page.items) expectEqual(await scene.run(run.id, space), run, 'a run is whole')
        names.push(...page.items.map(({ space, run }) => `${space} ${run.id.split('_')[2]}`))
        if (page.next === null) return names.toSorted()
        after = page.next
      }
    }
    expectEqual(await found(['fact_1']), [`${home} a`, `${ada} theirs`].toSorted(), 'in a value, in every space')
    expectEqual(await found(['fact_2-name']), [`${home} b`], 'in a name')
    expectEqual(await found(['say "hi"']), [`${home} c`], 'with marks in it')
    expectEqual(await found(['nobody']), [], 'nowhere')
    expectEqual(await found([], [child]), [`${child} plain`], 'by their space')
    const all = [`${home} a`, `${home} b`, `${ada} theirs`, `${child} plain`].toSorted()
    for (let limit = 1; limit <= 6; limit++) {
      expectEqual(await found(['fact_'], [child], limit), all, `${limit} at a time`)
    }
    await scene.committed(erase(), { space: ada })
    expectEqual(await found(['fact_1']), [`${home} a`], 'once a space was erased')
  }),
  sceneCase('spaces with a commit after a time are named once each, in pages of every size', async (scene) => {
    const ids = ['a', 'b', 'c', 'd', 'e'].map((id) => spaceId('team', id))
    const spaces = [...ids, ada, child]
    for (const space of spaces) await scene.committed(write('k', 1), { space })
    const before = scene.now()
    expectEqual(await changed(scene, { at: before, limit: 10 }), [], 'a commit at that time is not later')
    scene.clock.advance(1)
    const later = [ids[1], ids[4], ada, child] as SpaceId[]
    for (const space of later) await scene.committed(write('k', 2), { space })
    const early = '2000-01-01T00:00:00.000Z'
    for (let limit = 1; limit <= 8; limit++) {
      expectEqual(await changed(scene, { at: before, limit }), later.toSorted(), `${limit} at a time`)
      expectEqual(await changed(scene, { at: early, limit }), spaces.toSorted(), `all, ${limit} at a time`)
    }
    await scene.committed(erase(), { space: ada })
    expectEqual((await changed(scene, { at: early, limit: 9 })).includes(ada), false, 'a space that was erased')
    expectEqual(await changed(scene, { at: scene.now(), limit: 9 }), [], 'nothing changed since')
  }),
]
