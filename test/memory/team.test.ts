import type { Ttl } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { day, hour, ManualClock, minute, openMemory, refused } from './opened.ts'

function openTeam(options: Parameters<typeof openMemory>[0] = {}) {
  const clock = new ManualClock()
  const memory = openMemory({ clock, ...options })
  return { clock, memory, team: memory.team('acme') }
}

const keysOf = (entries: readonly { key: string }[]) => entries.map(({ key }) => key)

describe('writing and reading', () => {
  it('overwrites, and reads what is there or null', async () => {
    const { team, memory } = openTeam()
    expect(await team.read('lead')).toBeNull()
    await team.write('lead', { status: 'new', size: 5 })
    const write = await memory.as({ kind: 'agent', id: 'sales' }).team('acme').write('lead', { status: 'qualified' })
    expect(write).toMatchObject({ status: 'written', key: 'lead', version: 2, pruned: [] })
    expect(await team.read('lead')).toEqual({ status: 'qualified' })
  })

  it.each([null, false, 0, '', [], {}, [1, [2]], { a: null }, 'ünï 😀', -1.5e-7])(
    'stores %j unchanged',
    async (value) => {
      const { team } = openTeam()
      await team.write('key', value)
      expect(await team.read('key')).toEqual(value)
      expect((await team.get('key'))?.value).toEqual(value)
    },
  )

  it('answers the whole entry', async () => {
    const { team, clock, memory } = openTeam()
    const createdAt = new Date(clock.ms)
    await team.write('lead', 1)
    clock.pass(minute)
    await memory.as({ kind: 'agent', id: 'sales', name: 'Sales' }).team('acme').write('lead', 2, { ttl: '1h' })
    expect(await team.get('lead')).toEqual({
      key: 'lead',
      value: 2,
      version: 2,
      writtenBy: { kind: 'agent', id: 'sales', name: 'Sales' },
      createdAt,
      updatedAt: new Date(clock.ms),
      expiresAt: new Date(clock.ms + hour),
    })
    expect(await team.get('none')).toBeNull()
  })

  it('merges, appends and increments inside the commit, for all who do it at once', async () => {
    const { team } = openTeam()
    const all = Array.from({ length: 10 }, (_, index) => index)
    await Promise.all(
      all.flatMap((index) => [
        team.merge('merged', { of: { [`k${index}`]: index } }),
        team.append('list', index),
        team.increment('count'),
        team.increment('down', -0.5),
      ]),
    )
    expect(await team.read('merged')).toEqual({ of: Object.fromEntries(all.map((index) => [`k${index}`, index])) })
    expect((await team.read<number[]>('list'))?.toSorted()).toEqual(all)
    expect([await team.read('count'), await team.read('down')]).toEqual([10, -5])
  })

  it('merges deeply: null deletes, arrays replace, undefined keeps', async () => {
    const { team } = openTeam()
    await team.write('key', { a: { b: 1, c: [1] }, d: 1, e: 1 })
    const write = await team.merge('key', { a: { c: [2] }, d: null, e: undefined })
    expect(write).toMatchObject({ status: 'written', value: { a: { b: 1, c: [2] }, e: 1 }, version: 2 })
  })

  it('refuses to merge, append or increment what is of another form, and leaves it', async () => {
    const { team } = openTeam()
    await team.write('text', 'x')
    await refused('invalid-input', () => team.merge('text', { a: 1 }))
    await refused('invalid-input', () => team.append('text', 1))
    await refused('invalid-input', () => team.increment('text'))
    expect(await team.get('text')).toMatchObject({ value: 'x', version: 1 })
  })

  it('answers a stated expectation that does not hold', async () => {
    const { team } = openTeam()
    expect(await team.write('key', 1, { ifAbsent: true })).toMatchObject({ status: 'written' })
    expect(await team.write('key', 2, { ifAbsent: true })).toMatchObject({ status: 'conflict', current: { value: 1 } })
    expect(await team.write('key', 2, { ifVersion: 1 })).toMatchObject({ status: 'written', version: 2 })
    expect(await team.write('key', 3, { ifVersion: 1 })).toMatchObject({ status: 'conflict', current: { value: 2 } })
    expect(await team.write('none', 3, { ifVersion: 1 })).toEqual({ status: 'conflict', current: null })
    await refused('invalid-input', () => team.write('key', 3, { ifVersion: 2, ifAbsent: true }))
    expect(await team.read('key')).toBe(2)
  })

  it('deletes; deleted and made again, an old version never matches', async () => {
    const { team } = openTeam()
    await team.write('key', 1)
    expect(await team.delete('key', { ifVersion: 9 })).toMatchObject({ status: 'conflict', current: { value: 1 } })
    expect(await team.delete('key')).toEqual({ status: 'deleted', deleted: true })
    expect(await team.delete('key')).toEqual({ status: 'deleted', deleted: false })
    expect(await team.read('key')).toBeNull()
    expect(await team.write('key', 2, { ifVersion: 1 })).toEqual({ status: 'conflict', current: null })
    await team.write('key', 3)
    expect(await team.write('key', 4, { ifVersion: 1 })).toMatchObject({ status: 'conflict', current: { value: 3 } })
    expect(await team.delete('key', { ifVersion: 1 })).toMatchObject({ status: 'conflict' })
  })
})

describe('update', () => {
  it('holds for ten at once', async () => {
    const { team } = openTeam()
    const next = async (value: { count: number } | null) => {
      await new Promise((resolve) => setImmediate(resolve))
      return { count: (value?.count ?? 0) + 1 }
    }
    await Promise.all(Array.from({ length: 10 }, () => team.update('key', next)))
    expect(await team.get('key')).toMatchObject({ value: { count: 10 }, version: 10 })
  })

  it('leaves the entry where undefined is answered, and passes errors on', async () => {
    const { team } = openTeam()
    await team.write('key', 1)
    expect(await team.update('key', () => undefined)).toMatchObject({ status: 'unchanged', current: { value: 1 } })
    const fails = team.update('key', () => {
      throw new Error('mine')
    })
    await expect(fails).rejects.toThrow('mine')
    expect(await team.get('key')).toMatchObject({ version: 1 })
  })

  it('renews the time to live that the entry has, as the other changes do', async () => {
    const { team } = openTeam()
    await team.write('key', 1, { ttl: null })
    await team.update<number>('key', (value) => (value ?? 0) + 1)
    expect((await team.get('key'))?.expiresAt).toBeNull()
  })
})

describe('time to live', () => {
  it.each([
    ['500ms', 500],
    ['90s', 90_000],
    ['1h', hour],
    ['1.5h', 1.5 * hour],
    ['2 d', 2 * day],
    ['1w', 7 * day],
    [1_234, 1_234],
    [undefined, 30 * day],
    [null, null],
  ])('reads %j', async (ttl, ms) => {
    const { team, clock } = openTeam()
    const write = await team.write('key', 1, ttl === undefined ? {} : { ttl: ttl as Ttl })
    expect(write).toMatchObject({ expiresAt: ms === null ? null : new Date(clock.ms + ms) })
  })

  it('has a default of the team’s own', async () => {
    const { team, clock } = openTeam({ limits: { entryTtlMs: 1_000 } })
    await team.write('key', 1)
    expect((await team.get('key'))?.expiresAt).toEqual(new Date(clock.ms + 1_000))
    await team.space.configure({ entryTtlMs: null })
    await team.write('key', 2)
    expect((await team.get('key'))?.expiresAt).toBeNull()
  })

  it('counts an expired entry as absent at once, for whoever looks or writes', async () => {
    const { team, clock } = openTeam()
    const keys = ['read', 'list', 'map', 'count', 'free', 'versioned', 'updated', 'deleted']
    for (const key of keys) await team.write(key, key === 'list' ? [1] : key === 'map' ? { a: 1 } : 1, { ttl: 1_000 })
    clock.pass(999)
    expect(await team.read('read')).toBe(1)
    clock.pass(1)
    expect(await team.read('read')).toBeNull()
    expect(await team.get('read')).toBeNull()
    expect((await team.list()).entries).toEqual([])
    expect(await team.merge('map', { b: 2 })).toMatchObject({ value: { b: 2 } })
    expect(await team.append('list', 2)).toMatchObject({ value: [2] })
    expect(await team.increment('count')).toMatchObject({ value: 1 })
    expect(await team.write('free', 2, { ifAbsent: true })).toMatchObject({ status: 'written' })
    expect(await team.write('versioned', 2, { ifVersion: 6 })).toEqual({ status: 'conflict', current: null })
    expect(await team.update('updated', (value) => (value === null ? 'fresh' : 'stale'))).toMatchObject({
      value: 'fresh',
    })
    expect(await team.delete('deleted')).toEqual({ status: 'deleted', deleted: false })
    expect(await team.get('map')).toMatchObject({ createdAt: new Date(clock.ms), updatedAt: new Date(clock.ms) })
  })

  it('is renewed by a merge, an append and an increment, and set anew by a write', async () => {
    const { team, clock } = openTeam()
    await team.write('map', {}, { ttl: '1h' })
    await team.write('ever', {}, { ttl: null })
    clock.pass(30 * minute)
    const { expiresAt } = await team.merge('map', { a: 1 })
    expect(expiresAt).toEqual(new Date(clock.ms + hour))
    expect((await team.merge('ever', { a: 1 })).expiresAt).toBeNull()
    expect((await team.merge('map', { a: 1 }, { ttl: '2h' })).expiresAt).toEqual(new Date(clock.ms + 2 * hour))
    expect(await team.write('map', {})).toMatchObject({ expiresAt: new Date(clock.ms + 30 * day) })
  })
})

describe('limits', () => {
  it('prunes the least recently written, in the answer and in the log', async () => {
    const { team } = openTeam({ limits: { entriesPerSpace: 3 } })
    for (const key of ['a', 'b', 'c']) await team.write(key, key)
    await team.write('a', 'again')
    expect(await team.write('d', 'd')).toMatchObject({ pruned: ['b'] })
    expect(await team.increment('e')).toMatchObject({ pruned: ['c'] })
    expect(keysOf((await team.list()).entries)).toEqual(['a', 'd', 'e'])
    expect(await team.read('b')).toBeNull()
    const events = []
    for await (const { changes, seq } of team.watch({ after: 4 })) {
      events.push(...changes.map(({ key, event }) => `${event} ${key}`))
      if (seq === 6) break
    }
    expect(events).toEqual(['prune b', 'write d', 'prune c', 'increment e'])
    expect((await team.history('b')).map(({ event, value }) => [event, value])).toEqual([
      ['prune', null],
      ['write', 'b'],
    ])
  })

  it('removes expired keys before it prunes live ones', async () => {
    const { team, clock } = openTeam({ limits: { entriesPerSpace: 2 } })
    await team.write('old', 1)
    await team.write('short', 1, { ttl: 1_000 })
    clock.pass(1_000)
    expect(await team.write('new', 1)).toMatchObject({ pruned: [] })
    expect(keysOf((await team.list()).entries)).toEqual(['new', 'old'])
  })

  it('holds 1,000 keys, and no more', async () => {
    const { team } = openTeam()
    for (let index = 0; index < 1_000; index += 100) {
      const keys = Array.from({ length: 100 }, (_, at) => `key ${index + at}`)
      await Promise.all(keys.map((key) => team.write(key, key)))
    }
    expect((await team.space.state())?.entries).toBe(1_000)
    expect(await team.write('one more', 1)).toMatchObject({ pruned: ['key 0'] })
    expect((await team.space.state())?.entries).toBe(1_000)
    expect([await team.read('key 0'), await team.read('key 1')]).toEqual([null, 'key 1'])
  })

  it('holds values of 64 KB as UTF-8 JSON', async () => {
    const { team } = openTeam()
    const most = 65_536 - 2
    await team.write('ascii', 'x'.repeat(most))
    await team.write('two bytes', 'ü'.repeat(most / 2))
    await team.write('four bytes', '😀'.repeat(Math.floor(most / 4)))
    for (const value of [
      'x'.repeat(most + 1),
      'ü'.repeat(most / 2 + 1),
      '"'.repeat(most / 2 + 1),
      [' '.repeat(most - 1)],
    ]) {
      const error = await refused('limit-exceeded', () => team.write('large', value))
      expect(error.details).toMatchObject({ limit: 'entryBytes', allowed: 65_536 })
    }
    expect(await team.get('large')).toBeNull()
    await team.write('list', ['x'.repeat(60_000)])
    await refused('limit-exceeded', () => team.append('list', 'x'.repeat(10_000)))
    await refused('limit-exceeded', () => team.merge('map', { a: 'x'.repeat(70_000) }))
    expect(await team.read<string[]>('list')).toHaveLength(1)
  })

  it('can be raised and lowered', async () => {
    const { team } = openTeam({ limits: { entryBytes: 10 } })
    await refused('limit-exceeded', () => team.write('key', 'x'.repeat(9)))
    expect(await team.write('key', 'x'.repeat(8))).toMatchObject({ status: 'written' })
  })
})

describe('the past', () => {
  it('lists versions with who wrote them', async () => {
    const { team, memory, clock } = openTeam()
    await team.write('key', { a: 1 })
    clock.pass(hour)
    await memory.as({ kind: 'agent', id: 'sales' }).team('acme').merge('key', { b: 2 })
    await team.delete('key')
    await team.write('key', 'back')
    const history = await team.history('key')
    expect(history.map(({ version, event, value }) => [version, event, value])).toEqual([
      [4, 'write', 'back'],
      [3, 'delete', null],
      [2, 'merge', { a: 1, b: 2 }],
      [1, 'write', { a: 1 }],
    ])
    expect(history[2]).toMatchObject({ by: { kind: 'agent', id: 'sales' }, at: new Date(clock.ms) })
    expect(await team.history('key', { limit: 2 })).toEqual(history.slice(0, 2))
    expect(await team.history('none')).toEqual([])
  })

  it('answers the value at a seq or a time', async () => {
    const { team, clock } = openTeam()
    const start = clock.ms
    for (const value of ['one', 'two', 'three']) {
      await team.write('key', value)
      clock.pass(hour)
    }
    await team.delete('key')
    const at = (options: { seq?: number; at?: Date | string | number }) => team.readAt('key', options)
    expect([await at({ seq: 0 }), await at({ seq: 1 }), await at({ seq: 3 }), await at({ seq: 4 })]).toEqual([
      null,
      'one',
      'three',
      null,
    ])
    expect([await at({ at: start - 1 }), await at({ at: start }), await at({ at: start + hour - 1 })]).toEqual([
      null,
      'one',
      'one',
    ])
    expect(await at({ at: new Date(start + hour).toISOString() })).toBe('two')
    expect(await at({ at: new Date(start + 10 * hour) })).toBeNull()
    await refused('invalid-input', () => at({}))
    await refused('invalid-input', () => at({ seq: 1, at: start }))
    await refused('invalid-input', () => at({ at: 'yesterday' }))
  })
})

describe('listing', () => {
  it('lists by prefix, in order of keys, page by page', async () => {
    const { team } = openTeam()
    for (const key of ['lead/b', 'lead', 'lead/a', 'lead/c', 'leads', 'other', 'lead%', 'ü']) await team.write(key, key)
    expect(keysOf((await team.list({ prefix: 'lead/' })).entries)).toEqual(['lead/a', 'lead/b', 'lead/c'])
    expect(keysOf((await team.list({ prefix: 'lead%' })).entries)).toEqual(['lead%'])
    const all = await team.list()
    expect(all).not.toHaveProperty('nextCursor')
    expect(all.asOf).toBe(8)
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await team.list({ limit: 3, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...keysOf(page.entries))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(keysOf(all.entries))
  })

  it('never shows a team another’s keys, whatever their names have in common', async () => {
    const { memory, team } = openTeam()
    for (const id of ['acme-corp', 'acme/sub', 'acm', 'ACME', 'acme ']) await memory.team(id).write('secret', id)
    await memory.space('resource/acme').commit([{ kind: 'entry-write', key: 'secret', value: 'of the resource' }])
    expect([await team.read('secret'), await team.get('secret')]).toEqual([null, null])
    expect(await team.list({ prefix: 's' })).toMatchObject({ entries: [] })
    expect([await team.history('secret'), await team.readAt('secret', { seq: 1 })]).toEqual([[], null])
    expect(await team.delete('secret')).toMatchObject({ deleted: false })
    expect(await memory.team('acme-corp').read('secret')).toBe('acme-corp')
    expect(await team.space.state()).toBeNull()
  })
})
