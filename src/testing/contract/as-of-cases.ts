/**
 * Cases of lists as of a seq: records that later commits created are left out, and all others show their present
 * content.
 */
import type { Seq } from '../../domain/id.ts'
import type { EntryQuery } from '../../ports/storage.ts'
import { expectEqual, expectError, expectTrue } from './assert.ts'
import { assertFact, putRun, putThread, remove, retire, text, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

/** Keys and values of all pages. */
async function entries(scene: Scene, query: Partial<EntryQuery>, limit = 100): Promise<readonly string[]> {
  const found: string[] = []
  for (let after: string | null = null; ; ) {
    const page = await scene.storage.entries.list(scene.access, home, { prefix: '', ...query, after, limit })
    expectEqual(page.asOf, query.asOf ?? (await scene.seq()), 'the seq that a page answers')
    expectTrue(page.items.length === limit || !page.more, 'a page that another follows is full')
    found.push(...page.items.map(({ key, value }) => `${key}=${JSON.stringify(value)}`))
    after = page.items.at(-1)?.key ?? null
    if (!page.more) return found
  }
}

async function blocks(scene: Scene, threadId: string | null, asOf?: Seq): Promise<string> {
  const query = asOf === undefined ? [] : [{ asOf }]
  const page = await scene.storage.blocks.list(scene.access, home, threadId, ...query)
  expectEqual(page.asOf, asOf ?? (await scene.seq()), 'the seq that a page answers')
  return page.items.map(({ name, value }) => `${name}=${value}`).join(' ')
}

const unique = ({ id }: { readonly id: string }) => id.split('_')[2]

/** Entries before and after a seq; the clock moves on between them, or does not. */
async function changedEntries(scene: Scene, ms: number): Promise<Seq> {
  await scene.committed(['kept', 'changed', 'removed', 'again'].map((key) => write(key, 1)))
  const { seq } = await scene.committed(write('last', 1))
  scene.clock.advance(ms)
  await scene.committed(['a', 'later', 'zz'].map((key) => write(key, 2)))
  for (let value = 2; value <= 4; value++) await scene.committed(write('changed', value))
  await scene.committed([remove('removed'), remove('again')])
  await scene.committed(write('again', 2))
  await scene.committed(write('later', 3))
  return seq
}

const listed: readonly StorageCase[] = [
  ...[0, 5].map((ms) =>
    sceneCase(
      `entries as of a seq are those that were there, as they are now${ms === 0 ? ', within one millisecond' : ''}`,
      async (scene) => {
        const asOf = await changedEntries(scene, ms)
        const then = ['changed=4', 'kept=1', 'last=1']
        for (let limit = 1; limit <= 7; limit++) {
          expectEqual(await entries(scene, { asOf }, limit), then, `${limit} at a time`)
        }
        expectEqual(await entries(scene, { asOf, prefix: 'k' }), ['kept=1'], 'of a prefix')
        const now = ['a=2', 'again=2', 'changed=4', 'kept=1', 'last=1', 'later=3', 'zz=2']
        expectEqual(await entries(scene, {}), now, 'without it')
        expectEqual(await entries(scene, { asOf: await scene.seq() }), now, 'as of the last commit')
        expectEqual(await entries(scene, { asOf: 0 }), [], 'as of the beginning')
      },
    ),
  ),
  sceneCase('blocks as of a seq are those that were there, of a space and of a thread', async (scene) => {
    await scene.committed([putThread('t'), text('kept', '1', 't'), text('changed', '1', 't')])
    const { seq } = await scene.committed([text('kept', '1'), text('changed', '1')])
    await scene.committed([text('later', '2', 't'), text('changed', '2', 't')])
    await scene.committed([text('later', '2'), text('changed', '2')])
    expectEqual(await blocks(scene, null, seq), 'changed=2 kept=1', 'of the space')
    expectEqual(await blocks(scene, 't', seq), 'changed=2 kept=1', 'of the thread')
    expectEqual(await blocks(scene, 't', 0), '', 'as of the beginning')
    expectEqual([await blocks(scene, null), await blocks(scene, 't')], Array(2).fill('changed=2 kept=1 later=2'), 'now')
    expectEqual(await blocks(scene, 'none', seq), '', 'of no thread')
  }),
  sceneCase('facts as of a seq are those that were stated by then', async (scene) => {
    await scene.committed(['a', 'b'].map((words) => assertFact(words)))
    const gone = await scene.asserted(assertFact('gone'))
    const asOf = await scene.seq()
    await scene.committed([assertFact('c'), assertFact('d')])
    await scene.committed(retire(gone))
    for (const [order, whole] of [
      ['oldest', 'a b'],
      ['newest', 'b a'],
    ] as const) {
      for (let limit = 1; limit <= 5; limit++) {
        const found: string[] = []
        for (let after: number | null = null; ; ) {
          const page = await scene.facts({ asOf, order, limit, after })
          expectEqual(page.asOf, asOf, 'the seq that a page answers')
          found.push(...page.items.map((fact) => fact.text))
          after = page.items.at(-1)?.order ?? null
          if (!page.more) break
        }
        expectEqual(found.join(' '), whole, `${order}, ${limit} at a time`)
      }
    }
  }),
  sceneCase('runs as of a seq are those that had begun by then', async (scene) => {
    const { runId } = await scene.did('run-put', [putRun('a'), putRun('b')])
    const asOf = await scene.seq()
    await scene.committed([putRun('c'), putRun(null, { runId, status: 'complete' })])
    await scene.committed(putRun('d'))
    const names = async (order: 'oldest' | 'newest', limit: number, after: number | null = null) =>
      (await scene.runs({ asOf, order, limit, after })).items.map(unique).join(' ')
    expectEqual([await names('oldest', 9), await names('newest', 9)], ['a b', 'b a'], 'both ways')
    const first = await scene.runs({ asOf, order: 'newest', limit: 1 })
    expectEqual([first.items.map(unique), first.more, first.asOf], [['b'], true, asOf], 'the first page')
    expectEqual(await names('newest', 1, first.items[0]?.order), 'a', 'the second')
    expectEqual((await scene.runs({ asOf })).items[0]?.status, 'complete', 'as it is now')
  }),
]

const compacted: readonly StorageCase[] = [
  sceneCase('lists as of the horizon are whole, and below it they are refused', async (scene) => {
    const { storage, access } = scene
    await scene.committed([write('a', 1), text('main', '1')])
    await scene.committed([write('gone', 1), assertFact('a'), putRun('a')])
    await scene.committed(remove('gone'))
    const horizon = await scene.seq()
    await scene.committed([write('b', 1), write('a', 2), text('main', '2'), text('more', '2')])
    await scene.committed([assertFact('b'), putRun('b'), write('gone', 2)])
    await storage.compact(access, home, horizon)
    expectEqual(await entries(scene, { asOf: horizon }), ['a=2'], 'entries')
    expectEqual(await blocks(scene, null, horizon), 'main=2', 'blocks')
    expectEqual(
      (await scene.facts({ asOf: horizon })).items.map((fact) => fact.text),
      ['a'],
      'facts',
    )
    expectEqual((await scene.runs({ asOf: horizon })).items.map(unique), ['a'], 'runs')
    const below = horizon - 1
    await expectError('cursor-expired', 'entries', () => entries(scene, { asOf: below }))
    await expectError('cursor-expired', 'blocks', () => blocks(scene, null, below))
    await expectError('cursor-expired', 'facts', () => scene.facts({ asOf: below }))
    await expectError('cursor-expired', 'runs', () => scene.runs({ asOf: below }))
  }),
]

export const asOfCases: readonly StorageCase[] = [...listed, ...compacted]
