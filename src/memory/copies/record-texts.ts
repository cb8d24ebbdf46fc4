/** Reads all words of a record by its address: of every version that is kept, also where it was deleted since. */
import type { Access } from '../../domain/actor.ts'
import { type MessageId, parseMessageId, parseObservationId } from '../../domain/id.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { addressText, type RecordAddress } from '../../domain/records/address.ts'
import type { Message } from '../../domain/records/message.ts'
import { chunkNoteKey, observationNoun, reflectedNoteKey } from '../../domain/records/observation.ts'
import type { Storage } from '../../ports/storage.ts'

/** Versions of a record that are read at most, the newest. */
const mostVersions = 100
/** Records whose texts are kept while copies are looked for. */
const mostKept = 5_000

/** Texts, names and numbers in a value. Files are no words. */
function leavesOf(value: Json): readonly string[] {
  if (typeof value === 'string') return value.startsWith('data:') ? [] : [value]
  if (typeof value === 'number') return [String(value)]
  if (Array.isArray(value)) return value.flatMap(leavesOf)
  return isJsonObject(value) ? Object.entries(value).flatMap(([key, item]) => [key, ...leavesOf(item)]) : []
}

/** What nobody wrote: the kinds of parts, and the ids of calls. */
const structural = new Set(['type', 'toolCallId', 'state', 'providerMetadata', 'toolMetadata'])

/** The words of a message, as one text. */
function textOfMessage({ parts, metadata }: Pick<Message, 'parts' | 'metadata'>): string {
  const said = parts.flatMap((part) =>
    Object.entries(part).flatMap(([field, value]) => (structural.has(field) ? [] : leavesOf(value))),
  )
  return [...said, ...leavesOf(metadata ?? null)].join('\n')
}

export class RecordTexts {
  readonly #storage: Storage
  readonly #access: Access
  readonly #known = new Map<string, readonly string[]>()

  constructor(storage: Storage, access: Access) {
    this.#storage = storage
    this.#access = access
  }

  /** The texts of all versions of the record; none if it is gone. */
  async of(address: RecordAddress): Promise<readonly string[]> {
    const name = addressText(address)
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const texts = [...new Set(await this.#read(address))].filter((text) => text !== '')
    if (this.#known.size >= mostKept) this.#known.clear()
    this.#known.set(name, texts)
    return texts
  }

  async #read(address: RecordAddress): Promise<readonly string[]> {
    if (address.kind === 'message') return this.#message(address)
    const { facts, entries, blocks } = this.#storage
    const [access, { space }] = [this.#access, address]
    if (address.kind === 'fact') {
      const { record } = await facts.get(access, space, address.id)
      const past = await facts.history(access, space, address.id, mostVersions)
      return [record, ...past.map(({ fact }) => fact)].flatMap((fact) => {
        return fact === null ? [] : [[fact.text, ...leavesOf(fact.metadata)].join('\n')]
      })
    }
    if (address.kind === 'entry') {
      const { record } = await entries.get(access, space, address.key)
      const past = await entries.history(access, space, address.key, mostVersions)
      return [record, ...past].map((one) => leavesOf(one?.value ?? null).join('\n'))
    }
    if (address.kind === 'observation') return this.#observation(address)
    const { threadId = null, name } = address
    const { record } = await blocks.get(access, space, threadId, name)
    const past = await blocks.history(access, space, threadId, name, mostVersions)
    return [record, ...past].map((one) => leavesOf(one?.value ?? null).join('\n'))
  }

  async #observation({ space, id }: RecordAddress & { readonly kind: 'observation' }): Promise<readonly string[]> {
    const issued = parseObservationId(id)
    if (issued === null) return []
    const { created, lane, of, number } = issued
    const key = lane === 'chunk' ? chunkNoteKey(created, of, number) : reflectedNoteKey(created, of, number)
    const { record } = await this.#storage.records.get(this.#access, space, observationNoun, key)
    return leavesOf(record?.value.text ?? null)
  }

  async #message({ space, threadId, id }: RecordAddress & { readonly kind: 'message' }): Promise<readonly string[]> {
    const { messages } = this.#storage
    const issued = parseMessageId(id as MessageId)
    if (issued === null) {
      const found = await messages.find(this.#access, space, id)
      return found.filter(({ message }) => message.threadId === threadId).map(({ message }) => textOfMessage(message))
    }
    const { items } = await messages.list(this.#access, space, {
      threadId,
      direction: 'asc',
      after: { turn: issued.turn, index: issued.index - 1 },
      asOf: null,
      limit: 1,
      offset: 0,
      from: null,
      to: null,
      turns: 'all',
    })
    return items.flatMap(({ message }) => (message.id === id ? [textOfMessage(message)] : []))
  }
}
