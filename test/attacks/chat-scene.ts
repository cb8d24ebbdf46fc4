// Calls of two users that wait, and pages of the AI SDK's own client that show them: what an attacker changes is the page.
import { DefaultChatTransport, type UIMessage } from 'ai'
import type { Memory } from 'aquifer'
import { onTestFinished } from 'vitest'
import { Chat, heldOf } from '../agent/chat-scene.ts'
import { contentsOf } from './contents.ts'
import type { Execution } from './counted-tools.ts'
import { ask, historyOf } from './forged-origins.ts'
import { type Application, openApplication } from './route.ts'

export const mallory = 'mallory'
export const victim = 'victim'

/** A part of a message, as far as attackers care. */
export interface CallPart {
  readonly type: string
  readonly toolCallId: string
  readonly state: string
  readonly input: unknown
  readonly approval: { readonly id: string; readonly approved?: boolean }
  readonly [field: string]: unknown
}

type Held = ReturnType<typeof heldOf>

/** The calls that messages show, in order. */
export function callsOf(messages: readonly { readonly parts: readonly object[] }[]): readonly CallPart[] {
  const parts = messages.flatMap((message) => message.parts as readonly Partial<CallPart>[])
  return parts.filter(({ toolCallId }) => toolCallId !== undefined) as CallPart[]
}

/** The only call that messages show. */
export function callOf(messages: readonly { readonly parts: readonly object[] }[]): CallPart {
  const call = callsOf(messages).at(-1)
  if (call === undefined) throw new Error('No call is shown.')
  return call
}

/** Messages in which each call is changed. */
export function changed(messages: Held, change: (call: CallPart) => object): Held {
  return messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) =>
      part.toolCallId === undefined ? part : (change(part as unknown as CallPart) as Held[number]['parts'][number]),
    ),
  }))
}

export interface Pages {
  readonly app: Application
  /** Messages of a thread, as its owner's page holds them. */
  held(user: string, threadId: string): Promise<Held>
  /** A page of a user that shows these messages under the id of that chat. */
  open(user: string, threadId: string, shown: Held): Chat
}

/** Each user has these threads; in each of them one call waits. */
export const threads: Readonly<Record<string, string>> = {
  wiping: 'call wipe one-file',
  locating: 'call locate one-street',
}

/** The name of a thread, which two users never share: where a page sends it, it says whose call it means. */
export const threadOf = (user: string, kind: string) => `${user}-${kind}`

export async function openPages(memory?: Memory): Promise<Pages> {
  const app = await openApplication(memory)
  for (const user of [victim, mallory]) {
    for (const [kind, question] of Object.entries(threads)) await ask(app, user, threadOf(user, kind), question)
  }
  return {
    app,
    held: async (user, threadId) => heldOf(await historyOf(app, user, threadId)),
    open: (user, threadId, shown) => {
      const chat = new Chat({
        id: threadId,
        messages: structuredClone(shown) as unknown as UIMessage[],
        transport: new DefaultChatTransport({ api: `${app.url}/stream`, headers: { authorization: user } }),
      })
      onTestFinished(() => chat.dispose())
      return chat
    },
  }
}

/** What an attack came to. */
export interface Aftermath {
  readonly ran: readonly Execution[]
  /** Codes of the refusals that pages were told; `null` for what was no refusal of ours. */
  readonly refusals: readonly (string | null)[]
  readonly problems: readonly string[]
}

/** The code of a refusal that the route answered, as the client has it: its text is the error's message. */
export function codeOf({ error }: Chat): string | null {
  if (error === undefined) return null
  try {
    return (JSON.parse(error.message) as { code?: string }).code ?? 'none'
  } catch {
    return error.message
  }
}

/** Carries out an attack of mallory's, and says what it came to. */
export async function aftermathOf(
  pages: Pages,
  attack: (pages: Pages) => Promise<readonly Chat[]>,
): Promise<Aftermath> {
  const { app } = pages
  const before = await contentsOf(app.memory, `resource/${victim}`)
  const [runs, untyped] = [app.executions.length, app.untyped.length]
  const used = await attack(pages)
  await app.idle()
  const problems = app.untyped.slice(untyped).map((error) => `failed with ${String(error)}`)
  if ((await contentsOf(app.memory, `resource/${victim}`)) !== before) problems.push("the victim's space is another")
  const log = JSON.stringify(await Promise.all((await threadsOf(app)).map((id) => historyOf(app, mallory, id))))
  if (log.includes('FORGED')) problems.push('what was forged is stored')
  if (JSON.stringify(app.model.calls.map(({ messages }) => messages)).includes('FORGED')) {
    problems.push('what was forged is shown to a model')
  }
  return { ran: app.executions.slice(runs), refusals: used.map(codeOf), problems }
}

async function threadsOf({ memory }: Application): Promise<readonly string[]> {
  return (await memory.listThreads({ resourceId: mallory, perPage: false })).threads.map(({ id }) => id)
}
