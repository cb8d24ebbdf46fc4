// Values that no caller should pass, in every place of every public method: a typed error, or stored exactly as they are.
// Own process: it looks for what nobody caught.
import { isDeepStrictEqual } from 'node:util'
import { type Memory, MemoryError } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { badValues } from './bad-values.ts'
import { type Scene, scenes } from './hostile-scene.ts'
import { uncovered } from './public-methods.ts'
import { expectNothingUncaught } from './uncaught.ts'
import { prepareScene, type ValidCall, validCalls } from './valid-calls.ts'
import { workflowsWithoutArguments } from './workflow-scene.ts'

expectNothingUncaught()

/** They take no arguments, or give a part of the memory. Readers of a space take what the storage port says. */
const withoutValues = [
  ...[
    'Memory.facts',
    'Memory.proposals',
    'Memory.settled',
    'Memory.warmUp',
    'Memory.stats',
    'Memory.reindex',
    'Memory.close',
    'Team.space',
    'Space.state',
    'mem0.close',
  ],
  ...['Space.threads', 'Space.messages', 'Space.blocks', 'Space.entries', 'Space.facts', 'Space.runs', 'Space.log'],
  ...workflowsWithoutArguments,
]

type Path = readonly (string | number)[]

/** Every place in some arguments: each of them, and whatever plain objects and lists hold. */
function placesIn(value: unknown, path: Path = []): Path[] {
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  if (!isPlain && !Array.isArray(value)) return [path]
  const inside = Object.entries(value as object).flatMap(([key, child]) => placesIn(child, [...path, key]))
  return path.length === 0 ? inside : [path, ...inside]
}

function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by
  const child = replaced((value as Record<string, unknown>)[key], rest, by)
  return Array.isArray(value) ? value.with(Number(key), child) : { ...(value as object), [key]: child }
}

/** Calls, and reads what is to be read: a feed's first value, a stream to its end. */
async function called({ method, on }: ValidCall, scene: Scene, args: readonly unknown[]): Promise<void> {
  const target = on(scene) as Record<string, (...given: readonly unknown[]) => unknown>
  const answer = await target[method.split('.')[1] as string]?.(...args)
  if (typeof answer !== 'object' || answer === null) return
  if ('next' in answer) await begun(answer as AsyncIterator<unknown>)
  if ('finished' in answer) await answer.finished
}

/** Begins a feed, and ends it: there may be nothing to come. */
async function begun(feed: AsyncIterator<unknown>): Promise<void> {
  const first = feed.next()
  await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 20))])
  await feed.return?.()
  await first
}

async function wrongEnd(call: ValidCall, scene: Scene, path: Path, make: () => unknown): Promise<string | null> {
  try {
    await called(call, scene, replaced(call.with(scene), path, make()) as readonly unknown[])
    return null
  } catch (error) {
    if (!(error instanceof MemoryError)) return `untyped: ${describeError(error)}`
    return error.code === 'bug' || Buffer.byteLength(error.message) > 2_048 ? String(error).slice(0, 300) : null
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? String(error.stack).split('\n').slice(0, 4).join(' ').slice(0, 400) : String(error)
}

describe('a value that no caller should pass', () => {
  it('has a row for every public method', () => {
    expect(uncovered(new Set(validCalls.map(({ method }) => method)), withoutValues)).toEqual([])
  })

  const rows = validCalls.map((call, index) => [`${call.method} (${index})`, call] as const)

  it.each(rows)('works with what may be passed: %s', async (_, call) => {
    const scene = scenes()()
    await prepareScene(scene)
    const refusal = await called(call, scene, call.with(scene)).catch((error: unknown) => error)
    if (refusal !== undefined)
      expect(refusal).toMatchObject({ code: expect.stringMatching(/not-found|unsupported|conflict/) })
  })

  it.each(rows)('is refused or taken, in every place: %s', async (_, call) => {
    const next = scenes()
    const problems: string[] = []
    for (const path of placesIn(call.with(next()))) {
      for (const [name, make] of Object.entries(badValues)) {
        const scene = next()
        const wrong = await wrongEnd(call, scene, path, make)
        if (wrong !== null) problems.push(`${name} as ${path.join('.')}: ${wrong}`)
      }
    }
    expect(problems).toEqual([])
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
    expect(({} as { admin?: unknown }).admin).toBeUndefined()
  })
})

const where = { resourceId: 'ann', threadId: 't' } as const

/** Where JSON is stored, and how it is read back. */
const stores: Readonly<Record<string, (memory: Memory, value: unknown) => Promise<unknown>>> = {
  'an entry': async (memory, value) => {
    await memory.team('acme').write('k', value)
    return memory.team('acme').read('k')
  },
  'an item': async (memory, value) => {
    await memory.team('acme').append('list', value)
    return (await memory.team('acme').read<unknown[]>('list'))?.at(-1)
  },
  'metadata of a thread': async (memory, value) => {
    const { id } = await memory.createThread({ resourceId: 'ann', metadata: { value } })
    return (await memory.getThreadById({ resourceId: 'ann', threadId: id }))?.metadata.value
  },
  'metadata of a message': async (memory, value) => {
    await memory.saveMessages({ ...where, messages: [{ role: 'user', content: 'x', metadata: { value } }] })
    return (await memory.listMessages({ ...where, last: 1 })).messages[0]?.metadata?.value
  },
  'a part': async (memory, data) => {
    await memory.saveMessages({ ...where, messages: [{ role: 'user', parts: [{ type: 'data-x', data }] }] })
    const [part] = (await memory.listMessages({ ...where, last: 1 })).messages[0]?.parts ?? []
    return (part as unknown as { data: unknown } | undefined)?.data
  },
  'working memory': async (memory, value) => {
    await memory.updateWorkingMemory({ resourceId: 'ann', workingMemory: { value }, mode: 'replace' })
    const block = await memory.getWorkingMemory({ resourceId: 'ann' })
    return (block?.value as { value?: unknown } | undefined)?.value
  },
  'metadata of a fact': async (memory, value) => {
    const { results } = await memory.facts.add(`It is ${crypto.randomUUID()}.`, {
      userId: 'ann',
      infer: false,
      metadata: { value },
    })
    return (await memory.facts.get(results[0]?.id ?? ''))?.metadata.value
  },
}

/** The same without what JSON does not have: prototypes, negative zero, and fields left undefined; null for no JSON. */
const plain = (value: unknown): unknown => {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null') as unknown
  } catch {
    return null
  }
}

describe('a value that is stored', () => {
  it.each(Object.keys(stores))('comes back as it was, or was refused: %s', async (name) => {
    const { memory } = scenes()()
    const problems: string[] = []
    for (const [kind, make] of Object.entries(badValues)) {
      // Of one that is another at each look, the first look counts.
      const expected = plain(make())
      const read = await (stores[name] as (typeof stores)[string])(memory, make()).catch((error: unknown) => error)
      if (read instanceof MemoryError) continue
      const isSame = !(read instanceof Error) && isDeepStrictEqual(read ?? null, expected)
      if (!isSame) problems.push(`${kind}: ${describeError(read)} ${JSON.stringify(read)?.slice(0, 100)}`)
    }
    expect(problems).toEqual([])
  })
})
