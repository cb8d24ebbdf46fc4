/** Seeded content, the same on every run and for every side; made before anything is timed. */

/** A pseudo-random generator (mulberry32): numbers in [0, 1), the same sequence for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

export interface Utterance {
  readonly role: 'user' | 'assistant'
  readonly content: string
}

/** A turn as a caller hands it over, and as the floor stores it. */
export interface Turn {
  readonly messages: readonly [Utterance, Utterance]
  readonly rows: readonly [string, string]
}

const words =
  `account agent agreed answer approve archive ask balance billing book budget build call cancel change charge
check client close comment company confirm contact contract copy customer date deadline deliver deploy design detail
discount draft email error estimate event export figure file finance fix follow form forward goal handover hour idea
import invoice issue item join key launch lead legal list log manager market meeting member migrate milestone minute
monitor name need network note number offer office onboarding open order owner partner pay phone plan policy price
product project proposal quarter question quote reason recall record refund region release renew reply report request
review risk sales schedule scope search seat security send server setup share ship sign solution source staff stage
start status step stock storage support supplier table target task team test thread ticket time token train transfer
trial update usage user value vendor version visit wait warehouse week window work yesterday`.split(/\s+/)

function createText(random: () => number, length: number): string {
  let text = ''
  while (text.length < length) text += `${text === '' ? '' : ' '}${words[Math.floor(random() * words.length)]}`
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function createTurns(count: number): readonly Turn[] {
  const random = createRandom(20_260_101)
  const utterance = (role: Utterance['role']): Utterance => ({
    role,
    content: createText(random, 90 + Math.floor(random() * 120)),
  })
  const turns: Turn[] = []
  for (let index = 0; index < count; index++) {
    const messages = [utterance('user'), utterance('assistant')] as const
    turns.push({ messages, rows: [storedJson(messages[0]), storedJson(messages[1])] })
  }
  return turns
}

/** A message as the floor stores it: about 150 characters of text in the shape of a UI message. */
export function storedJson({ role, content }: Utterance): string {
  return JSON.stringify({ role, parts: [{ type: 'text', text: content }] })
}

const turns = createTurns(512)

/** The n-th turn of the corpus, which repeats after 512. */
export function turnAt(index: number): Turn {
  return turns[index % turns.length] as Turn
}

/** `count` consecutive messages of the corpus, starting at a turn. */
export function messagesFrom(index: number, count: number): readonly Utterance[] {
  const messages: Utterance[] = []
  for (let turn = index; messages.length < count; turn++) messages.push(...turnAt(turn).messages)
  return messages.slice(0, count)
}

export const threadsPerResource = 10
export const messagesPerFilledThread = 10

/** The thread and the resource of a number, the same for every side. */
export function threadAt(index: number, kind = 'filled'): { readonly threadId: string; readonly resourceId: string } {
  return {
    threadId: `${kind}-thread-${index}`,
    resourceId: `${kind}-resource-${Math.floor(index / threadsPerResource)}`,
  }
}

/** Metadata of a thread, about 100 bytes as JSON. */
export function threadMetadata(index: number): { readonly [field: string]: string | number } {
  const random = createRandom(index)
  return { topic: createText(random, 40), priority: index % 5, channel: index % 2 === 0 ? 'email' : 'chat' }
}

/** A value of about 200 bytes as JSON, with a field that a merge changes. */
export function entryValue(index: number): { readonly [field: string]: string | number } {
  const random = createRandom(index + 1)
  return { status: 'open', owner: `agent-${index % 8}`, step: index, summary: createText(random, 130) }
}

export const blockFields = ['name', 'company', 'role', 'goals', 'history', 'preferences', 'deadlines', 'risks'] as const

/** A block of about 1 KB as JSON: eight fields of text. */
export function blockValue(index: number): Record<(typeof blockFields)[number], string> {
  const random = createRandom(index + 7)
  const text = () => createText(random, 105)
  return {
    name: text(),
    company: text(),
    role: text(),
    goals: text(),
    history: text(),
    preferences: text(),
    deadlines: text(),
    risks: text(),
  }
}

/** The n-th change to a block: one field gets new text of the same length. */
export function blockPatch(index: number): Partial<Record<(typeof blockFields)[number], string>> {
  const field = blockFields[index % blockFields.length] as (typeof blockFields)[number]
  return { [field]: turnAt(index).messages[0].content.slice(0, 105) }
}
