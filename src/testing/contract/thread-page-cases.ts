/** Cases of thread lists: orders, filters, totals, and pages that stay stable while others write. */
import type { ListedThreads, ThreadQuery } from '../../ports/storage.ts'
import { expectEqual, expectError, expectTrue } from './assert.ts'
import { deleteThread, message, openTurn, putThread, say, step, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

/** Six threads created a to f, and saved to in another order: b, f, a, e; c and d have no message. */
async function six(scene: Scene): Promise<void> {
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) await scene.committed(putThread(id))
  for (const id of ['b', 'f', 'a', 'e']) await scene.committed(say(id, 'hello'))
}

const orders = { lastMessageAt: ['c', 'd', 'b', 'f', 'a', 'e'], createdAt: ['a', 'b', 'c', 'd', 'e', 'f'] } as const

/** Filters, and the threads of the case that they match. */
const filtered: readonly (readonly [string, NonNullable<ThreadQuery['metadata']>, readonly string[]])[] = [
  ['a field', { a: 1 }, ['t0', 't1']],
  ['a whole object', { b: { c: 1 } }, ['t3']],
  ['a path', { 'b.c': 1 }, ['t1', 't3']],
  ['an array', { a: [1] }, ['t4']],
  ['two fields', { a: 1, 'b.d': 2 }, ['t1']],
  ['no field', {}, ['t0', 't1', 't2', 't3', 't4', 't5']],
  ['a field nobody has', { none: { $exists: true } }, []],
  ['an operator', { a: { $gte: 1 } }, ['t0', 't1']],
  ['a choice', { a: { $in: ['1', [1]] } }, ['t2', 't4']],
  ['one of several', { $or: [{ a: '1' }, { b: { $exists: true } }] }, ['t1', 't2', 't3']],
  ['what is not there', { a: null }, ['t3', 't5']],
]

type Disturb = (scene: Scene, page: number) => Promise<unknown>

/** Reads all pages by their cursors, doing something between any two. */
async function paged(
  scene: Scene,
  query: Partial<ThreadQuery>,
  disturb: Disturb = async () => null,
): Promise<string[]> {
  const ids: string[] = []
  let page: ListedThreads = await scene.threads(query)
  for (let count = 0; ; count++) {
    expectTrue(count < 50, 'pages come to an end')
    ids.push(...page.items.map((thread) => thread.id))
    expectEqual(page.next === null, !page.more, 'a next position is there if more follows')
    if (page.next === null) return ids
    await disturb(scene, count)
    const { asOf } = page
    page = await scene.threads({ ...query, after: page.next })
    expectEqual(page.asOf, asOf, 'every page is as of the first')
  }
}

const kinds = (['lastMessageAt', 'createdAt'] as const).flatMap((orderBy) =>
  (['asc', 'desc'] as const).map((direction) => ({ orderBy, direction })),
)

const expectedIn = ({ orderBy, direction }: (typeof kinds)[number]) =>
  direction === 'asc' ? [...orders[orderBy]] : orders[orderBy].toReversed()

const plain: readonly StorageCase[] = kinds.flatMap((kind) => [
  sceneCase(`threads by ${kind.orderBy} ${kind.direction}: pages of every size are the whole`, async (scene) => {
    await six(scene)
    expectEqual(await scene.threadIds(kind), expectedIn(kind), 'all in one page')
    for (let limit = 1; limit <= 7; limit++) {
      expectEqual(await paged(scene, { ...kind, limit }), expectedIn(kind), `by cursor, ${limit} at a time`)
      const byOffset: string[] = []
      for (let offset = 0; offset < 6; offset += limit) {
        const page = await scene.threads({ ...kind, limit, offset })
        expectEqual([page.total, page.more], [6, offset + limit < 6], 'total and more')
        byOffset.push(...page.items.map((thread) => thread.id))
      }
      expectEqual(byOffset, expectedIn(kind), `by offset, ${limit} at a time`)
    }
    expectEqual((await scene.threads({ ...kind, offset: 9 })).items, [], 'beyond the end')
  }),
  sceneCase(
    `threads by ${kind.orderBy} ${kind.direction}: no shift while threads are saved to and made`,
    async (scene) => {
      const disturb: Disturb = async (_, page) => {
        await scene.committed(say(orders.createdAt[page % 6] ?? '', 'later'))
        await scene.committed(say(orders.lastMessageAt[page % 6] ?? '', 'later'))
        await scene.committed(putThread(`new-${page}`))
        await scene.committed(putThread('c', { title: `renamed ${page}` }))
      }
      await six(scene)
      for (const limit of [1, 2, 4]) {
        const whole = await scene.threadIds(kind)
        expectEqual(await paged(scene, { ...kind, limit }, disturb), whole, `${limit} at a time`)
      }
    },
  ),
  sceneCase(`threads by ${kind.orderBy} ${kind.direction}: what is deleted leaves, the others stay`, async (scene) => {
    await six(scene)
    const order = expectedIn(kind)
    const [gone, bumped] = [order[3] ?? '', order[5] ?? '']
    const disturb: Disturb = async (_, page) => {
      if (page !== 0) return
      await scene.committed(deleteThread(gone))
      await scene.committed(deleteThread(order[0] ?? ''))
      await scene.committed(putThread(order[0] ?? ''))
      await scene.committed(say(bumped, 'later'))
    }
    expectEqual(
      await paged(scene, { ...kind, limit: 2 }, disturb),
      order.filter((id) => id !== gone),
      'the pages',
    )
  }),
])

const filters: readonly StorageCase[] = [
  sceneCase('archived threads are listed apart, or with the others', async (scene) => {
    await six(scene)
    await scene.committed(putThread('b', { archived: true }))
    await scene.committed(putThread('d', { archived: true }))
    await scene.committed(say('d', 'in the archive'))
    const list = async (archived: ThreadQuery['archived'], limit: number) => {
      const { total } = await scene.threads({ archived, limit })
      return [total, (await paged(scene, { archived, limit })).join('')]
    }
    for (const limit of [1, 2, 3, 9]) {
      expectEqual(await list(false, limit), [4, 'eafc'], `not archived, ${limit} at a time`)
      expectEqual(await list(true, limit), [2, 'db'], `archived, ${limit} at a time`)
      expectEqual(await list('any', limit), [6, 'deafbc'], `any, ${limit} at a time`)
    }
  }),
  sceneCase('a metadata filter is one of recall, and counts what matches', async (scene) => {
    const metadata = [{ a: 1 }, { a: 1, b: { c: 1, d: 2 } }, { a: '1' }, { b: { c: 1 } }, { a: [1] }, {}]
    for (const [index, one] of metadata.entries()) await scene.committed(putThread(`t${index}`, { metadata: one }))
    await scene.committed(putThread('archived', { metadata: { a: 1 }, archived: true }))
    const list = async (filter: NonNullable<ThreadQuery['metadata']>, limit: number) => {
      const query = { metadata: filter, orderBy: 'createdAt', direction: 'asc', limit } as const
      return [(await scene.threads(query)).total, (await paged(scene, query)).join(' ')]
    }
    for (const limit of [1, 2, 9]) {
      for (const [what, filter, ids] of filtered) {
        expectEqual(await list(filter, limit), [ids.length, ids.join(' ')], `${what}, ${limit} at a time`)
      }
    }
    const unknown = { metadata: { a: { $bogus: 1 } } }
    await expectError('invalid-input', 'an unknown operator', () => scene.threads(unknown))
  }),
  ...kinds.map((kind) =>
    sceneCase(`threads by ${kind.orderBy} ${kind.direction}: a filter looks through so many at most`, async (scene) => {
      await six(scene)
      for (const id of ['b', 'd', 'e']) await scene.committed(putThread(id, { metadata: { on: true } }))
      const wanted = expectedIn(kind).filter((id) => 'bde'.includes(id))
      for (const scanLimit of [1, 2, 3, 5, 6, 9]) {
        for (const limit of [1, 2, 9]) {
          const query = { ...kind, metadata: { on: true }, limit, scanLimit }
          const what = `${limit} at a time, ${scanLimit} looked through`
          expectEqual(await paged(scene, query), wanted, what)
          expectEqual((await scene.threads(query)).total, scanLimit < 6 ? null : 3, `${what}: the total`)
        }
      }
      const none = { ...kind, metadata: { on: false }, limit: 3 }
      expectEqual(await paged(scene, { ...none, scanLimit: 2 }), [], 'pages without a thread')
      const { items, more, next, total } = await scene.threads({ ...none, scanLimit: 6 })
      expectEqual([items, more, next, total], [[], false, null, 0], 'all looked through')
      expectEqual((await scene.threads({ ...kind, scanLimit: 1 })).items.length, 6, 'without a filter all are listed')
    }),
  ),
  sceneCase('steps of an open turn move its thread in the order of last messages', async (scene) => {
    const { turnId } = await scene.did('turn-open', openTurn('a'))
    await scene.committed(say('b', 'hello'))
    await scene.committed(say('c', 'hello'))
    expectEqual(await scene.threadIds(), ['c', 'b', 'a'], 'before the step')
    await scene.committed(step('a', { turnId }, 'thinking'))
    expectEqual(await scene.threadIds(), ['a', 'c', 'b'], 'after the step')
    expectEqual((await scene.thread('a'))?.order, 4, 'its place')
    const { items } = await scene.threads()
    for (const one of items) expectEqual(one, await scene.thread(one.id), 'a listed thread is the one that get answers')
    await scene.committed(say('a', message('known', { id: 'k' })))
    await scene.committed(say('b', 'again'))
    await scene.committed(say('a', message('known', { id: 'k' })))
    expectEqual(await scene.threadIds(), ['b', 'a', 'c'], 'a message stored before moves nothing')
  }),
  sceneCase('the order of threads holds over many commits', async (scene) => {
    const ids = Array.from({ length: 12 }, (_, index) => `t${index}`)
    for (const id of ids) await scene.committed(putThread(id))
    const { turnId } = await scene.did('turn-open', openTurn('t0'))
    for (let index = 0; index < 300; index++) await scene.committed(say(ids[(index * 5) % 11] ?? '', `m${index}`))
    await scene.committed(step('t0', { turnId }, 'done'))
    const saved = (id: string) => (id === 't11' ? -1 : id === 't0' ? 300 : lastTurnOf(ids, id))
    const expected = ids.toSorted((left, right) => saved(right) - saved(left))
    for (const limit of [1, 5, 20]) expectEqual(await paged(scene, { limit }), expected, `${limit} at a time`)
    await scene.committed(putThread('t3', { title: 'renamed' }))
    expectEqual(await paged(scene, { limit: 5 }), expected, 'a new title moves nothing')
    expectEqual((await scene.threads({ limit: 1 })).items[0]?.lastMessageAt !== null, true, 'the last save is known')
  }),
  sceneCase('a list of threads does not mind writes to other records', async (scene) => {
    await six(scene)
    const disturb: Disturb = () => scene.committed(write('k', 1))
    expectEqual(await paged(scene, { limit: 2 }, disturb), [...orders.lastMessageAt].toReversed(), 'the pages')
    expectEqual((await scene.threads({}, `${home}/agent/x` as typeof home)).total, 0, 'the total of another space')
  }),
]

function lastTurnOf(ids: readonly string[], id: string): number {
  for (let index = 299; index >= 0; index--) if (ids[(index * 5) % 11] === id) return index
  return -1
}

export const threadPageCases: readonly StorageCase[] = [...plain, ...filters]
