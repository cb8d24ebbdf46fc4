/** Reads the parts of a prompt from memory. */
import { loadSdk } from '../sdk.ts'
import type { AnySection, ContextInput } from './section.ts'
import { readUnobserved, readWindow, type ThreadWindow } from './thread-window.ts'

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
  const { observationalMemory, lastMessages } = behaviour
  const observed = space.observations(threadId, observationalMemory)
  const query = { threadId, ownTurnId, replaces }
  const window =
    observationalMemory === null
      ? readWindow(space, { ...query, count: lastMessages })
      : observed.then((found) =>
          readUnobserved(space, query, found?.head ?? null, observationalMemory.observation.blockAfter),
        )
  const reading = sections.map((section) => section.read({ input, window, observed }))
  const [sdk, own, ...found] = await Promise.all([loadSdk(), window, ...reading])
  return { sdk, window: own, found }
}
