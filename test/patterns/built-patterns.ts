// The regular expressions that sources put together when they run, caught as they are made.
import type { LiteralPattern } from './find-patterns.ts'

/** A name that is a stop word, one with a space, one of a script without spaces, one with signs: each has a form of its own. */
const names = ['Will', 'Ada  Lovelace', '\u738b\u4f1f', 'a.b(c)+ [d]']

async function nameSomebody(): Promise<void> {
  const { Memory } = await import('aquifer')
  await using memory = new Memory({ storage: ':memory:', embedder: false })
  for (const [i, name] of names.entries()) {
    await memory
      .as({ kind: 'user', id: `u${i}`, name })
      .saveMessages({ resourceId: 'r', threadId: 't', messages: ['Tea'] })
  }
  await memory.recall({ resourceId: 'r', query: `What about ${names.join(', ')} and tea?` })
}

/** What makes each file put its regular expressions together, and how many places it does so in. */
export const builders: Readonly<Record<string, { readonly places: number; readonly build: () => Promise<unknown> }>> = {
  'src/agent/context/labels.ts': { places: 2, build: () => import('../../src/agent/context/labels.ts') },
  'src/domain/time.ts': { places: 1, build: () => import('../../src/domain/time.ts') },
  'src/derive/chunk.ts': { places: 1, build: () => import('../../src/derive/chunk.ts') },
  'src/recall/question/people.ts': { places: 3, build: nameSomebody },
  'src/recall/text/without-fences.ts': { places: 1, build: () => import('../../src/recall/text/without-fences.ts') },
}

/** The regular expressions that a file makes while something runs, each once, with the place that makes it. */
export async function caught(path: string, run: () => Promise<unknown>): Promise<LiteralPattern[]> {
  const Original = globalThis.RegExp
  const found = new Map<string, LiteralPattern>()
  globalThis.RegExp = new Proxy(Original, {
    construct(target, args: [string, string?], self) {
      const made = Reflect.construct(target, args, self) as RegExp
      const stack = new Error('made here').stack ?? ''
      const frame = stack.split('\n').find((line) => line.includes(path))
      const place = frame?.slice(frame.indexOf(path)).replace(/\)$/, '')
      if (place !== undefined) found.set(`${made}`, { place, source: made.source, flags: made.flags })
      return made
    },
  })
  try {
    await run()
  } finally {
    globalThis.RegExp = Original
  }
  return [...found.values()]
}
