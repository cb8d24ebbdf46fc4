/**
 * Values of a request for the code that serves it, such as the user's tier, a locale or a tenant. No model sees them.
 */
import { invalidInput } from '../domain/error.ts'
import { isJsonObject } from '../domain/json.ts'
import { check, type OptionFields } from '../domain/option-checks.ts'

/** What a context may be made from: another one, pairs, or an object. */
export type RequestContextInput<Values extends object> =
  | Iterable<readonly [string, unknown]>
  | Readonly<Partial<Values>>

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value
}

function checkKey(key: unknown): string {
  if (typeof key === 'string') return key
  throw invalidInput('key', 'must be a text', key, `Pass a name, such as 'user-tier'.`)
}

/**
 * A map of values for one call. Instructions, model, memory and tools may depend on it, and tools get it.
 *
 * Give the names and types of its values, as in `new RequestContext<{ 'user-tier': 'enterprise' | 'pro' }>()`: use a
 * type, not an interface, so that agents and tools that do not know the names accept it too.
 */
export class RequestContext<out Values extends object = Record<string, unknown>> {
  readonly #values = new Map<string, unknown>()

  /**
   * Copies the values; none by default.
   *
   * @throws MemoryError `invalid-input` for anything other than a context, pairs or an object.
   */
  constructor(values?: RequestContextInput<Values>) {
    if (values === undefined) return
    const fix = `Pass an object such as { 'user-tier': 'pro' }, a list of pairs, or another context.`
    if (!isIterable(values) && !isJsonObject(values)) {
      throw invalidInput('requestContext', 'must be an object or pairs', values, fix)
    }
    for (const pair of isIterable(values) ? values : Object.entries(values)) {
      if (!Array.isArray(pair)) throw invalidInput('requestContext', 'must hold pairs of key and value', pair, fix)
      this.#values.set(checkKey(pair[0]), pair[1])
    }
  }

  /** How many values there are. */
  get size(): number {
    return this.#values.size
  }

  /** The value of a key; undefined if it is not there. */
  get<Key extends keyof Values & string>(key: Key): Values[Key] | undefined {
    return this.#values.get(key) as Values[Key] | undefined
  }

  /**
   * Sets the value of a key.
   *
   * @throws MemoryError `invalid-input` if the key is not a text.
   */
  set<Key extends keyof Values & string>(key: Key, value: Values[Key]): this {
    this.#values.set(checkKey(key), value)
    return this
  }

  /** Whether there is a value of that key. */
  has(key: keyof Values & string): boolean {
    return this.#values.has(key)
  }

  /** Removes a value. Answers whether there was one. */
  delete(key: keyof Values & string): boolean {
    return this.#values.delete(key)
  }

  /** The keys, in the order in which they were first set. */
  keys(): IterableIterator<string> {
    return this.#values.keys()
  }

  /** The values, in the same order. */
  values(): IterableIterator<unknown> {
    return this.#values.values()
  }

  /** Pairs of key and value, in the same order. */
  entries(): IterableIterator<[string, unknown]> {
    return this.#values.entries()
  }

  /** The same as {@link entries}. */
  [Symbol.iterator](): IterableIterator<[string, unknown]> {
    return this.entries()
  }

  /** A plain object of the values. */
  toJSON(): Partial<Values> {
    return Object.fromEntries(this.#values) as Partial<Values>
  }
}

/**
 * The `requestContext` among some options; an empty one by default.
 *
 * @throws MemoryError `invalid-input` for anything else.
 */
export function requestContextOf(options: OptionFields): RequestContext {
  check(options, 'requestContext', 'must be a RequestContext', 'Pass new RequestContext({ … }).', (value) => {
    return value instanceof RequestContext
  })
  return (options.requestContext ?? new RequestContext()) as RequestContext
}
