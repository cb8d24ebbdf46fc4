/** The metadata of an answer: its author, and what the application's `messageMetadata` says of the parts of its stream. */
import type { TextStreamPart, ToolSet } from 'ai'
import type { Actor } from '../../domain/actor.ts'
import { equalJson, isJsonObject, type JsonObject, jsonBytes, mergeJson } from '../../domain/json.ts'
import { toJson } from '../tools/result-json.ts'

type StreamPart = TextStreamPart<ToolSet>

/** The application's function, as the AI SDK calls it for each part. */
export type MetadataOf = (options: { readonly part: StreamPart }) => unknown

/** Pieces of texts. The AI SDK makes new ones of them on the way, so the recording cannot know which ones it asks about. */
const pieces: ReadonlySet<StreamPart['type']> = new Set(['text-delta', 'reasoning-delta', 'tool-input-delta', 'raw'])

type Said = { readonly value: unknown } | { readonly error: unknown }

/** The metadata of one answer. The recording reads it whether or not a client reads the stream. */
export class AnswerMetadata {
  readonly #author: JsonObject
  readonly #limitBytes: number
  readonly #onLost: (reason: string) => void
  #value: JsonObject
  #saved: JsonObject = {}
  readonly #sources: ((part: StreamPart) => Said)[] = []
  /** Parts so far, for functions that come later. */
  readonly #parts: StreamPart[] = []

  /** @param onLost Called for metadata that cannot be stored, with the reason. */
  constructor({ kind, id, name }: Actor, limitBytes: number, onLost: (reason: string) => void) {
    this.#author = { author: { kind, id, ...(name === undefined ? {} : { name }) } }
    this.#limitBytes = limitBytes
    this.#onLost = onLost
    this.#value = this.#author
  }

  /** Everything so far. */
  get value(): JsonObject {
    return this.#value
  }

  /** What is not stored yet; null if nothing. */
  get unsaved(): JsonObject | null {
    const fields = Object.entries(this.#value).filter(([name, field]) => !equalJson(field, this.#saved[name]))
    return fields.length === 0 ? null : Object.fromEntries(fields)
  }

  save(value: JsonObject): void {
    this.#saved = mergeJson(this.#saved, value) as JsonObject
  }

  /** Notes a part of the stream. */
  read(part: StreamPart): void {
    if (pieces.has(part.type)) return
    this.#parts.push(part)
    for (const say of this.#sources) say(part)
  }

  /**
   * Has the application's function say the metadata, once for each part.
   *
   * @returns The function for the AI SDK. The author stands in what it says of the start.
   */
  source(metadataOf: MetadataOf | undefined): MetadataOf {
    const known = new WeakMap<StreamPart, Said>()
    const say = (part: StreamPart): Said => {
      const before = known.get(part)
      if (before !== undefined) return before
      const said = this.#ask(metadataOf, part)
      known.set(part, said)
      return said
    }
    if (metadataOf !== undefined) {
      this.#sources.push(say)
      for (const part of this.#parts) say(part)
    }
    return ({ part }) => {
      const said = say(part)
      if ('error' in said) throw said.error
      if (part.type !== 'start') return said.value
      return isJsonObject(said.value) ? { ...this.#author, ...said.value } : (said.value ?? this.#author)
    }
  }

  #ask(metadataOf: MetadataOf | undefined, part: StreamPart): Said {
    if (metadataOf === undefined) return { value: undefined }
    try {
      const value = metadataOf({ part })
      if (value !== null && value !== undefined) this.#add(value)
      return { value }
    } catch (error) {
      // The AI SDK tells the reader of the stream when it comes to the part.
      return { error }
    }
  }

  #add(value: unknown): void {
    const json = toJson(value)
    const merged = isJsonObject(json) ? mergeJson(this.#value, json) : null
    const bytes = jsonBytes(merged)
    if (merged === null) this.#onLost('it is no object')
    else if (bytes > this.#limitBytes) this.#onLost(`it has ${bytes} bytes where ${this.#limitBytes} is the limit`)
    else this.#value = merged as JsonObject
  }
}
