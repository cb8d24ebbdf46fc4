// Writes, edits and deletes messages while their vectors are made, until it is killed.
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type IndexingTask, openMemory, resourceId, type Said, threads } from './indexing-shared.ts'

const { path, round, version, reindexes } = JSON.parse(process.argv[2] ?? '') as IndexingTask
const memory = openMemory(path, version, { delayMs: 4 })
const ids: string[] = []
let number = 0

function say(said: Said): void {
  writeSync(1, `${JSON.stringify(said)}\n`)
}

/** Words that no other text has. */
function newText(): string {
  number += 1
  return Array.from({ length: 4 }, (_, i) => `w${round}x${number}x${i}`).join(' ')
}

async function save(): Promise<void> {
  const id = `m-${round}-${++number}`
  const threadId = threads[number % threads.length] ?? ''
  const text = newText()
  say({ id, text, isDone: false })
  await memory.saveMessages({ resourceId, threadId, messages: [{ id, role: 'user', content: text }] })
  say({ id, text, isDone: true })
  ids.push(id)
}

async function change(id: string, text: string | null): Promise<void> {
  say({ id, text, isDone: false })
  if (text === null) await memory.deleteMessages(id, { resourceId })
  else await memory.updateMessages({ resourceId, messages: [{ id, content: text }] })
  say({ id, text, isDone: true })
}

// A re-index tells by its progress that it is under way: only then it is a re-index that can be killed.
if (reindexes) {
  const { promise, resolve } = Promise.withResolvers<void>()
  void memory.reindex({ onProgress: ({ records }) => records > 0 && resolve() })
  await promise
}
for (let turn = 1; ; turn++) {
  await Promise.all([save(), delay(3)])
  if (turn % 3 === 0) await change(ids[ids.length - 2] as string, newText())
  if (turn % 7 === 0) await change(ids.splice(ids.length - 3, 1)[0] as string, null)
}
