// Opens damaged copies of a database file and calls memory on each: one line for each copy, with what was not as it should be.
import { copyFileSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { MemoryError } from '../../src/domain/error.ts'
import { Memory } from '../../src/facade/memory.ts'
import { scriptedEmbedder } from '../../src/testing/scripted-embedder.ts'
import { damages, randomOf } from './damaged.ts'

/** What the worker is told: the sound file, which of its files to damage, and the seeds. */
export interface DamageTask {
  readonly path: string
  readonly part: 'db' | 'wal'
  readonly seeds: readonly number[]
}

/** What it says of one copy: before its calls (`isBegun`), and after them. */
export interface DamageLine {
  readonly seed: number
  readonly damage: string
  readonly isBegun?: true
  /** Calls that failed with something else than a MemoryError with a fix. */
  readonly problems?: readonly string[]
  readonly worked?: number
  readonly refused?: number
  readonly codes?: readonly string[]
}

const say = (line: DamageLine) => writeSync(1, `${JSON.stringify(line)}\n`)

type Call = readonly [name: string, act: (memory: Memory) => unknown]
const at = { resourceId: 'ada', threadId: 'one' }
const space = 'resource/ada'

/** Reads a space's log to where the space says that it ends: behind that a feed rightly waits for what comes. */
async function follow(memory: Memory): Promise<void> {
  const { spaces } = await memory.listSpaces({ kind: 'resource' })
  const { seq = 0, horizon = 0 } = spaces.find(({ id }) => id === space) ?? {}
  const feed = memory.space(space).changes({ after: horizon })
  for (let last = horizon; last < Math.min(seq, horizon + 200); ) last = (await feed.next()).value?.seq ?? seq
  await feed.return?.()
}

const calls: readonly Call[] = [
  ['spaces', (memory) => memory.listSpaces({ kind: 'resource' })],
  ['threads', (memory) => memory.listThreads({ resourceId: 'ada' })],
  ['threads by metadata', (memory) => memory.listThreads({ resourceId: 'ada', filter: { metadata: { of: 'tea' } } })],
  ['all threads', (memory) => memory.getThreadsByResourceId({ resourceId: 'ada' })],
  ['messages', (memory) => memory.listMessages({ ...at, perPage: false })],
  ['last messages', (memory) => memory.listMessages({ ...at, last: 5 })],
  ['recall', (memory) => memory.recall({ resourceId: 'ada', query: 'green tea' })],
  ['recall all', (memory) => memory.space(space).recall('green tea')],
  ['facts', (memory) => memory.facts.search('tea', { userId: 'ada' })],
  ['all facts', (memory) => memory.facts.getAll({ userId: 'ada' })],
  ['working memory', (memory) => memory.getWorkingMemory({ resourceId: 'ada' })],
  ['its history', (memory) => memory.getWorkingMemoryHistory({ resourceId: 'ada' })],
  ['entry', (memory) => memory.team('acme').get('plan')],
  ['entries', (memory) => memory.team('acme').list()],
  ['history', (memory) => memory.team('acme').history('plan')],
  ['the past', (memory) => memory.team('acme').readAt('plan', { seq: 5 })],
  ['runs', (memory) => memory.listRuns({ resourceId: 'ada' })],
  ['receipts', (memory) => memory.receipts()],
  ['feed', follow],
  ['save', (memory) => memory.saveMessages({ ...at, messages: ['one more about tea'] })],
  ['write', (memory) => memory.team('acme').write('new', { a: 1 })],
  ['merge', (memory) => memory.team('acme').merge('plan', { step: 99 })],
  ['merge of working memory', (memory) => memory.updateWorkingMemory({ resourceId: 'ada', workingMemory: { b: 2 } })],
  ['thread', (memory) => memory.updateThread({ ...at, title: 'Another' })],
  ['clone', (memory) => memory.cloneThread(at)],
  ['fact', (memory) => memory.facts.add('Ada drinks tea at five.', { userId: 'ada', infer: false })],
  ['settled', (memory) => memory.settled()],
  ['delete', (memory) => memory.deleteThread({ resourceId: 'ada', threadId: 'two' })],
  ['forget', (memory) => memory.forget({ resourceId: 'bob' })],
]

/** What an error lacks to be one of ours; null if nothing. */
function problemOf(name: string, error: unknown): string | null {
  if (!(error instanceof MemoryError)) return `${name}: ${error instanceof Error ? error.stack : String(error)}`
  if (error.code === 'bug') return `${name}: ${error.stack}`
  return error.fix === '' || Buffer.byteLength(error.message) > 2_048 ? `${name}: no fix: ${error.message}` : null
}

async function tryAll(path: string) {
  const problems: string[] = []
  const codes = new Set<string>()
  let [worked, refused] = [0, 0]
  const memory = new Memory({
    storage: `file:${path}`,
    embedder: scriptedEmbedder({ dimensions: 16 }),
    limits: { busyTimeoutMs: 200 },
  })
  for (const [name, act] of [...calls, ['close', () => memory.close()] as Call]) {
    try {
      await act(memory)
      worked += 1
    } catch (error) {
      refused += 1
      const problem = problemOf(name, error)
      if (problem === null) codes.add((error as MemoryError).code)
      else problems.push(problem)
    }
  }
  return { problems, codes: [...codes], worked, refused }
}

const { path, part, seeds } = JSON.parse(process.argv[2] ?? '') as DamageTask
const names = Object.keys(damages)
for (const seed of seeds) {
  const copy = `${path}-${part}-${seed}.db`
  const damage = names[seed % names.length] ?? ''
  say({ seed, damage, isBegun: true })
  copyFileSync(path, copy)
  if (part === 'wal') copyFileSync(`${path}-wal`, `${copy}-wal`)
  const target = part === 'wal' ? `${copy}-wal` : copy
  writeFileSync(target, damages[damage]?.(readFileSync(target), randomOf(seed)) ?? '')
  say({ seed, damage, ...(await tryAll(copy)) })
  for (const end of ['', '-wal', '-shm']) rmSync(`${copy}${end}`, { force: true })
}
