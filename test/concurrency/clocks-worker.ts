// A process whose clock says what it is told. It does one thing after the other, each at its own time.
import { createInterface } from 'node:readline'
import type { Change } from '../../src/domain/commit/commit.ts'
import { type Json, Memory, MemoryError } from '../../src/index.ts'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import type { ClockAct, ClockAnswer, ClockOrder } from './clocks-shared.ts'
import { accessOf, limits, open, space } from './shared.ts'

const name = process.argv[2] ?? ''
const access = accessOf({ kind: 'agent', id: name })
/** Who carries out the runs of a workflow, in each process. */
const workflow = accessOf({ kind: 'agent', id: 'workflow' })
const clock = { ms: 0, now: () => clock.ms }

async function opened(path: string) {
  const storage = await open(path, { clock })
  const memory = new Memory({ storage, clock, embedder: false, background: false })
  return { storage, memory, team: memory.team('acme') }
}

const worlds: Awaited<ReturnType<typeof opened>>[] = []
let commits = 0

/** What is open now. */
function its(): Awaited<ReturnType<typeof opened>> {
  const [world] = worlds
  if (world === undefined) throw new Error('no file is open')
  return world
}

async function close(): Promise<void> {
  for (const { memory, storage } of worlds.splice(0)) {
    await memory.close()
    await storage.close()
  }
}

/** Commits, and gives what the change answered. */
async function committed(changes: readonly Change[], by = access): Promise<Record<string, Json>> {
  const id = `${name}-${++commits}` as never
  const result = await its().storage.commit(by, { id, space, changes }, limits)
  if (result.status !== 'committed') throw new Error(`a commit without expectations was refused: ${result.status}`)
  return { ...(result.results[0] as unknown as Record<string, Json>), seq: result.seq }
}

const acts: { readonly [Act in ClockAct['act']]: (does: Extract<ClockAct, { readonly act: Act }>) => Promise<Json> } = {
  async write({ key, value, ttlMs }) {
    await committed([{ kind: 'entry-write', key, value, ttlMs }])
    const { record } = await its().storage.entries.get(access, space, key)
    return record?.expiresAt ?? null
  },
  delete: async ({ key }) => (await committed([{ kind: 'entry-delete', key }])).deleted ?? null,
  async read({ key }) {
    const { record } = await its().storage.entries.get(access, space, key)
    const listed = (await its().team.list()).entries.find((entry) => entry.key === key)
    return [(record?.value as number | undefined) ?? null, (listed?.value as number | undefined) ?? null]
  },
  readAt: ({ key, at }) => its().team.readAt<number>(key, { at }),
  async fact({ name: unique, expiresAt }) {
    return (await committed([{ kind: 'fact-assert', unique, text: unique, expiresAt }])).seq ?? null
  },
  async facts() {
    const query = { attributes: {}, statuses: ['current'], order: 'oldest', after: null, limit: 1_000 } as const
    return (await its().storage.facts.list(access, space, query)).items.map(({ text }) => text)
  },
  async take({ name: lease, leaseMs }) {
    return (await committed([{ kind: 'lease-take', name: lease, leaseMs }])).token ?? null
  },
  renew: ({ name: lease, token, leaseMs }) => its().storage.renewLease(access, space, { name: lease, token, leaseMs }),
  async release({ name: lease, token }) {
    return (await committed([{ kind: 'lease-release', name: lease, token }])).released ?? null
  },
  async open({ threadId, leaseMs }) {
    const messages = [{ role: 'user' as const, parts: [{ type: 'text', text: 'hello' }] }]
    const opening = { kind: 'turn-open', threadId, leaseMs, createThread: true, alone: true } as const
    const { turnId, leaseToken } = await committed([opening, { kind: 'message-append', threadId, opened: 0, messages }])
    return [turnId ?? null, leaseToken ?? null]
  },
  async say({ threadId, turnId }) {
    const messages = [{ role: 'assistant' as const, parts: [{ type: 'text', text: 'word' }] }]
    return (await committed([{ kind: 'message-append', threadId, turnId, messages }])).seq ?? null
  },
  async run({ runId, unique, leaseMs }) {
    const named = runId === null ? { unique, name: 'flow', runKind: 'workflow' as const } : { runId }
    const put = await committed([{ kind: 'run-put', ...named, leaseMs }], workflow)
    return [put.runId ?? null, put.token ?? null]
  },
  async claim({ leaseMs }) {
    return [...(await its().storage.vectors.claimWork(access, { owner: name, leaseMs, limit: 10 }))]
  },
  sweep: () => sweep(its().storage),
}

async function answered(order: ClockOrder): Promise<ClockAnswer> {
  if ('open' in order) {
    await close()
    worlds.push(await opened(order.open))
    return { answer: null }
  }
  clock.ms = order.at
  try {
    // Each act is called with its own fields: the table has one function for each.
    return { answer: await (acts[order.does.act] as (does: ClockAct) => Promise<Json>)(order.does) }
  } catch (error) {
    if (error instanceof MemoryError && error.code !== 'bug') return { refused: error.code }
    throw error
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answered(JSON.parse(line) as ClockOrder))}\n`)
}
await close()
