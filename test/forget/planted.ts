// Random strings planted wherever a memory keeps content, and a look for them in every byte of the database's files.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Memory } from 'aquifer'
import type { Change } from '../../src/domain/commit/commit.ts'
import { parseMessageId } from '../../src/domain/id.ts'
import { readElsewhere } from '../processes.ts'

/** Makes random strings and remembers them. */
export class Secrets {
  readonly texts: string[] = []
  make = (): string => {
    const text = randomBytes(18).toString('hex')
    this.texts.push(text)
    return text
  }
}

export function pathOf(url: string): string {
  return url.slice('file:'.length)
}

/** Files of the database: itself, its log, its index of the log, a journal. */
export function filesOf(path: string): string[] {
  const folder = dirname(path)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.startsWith(basename(path)))
    .map((name) => join(folder, name))
}

/** All bytes of the files of a database. */
export function bytesOf(path: string): Buffer {
  return Buffer.concat(filesOf(path).map(readElsewhere))
}

/** Which of the texts stand in any file of the database, and in which. */
export function foundIn(path: string, texts: readonly string[]): string[] {
  return filesOf(path).flatMap((file) => {
    const bytes = readElsewhere(file)
    return texts.filter((text) => bytes.includes(text)).map((text) => `${text} in ${basename(file)}`)
  })
}

/** Texts of several pages' length, so that content also lies in overflow pages. */
const long = (text: string) => `${text} ${'x'.repeat(9_000)} ${text}`

interface Watched {
  readonly threadId: string
  /** The messages up to which the thread is observed now, the last one last. */
  readonly ids: readonly string[]
  readonly reflects?: boolean
}

/** Notes of the messages of a thread that were not observed yet, and what a reflection made of all of them. */
export async function plantNotes(memory: Memory, space: string, watched: Watched, secrets: Secrets): Promise<void> {
  const { threadId, ids, reflects = false } = watched
  const places = ids.flatMap((id) => parseMessageId(id) ?? []).map(({ turn, index }) => ({ turn, index }))
  const [to = { turn: 0, index: 0 }] = places.slice(-1)
  const [from = to] = places
  const notes = () =>
    [from, to].map((at) => ({
      text: `${prose(6)} ${secrets.make()}`,
      refersTo: secrets.make(),
      author: { kind: 'user' as const, id: 'ada', name: secrets.make() },
      priority: 'high' as const,
      made: 'model' as const,
      saidAt: '2026-03-01T12:00:00.000Z',
      from: at,
      until: at,
    }))
  const commit = async (change: Change) => {
    const result = await memory.space(space).commit([change])
    if (result.status !== 'committed') throw new Error('it must be committed')
    return { seq: result.seq, head: (result.results[0] as unknown as { value: { cursor: typeof to | null } }).value }
  }
  const { seq: claim, head } = await commit({ kind: 'observation-begin', threadId, to, leaseMs: 60_000 })
  const put = { kind: 'observation-put', threadId, claim, after: head.cursor, to, activate: true } as const
  await commit({ ...put, notes: notes() })
  if (!reflects) return
  const { seq } = await commit({ kind: 'observation-begin', threadId, leaseMs: 60_000 })
  await commit({ kind: 'observation-reflect', threadId, claim: seq, notes: notes() })
}

export interface PlantedThread {
  readonly threadId: string
  readonly messageIds: readonly string[]
}

/** A conversation with secrets in title, metadata, messages in every state, and working memory of its own. */
export async function plantThread(memory: Memory, resourceId: string, threadId: string, secrets: Secrets) {
  const s = secrets.make
  await memory.createThread({ resourceId, threadId, title: s(), metadata: { a: { b: s() } } })
  await memory.updateThread({ resourceId, threadId, title: s(), metadata: { a: { b: null }, c: s() } })
  const own = s()
  const messages = [
    { id: own, role: 'user' as const, content: long(s()), metadata: { m: s() } },
    { role: 'assistant' as const, content: s() },
    { role: 'user' as const, content: s() },
  ]
  const saved = await memory.saveMessages({ resourceId, threadId, messages })
  const [first, second, third] = saved.messages.map(({ id }) => id) as [string, string, string]
  await memory.updateMessages({ resourceId, messages: [{ id: first, content: s(), metadata: { m: s() } }] })
  await memory.deleteMessages([third], { resourceId })
  const space = memory.space(`resource/${resourceId}`)
  const part = (text: string) => [{ type: 'text', text }]
  const open = async () => {
    const result = await space.commit([{ kind: 'turn-open', threadId }])
    const [answer] = result.status === 'committed' ? result.results : []
    return answer?.kind === 'turn-open' ? answer.turnId : ''
  }
  const discarded = await open()
  await memory.saveMessages({
    resourceId,
    threadId,
    turnId: discarded,
    messages: [{ role: 'assistant', content: s() }],
  })
  await space.commit([{ kind: 'turn-discard', threadId, turnId: discarded }])
  const running = await open()
  const step = await memory.saveMessages({
    resourceId,
    threadId,
    turnId: running,
    messages: { id: s(), role: 'assistant' as const, content: s() },
  })
  const messageId = step.messages[0]?.id ?? ''
  await space.commit([{ kind: 'message-extend', threadId, messageId, parts: part(s()) }])
  const close = { kind: 'turn-close' as const, threadId, opened: 0, status: 'complete' as const }
  await space.commit([{ kind: 'turn-open', threadId, replaces: [saved.turnId] }, close])
  await memory.updateWorkingMemory({ resourceId, threadId, scope: 'thread', workingMemory: s() })
  await memory.updateWorkingMemory({ resourceId, threadId, scope: 'thread', workingMemory: s(), mode: 'replace' })
  const runs = await plantRuns(memory, `resource/${resourceId}`, { threadId, turnId: running }, secrets)
  return { threadId, messageIds: [first, second, third, messageId], turnId: running, continuations: runs }
}

/** A run that waits, with secrets in all of its versions, in a thread or in none. */
export async function plantRun(
  memory: Memory,
  space: string,
  place: { readonly threadId: string; readonly turnId?: string } | null,
  secrets: Secrets,
): Promise<{ readonly runId: string; readonly continuation: string }> {
  const s = secrets.make
  const unique = randomBytes(9).toString('hex')
  const put = (more: object) => memory.space(space).commit([{ kind: 'run-put', ...more }])
  const begun = await put({ unique, name: s(), ...place, details: { seen: [s()], [s()]: 1 } })
  const [first] = begun.status === 'committed' ? begun.results : []
  const runId = first?.kind === 'run-put' ? first.runId : ''
  const continuation = s()
  await put({ runId, status: 'suspended', details: { seen: s() }, continuation: { call: long(continuation) } })
  return { runId, continuation }
}

/** Runs of a turn with secrets in all of their versions, one that waits and one that has ended; answers what they need to go on. */
export async function plantRuns(
  memory: Memory,
  space: string,
  turn: { readonly threadId: string; readonly turnId: string } | null,
  secrets: Secrets,
): Promise<string[]> {
  const s = secrets.make
  const [replaced, call, input, ended] = [s(), s(), s(), s()]
  const put = async (more: object) => {
    const result = await memory.space(space).commit([{ kind: 'run-put', ...more }])
    const [answer] = result.status === 'committed' ? result.results : []
    return answer?.kind === 'run-put' ? answer.runId : ''
  }
  const begin = () =>
    put({ unique: randomBytes(9).toString('hex'), name: s(), ...turn, details: { seen: [s()], [s()]: 1 } })
  const first = await begin()
  await put({ runId: first, status: 'suspended', details: { seen: s() }, continuation: { call: long(replaced) } })
  await put({ runId: first, continuation: { call: long(call), input: [input] } })
  const second = await begin()
  await put({ runId: second, continuation: ended })
  await put({ runId: second, status: 'complete', details: { seen: null, tokens: s() } })
  return [replaced, call, input, ended]
}

/** An entry with secrets in all of its versions. */
export async function plantEntry(memory: Memory, teamId: string, key: string, secrets: Secrets): Promise<void> {
  const team = memory.team(teamId)
  const s = secrets.make
  await team.write(key, { a: long(s()) })
  await team.merge(key, { b: s() })
  await team.delete(key)
  await team.write(key, [s()])
  await team.append(key, s())
}

/** Some dozens of words, so that a few messages fill a segment of the index. */
export function prose(seed: number): string {
  return Array.from({ length: 60 }, (_, i) => `word${(seed * 7 + i * 13) % 997}`).join(' ')
}

/** Messages of many words, with a secret in each, and a tool call with secrets in what it was given and answered. */
export async function plantTalk(memory: Memory, resourceId: string, threadId: string, secrets: Secrets, count: number) {
  const s = secrets.make
  const tool = { type: 'tool-search', toolCallId: 'call', state: 'output-available', input: { q: s() }, output: [s()] }
  const contents = Array.from({ length: count }, (_, i) => ({
    role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
    parts: [{ type: 'text', text: `${prose(i)} ${s()}` }, ...(i === 1 ? [tool] : [])],
  }))
  const space = memory.space(`resource/${resourceId}`)
  const ids: string[] = []
  for (const message of contents) {
    const result = await space.commit([
      { kind: 'message-append', threadId, messages: [message], createThread: true },
    ] as Parameters<typeof space.commit>[0])
    const [saved] = result.status === 'committed' ? result.results : []
    if (saved?.kind === 'message-append') ids.push(...saved.messages.map(({ id }) => id))
  }
  return ids
}

/** Where facts are planted: their home as the facade names it. */
export type PlantedHome = { readonly userId: string } | { readonly teamId: string } | { readonly agentId: string }

/** Facts with secrets in words, metadata and ids, in every state that one can be in. Answers their ids. */
export async function plantFacts(
  memory: Memory,
  home: PlantedHome,
  secrets: Secrets,
  expiresAt: number,
): Promise<string[]> {
  const s = secrets.make
  const add = async (more: Partial<Parameters<Memory['add']>[1]> = {}) => {
    const metadata = { [s()]: s(), deep: { list: [s()] } }
    const { results } = await memory.add(`${prose(secrets.texts.length)} ${s()}`, {
      taskId: s(),
      ...home,
      metadata,
      infer: false,
      ...more,
    })
    return results[0]?.id ?? ''
  }
  const updated = await add()
  await memory.facts.update(updated, { text: s(), metadata: { m: s() } })
  const superseded = await add()
  const successor = await add({ supersedes: superseded })
  const retired = await add()
  await memory.facts.delete(retired)
  const expired = await add({ expiresAt: expiresAt })
  const contradicting = await add({ contradicts: successor })
  return [updated, superseded, successor, retired, expired, contradicting]
}

/** Facts that were learned from messages: current, superseded, retired, and words that wait or waited for extraction. */
export async function plantLearned(
  memory: Memory,
  space: string,
  sources: readonly string[],
  secrets: Secrets,
): Promise<void> {
  const s = secrets.make
  const state = async (more: object = {}) => {
    const change = {
      kind: 'fact-assert',
      unique: randomBytes(9).toString('hex'),
      text: `${prose(3)} ${s()}`,
      sources: [...sources],
      ...more,
    }
    const result = await memory.space(space).commit([change] as never)
    const [stated] = result.status === 'committed' ? result.results : []
    return stated?.kind === 'fact-assert' ? stated.factId : ''
  }
  const first = await state({ metadata: { m: s() } })
  await state({ supersedes: [first] })
  const retire = (id: string) => memory.space(space).commit([{ kind: 'fact-retire', factIds: [id] }])
  await retire(await state())
  await retire(await state({ queued: true }))
  await state({ queued: true })
}
