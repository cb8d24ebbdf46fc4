/** Reads all words of a record by its address: of every version that is kept, also where it was deleted since. */
import type { Access } from '../../domain/actor.ts'
import { type MessageId, parseMessageId, parseObservationId, type Seq, type SpaceId } from '../../domain/id.ts'
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

/** When a commit was made: the seqs of one space tell it, times only between spaces. */
export interface Moment {
  readonly space: SpaceId
  readonly seq: Seq
  /** ISO time. */
  readonly at: string
}

/** The words of one version of a record; without its moment where nothing depends on that. */
interface VersionText {
  readonly text: string
  readonly made: Moment | null
}

function isLater(made: Moment, moment: Moment): boolean {
  return made.space === moment.space ? made.seq > moment.seq : made.at > moment.at
}

/** Texts of records that do not change once they are shown. */
function lasting(texts: readonly string[]): readonly VersionText[] {
  return texts.map((text) => ({ text, made: null }))
}

/** The present version of a record; none if it is gone. */
function valuesOf(record: { readonly version: Seq; readonly updatedAt: string; readonly value: Json } | null) {
  return record === null ? [] : [{ version: record.version, at: record.updatedAt, value: record.value }]
}

export class RecordTexts {
  readonly #storage: Storage
  readonly #access: Access
  readonly #known = new Map<string, readonly VersionText[]>()

  constructor(storage: Storage, access: Access) {
    this.#storage = storage
    this.#access = access
  }

  /** The texts of all versions of the record; none if it is gone. */
  async of(address: RecordAddress): Promise<readonly string[]> {
    return [...new Set((await this.#versions(address)).map(({ text }) => text))]
  }

  /** Those that were there at a moment: who read the record until then has seen no others. */
  async until(moment: Moment, address: RecordAddress): Promise<readonly string[]> {
    const versions = await this.#versions(address)
    const there = versions.filter(({ made }) => made === null || !isLater(made, moment))
    return [...new Set(there.map(({ text }) => text))]
  }

  async #versions(address: RecordAddress): Promise<readonly VersionText[]> {
    const name = addressText(address)
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const versions = (await this.#read(address)).filter(({ text }) => text !== '')
    if (this.#known.size >= mostKept) this.#known.clear()
    this.#known.set(name, versions)
    return versions
  }

  async #read(address: RecordAddress): Promise<readonly VersionText[]> {
    if (address.kind === 'message') return lasting(await this.#message(address))
    if (address.kind === 'observation') return lasting(await this.#observation(address))
    const { facts, entries, blocks } = this.#storage
    const [access, { space }] = [this.#access, address]
    const made = (seq: Seq, at: string, words: readonly string[]): VersionText => {
      return { text: words.join('\n'), made: { space, seq, at } }
    }
    if (address.kind === 'fact') {
      const { record } = await facts.get(access, space, address.id)
      const past = await facts.history(access, space, address.id, mostVersions)
      return [record, ...past.map(({ fact }) => fact)].flatMap((fact) => {
        return fact === null ? [] : [made(fact.version, fact.updatedAt, [fact.text, ...leavesOf(fact.metadata)])]
      })
    }
    if (address.kind === 'entry') {
      const { record } = await entries.get(access, space, address.key)
      const past = await entries.history(access, space, address.key, mostVersions)
      return [...valuesOf(record), ...past].map(({ version, at, value }) => made(version, at, leavesOf(value)))
    }
    const { threadId = null, name } = address
    const { record } = await blocks.get(access, space, threadId, name)
    const past = await blocks.history(access, space, threadId, name, mostVersions)
    return [...valuesOf(record), ...past].map(({ version, at, value }) => made(version, at, leavesOf(value)))
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
