// Options of constructors that fight back, and values that are small in memory and endless as a copy: refused by name.
import { Agent, Aquifer, Memory, SQLiteStore } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { openMemory, refusal } from './opened.ts'

const trap = () => {
  throw new Error('a trap')
}
const getter = (): object => Object.defineProperty({}, 'inner', { enumerable: true, get: trap })
const cycle = (): object => {
  const value: Record<string, unknown> = { a: 1 }
  value.self = value
  return value
}
const nested = (depth: number): object => {
  let value: object = {}
  for (let i = 0; i < depth; i++) value = { value }
  return value
}
/** Sixty levels, each holding the next twice: small in memory, endless as JSON. */
const shared = (): object => {
  let value: object = {}
  for (let i = 0; i < 60; i++) value = { left: value, right: value }
  return value
}
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const hostile: Readonly<Record<string, () => object>> = {
  'a getter that throws': getter,
  'a getter that throws deep inside': () => ({ a: [{ b: getter() }] }),
  'a proxy that throws for every field': () => new Proxy({ inner: 1 }, { get: trap }),
  'a proxy that does not say its keys': () => new Proxy({}, { ownKeys: trap }),
  'a proxy that does not say its prototype': () => new Proxy({}, { getPrototypeOf: trap }),
  'a proxy that does not describe its fields': () => new Proxy({ inner: 1 }, { getOwnPropertyDescriptor: trap }),
  'a proxy that is revoked': revoked,
  'a toJSON that throws': () => ({ toJSON: trap }),
  'a cycle': cycle,
  'ten thousand levels': () => nested(10_000),
}

/** Small in memory, endless as a copy. */
const endless: Readonly<Record<string, () => object>> = {
  'shared parts': shared,
  'a cycle with two ways round': () => {
    const value: Record<string, unknown> = {}
    value.left = value
    value.right = value
    return value
  },
}

const at = { resourceId: 'alice', threadId: 't' }
const space = 'resource/alice'

/** Places of JSON that a caller chooses. */
const json: Readonly<Record<string, (memory: Memory, value: never) => unknown>> = {
  'metadata of a thread': (memory, metadata) => memory.createThread({ ...at, metadata }),
  'metadata of a message': (memory, metadata) =>
    memory.saveMessages({ ...at, messages: [{ role: 'user', content: 'x', metadata }] }),
  'a part of a message': (memory, part) => memory.saveMessages({ ...at, messages: [{ role: 'user', parts: [part] }] }),
  'a field of a part': (memory, inner) =>
    memory.saveMessages({ ...at, messages: [{ role: 'user', parts: [{ type: 'data-x', data: inner }] }] }),
  'input of a tool call': (memory, input) =>
    memory.saveMessages({
      ...at,
      messages: [{ role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 't', input }] }],
    }),
  'working memory': (memory, workingMemory) => memory.updateWorkingMemory({ ...at, workingMemory }),
  'an entry': (memory, value) => memory.team('acme').write('k', value),
  'a patch': (memory, value) => memory.team('acme').merge('k', value),
  'an item': (memory, value) => memory.team('acme').append('k', value),
  'metadata of a fact': (memory, metadata) => memory.facts.add('Tea.', { userId: 'alice', infer: false, metadata }),
  'a change': (memory, value) => memory.space(space).commit([{ kind: 'entry-write', key: 'k', value }]),
  'details of a run': (memory, details) =>
    memory.space(space).commit([{ kind: 'run-put', unique: 'u', name: 'bot', details }]),
}

/** Places of options and other structures of ours. */
const structures: Readonly<Record<string, (memory: Memory, value: never) => unknown>> = {
  'a message': (memory, value) => memory.saveMessages({ ...at, messages: [value] }),
  'a date range': (memory, dateRange) => memory.listMessages({ ...at, dateRange }),
  'metadata of a filter': (memory, metadata) => memory.listThreads({ resourceId: 'alice', filter: { metadata } }),
  'a filter of recall': (memory, filter) => memory.recall({ resourceId: 'alice', query: 'tea', filter }),
  'an edit': (memory, value) => memory.updateMessages({ messages: [value] }),
  'filters of facts': (memory, filters) => memory.facts.search('tea', { userId: 'alice', filters }),
  'options of forget': (memory, value) => memory.forget(value),
  'one change': (memory, value) => memory.space(space).commit([value]),
}

/** Places of a constructor's options. */
const constructors: Readonly<Record<string, (memory: Memory, value: never) => unknown>> = {
  'options of Memory': (_, value) => new Memory(value),
  'limits of Memory': (_, limits) => new Memory({ limits }),
  'behaviour of Memory': (_, options) => new Memory({ options }),
  'an embedder': (_, embedder) => new Memory({ embedder }),
  'a clock': (_, clock) => new Memory({ clock }),
  'a storage': (_, storage) => new Memory({ storage }),
  'options of SQLiteStore': (_, value) => new SQLiteStore(value),
  'options of Aquifer': (_, value) => new Aquifer(value),
  'options of Agent': (_, value) => new Agent(value),
}

async function expectRefused(act: (memory: Memory, value: never) => unknown, make: () => object): Promise<void> {
  const memory = openMemory()
  const error = await refusal(() => act(memory, make() as never))
  expect(error.code, error.message).toBe('invalid-input')
  expect(error.details.field).toEqual(expect.stringMatching(/\S/))
  expect(error.fix).not.toBe('')
  for (const kind of ['resource', 'team'] as const) expect((await memory.listSpaces({ kind })).spaces).toEqual([])
}

it.each(Object.entries({ ...json, ...structures }))('what is endless as a copy is refused as %s', async (_, act) => {
  for (const make of Object.values(endless)) await expectRefused(act, make)
})

describe.each(Object.entries(constructors))('as %s', (_, act) => {
  it.each(Object.keys(hostile))('%s is refused', (name) => expectRefused(act, hostile[name] as () => object))
})
