/** Items registered under names: found by key, by id, or by name. */
import { invalidInput, type MemoryError, notFound, shown } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'

interface Named {
  readonly id: string
  readonly name?: string
}

/** A record, or a list. The keys of a list are the ids. */
export type Registration<Item extends Named> = Readonly<Record<string, Item>> | readonly Item[]

/** A kind of item: its word in error texts, and the test for a value. */
interface ItemKind<Item extends Named> {
  readonly word: string
  readonly isItem: (value: unknown) => value is Item
}

function entriesOf(given: unknown, field: string, word: string): readonly (readonly [string | null, unknown])[] {
  if (given === undefined) return []
  if (Array.isArray(given)) return given.map((item) => [null, item] as const)
  if (isJsonObject(given)) return Object.entries(given)
  throw invalidInput(field, 'must be an object or a list', given, `Pass { name: ${word} } or [${word}].`)
}

/** Items of one kind, in the order in which they were registered. */
export class Registry<Item extends Named> {
  readonly #word: string
  readonly #items = new Map<string, Item>()

  /** @throws MemoryError `invalid-input` for anything else, or if two items have one id. */
  constructor(given: unknown, field: string, { word, isItem }: ItemKind<Item>) {
    this.#word = word
    const byId = new Map<string, Item>()
    for (const [index, [key, item]] of entriesOf(given, field, word).entries()) {
      const at = key === null ? `${field}[${index}]` : `${field}.${key}`
      if (!isItem(item))
        throw invalidInput(at, `is no ${word}`, item, `Pass an instance, not its options or its class.`)
      const other = byId.get(item.id)
      if (other !== undefined && other !== item) {
        throw invalidInput(at, 'must have an id of its own', item.id, 'Another one has this id: change one of them.')
      }
      byId.set(item.id, item)
      this.#items.set(key ?? item.id, item)
    }
  }

  /** Each item once. */
  get all(): readonly Item[] {
    return [...new Set(this.#items.values())]
  }

  /** By key. */
  list(): Readonly<Record<string, Item>> {
    return Object.fromEntries(this.#items)
  }

  /** The item with that key, otherwise with that id, otherwise with that name. */
  get(keyOrName: string): Item {
    const found = this.#items.get(keyOrName) ?? this.all.find(({ id }) => id === keyOrName)
    if (found !== undefined) return found
    const named = this.all.filter(({ name }) => name === keyOrName)
    if (named.length > 1) {
      const fix = `Use an id: ${named.map(({ id }) => shown(id)).join(', ')}.`
      throw invalidInput('name', 'must name one of them', keyOrName, fix)
    }
    if (named[0] === undefined) throw this.#missing(keyOrName)
    return named[0]
  }

  getById(id: string): Item {
    const found = this.all.find((item) => item.id === id)
    if (found === undefined) throw this.#missing(id)
    return found
  }

  #missing(asked: string): MemoryError {
    const known = [...this.#items].map(([key, { id }]) => (key === id ? shown(id) : `${shown(key)} (id ${shown(id)})`))
    const fix = known.length === 0 ? 'None is registered.' : `There are ${known.join(', ')}.`
    return notFound(this.#word, asked, fix)
  }
}
