/** How the public methods call their operations. The table is loaded by the first call: it holds zod. */
import { whenAborted } from '../domain/detached.ts'
import { invalidInput } from '../domain/error.ts'
import { isJsonObject } from '../domain/json.ts'
import { withPeers } from '../domain/peer-packages.ts'
import { readPlain } from '../domain/read-plain.ts'
import type { Core } from '../memory/door/core.ts'
import type { Invocation } from '../operations/operation.ts'
import type { Fields, Given } from '../operations/parse.ts'
import type { AnswerOf, OperationName } from '../operations/table.ts'

interface Loaded {
  readonly operationOf: typeof import('../operations/table.ts').operationOf
  readonly parseInput: typeof import('../operations/parse.ts').parseInput
}

let loaded: Loaded | null = null

async function load(): Promise<Loaded> {
  const [{ operationOf }, { parseInput }] = await withPeers(() =>
    Promise.all([import('../operations/table.ts'), import('../operations/parse.ts')]),
  )
  loaded = { operationOf, parseInput }
  return loaded
}

const nothing: Invocation = {}

function run({ operationOf, parseInput }: Loaded, core: Core, name: OperationName, given: Given, more: Invocation) {
  const operation = operationOf(name)
  return operation.run(core, parseInput(operation, given), more)
}

/** The operations that answer once. */
type CalledName = {
  [Name in OperationName]: AnswerOf<Name> extends Promise<unknown> ? Name : never
}[OperationName]
/** The operations that answer an async iterable. */
type StreamedName = Exclude<OperationName, CalledName>

/**
 * Calls an operation with the arguments of a method.
 *
 * @throws MemoryError `invalid-input` if its schema refuses them, and the errors of the operation.
 */
export function call<Name extends CalledName>(
  core: Core,
  name: Name,
  given: Given,
  more: Invocation = nothing,
): AnswerOf<Name> {
  // Not an async function: each one would delay the hot operations by one microtask.
  try {
    const answer =
      loaded === null
        ? load().then((table) => run(table, core, name, given, more))
        : run(loaded, core, name, given, more)
    return answer as AnswerOf<Name>
  } catch (error) {
    return Promise.reject(error) as AnswerOf<Name>
  }
}

/** One item of a streaming operation. */
type ItemOf<Name extends StreamedName> = AnswerOf<Name> extends AsyncIterable<infer Item> ? Item : never

/**
 * Follows a streaming operation. The signal among the options ends it, and so does `return()`.
 *
 * @param shown Turns an item into the form for callers.
 */
export function follow<Name extends StreamedName, Shown>(
  core: Core,
  name: Name,
  given: Given,
  shown: (item: ItemOf<Name>) => Shown,
): AsyncIterableIterator<Shown> {
  return stoppable((stop) => items(core, name, given, shown, stop))
}

async function* items<Name extends StreamedName, Shown>(
  core: Core,
  name: Name,
  given: Given,
  shown: (item: ItemOf<Name>) => Shown,
  stop: AbortSignal,
): AsyncGenerator<Shown> {
  const { signal, options } = withoutSignal(given)
  const ending = new AbortController()
  const signals = signal === undefined ? [stop] : [stop, signal]
  const end = () => ending.abort()
  if (signals.some(({ aborted }) => aborted)) end()
  const stopListening = whenAborted(signals, end, end)
  try {
    const table = loaded ?? (await load())
    const feed = run(table, core, name, { ...given, options }, { signal: ending.signal })
    for await (const item of feed as AsyncIterable<ItemOf<Name>>) yield shown(item)
  } finally {
    stopListening()
  }
}

/** Takes the signal out of the options: it is not an input of the operation. */
function withoutSignal({ what = 'options', options }: Given): { signal: AbortSignal | undefined; options: unknown } {
  const given = readPlain(options, what)
  if (!isJsonObject(given)) return { signal: undefined, options: given }
  const { signal, ...rest } = given as Fields
  if (signal === undefined || signal instanceof AbortSignal) return { signal, options: rest }
  throw invalidInput('signal', 'must be an AbortSignal', signal, 'Pass the signal of an AbortController.')
}

/**
 * An iterator that `return()` ends at once, even while it waits for the next item: a generator would first finish its
 * pending step, which may never end.
 */
function stoppable<Item>(start: (stop: AbortSignal) => AsyncGenerator<Item>): AsyncIterableIterator<Item> {
  const stop = new AbortController()
  const items = start(stop.signal)
  const feed: AsyncIterableIterator<Item> = {
    next: () => items.next(),
    return: () => {
      stop.abort()
      return items.return(undefined)
    },
    [Symbol.asyncIterator]: () => feed,
  }
  return feed
}
