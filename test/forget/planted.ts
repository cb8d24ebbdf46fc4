// Random strings planted wherever a memory keeps content, and a look for them in every byte of the database's files.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Memory } from 'aquifer'

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

/** Which of the texts stand in any file of the database, and in which. */
export function foundIn(path: string, texts: readonly string[]): string[] {
  return filesOf(path).flatMap((file) => {
    const bytes = readFileSync(file)
    return texts.filter((text) => bytes.includes(text)).map((text) => `${text} in ${basename(file)}`)
  })
}

/** Texts of several pages' length, so that content also lies in overflow pages. */
const long = (text: string) => `${text} ${'x'.repeat(9_000)} ${text}`

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
  await space.commit([{ kind: 'turn-open', threadId, replaces: [saved.turnId] }])
  await memory.updateWorkingMemory({ resourceId, threadId, scope: 'thread', workingMemory: s() })
  await memory.updateWorkingMemory({ resourceId, threadId, scope: 'thread', workingMemory: s(), mode: 'replace' })
  return { threadId, messageIds: [first, second, third, messageId], turnId: running }
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
