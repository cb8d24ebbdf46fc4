// Values that no caller should pass: what cannot be read, what is no JSON, and what changes while it is looked at.

/** How the values are told apart, and how each is made anew. */
export const badValues: Readonly<Record<string, () => unknown>> = {
  'a getter that throws': () => ({
    get a(): never {
      throw new Error('a getter of the caller')
    },
  }),
  'a getter that throws nothing': () => ({
    get a(): never {
      throw undefined
    },
  }),
  'a proxy that throws at everything': () => throwing({}),
  'a proxy of a list that throws at everything': () => throwing([]),
  'a proxy that throws at its keys': () => new Proxy({ a: 1 }, { ownKeys: fail }),
  'a proxy that throws at its values': () => new Proxy({ a: 1 }, { get: fail }),
  'a proxy that throws at its prototype': () => new Proxy({ a: 1 }, { getPrototypeOf: fail }),
  'a proxy that is revoked': () => {
    const { proxy, revoke } = Proxy.revocable({ a: 1 }, {})
    revoke()
    return proxy
  },
  'a value that is another at each look': () => changing(['x', () => 1, Symbol('x'), 1n]),
  'a toJSON that throws': () => ({ a: 1, toJSON: fail }),
  'a toString that throws': () => ({ toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail }),
  'an object in itself': () => {
    const self: Record<string, unknown> = {}
    self.self = self
    return self
  },
  'a list in itself': () => {
    const self: unknown[] = []
    self.push(self)
    return self
  },
  'a function': () => () => 1,
  'a function in an object': () => ({ a: () => 1 }),
  'a symbol': () => Symbol('x'),
  'a BigInt': () => 10n ** 100n,
  NaN: () => Number.NaN,
  'an endless number': () => [Number.POSITIVE_INFINITY, -0],
  'an invalid Date': () => new Date(Number.NaN),
  'a Date in an object': () => ({ at: new Date(0) }),
  'an instance': () =>
    new (class Person {
      name = 'Ann'
    })(),
  'a Map': () => new Map([['a', 1]]),
  'a Set in a list': () => [new Set([1])],
  'a pattern': () => /x/,
  'a promise': () => Promise.resolve('x'),
  'a promise that fails in an object': () => ({ a: settledLater() }),
  bytes: () => new Uint8Array([1, 2, 3]),
  'an error': () => new Error('x'),
  'an address': () => new URL('file:///x'),
  'a boxed text': () => Object('x') as unknown,
  'a list with holes': () => Object.assign(new Array<number>(3), { 0: 1, 2: 3 }),
  'a list of nothing that is very long': () => Object.assign([], { length: 2 ** 32 - 1 }),
  'a __proto__': () => JSON.parse('{"a":{"__proto__":{"admin":true}}}') as unknown,
  'a __proto__ at the top': () => JSON.parse('{"__proto__":{"admin":true}}') as unknown,
  'a constructor': () => ({ constructor: { prototype: { admin: true } } }),
  'an object without a prototype': () => Object.assign(Object.create(null), { a: 1 }) as unknown,
  "an object whose prototype is the caller's": () => Object.create({ resourceId: 'other', admin: true }) as unknown,
  'lists 10,000 deep': () => nested(10_000, (inner) => [inner]),
  'objects 10,000 deep': () => nested(10_000, (inner) => ({ a: inner })),
  'a lone surrogate in a key': () => ({ 'a\ud800': 1 }),
  null: () => null,
  'undefined in a list': () => [undefined],
  'undefined in an object': () => ({ a: undefined }),
  'an empty text': () => '',
  'a number': () => 1.5,
  true: () => true,
}

function fail(): never {
  throw new TypeError('a trap of the caller')
}

function throwing(target: object): object {
  const traps = [
    ...['get', 'set', 'has', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor', 'isExtensible'],
    ...['defineProperty', 'deleteProperty', 'preventExtensions', 'setPrototypeOf'],
  ]
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, fail])))
}

function changing(values: readonly unknown[]): object {
  let looks = 0
  return Object.defineProperty({}, 'a', { enumerable: true, get: () => values[looks++ % values.length] })
}

/** Rejects, and is handled: only who awaits it learns of it. */
function settledLater(): Promise<never> {
  const rejected = Promise.reject(new Error('x'))
  rejected.catch(() => null)
  return rejected
}

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'x'
  for (let at = 0; at < depth; at++) value = wrap(value)
  return value
}
