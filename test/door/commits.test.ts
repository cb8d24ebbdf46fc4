// Whatever is passed to a public write, what reaches the driver is a commit that the schema of changes takes.
import { type Change, type Memory, MemoryError } from 'aquifer'
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { expect, it } from 'vitest'
import { changeSchema, expectationSchema } from '../../src/domain/commit/schema.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { ManualClock, openMemory } from '../memory/opened.ts'
import { openReference } from '../storage/drivers.ts'

const where = { resourceId: 'alice', threadId: 't' }
const text = { role: 'user', content: 'hello' }

type Write = readonly [name: string, given: readonly unknown[], write: (memory: Memory, ...given: never[]) => unknown]

/** Every public method that writes, with arguments that it takes. */
const writes: readonly Write[] = [
  ['createThread', [{ ...where, threadId: 'new', title: 'x', metadata: { a: 1 } }], (m, o) => m.createThread(o)],
  ['updateThread', [{ ...where, title: 'x', metadata: { a: 1 }, ifVersion: 1 }], (m, o) => m.updateThread(o)],
  ['archiveThread', [where], (m, o) => m.archiveThread(o)],
  ['deleteThread', [where], (m, o) => m.deleteThread(o)],
  [
    'cloneThread',
    [{ ...where, newThreadId: 'u', title: 'x', metadata: { a: 1 }, last: 1 }],
    (m, o) => m.cloneThread(o),
  ],
  [
    'saveMessages',
    [{ ...where, messages: [text], turnId: undefined, createThread: true, commitId: 'c', author: undefined }],
    (m, o) => m.saveMessages(o),
  ],
  [
    'a message',
    [{ ...text, id: 'm', parts: undefined, metadata: { a: 1 }, createdAt: 0, author: { kind: 'user', id: 'a' } }],
    (m, message) => m.saveMessages({ ...where, messages: [message] }),
  ],
  [
    'updateMessages',
    [{ id: 'm', content: 'x', metadata: { a: 1 } }],
    (m, edit) => m.updateMessages({ resourceId: 'alice', messages: [edit] }),
  ],
  ['restoreTurn', [{ ...where, turnId: 'turn_none', commitId: 'r' }], (m, o) => m.restoreTurn(o)],
  ['deleteMessages', [['m'], where], (m, ids, o) => m.deleteMessages(ids, o)],
  [
    'updateWorkingMemory',
    [{ ...where, workingMemory: 'x', mode: 'replace', ifVersion: undefined, ifAbsent: undefined, name: 'n' }],
    (m, o) => m.updateWorkingMemory(o),
  ],
  ['team', ['acme'], (m, id) => m.team(id).write('k', 1)],
  [
    'write',
    ['k', { a: 1 }, { ttl: 1_000, ifAbsent: true, commitId: 'c' }],
    (m, ...all) => m.team('acme').write(...(all as unknown as ['k', 1])),
  ],
  [
    'merge',
    ['k', { a: 1 }, { ttl: 1_000, commitId: 'c' }],
    (m, ...all) => m.team('acme').merge(...(all as unknown as ['k', 1])),
  ],
  [
    'append',
    ['l', 1, { ttl: 1_000, commitId: 'c' }],
    (m, ...all) => m.team('acme').append(...(all as unknown as ['k', 1])),
  ],
  [
    'increment',
    ['n', 1, { ttl: 1_000, commitId: 'c' }],
    (m, ...all) => m.team('acme').increment(...(all as unknown as ['k', 1])),
  ],
  [
    'update',
    ['k', () => 1, { ttl: 1_000 }],
    (m, ...all) => m.team('acme').update(...(all as unknown as ['k', () => 1])),
  ],
  ['an updated value', [1], (m, value) => m.team('acme').update('k', () => value)],
  ['delete', ['k', { ifVersion: 1 }], (m, ...all) => m.team('acme').delete(...(all as unknown as ['k']))],
  [
    'facts.add',
    [
      'Alice likes tea',
      {
        userId: 'alice',
        agentId: 'a',
        teamId: 't',
        metadata: { a: 1 },
        infer: false,
        validFrom: 0,
        expiresAt: '2999-01-01',
      },
    ],
    (m, ...all) => m.facts.add(...(all as unknown as Parameters<Memory['add']>)),
  ],
  [
    'facts.update',
    [{ text: 'x', metadata: { a: 1 }, expiresAt: null }],
    async (m, edit) => m.facts.update(await factOf(m), edit),
  ],
  ['facts.delete', ['f'], async (m, id) => m.facts.delete(id === 'f' ? await factOf(m) : id)],
  ['facts.deleteAll', [{ userId: 'alice' }], async (m, o) => (await factOf(m)) && m.facts.deleteAll(o)],
  [
    'mem0 add',
    ['x', { user_id: 'alice', metadata: { a: 1 }, infer: false }],
    (m, ...all) => new Mem0Memory(m).add(...(all as unknown as ['x'])),
  ],
  ['forget', [where], (m, o) => m.forget(o)],
  ['space', ['team/acme'], (m, id) => m.space(id).commit([{ kind: 'entry-write', key: 'k', value: 1 }])],
  [
    'commit',
    [[{ kind: 'entry-write', key: 'k', value: 1, ttlMs: 1 }], { id: 'c', expect: [{ seq: 0 }] }],
    (m, ...all) => m.space('team/acme').commit(...(all as unknown as [Change[]])),
  ],
  [
    'a change',
    [{ kind: 'entry-write', key: 'k', value: 1, ttlMs: 1 }],
    (m, change) => m.space('team/acme').commit([change]),
  ],
  [
    'configure',
    [{ entriesPerSpace: 1, entryTtlMs: 1, logDays: 1, language: 'none' }, { ifVersion: 0 }],
    (m, ...all) => m.space('team/acme').configure(...(all as unknown as [object])),
  ],
  ['an actor', [{ kind: 'user', id: 'a', name: 'A' }], (m, actor) => m.as(actor).team('acme').write('k', 1)],
]

const hostile: readonly unknown[] = [
  ...[
    undefined,
    null,
    true,
    -1,
    0,
    0.5,
    1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1n,
    '',
    ' ',
    '*',
    'x'.repeat(300),
  ],
  ...['\u0000', '\ud800', '__proto__', [], [null], {}, { a: undefined }, JSON.parse('{"__proto__":{"a":1}}')],
  ...[() => 1, Symbol('s'), new Date(Number.NaN), new Map([[1, 2]]), new (class Own {})()],
]

async function factOf(memory: Memory): Promise<string> {
  return (await memory.facts.add('Alice likes tea', { userId: 'alice', infer: false })).results[0]?.id ?? ''
}

/** The arguments with one of them, or one field of one, replaced; unchanged first. */
function* variants(given: readonly unknown[]): Generator<readonly unknown[]> {
  yield given
  for (const [index, argument] of given.entries()) {
    const replaced = (value: unknown) => given.map((one, at) => (at === index ? value : one))
    for (const value of hostile) yield replaced(value)
    if (typeof argument !== 'object' || argument === null || Array.isArray(argument)) continue
    for (const name of [...Object.keys(argument), 'colour']) {
      for (const value of hostile) yield replaced({ ...argument, [name]: value })
    }
  }
}

/** A driver that notes the commits that the schema does not take. */
async function watched(bad: unknown[]): Promise<{ storage: Storage; seen: () => number }> {
  const sound = await openReference(new ManualClock())
  let seen = 0
  const check = ({ changes, expect: expected }: Parameters<Storage['commit']>[1]) => {
    seen += 1
    const isSound =
      changes.every((change) => changeSchema.safeParse(change).success) &&
      (expected ?? []).every((one) => expectationSchema.safeParse(one).success)
    if (!isSound) bad.push({ changes, expected })
  }
  const storage = new Proxy(sound, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown
      if (typeof value !== 'function') return value
      return (...call: unknown[]) => {
        if (name === 'commit') check(call[1] as never)
        if (name === 'erase' && call[1] !== null) check(call[1] as never)
        return (value as (...all: unknown[]) => unknown).apply(target, call)
      }
    },
  })
  return { storage, seen: () => seen }
}

it.each(writes)('%s', async (_, given, write) => {
  const bad: unknown[] = []
  const { storage, seen } = await watched(bad)
  const memory = openMemory({ storage })
  await memory.saveMessages({ ...where, messages: [{ id: 'm', ...text }] as never })
  await memory.team('acme').write('k', {})
  const before = seen()
  const untyped: unknown[] = []
  for (const variant of variants(given)) {
    try {
      await write(memory, ...(variant as never[]))
    } catch (error) {
      if (!(error instanceof MemoryError) || error.code === 'bug') untyped.push([variant, error])
    }
  }
  expect(untyped).toEqual([])
  expect(bad).toEqual([])
  expect(seen()).toBeGreaterThan(before)
})
