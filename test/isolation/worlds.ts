// Worlds that hold the same own spaces, and beside them others with nothing, or with one content or another.

import { type Access, Memory, type MemoryOptions, spaceId } from 'aquifer'
import { scriptedEmbedder } from 'aquifer/testing'
import fc from 'fast-check'
import { tombstoneNoun } from '../../src/domain/records/tombstone.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import type { Core } from '../../src/memory/door/core.ts'
import { ManualClock, minute } from '../memory/opened.ts'

export const own = [spaceId('resource', 'alice'), spaceId('team', 'acme')] as const
/** Ids that resemble the own ones, so that a careless prefix or key would reach them. */
export const others = [
  spaceId('resource', 'bob'),
  spaceId('resource', 'alice2'),
  spaceId('team', 'alice'),
  spaceId('team', 'acme-corp'),
  spaceId('agent', 'acme'),
] as const

type Space = (typeof own | typeof others)[number]

const words = ['refund', 'invoice', 'car', 'automobile', 'ERR_4711', 'vienna', 'blue', 'late', 'order', 'please']
const threads = ['one', 'two']
const topics = ['billing', 'travel']

/** One write to a space: the kind of it, what it says, and which of the things there it goes to. */
export interface Write {
  readonly kind: 'save' | 'bulk' | 'edit' | 'delete' | 'entry' | 'fact' | 'thread-delete' | 'erase'
  readonly text: string
  readonly place: number
  readonly topic: string
}

export const text = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 6 }).map((list) => list.join(' '))

function writeOf(kinds: readonly Write['kind'][]): fc.Arbitrary<Write> {
  const kind = fc.constantFrom(...kinds)
  return fc.record({ kind, text, place: fc.nat({ max: 5 }), topic: fc.constantFrom(...topics) })
}

const most = ['save', 'save', 'save', 'save', 'edit', 'delete', 'entry', 'entry', 'fact', 'thread-delete'] as const
export const ownWrites = fc.array(fc.tuple(fc.constantFrom(...own), writeOf(most)), { minLength: 3, maxLength: 14 })
/** What happens elsewhere, and after how many own writes. */
export const otherWrites = fc.array(
  fc.tuple(fc.nat({ max: 14 }), fc.constantFrom(...others), writeOf([...most, 'bulk', 'erase'])),
  { minLength: 4, maxLength: 30 },
)

function changesOf({ kind, text: said, place, topic }: Write, number: number): object[] {
  const threadId = threads[place % threads.length] as string
  const parts = [{ type: 'text', text: said }]
  const messageId = `m${place}`
  if (kind === 'save') {
    const [first, second] = [
      { id: messageId, role: 'user', parts, metadata: { topic, place } },
      { role: 'assistant', parts },
    ]
    return [{ kind: 'message-append', threadId, createThread: true, messages: [first, second] }]
  }
  if (kind === 'bulk') {
    // So many that their words are packed.
    const messages = Array.from({ length: 120 }, (_, i) => ({
      role: 'user',
      parts: [{ type: 'text', text: `${said} ${i}` }],
    }))
    return [{ kind: 'message-append', threadId, createThread: true, messages }]
  }
  if (kind === 'edit') return [{ kind: 'message-edit', threadId, messageId, parts }]
  if (kind === 'delete') return [{ kind: 'message-delete', threadId, messageIds: [messageId] }]
  if (kind === 'entry') return [{ kind: 'entry-write', key: `key-${place}`, value: { topic, note: said } }]
  if (kind === 'fact') return [{ kind: 'fact-assert', unique: `f${number}`, text: said, metadata: { topic } }]
  return kind === 'erase' ? [{ kind: 'erase' }] : [{ kind: 'thread-delete', threadId }]
}

/** What a refused write was refused with: that too is an answer. */
async function attempt(memory: Memory, space: Space, write: Write, number: number): Promise<unknown> {
  try {
    return await memory.space(space).commit(changesOf(write, number) as never)
  } catch (error) {
    return String(error)
  }
}

/** A cursor holds the key of its space. */
const opened = (cursor: string) => Buffer.from(cursor, 'base64url').toString()

/** The fields of an object by name: their order may come from a cache. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
}

export interface World {
  /** What somebody has who may do everything in the own spaces, and nothing elsewhere. */
  readonly core: Core
  /** Answers to the own writes. */
  readonly written: readonly unknown[]
  /** An answer as a text, in which the random keys of the own spaces are named alike in all worlds. */
  readonly textOf: (answer: unknown) => string
  readonly close: () => Promise<void>
}

/** A tombstone without its key, which is a hash under the random secret of its space. */
function withoutHash(value: unknown): unknown {
  const isTombstone = typeof value === 'object' && value !== null && 'noun' in value && value.noun === tombstoneNoun
  return isTombstone ? { ...value, key: '<hash>' } : value
}

/** Makes a world: own writes in order, the clock moving with them, and between them those elsewhere. */
export async function openWorld(
  writes: readonly (readonly [Space, Write])[],
  elsewhere: readonly (readonly [number, Space, Write])[],
  settlesAfter: number,
): Promise<World> {
  const clock = new ManualClock()
  const meanings = { automobile: 'car' }
  const options: MemoryOptions = { storage: ':memory:', clock, background: false }
  const memory = new Memory({ ...options, embedder: scriptedEmbedder({ dimensions: 64, meanings }) })
  const written: unknown[] = []
  for (const space of own) await memory.space(space).commit([{ kind: 'entry-write', key: 'first', value: 'please' }])
  for (const [number, [space, write]] of writes.entries()) {
    for (const [at, other, foreign] of elsewhere) if (at === number) await attempt(memory, other, foreign, number)
    clock.pass(minute)
    written.push(await attempt(memory, space, write, number))
    if (number === Math.min(settlesAfter, writes.length - 1)) await memory.settled()
  }
  for (const [at, other, foreign] of elsewhere) if (at >= writes.length) await attempt(memory, other, foreign, at)
  const rights = ['read', 'write', 'erase', 'administer'] as const
  const access: Access = { actor: { kind: 'user', id: 'ada' }, grants: own.map((space) => ({ space, rights })) }
  const keys = await Promise.all(own.map(async (space) => (await memory.space(space).state())?.key ?? ''))
  const textOf = (answer: unknown) => {
    const plain = JSON.stringify(
      answer,
      (name, value) => (name === 'nextCursor' ? opened(value) : withoutHash(inOrder(value))),
      1,
    )
    return keys.reduce<string>((all, key, i) => all.replaceAll(key, `<key ${i}>`), plain ?? 'nothing')
  }
  return { core: { ...coreOf(memory), access }, written, textOf, close: () => memory.close() }
}
