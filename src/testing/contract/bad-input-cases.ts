/** Cases of bad input: each is refused by a typed error that names field, rule and what it got; nothing is stored. */
import type { Change } from '../../domain/commit/commit.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import { expectEqual, expectError, expectTrue } from './assert.ts'
import {
  append,
  deleteThread,
  json,
  merge,
  mergeBlock,
  message,
  openTurn,
  putThread,
  remove,
  say,
  take,
  text,
  write,
} from './changes.ts'
import type { StorageCase } from './contract-case.ts'
import { home, type Scene, sceneCase } from './scene.ts'

const badIds: Readonly<Record<string, string>> = {
  empty: '',
  blank: ' \t ',
  'a control character': 'a\u0000b',
  'a line break': 'a\nb',
  'a wildcard': '*',
  'a wildcard inside': 'acme*',
  'a percent sign alone': '%',
  '257 characters': 'x'.repeat(257),
  'a prototype key': '__proto__',
  'a lone surrogate': 'a\ud800',
}

const namedBy: Readonly<Record<string, (id: string) => Change>> = {
  'an entry’s key': (id) => write(id, 1),
  'a deleted key': remove,
  'a block’s name': (id) => text(id, 'x'),
  'a thread’s id': (id) => putThread(id),
  'a deleted thread’s id': deleteThread,
  'a turn’s thread': (id) => openTurn(id),
  'a saved message’s thread': (id) => say(id, 'x'),
  'a message’s id': (id) => say('t', message('x', { id })),
  'a block’s thread': (id) => text('main', 'x', id),
  'a lease’s name': (id) => take(id, 1_000),
}

async function refusedByName(scene: Scene, change: Change, what: string): Promise<void> {
  const error = await expectError('invalid-input', what, () => scene.commit(change))
  for (const name of ['field', 'rule', 'got']) expectTrue(name in error.details, `${what}: the error has a ${name}`)
}

class Point {
  x = 1
}

function cycle(): unknown {
  const loop: Record<string, unknown> = {}
  loop.self = loop
  return loop
}

const notJson: Readonly<Record<string, () => unknown>> = {
  NaN: () => Number.NaN,
  Infinity: () => Number.POSITIVE_INFINITY,
  'a function': () => () => 1,
  'a cycle': cycle,
  'a BigInt': () => 1n,
  undefined: () => undefined,
  'undefined in an array': () => [1, undefined],
  'a hole in an array': () => Array(2),
  'undefined in an object': () => ({ a: undefined }),
  'a Date': () => new Date(0),
  'a class instance': () => new Point(),
  'a Map': () => new Map([['a', 1]]),
  'a symbol': () => Symbol('a'),
  'a prototype key': () => JSON.parse('{"a":{"__proto__":{"b":1}}}'),
  'a lone surrogate': () => 'a\ud800',
  'depth 70': () => JSON.parse(`${'['.repeat(70)}${']'.repeat(70)}`),
}

/** Every place a change has for JSON. The value goes in nested, so that the path matters. */
const holders: Readonly<Record<string, (value: Json) => Change>> = {
  'an entry': (value) => write('k', value),
  'a patch': (value) => merge('k', { a: value }),
  'an item': (value) => append('k', { a: [value] }),
  'a block': (value) => json('b', [value]),
  'a block’s patch': (value) => mergeBlock('b', { a: { b: value } }),
  'a thread’s metadata': (value) => putThread('t', { metadata: { a: value } }),
  'a message’s part': (value) => say('t', message('', { parts: [{ type: 'text', text: value }] })),
  'a message’s metadata': (value) => say('t', message('x', { metadata: { a: value } as JsonObject })),
  'a clone’s block': (value) => ({
    kind: 'thread-clone',
    threadId: 'copy',
    source: { space: home, threadId: 't', asOf: 1 },
    turns: [],
    blocks: [{ name: 'main', format: 'json', value }],
  }),
}

const ids: readonly StorageCase[] = Object.entries(badIds).map(([what, id]) =>
  sceneCase(
    `a bad id is refused wherever it stands: ${what}`,
    async (scene) => {
      await scene.committed(putThread('t'))
      for (const [place, named] of Object.entries(namedBy)) await refusedByName(scene, named(id), place)
      expectEqual(await scene.seq(), 1, 'nothing was stored')
    },
    11,
  ),
)

const values: readonly StorageCase[] = Object.entries(notJson).map(([what, make]) =>
  sceneCase(
    `what is not JSON is refused wherever it stands: ${what}`,
    async (scene) => {
      for (const [place, holding] of Object.entries(holders)) {
        await refusedByName(scene, holding(make() as Json), place)
      }
      expectEqual(await scene.state(), null, 'nothing was stored')
    },
    11,
  ),
)

const others: readonly StorageCase[] = [
  sceneCase(
    'a value that is not JSON is never taken for the one that a known commit stored',
    async (scene) => {
      await scene.committed(write('k', null), { id: 'c' })
      for (const value of [Number.NaN, undefined]) {
        const changes = write('k', value as Json)
        const answer = await scene.commit(changes, { id: 'c' }).catch((error: { code?: string }) => error.code)
        const isRefused = answer === 'invalid-input' || (typeof answer === 'object' && answer.status === 'conflict')
        expectTrue(isRefused, `the answer to ${value}: ${JSON.stringify(answer)}`)
      }
    },
    5,
  ),
  sceneCase(
    'an increment by what is no finite number is refused',
    async (scene) => {
      for (const by of [Number.NaN, Number.POSITIVE_INFINITY, '1', null]) {
        await refusedByName(scene, { kind: 'entry-increment', key: 'k', by: by as number }, String(by))
      }
      expectEqual(await scene.state(), null, 'nothing was stored')
    },
    11,
  ),
  sceneCase(
    'a space id that cannot be read is refused',
    async (scene) => {
      for (const space of ['', 'acme', 'team/', 'team/%', 'group/acme', 'team/acme/agent', '__proto__/x']) {
        const storing = () => scene.commit(write('k', 1), { space: space as typeof home })
        await expectError('invalid-input', `space ${JSON.stringify(space)}`, storing)
      }
      const page = await scene.storage.spaces.list(scene.access, { kind: 'team', prefix: '', after: null, limit: 5 })
      expectEqual(page, [], 'nothing was stored')
    },
    11,
  ),
  sceneCase(
    'ids and keys of 256 characters, and any others, are kept as they are',
    async (scene) => {
      const names = ['x'.repeat(256), 'constructor', 'a/b', '漢字 😀', "'; DROP TABLE log; --", 'a%b', 'turn/x', '0']
      for (const name of names) {
        await scene.committed([write(name, name), say(name, message(name, { id: name })), text(name, name, name)])
      }
      for (const name of names) {
        expectEqual([await scene.value(name), await scene.texts(name)], [name, [name]], name)
        expectEqual(await scene.block(name, name), name, name)
        expectEqual((await scene.storage.messages.find(scene.access, home, name)).length, 1, name)
      }
    },
    11,
  ),
]

export const badInputCases: readonly StorageCase[] = [...ids, ...values, ...others]
