// One of several agents that write to one space at once: merges, appends, increments, compare-and-sets and turns.
import type { Change, Expectation } from '../../src/domain/commit/commit.ts'
import type { Json } from '../../src/domain/json.ts'
import { accessOf, commit, jumpingClock, observed, open, type Seen, space } from './shared.ts'

/** What a worker is told. */
export interface TeamTask {
  readonly path: string
  readonly name: string
  readonly commits: number
  /** How far its clock is off, milliseconds: at each look at it by the next of these. Default: not at all. */
  readonly jumps?: readonly number[]
}

const { path, name, commits, jumps = [] } = JSON.parse(process.argv[2] ?? '') as TeamTask
const access = accessOf({ kind: 'agent', id: name })
const storage = await open(path, { clock: jumpingClock(jumps) })
const seen: Seen[] = []
let conflicts = 0
let number = 0

async function send(changes: readonly Change[], wrote: Partial<Seen> = {}, expect?: readonly Expectation[]) {
  const sent = { ...commit(`${name}-${++number}`, ...changes), ...(expect === undefined ? {} : { expect }) }
  const { result, seen: observation } = await observed(storage, access, sent, wrote)
  // A refused compare-and-set leaves nothing behind, so there is nothing to look for.
  if (result.status === 'committed') seen.push(observation)
  else conflicts += 1
  return result
}

/** Adds one to a value by reading it and writing it back, again until nobody came between. */
async function compareAndSet(key: string): Promise<void> {
  for (;;) {
    const { record } = await storage.entries.get(access, space, key)
    const expectation = record === null ? { absent: { entry: key } } : { version: record.version, of: { entry: key } }
    const value = ((record?.value as number | undefined) ?? 0) + 1
    const result = await send([{ kind: 'entry-write', key, value }], {}, [expectation])
    if (result.status === 'committed') return
  }
}

/** A turn of three commits in the thread that all share: opened with an input, answered, extended and closed. */
async function turn(round: number): Promise<void> {
  const threadId = 'shared'
  const text = (part: string) => [{ type: 'text', text: `${name} ${round} ${part}` }]
  const opened = await send([
    { kind: 'turn-open', threadId, createThread: true, leaseMs: 60_000 },
    { kind: 'message-append', threadId, opened: 0, messages: [{ role: 'user', parts: text('input') }] },
  ])
  const [answer] = opened.status === 'committed' ? opened.results : []
  if (answer?.kind !== 'turn-open') throw new Error('the turn was not opened')
  const { turnId } = answer
  const id = `${name}-${round}`
  await send([{ kind: 'message-append', threadId, turnId, messages: [{ id, role: 'assistant', parts: text('one') }] }])
  await send([
    { kind: 'message-extend', threadId, messageId: id, parts: text('two') },
    { kind: 'turn-close', threadId, turnId, status: 'complete' },
  ])
}

for (let round = 0; seen.length + 8 <= commits; round++) {
  const item: Json = `${name}-${round}`
  await Promise.all([
    send([{ kind: 'entry-increment', key: 'count', by: 1 }], { increments: { count: 1 } }),
    send([{ kind: 'entry-merge', key: 'plan', patch: { [name]: { round, done: [item] } } }]),
  ])
  await send([{ kind: 'entry-append', key: `list-${round % 8}`, item }], { appends: { [`list-${round % 8}`]: item } })
  await send([{ kind: 'block-merge', name: 'main', patch: { [name]: round } }])
  await compareAndSet('ledger')
  await turn(round)
}
while (seen.length < commits)
  await send([{ kind: 'entry-increment', key: 'count', by: 1 }], { increments: { count: 1 } })
await storage.close()
process.stdout.write(`${JSON.stringify({ seen, conflicts })}\n`)
