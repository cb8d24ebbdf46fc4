/**
 * Puts the files of a prompt where its model takes them. Few providers take files in answers, and many take none in the
 * results of tools: those would drop them, or send their bytes as text. Files of users are where all providers take them.
 * Pure.
 */
import type { LanguageModelObject } from '../derive/provider-model.ts'
import { guarded } from './context/labels.ts'

interface Item {
  readonly type: string
  readonly text?: string
  readonly mediaType?: string
  readonly filename?: string
  /** Bytes and texts, or an object that says which of them it is, as the specifications have it. */
  readonly data?: unknown
}

interface Part extends Item {
  readonly output?: { readonly type: string; readonly value: unknown }
}

/** A message of the prompt that a model is given. */
export interface GivenMessage {
  readonly role: string
  readonly content: string | readonly Part[]
}

/** Where a model takes files apart from messages of users. */
interface FilePlaces {
  readonly answers: boolean
  readonly results: boolean
  /** Media types that it takes at all. */
  readonly types: RegExp
}

/** Addresses that a model fetches itself, by media types. */
type Urls = Readonly<Record<string, readonly RegExp[]>>

/** How a model takes files. */
interface Eyes extends FilePlaces {
  readonly urls: Urls
}

const pictures = /^image\//
const papers = /^(?:image\/|application\/pdf$)/
const anything = /^/

/**
 * Providers, and models of the gateway, as `provider/model`. What is not here takes pictures from users: every provider of
 * the AI SDK can send them.
 */
const providers: readonly (readonly [name: RegExp, places: FilePlaces])[] = [
  [/^(?:[^/]*(?:anthropic|bedrock)|gateway\/anthropic\/)/, { answers: false, results: true, types: papers }],
  // Models that make pictures get them back as their own, with their signatures.
  [/^(?:google\.|gateway\/google\/).*image/, { answers: true, results: true, types: anything }],
  [/^(?:google\.|gateway\/google\/)/, { answers: false, results: true, types: anything }],
  [/^(?:[^/]*\.responses\/|gateway\/openai\/)/, { answers: false, results: true, types: papers }],
  [/^(?:openai|azure)/, { answers: false, results: false, types: papers }],
]

export async function eyesOf({ provider, modelId, supportedUrls }: LanguageModelObject): Promise<Eyes> {
  const name = `${provider}/${modelId}`
  const [, places] = providers.find(([pattern]) => pattern.test(name)) ?? []
  return { ...(places ?? { answers: false, results: false, types: pictures }), urls: (await supportedUrls) ?? {} }
}

/** A file in words. Its name may be anything, and must not look like a label or like memory. */
function named({ filename, mediaType }: Item, where = ''): Part {
  const words = [filename, mediaType].filter((word) => word !== undefined && word !== '')
  return { type: 'text', text: guarded(`(file ${words.join(', ').replace(/\s+/g, ' ')}${where})`) }
}

/** The address of a file that is not in the prompt itself; null for another one. */
function urlOf({ data }: Item): string | null {
  const { url = data } = (data ?? {}) as { readonly url?: unknown }
  return url instanceof URL && url.protocol !== 'data:' ? url.href : null
}

function isFetched(url: string, mediaType: string, urls: Urls): boolean {
  return Object.entries(urls).some(([type, patterns]) => {
    const isType = type === '*' || type === '*/*' || type === mediaType || `${mediaType.split('/')[0]}/*` === type
    return isType && patterns.some((pattern) => pattern.test(url))
  })
}

/** Whether an item of a result is a file that could stand in a message of a user. */
function isMovable({ type, mediaType, data }: Item): boolean {
  return type !== 'text' && mediaType !== undefined && data !== undefined
}

/** What moves files out of answers and results, and where it puts them. */
class Mover {
  readonly messages: GivenMessage[] = []
  readonly #eyes: Eyes
  #moved: Part[] = []

  constructor(eyes: Eyes) {
    this.#eyes = eyes
  }

  add(message: GivenMessage): void {
    // Results come right after their calls.
    if (message.role !== 'tool') this.flush()
    const { content } = message
    if (typeof content === 'string') this.messages.push(message)
    else if (message.role === 'assistant') this.#addEach(message, content, (part) => this.#inAnswer(part))
    else if (message.role === 'tool') this.#addEach(message, content, (part) => this.#inResult(part))
    else this.messages.push(message)
  }

  /** Shows the files of the messages before, as one more message. */
  flush(): void {
    if (this.#moved.length === 0) return
    const said: Part = { type: 'text', text: '[Files of the messages above]' }
    this.messages.push({ role: 'user', content: [said, ...this.#moved] })
    this.#moved = []
  }

  #addEach(message: GivenMessage, content: readonly Part[], change: (part: Part) => Part): void {
    const changed = content.map(change)
    this.messages.push(changed.every((part, at) => part === content[at]) ? message : { ...message, content: changed })
  }

  #inAnswer(part: Part): Part {
    if (part.type === 'tool-result') return this.#inResult(part)
    if (part.type !== 'file') return part
    const url = urlOf(part)
    // Nobody takes an address in an answer, and the AI SDK fetches only what users send and tools answer.
    if (url !== null) return isFetched(url, part.mediaType ?? '', this.#eyes.urls) ? this.#movedFile(part) : named(part)
    return this.#eyes.answers ? part : this.#movedFile(part)
  }

  #inResult(part: Part): Part {
    const { output } = part
    if (this.#eyes.results || output?.type !== 'content' || !Array.isArray(output.value)) return part
    const items = output.value as readonly Item[]
    if (!items.some(isMovable)) return part
    return {
      ...part,
      output: { ...output, value: items.map((item) => (isMovable(item) ? this.#movedFile(item) : item)) },
    }
  }

  #movedFile(file: Item): Part {
    if (!this.#eyes.types.test(file.mediaType ?? '')) return named(file)
    const { mediaType, filename, data } = file
    this.#moved.push({
      type: 'file',
      data,
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(filename === undefined ? {} : { filename }),
    })
    return named(file, ', in the next message of the user')
  }
}

/** The prompt with its files where they are taken, and named where they are not. */
export function withPlacedFiles(prompt: readonly GivenMessage[], eyes: Eyes): readonly GivenMessage[] {
  const mover = new Mover(eyes)
  for (const message of prompt) mover.add(message)
  mover.flush()
  return mover.messages
}

/** Where the input of the call begins: the last messages of a user with nothing of an answer between them. */
function inputStart(prompt: readonly GivenMessage[]): number {
  const end = prompt.findLastIndex(({ role }) => role === 'user')
  return prompt.findLastIndex(({ role }, at) => at < end && role !== 'user') + 1
}

function withoutFiles(part: Part): Part {
  if (part.type === 'file') return named(part)
  const { output } = part
  if (output?.type !== 'content' || !Array.isArray(output.value)) return part
  const items = output.value as readonly Item[]
  return { ...part, output: { ...output, value: items.map((item) => (isMovable(item) ? named(item) : item)) } }
}

/** The prompt with its files named, except for those of the input: null if there are no others. */
export function withNamedFiles(prompt: readonly GivenMessage[]): readonly GivenMessage[] | null {
  const start = inputStart(prompt)
  let count = 0
  const messages = prompt.map((message, at) => {
    const { role, content } = message
    if (typeof content === 'string' || (role === 'user' && at >= start)) return message
    const changed = content.map(withoutFiles)
    count += changed.filter((part, place) => part !== content[place]).length
    return { ...message, content: changed }
  })
  return count === 0 ? null : messages
}
