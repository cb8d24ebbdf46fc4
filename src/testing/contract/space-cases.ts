/** Cases of spaces: listing, keys, settings, erasure. */
import { nothingErased } from '../../domain/commit/erased-counts.ts'
import { defaultLimits } from '../../domain/limits.ts'
import { childSpaceId, spaceId } from '../../domain/space.ts'
import { expectEqual, expectError, expectTrue } from './assert.ts'
import { configure, message, putThread, say, text, write } from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const neighbour = spaceId('team', 'acme-corp')
const child = childSpaceId(home, 'agent', 'bot')
const grandchild = childSpaceId(child, 'task', 'one')

const listing: readonly StorageCase[] = [
  sceneCase('spaces are listed by kind and plain prefix, in pages', async (scene) => {
    const ids = ['acme', 'acme-corp', 'acme/x', 'acm%', 'acm_', 'zeta'].map((id) => spaceId('team', id))
    const others = [child, spaceId('resource', 'acme'), spaceId('agent', 'acme')]
    for (const space of [...ids, ...others]) await scene.committed(write('k', 1), { space })
    const list = async (prefix: string, limit = 50) => {
      const found: string[] = []
      for (let after: typeof home | null = null; ; ) {
        const query = { kind: 'team', prefix, after, limit } as const
        const page = await scene.storage.spaces.list(scene.access, query)
        found.push(...page.map((space) => space.id))
        if (page.length < limit) return found
        after = page.at(-1)?.id ?? null
      }
    }
    const sorted = [...ids, child].toSorted()
    for (let limit = 1; limit <= 8; limit++) expectEqual(await list('', limit), sorted, `${limit} at a time`)
    expectEqual(await list('acme/'), [child], 'children of acme')
    expectEqual(await list('acme-'), [neighbour], 'acme-corp')
    expectEqual(await list('acm_'), [spaceId('team', 'acm_')], 'an underscore is a letter')
    expectEqual(await list('acm%'), [spaceId('team', 'acm%')], 'a percent sign is the start of a code')
    expectEqual(await list('x'), [], 'nothing of that prefix')
    const [first] = await scene.storage.spaces.list(scene.access, {
      kind: 'resource',
      prefix: '',
      after: null,
      limit: 5,
    })
    expectEqual(first, await scene.state(spaceId('resource', 'acme')), 'a listed space is whole')
  }),
  sceneCase(
    'acme reads nothing of acme-corp, and neither does a space its child’s',
    async (scene) => {
      await scene.committed([write('acme-corp', 1), say('t', 'mine')])
      await scene.committed([write('secret', 1), say('acme', 'theirs'), text('main', 'x')], { space: neighbour })
      await scene.committed([write('secret', 1), say('child', 'theirs')], { space: child })
      expectEqual([await scene.keys(), await scene.threadIds()], [['acme-corp'], ['t']], 'keys and threads')
      expectEqual([await scene.keys(child), await scene.block('main')], [['secret'], undefined], 'the child’s')
      expectTrue(!(await scene.logText()).includes('theirs'), 'the log')
    },
    3,
  ),
  sceneCase('what caches take is the whole of its parts', async (scene) => {
    await scene.committed(write('k', 1))
    expectEqual(await scene.value('k'), 1, 'what is read')
    const { bytes, limitBytes, parts } = scene.storage.cacheUse()
    const used = Object.values(parts)
    expectEqual(Object.keys(parts).toSorted(), ['entries', 'spaces', 'vectors', 'words'], 'the kinds')
    expectTrue(limitBytes >= 0 && used.every((part) => part >= 0), `none is negative: ${used}`)
    expectEqual(
      bytes,
      used.reduce((sum, part) => sum + part, 0),
      'bytes in all',
    )
  }),
  sceneCase('a space is found by its key', async (scene) => {
    await scene.committed(write('k', 1))
    await scene.committed(write('k', 1), { space: neighbour })
    const byKey = (key: string | undefined) => scene.storage.spaces.byKey(scene.access, key as never)
    expectEqual(await byKey((await scene.state())?.key), home, 'the space')
    expectEqual(await byKey((await scene.state(neighbour))?.key), neighbour, 'the other')
    expectEqual(await byKey('nobodyskey00'), null, 'no space')
  }),
]

const settings: readonly StorageCase[] = [
  sceneCase('settings are those of the memory that made the space, and then win over others’', async (scene) => {
    await scene.committed(write('k', 1), { limits: { entriesPerSpace: 2, entryTtlMs: 5_000, logDays: 7 } })
    const state = await scene.state()
    expectEqual(
      state?.settings,
      { entriesPerSpace: 2, entryTtlMs: 5_000, logDays: 7, language: 'english' },
      'the settings',
    )
    expectEqual(state?.settingsVersion, 0, 'nobody configured it')
    await scene.committed(write('l', 1), { limits: { entriesPerSpace: 100 } })
    const { pruned } = await scene.did('entry-write', write('m', 1), { limits: { entriesPerSpace: 100 } })
    expectEqual(pruned, ['k'], 'the stored limit holds')
    expectEqual((await scene.state())?.settings, state?.settings, 'the settings stay')
  }),
  sceneCase('configure changes what it names, and may be made from a version', async (scene) => {
    const first = await scene.did('configure', configure({ logDays: 3 }))
    const { entriesPerSpace, entryTtlMs } = defaultLimits
    const language = 'english'
    expectEqual(
      [first.version, first.settings],
      [1, { entriesPerSpace, entryTtlMs, logDays: 3, language }],
      'the answer',
    )
    const expect = [{ version: 1, of: { settings: true } }] as const
    const second = await scene.did('configure', configure({ entryTtlMs: null }), { expect })
    expectEqual(second.settings, { entriesPerSpace, entryTtlMs: null, logDays: 3, language }, 'the second answer')
    await scene.conflict(configure({ logDays: 9 }), { expect })
    const state = await scene.state()
    expectEqual([state?.settings, state?.settingsVersion], [second.settings, 2], 'what is stored')
  }),
]

async function eraseAll(scene: Scene, space = home) {
  return scene.did('erase', { kind: 'erase' }, { space })
}

const erasure: readonly StorageCase[] = [
  sceneCase(
    'erasing a space takes all of it and its children, and nothing else',
    async (scene) => {
      const spaces = [home, child, grandchild, neighbour, spaceId('resource', 'acme')]
      for (const space of spaces) {
        await scene.committed([write('k', 1), say('t', message('m', { id: 'm1' })), text('main', 'x', 't')], { space })
      }
      await scene.committed(write('k', 2))
      const keys = await Promise.all(spaces.map(async (space) => (await scene.state(space))?.key ?? ''))
      const counts = {
        spaces: 3,
        commits: 4,
        threads: 3,
        messages: 3,
        entries: 3,
        blocks: 3,
        facts: 0,
        runs: 0,
        records: 0,
      }
      expectEqual(await eraseAll(scene), { kind: 'erase', ...counts }, 'the answer')
      for (const [index, space] of spaces.entries()) {
        const isGone = index < 3
        expectEqual((await scene.state(space)) === null, isGone, `the state of ${space}`)
        expectEqual([await scene.keys(space), await scene.texts('t', space)], isGone ? [[], []] : [['k'], ['m']], space)
        const byKey = await scene.storage.spaces.byKey(scene.access, (keys[index] ?? '') as never)
        expectEqual(byKey, isGone ? null : space, 'by its key')
      }
      const found = await scene.storage.threads.find(scene.access, 't', 10)
      expectEqual(found.map((one) => one.space).toSorted(), [...spaces.slice(3)].toSorted(), 'threads')
      expectEqual(await scene.block('main', 't'), undefined, 'blocks')
      expectEqual(await scene.storage.messages.find(scene.access, home, 'm1'), [], 'messages')
    },
    10,
  ),
  sceneCase('a space made again begins above all that was erased', async (scene) => {
    for (let index = 0; index < 5; index++) await scene.committed(write('k', index))
    await scene.committed([putThread('t'), text('main', 'x')])
    const before = await scene.state()
    await eraseAll(scene)
    const { seq } = await scene.committed([write('k', 'new'), putThread('t'), text('main', 'x')])
    expectTrue(seq > (before?.seq ?? 0), 'its first seq')
    const after = await scene.state()
    expectEqual([after?.seq, after?.horizon, after?.floor], [seq, seq - 1, seq - 1], 'seq, horizon and floor')
    expectTrue(after?.key !== before?.key, 'its key is new')
    for (let version = 1; version <= 6; version++) {
      await scene.conflict(write('k', 'x'), { expect: [{ version, of: { entry: 'k' } }] })
      await scene.conflict(write('k', 'x'), { expect: [{ version, of: { thread: 't' } }] })
      await scene.conflict(write('k', 'x'), { expect: [{ seq: version }] })
    }
    expectEqual((await scene.storage.entries.history(scene.access, home, 'k', 9)).length, 1, 'its history')
  }),
  sceneCase('old cursors into an erased space are cursor-expired', async (scene) => {
    for (let index = 0; index < 4; index++) await scene.committed(say('t', `m${index}`))
    await eraseAll(scene)
    const { seq } = await scene.committed(say('t', 'new'))
    for (let after = 0; after <= 4; after++) {
      const read = () => scene.storage.log.read(scene.access, home, { after, limit: 5 })
      await expectError('cursor-expired', `the log after ${after}`, read)
      await expectError('cursor-expired', `messages as of ${after}`, () => scene.page('t', { asOf: after }))
    }
    expectEqual(
      (await scene.log(seq - 1)).map((one) => one.seq),
      [seq],
      'from its horizon on',
    )
  }),
  sceneCase('other new spaces begin above the floor too, spaces that are there go on', async (scene) => {
    await scene.committed(write('k', 1), { space: neighbour })
    for (let index = 0; index < 5; index++) await scene.committed(write('k', index))
    await eraseAll(scene)
    expectEqual((await scene.committed(write('k', 2), { space: neighbour })).seq, 2, 'one that is there')
    expectTrue((await scene.committed(write('k', 1), { space: child })).seq > 5, 'a new one')
  }),
  sceneCase('erasing twice, or what is not there, is fine', async (scene) => {
    expectEqual(await eraseAll(scene), nothingErased, 'what never was')
    await scene.committed(write('k', 1))
    expectEqual((await eraseAll(scene)).spaces, 1, 'what is there')
    expectEqual((await eraseAll(scene)).spaces, 0, 'what was erased')
    expectEqual(await scene.state(), null, 'it made nothing')
    await scene.committed({ kind: 'erase' }, { background: true })
  }),
  sceneCase('an erasure waits for its expectations', async (scene) => {
    await scene.committed(write('k', 1))
    await scene.conflict({ kind: 'erase' }, { expect: [{ seq: 7 }] })
    expectEqual(await scene.value('k'), 1, 'nothing was erased')
    await scene.committed({ kind: 'erase' }, { expect: [{ version: 1, of: { entry: 'k' } }] })
    expectEqual(await scene.state(), null, 'now it was')
  }),
  sceneCase('a commit id of an erased space is free again', async (scene) => {
    await scene.committed(write('k', 1), { id: 'c' })
    await eraseAll(scene)
    expectEqual((await scene.committed(write('k', 2), { id: 'c' })).replayed, false, 'the commit')
  }),
  sceneCase('erasing a child leaves its parent', async (scene) => {
    await scene.committed(write('k', 1))
    await scene.committed(write('k', 1), { space: child })
    expectEqual((await eraseAll(scene, child)).spaces, 1, 'spaces erased')
    expectEqual(await scene.value('k'), 1, 'the parent')
  }),
]

export const spaceCases: readonly StorageCase[] = [...listing, ...settings, ...erasure]
