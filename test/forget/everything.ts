// A file with everything in it (conversations, facts, entries, working memory, segments of words, vectors), and what must hold of it.

import type { Memory, spaceId } from 'aquifer'
import { scriptedEmbedder } from 'aquifer/testing'
import { expect } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { allRuns } from '../../src/testing/contract/queries.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { hour, ManualClock, minute, openMemory, temporaryUrl } from '../memory/opened.ts'
import {
  foundIn,
  pathOf,
  plantEntry,
  plantFacts,
  plantLearned,
  plantNotes,
  plantRun,
  plantRuns,
  plantTalk,
  plantThread,
  prose,
  Secrets,
} from './planted.ts'
import { embeddedIn, orphansIn, termsIn, termsOf } from './scans.ts'

export const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
const resource = 'resource/ada'
export const spaces = [resource, 'resource/bob', 'team/acme', 'agent/bot'] as const
export type SpaceName = (typeof spaces)[number]

/** Parts of what is planted, each with secrets of its own. */
export const parts = ['thread', 'messages', 'rest', 'facts', 'key', 'team', 'agent', 'run', 'bob'] as const
type Part = (typeof parts)[number]
export type Forgotten = Parameters<Memory['forget']>[0]

export async function storageOf(memory: Memory) {
  return coreOf(memory).storage.get()
}

type ObservedPart = 'thread' | 'rest' | 'messages'

/** Notes of the messages of three parts, the last two of which share a thread. */
async function plantObserved(
  memory: Memory,
  threadId: string,
  observed: Readonly<Record<ObservedPart, readonly string[]>>,
  secrets: Record<Part, Secrets>,
): Promise<void> {
  for (const part of ['thread', 'rest', 'messages'] as const) {
    const watched = { threadId: part === 'thread' ? threadId : 'beside', ids: observed[part] }
    await plantNotes(memory, resource, { ...watched, reflects: part !== 'rest' }, secrets[part])
  }
}

/** A memory on a file in which every kind of record is, in every state. */
export async function plantAll() {
  const url = temporaryUrl()
  const clock = new ManualClock()
  // What expires has done so by every clock.
  clock.ms = Date.now() - 2 * hour
  // Runs too, unless they wait to go on.
  const limits = { runTtlMs: 10 * minute }
  const memory = openMemory({ storage: url, clock, limits, embedder: scriptedEmbedder({ dimensions: 16 }) })
  const soon = clock.ms + 10 * minute
  const secrets = Object.fromEntries(parts.map((part) => [part, new Secrets()])) as Record<Part, Secrets>
  const threadId = secrets.thread.make()
  await plantThread(memory, 'ada', threadId, secrets.thread)
  const ofThread = await plantTalk(memory, 'ada', threadId, secrets.thread, 25)
  const before = await plantTalk(memory, 'ada', 'beside', secrets.rest, 25)
  const messageIds = await plantTalk(memory, 'ada', 'beside', secrets.messages, 25)
  const [kept = ''] = await plantTalk(memory, 'ada', 'beside', secrets.rest, 25)
  await plantObserved(memory, threadId, { thread: ofThread, rest: before, messages: messageIds }, secrets)
  const own = secrets.messages.make()
  const message = {
    id: own,
    role: 'user' as const,
    content: secrets.messages.make(),
    metadata: { m: secrets.messages.make() },
  }
  const { turnId } = await memory.saveMessages({ resourceId: 'ada', threadId: 'beside', messages: [message] })
  messageIds.push(own)
  const run = { kind: 'run-put', unique: 'waits', name: 'bot', status: 'suspended' } as const
  const details = { seen: secrets.rest.make() }
  const continuation = { call: secrets.messages.make() }
  await memory.space(resource).commit([{ ...run, threadId: 'beside', turnId, details, continuation }])
  await memory.updateMessages({
    resourceId: 'ada',
    messages: [{ id: messageIds[3] ?? '', content: secrets.messages.make() }],
  })
  await memory.deleteMessages(messageIds.slice(4, 7), { resourceId: 'ada' })
  await plantLearned(memory, resource, [ofThread[0] ?? ''], secrets.thread)
  await plantLearned(memory, resource, [own], secrets.messages)
  const both = {
    kind: 'fact-assert',
    unique: 'both',
    text: `tea ${prose(5)} ${secrets.rest.make()}`,
    sources: [own, ofThread[1] ?? '', kept],
  } as const
  await memory.space(resource).commit([{ ...both, sources: [...both.sources] }])
  const factIds = await plantFacts(memory, { userId: 'ada' }, secrets.facts, soon)
  await plantLearned(memory, resource, [factIds[0] ?? ''], secrets.facts)
  await plantFacts(memory, { userId: 'ada' }, secrets.rest, soon)
  await memory.updateWorkingMemory({ resourceId: 'ada', workingMemory: secrets.rest.make() })
  await memory.updateWorkingMemory({ resourceId: 'ada', workingMemory: secrets.rest.make(), mode: 'replace' })
  const { runId } = await plantRun(memory, resource, { threadId: 'beside' }, secrets.run)
  await plantLearned(memory, resource, [runId], secrets.run)
  const key = secrets.key.make()
  await plantEntry(memory, 'acme', key, secrets.key)
  await plantEntry(memory, 'acme', 'beside', secrets.team)
  await memory.team('acme').write('short', secrets.team.make(), { ttl: 10 * minute })
  await plantFacts(memory, { teamId: 'acme' }, secrets.team, soon)
  await plantFacts(memory, { agentId: 'bot' }, secrets.agent, soon)
  await memory
    .space('agent/bot')
    .commit([{ kind: 'entry-write', key: secrets.agent.make(), value: secrets.agent.make() }])
  await plantRuns(memory, 'agent/bot', null, secrets.agent)
  await plantThread(memory, 'bob', 'tea', secrets.bob)
  await plantTalk(memory, 'bob', 'tea', secrets.bob, 40)
  await plantFacts(memory, { userId: 'bob' }, secrets.bob, soon)
  clock.pass(hour)
  // Whoever meets a turn whose lease is over closes it.
  for (const name of spaces) await answersOf(memory, name)
  await memory.settled()
  return { memory, url, clock, path: pathOf(url), secrets, threadId, messageIds, factIds, key, runId }
}

/** Another memory on the same file, with the same clock and embedder. */
export function reopened({ url, clock }: Pick<Planted, 'url' | 'clock'>): Memory {
  return openMemory({ storage: url, clock, embedder: scriptedEmbedder({ dimensions: 16 }) })
}

export type Planted = Awaited<ReturnType<typeof plantAll>>

export const targets: readonly (readonly [
  string,
  readonly SpaceName[],
  readonly Part[],
  (planted: Planted) => Forgotten,
])[] = [
  ['a resource', [resource], ['thread', 'messages', 'rest', 'facts', 'run'], () => ({ resourceId: 'ada' })],
  ['a team', ['team/acme'], ['key', 'team'], () => ({ teamId: 'acme' })],
  ['an agent', ['agent/bot'], ['agent'], () => ({ agentId: 'bot' })],
  ['a thread', [resource], ['thread'], ({ threadId }) => ({ threadId, resourceId: 'ada' })],
  ['messages', [resource], ['messages'], ({ messageIds }) => ({ messageIds, resourceId: 'ada' })],
  ['facts', [resource], ['facts'], ({ factIds }) => ({ factIds })],
  ['a run', [resource], ['run'], ({ runId }) => ({ run: runId })],
  ['a key', ['team/acme'], ['key'], ({ key }) => ({ key, teamId: 'acme' })],
]

/** Moves the horizon of every space to its last commit but one. */
export async function compactAll(memory: Memory): Promise<void> {
  const storage = await storageOf(memory)
  for (const name of spaces) {
    const { id } = memory.space(name)
    expect(
      (await storage.compact(access, id, (await storage.spaces.get(access, id))?.seq ?? 0)).rowsRemoved,
    ).toBeGreaterThan(0)
  }
}

/** Sweeps what has expired, as a background does. */
export async function sweepAll(memory: Memory): Promise<void> {
  const { facts, entries, runs } = await (await storageOf(memory)).due(access, 1_000)
  expect([facts.length > 0, entries.length > 0, runs.length > 0]).toEqual([true, true, true])
  for (const { space, runId } of runs) await memory.space(space).commit([{ kind: 'run-expire', runId }])
  for (const { space, factId } of facts) await memory.space(space).commit([{ kind: 'fact-expire', factId }])
  for (const { space, key } of entries) await memory.space(space).commit([{ kind: 'entry-expire', key }])
}

/** All that readers answer of a space, and what recall finds in it, with scores; without its seq, which a sweeper moves. */
export async function answersOf(memory: Memory, name: SpaceName): Promise<unknown> {
  const storage = await storageOf(memory)
  const { id } = memory.space(name)
  const all = { prefix: '', after: null, limit: 1_000 }
  const facts = {
    attributes: {},
    statuses: ['current', 'superseded', 'queued'],
    order: 'oldest',
    after: null,
    limit: 1_000,
  } as const
  const threads = name.startsWith('resource/')
    ? await memory.listThreads({ resourceId: name.slice(9) })
    : { threads: [] }
  const messages = await Promise.all(
    threads.threads.map((thread) =>
      memory.listMessages({ resourceId: thread.resourceId, threadId: thread.id, perPage: false } as never),
    ),
  )
  const recalled = await Promise.all(
    ['word7 word20 word33', 'word500', prose(4), 'tea'].map(async (query) => {
      const { items } = await memory.space(name).recall(query, { topK: 50, tokenBudget: 100_000 } as never)
      return items.map(({ id: item, score, scores }) => [item, score, scores])
    }),
  )
  return JSON.parse(
    JSON.stringify(
      [
        threads.threads,
        messages,
        (await storage.entries.list(access, id, all)).items,
        (await storage.facts.list(access, id, facts)).items,
        (await storage.runs.list(access, id, allRuns)).items,
        recalled,
      ],
      (name, value) => (name === 'asOf' ? undefined : value),
    ),
  )
}

/** Fails if anything of the texts is left in any file, or anything of them in the index. */
export function expectGone(path: string, gone: readonly string[], kept: readonly string[]): void {
  expect(foundIn(path, gone)).toEqual([])
  const others = termsOf([...kept, ...Array.from({ length: 100 }, (_, i) => prose(i))])
  const left = termsIn(path)
  expect([...termsOf(gone)].filter((term) => !others.has(term) && left.has(term))).toEqual([])
  expect(orphansIn(path)).toEqual([])
}

/** Fails unless the index of every space is that of what its readers list, and its log is sound. */
export async function expectSound({ memory, path }: Pick<Planted, 'memory' | 'path'>): Promise<void> {
  const storage = await storageOf(memory)
  for (const name of spaces) {
    const { id } = memory.space(name)
    if ((await storage.spaces.get(access, id)) === null) continue
    await checkIndex(storage, access, id)
    expect(await checkHistory(storage, access, id)).toEqual([])
  }
  for (const record of embeddedIn(path)) {
    const [id = '', kind = '', ...ref] = record.split(' ')
    const found = await storage.index.read(access, id as ReturnType<typeof spaceId>, [
      { kind, ref: ref.join(' ') } as never,
    ])
    expect(found[0], record).not.toBeNull()
  }
}
