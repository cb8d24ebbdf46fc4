import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { type ErrorCode, Memory, type MemoryError, SQLiteStore, type Ttl } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { openMemory, refused, temporaryUrl } from './opened.ts'

const where = { resourceId: 'alice', threadId: 't' }

/** A refusal of input that names field, rule and what it got, and says what to do. */
function expectNamed(error: MemoryError, field: string): void {
  expect(error.details).toEqual({ field, rule: expect.stringMatching(/\S/), got: expect.stringMatching(/\S/) })
  expect(error.message).toContain(error.fix)
  expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: error.code, fix: error.fix })
}

/** Asserts that nothing at all was stored. */
async function expectEmpty(memory: Memory): Promise<void> {
  for (const kind of ['resource', 'team', 'agent', 'task'] as const) {
    expect((await memory.listSpaces({ kind })).spaces).toEqual([])
  }
}

const badIds: [string, unknown][] = [
  ['empty', ''],
  ['blank', ' \t'],
  ['257 characters', 'x'.repeat(257)],
  ['a control character', 'a\u0000b'],
  ['a line end', 'a\nb'],
  ['a wildcard', '*'],
  ['a wildcard in it', 'acme*'],
  ['a wildcard of SQL', '%'],
  ['a lone surrogate', 'a\ud800'],
  ['__proto__', '__proto__'],
  ['no text', 7],
  ['nothing', null],
]

describe.each(badIds)('an id that is %s', (_, bad) => {
  const id = bad as string
  const uses: [string, (memory: Memory) => unknown][] = [
    ['resourceId', (memory) => memory.createThread({ resourceId: id })],
    ['resourceId', (memory) => memory.getThreadsByResourceId({ resourceId: id })],
    ['resourceId', (memory) => memory.saveMessages({ threadId: 't', resourceId: id, messages: 'x' })],
    ['resourceId', (memory) => memory.updateWorkingMemory({ resourceId: id, workingMemory: 'x' })],
    ['threadId', (memory) => memory.createThread({ ...where, threadId: id })],
    ['threadId', (memory) => memory.getThreadById({ threadId: id })],
    ['threadId', (memory) => memory.saveMessages({ ...where, threadId: id, messages: 'x' })],
    ['threadId', (memory) => memory.listMessages({ ...where, threadId: id })],
    ['name', (memory) => memory.updateWorkingMemory({ ...where, name: id, workingMemory: 'x' })],
    ['teamId', (memory) => memory.team(id)],
    ['key', (memory) => memory.team('acme').write(id, 1)],
    ['key', (memory) => memory.team('acme').read(id)],
    ['key', (memory) => memory.team('acme').merge(id, {})],
    ['actor.id', (memory) => memory.as({ kind: 'agent', id })],
  ]

  it('is refused wherever an id goes', async () => {
    const memory = openMemory()
    for (const [field, use] of uses) expectNamed(await refused('invalid-input', () => use(memory)), field)
    await expectEmpty(memory)
  })
})

const cycle: Record<string, unknown> = {}
cycle.self = cycle
const proto: unknown = JSON.parse('{"a":{"__proto__":{"admin":true}}}')
const badValues: [string, unknown, string][] = [
  ['a function', { run: () => 1 }, '.run'],
  ['a cycle', cycle, ''],
  ['a BigInt', [1n], '[0]'],
  ['NaN', { a: Number.NaN }, '.a'],
  ['Infinity', { a: Number.POSITIVE_INFINITY }, '.a'],
  ['a symbol', { a: Symbol('x') }, '.a'],
  ['a Date', { a: new Date() }, '.a'],
  ['a Map', { a: new Map() }, '.a'],
  ['a __proto__ key', proto, '.a.__proto__'],
  ['a lone surrogate', { a: '\udfff' }, '.a'],
]

describe.each(badValues)('a value that holds %s', (_, bad, path) => {
  it('is refused wherever a value goes', async () => {
    const memory = openMemory()
    const value = bad as Record<string, unknown>
    const uses: [string, () => unknown][] = [
      ['value', () => memory.team('acme').write('key', value)],
      ['item', () => memory.team('acme').append('key', value)],
      ['patch', () => memory.team('acme').merge('key', { value })],
      ['metadata', () => memory.createThread({ ...where, metadata: { value } })],
      [
        'messages[0].metadata',
        () => memory.saveMessages({ ...where, messages: { role: 'user', content: 'x', metadata: { value } } }),
      ],
      ['workingMemory', () => memory.updateWorkingMemory({ ...where, workingMemory: { value } })],
    ]
    for (const [field, use] of uses) {
      const error = await refused('invalid-input', use)
      const full = `${field}${field === 'value' || field === 'item' ? '' : '.value'}${path}`
      if (path === '') expect(String(error.details.field).startsWith(field)).toBe(true)
      else expectNamed(error, full)
    }
    await refused('invalid-input', () => memory.team('acme').update('key', () => value))
    await refused('invalid-input', () =>
      memory.space('team/acme').commit([{ kind: 'entry-write', key: 'key', value: value as never }]),
    )
    await expectEmpty(memory)
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })
})

describe('unknown and wrong options', () => {
  const more: object = { colour: 'red' }
  const rows: [string, string, (memory: Memory) => unknown][] = [
    ['createThread', 'createThread', (memory) => memory.createThread({ ...where, ...more })],
    ['listThreads', 'listThreads', (memory) => memory.listThreads({ resourceId: 'alice', ...more })],
    ['a filter', 'filter', (memory) => memory.listThreads({ resourceId: 'alice', filter: more })],
    ['updateThread', 'updateThread', (memory) => memory.updateThread({ ...where, ...more })],
    ['deleteThread', 'deleteThread', (memory) => memory.deleteThread({ ...where, ...more })],
    ['restoreTurn', 'restoreTurn', (memory) => memory.restoreTurn({ ...where, turnId: 'turn_none', ...more })],
    ['cloneThread', 'cloneThread', (memory) => memory.cloneThread({ ...where, ...more })],
    ['saveMessages', 'saveMessages', (memory) => memory.saveMessages({ ...where, messages: 'x', ...more })],
    ['listMessages', 'listMessages', (memory) => memory.listMessages({ ...where, ...more })],
    ['deleteMessages', 'deleteMessages', (memory) => memory.deleteMessages('x', more)],
    ['getWorkingMemory', 'getWorkingMemory', (memory) => memory.getWorkingMemory({ ...where, ...more })],
    [
      'updateWorkingMemory',
      'updateWorkingMemory',
      (memory) => memory.updateWorkingMemory({ ...where, workingMemory: 'x', ...more }),
    ],
    ['write', 'write', (memory) => memory.team('acme').write('key', 1, more)],
    ['list', 'list', (memory) => memory.team('acme').list(more)],
    ['watch', 'watch', (memory) => memory.team('acme').watch(more).next()],
    ['changes', 'changes', (memory) => memory.space('team/acme').changes(more).next()],
    ['a limit', 'limits.colour', () => new Memory({ limits: more })],
    ['a memory', 'Memory', () => new Memory({ ...more })],
    ['working memory', 'options.workingMemory', () => new Memory({ options: { workingMemory: more } })],
    ['no options', 'createThread', (memory) => memory.createThread(undefined as never)],
    ['a negative page', 'page', (memory) => memory.listThreads({ resourceId: 'alice', page: -1 })],
    ['a negative page of messages', 'page', (memory) => memory.listMessages({ ...where, page: -1 })],
    ['half a page', 'page', (memory) => memory.listMessages({ ...where, page: 0.5 })],
    ['no messages a page', 'perPage', (memory) => memory.listMessages({ ...where, perPage: 0 })],
    ['too many a page', 'perPage', (memory) => memory.listThreads({ resourceId: 'alice', perPage: 10_001 })],
    ['none of the last', 'last', (memory) => memory.listMessages({ ...where, last: 0 })],
    [
      'a mode',
      'mode',
      (memory) => memory.updateWorkingMemory({ ...where, workingMemory: 'x', mode: 'append' as never }),
    ],
    ['a scope', 'scope', (memory) => memory.getWorkingMemory({ ...where, scope: 'team' as never })],
    ['a kind of actor', 'actor.kind', (memory) => memory.as({ kind: 'robot' as never, id: 'a' })],
    ['a kind of space', 'kind', (memory) => memory.listSpaces({ kind: 'user' as never })],
    ['a negative seq', 'after', (memory) => memory.space('team/acme').changes({ after: -1 }).next()],
    ['an increment', 'by', (memory) => memory.team('acme').increment('key', '1' as never)],
    ['a storage', 'storage', () => new Memory({ storage: '' })],
    ['a URL', 'storage', () => new SQLiteStore({ url: 'mysql://host' })],
    ['a model that is none', 'model', () => new Memory({ model: { generate: () => 'x' } as never })],
    ['a model without a name', 'model', () => new Memory({ model: '' })],
    ['no model', 'model', () => new Memory({ model: false as never })],
    ['an embedding model in its place', 'model', () => new Memory({ model: { doEmbed: () => [] } as never })],
    ['a limit of zero', 'limits.entryBytes', () => new Memory({ limits: { entryBytes: 0 } })],
    ['a limit over its maximum', 'limits.pageSize', () => new Memory({ limits: { pageSize: 10_001 } })],
    [
      'template and schema',
      'options.workingMemory',
      () => {
        const schema = { '~standard': { version: 1, vendor: 'x', validate: () => ({ value: 1 }) } } as const
        return new Memory({ options: { workingMemory: { template: 'x', schema } } })
      },
    ],
  ]

  it.each(rows)('%s: %s', async (_, field, use) => {
    const memory = openMemory()
    const error = await refused('invalid-input', async () => {
      const made = await use(memory)
      // What is checked at the first use is used.
      if (made instanceof Memory) await made.team('acme').read('key')
      return 'accepted'
    })
    expectNamed(error, field)
    await expectEmpty(memory)
  })

  it('a space of unknown kind or uneven parts', async () => {
    const memory = openMemory()
    for (const id of ['acme', 'squad/acme', 'team', 'team/acme/x', 'team//', 'team/%', '', 'team/a/team/*']) {
      await refused('invalid-input', () => memory.space(id))
    }
    const deep = Array.from({ length: 17 }, (_, index) => `team/t${index}`).join('/')
    await refused('invalid-input', () => memory.space(deep))
  })

  it('a SQLiteStore', async () => {
    await refused('invalid-input', () => new SQLiteStore({ url: ':memory:', ...more }))
    await refused('invalid-input', () => new SQLiteStore({ url: ':memory:', durability: 'fast' as never }))
  })
})

describe('a ttl that cannot be read', () => {
  it.each([0, -1, Number.NaN, '1', '1 month', 'soon', '', '-1h', '11000d', true, {}])('%j', async (ttl) => {
    const memory = openMemory()
    const team = memory.team('acme')
    const uses = [
      () => team.write('key', 1, { ttl: ttl as Ttl }),
      () => team.merge('key', {}, { ttl: ttl as Ttl }),
      () => team.append('key', 1, { ttl: ttl as Ttl }),
      () => team.increment('key', 1, { ttl: ttl as Ttl }),
      () => team.update('key', () => 1, { ttl: ttl as Ttl }),
    ]
    for (const use of uses) expectNamed(await refused('invalid-input', use), 'ttl')
    await expectEmpty(memory)
  })
})

describe('what is over a limit', () => {
  const rows: [string, (memory: Memory) => unknown][] = [
    ['entryBytes', (memory) => memory.team('acme').write('key', 'x'.repeat(65_536))],
    ['blockBytes', (memory) => memory.updateWorkingMemory({ ...where, workingMemory: 'x'.repeat(262_144) })],
    ['messageBytes', (memory) => memory.saveMessages({ ...where, messages: 'x'.repeat(16_777_216) })],
    ['messagesPerCall', (memory) => memory.saveMessages({ ...where, messages: Array(1_001).fill('x') })],
    ['metadataBytes', (memory) => memory.createThread({ ...where, metadata: { a: 'x'.repeat(65_536) } })],
    ['titleLength', (memory) => memory.createThread({ ...where, title: 'x'.repeat(1_001) })],
    [
      'changesPerCommit',
      (memory) =>
        memory
          .space('team/acme')
          .commit(Array.from({ length: 1_001 }, (_, at) => ({ kind: 'entry-delete', key: `${at}` }))),
    ],
  ]

  it.each(rows)('%s', async (limit, use) => {
    const memory = openMemory()
    const error = await refused('limit-exceeded', () => use(memory))
    expect(error.details).toEqual({ limit, size: expect.any(Number), allowed: expect.any(Number) })
    expect(error.fix).toContain(`limits.${limit}`)
    await expectEmpty(memory)
  })
})

describe('an option that is misspelt', () => {
  it('is named, rather than the one that is then missing, with the options there are', async () => {
    const memory = openMemory()
    const misspelt = { resourceId: 'alice', thread: 't' } as never
    const error = await refused('invalid-input', () => memory.listMessages(misspelt))
    expect(error.details.rule).toContain('"thread"')
    expect(error.fix).toContain('threadId')
  })
})

describe('a database that cannot be used', () => {
  const pathOf = (url: string) => url.slice('file:'.length)

  async function opening(code: ErrorCode, storage: string | SQLiteStore): Promise<MemoryError> {
    const error = await refused(code, () => openMemory({ storage }).team('acme').write('key', 1))
    expect(error.fix.length).toBeGreaterThan(10)
    return error
  }

  it('is a file that is no database', async () => {
    const storage = temporaryUrl()
    writeFileSync(pathOf(storage), 'these are notes, and no database '.repeat(100))
    await opening('corrupt', storage)
  })

  it('is a folder', async () => {
    const storage = temporaryUrl()
    await opening('unavailable', storage.slice(0, storage.lastIndexOf('/')))
  })

  it('is another application’s', async () => {
    const storage = temporaryUrl()
    const other = new DatabaseSync(pathOf(storage))
    other.exec('CREATE TABLE notes (text)')
    other.close()
    await opening('unsupported', storage)
  })

  it('has a newer schema', async () => {
    const storage = temporaryUrl()
    const memory = openMemory({ storage })
    await memory.team('acme').write('key', 1)
    await memory.close()
    const file = new DatabaseSync(pathOf(storage))
    const version = Number(file.prepare('PRAGMA user_version').get()?.user_version)
    file.exec(`PRAGMA user_version = ${version + 1}`)
    file.close()
    await opening('schema-newer', storage)
    const again = new DatabaseSync(pathOf(storage))
    again.exec(`PRAGMA user_version = ${version}`)
    again.close()
    expect(await openMemory({ storage }).team('acme').read('key')).toBe(1)
  })

  it('is full', async () => {
    const memory = openMemory({ storage: new SQLiteStore({ url: temporaryUrl(), maxBytes: 500_000 }) })
    const team = memory.team('acme')
    let written = 0
    const error = await refused('unavailable', async () => {
      for (; written < 100; written++) await team.write(`key ${written}`, 'x'.repeat(20_000))
    })
    expect(error.fix).toMatch(/space|disk|room|maxBytes/i)
    expect(written).toBeGreaterThan(3)
    expect((await team.list()).entries).toHaveLength(written)
    expect((await team.space.state())?.seq).toBe(written)
  })
})
