/** Finds what is forgotten in threads that were cloned from its own: messages with the same words. */
import type { Access } from '../../domain/actor.ts'
import type { RecordAddress } from '../../domain/records/address.ts'
import type { Storage, ThreadCopySource } from '../../ports/storage.ts'
import { type Forgotten, messagesOf } from './forgotten.ts'
import type { RecordTexts } from './record-texts.ts'

/** Cloned threads that are read at most. */
const mostClones = 1_000

/** A message of a clone, and its words. */
interface ClonedMessage {
  readonly address: RecordAddress
  readonly text: string
}

/** Where clones may have been made from: the threads of messages, or the spaces. */
function sourcesOf(all: readonly RecordAddress[], { spaces }: Forgotten): readonly ThreadCopySource[] {
  const threads = new Map<string, ThreadCopySource>()
  for (const address of all) {
    if (address.kind !== 'message') continue
    const { space, threadId } = address
    threads.set(`${space}\n${threadId}`, { space, threadId })
  }
  return threads.size > 0 ? [...threads.values()] : spaces.map((space) => ({ space }))
}

export async function clonedMessages(
  storage: Storage,
  access: Access,
  forgotten: Forgotten,
  texts: RecordTexts,
): Promise<readonly ClonedMessage[]> {
  const found: ClonedMessage[] = []
  for (const source of sourcesOf(await forgotten.list(), forgotten)) {
    for (const { space, threadId } of await storage.threads.copies(access, source, mostClones)) {
      const { record } = await storage.threads.get(access, space, threadId)
      const from = record?.source
      if (from === undefined || from === null) continue
      const own = await messagesOf(storage, access, from.space as RecordAddress['space'], from.threadId)
      const gone = new Set<string>()
      for (const address of own) if (forgotten.has(address)) for (const text of await texts.of(address)) gone.add(text)
      if (gone.size === 0) continue
      for (const address of await messagesOf(storage, access, space, threadId)) {
        if (forgotten.has(address)) continue
        const text = (await texts.of(address)).find((one) => gone.has(one))
        if (text !== undefined) found.push({ address, text })
      }
    }
  }
  return found
}
