/** Reads the parts of a prompt from memory. */
import { loadSdk } from '../sdk.ts'
import type { AnySection, ContextInput } from './section.ts'
import { readWindow, type ThreadWindow } from './thread-window.ts'

/** Everything that is read for one prompt. */
interface Gathered {
  readonly sdk: typeof import('ai')
  readonly window: ThreadWindow
  /** What each section has read, in their order. */
  readonly found: readonly unknown[]
}

/** Reads the parts of the prompt, each with one query, in parallel. */
export async function gather(input: ContextInput, sections: readonly AnySection[]): Promise<Gathered> {
  const { space, threadId, behaviour, ownTurnId, replaces = [] } = input
  const window = readWindow(space, { threadId, ownTurnId, replaces, count: behaviour.lastMessages })
  const reading = sections.map((section) => section.read({ input, window }))
  const [sdk, own, ...found] = await Promise.all([loadSdk(), window, ...reading])
  return { sdk, window: own, found }
}
