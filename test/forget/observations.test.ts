// What was observed goes with what is forgotten, byte for byte; notes of other messages stay.
import { expect, it } from 'vitest'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { access, expectGone, storageOf } from './everything.ts'
import { pathOf, plantNotes, Secrets } from './planted.ts'

it.each([
  { name: 'message', whole: false, isCompacted: false },
  { name: 'message, compacted', whole: false, isCompacted: true },
  { name: 'thread', whole: true, isCompacted: false },
  { name: 'thread, compacted', whole: true, isCompacted: true },
])('notes go with a forgotten $name, with every reflection on them', async ({ whole, isCompacted }) => {
  const url = temporaryUrl()
  const memory = openMemory({ storage: url })
  const [gone, kept] = [new Secrets(), new Secrets()]
  const threadId = whole ? gone.make() : 'tea'
  const say = async (text: string, id = threadId) => {
    const { messages } = await memory.saveMessages({ resourceId: 'ada', threadId: id, messages: [text, 'yes'] })
    return messages.map((message) => message.id)
  }
  const [first, second] = [await say('one'), await say(gone.make())]
  await plantNotes(memory, 'resource/ada', { threadId, ids: first }, whole ? gone : kept)
  await plantNotes(memory, 'resource/ada', { threadId, ids: second, reflects: true }, gone)
  await plantNotes(memory, 'resource/ada', { threadId: 'other', ids: await say('else', 'other') }, kept)
  const storage = await storageOf(memory)
  const { id } = memory.space('resource/ada')
  if (isCompacted) await storage.compact(access, id, (await storage.spaces.get(access, id))?.seq ?? 0)
  const what = whole ? { threadId } : { messageIds: [second[0] ?? ''] }
  const { erased } = await memory.forget({ resourceId: 'ada', ...what })
  // Two notes of the reflection and two of each chunk; of the thread also its head.
  expect(erased.records).toBe(whole ? 7 : 4)
  await memory.settled()
  await memory.close()
  expectGone(pathOf(url), gone.texts, kept.texts)
})
