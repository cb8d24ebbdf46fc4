// What tombstones hold, byte for byte: no content and no id; and nothing that can be matched once the space is forgotten.
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { storageOf } from './everything.ts'
import { filesOf, foundIn, pathOf, Secrets } from './planted.ts'

const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
const space = 'resource/ada' as never

/** Texts that are nearly an id. */
function nearly(id: string): string[] {
  return [
    id.toUpperCase(),
    id.slice(1),
    id.slice(0, -1),
    `${id} `.trimEnd().concat('x'),
    `x${id}`,
    `${id}${id}`,
    `again-${id}`,
  ]
}

it('hold neither content nor ids, and match exactly the same ids until their space is forgotten', async () => {
  const url = temporaryUrl()
  const memory = openMemory({ storage: url })
  const secrets = new Secrets()
  const [threadId, other] = ['chat', 'other']
  const make = () => ({ id: secrets.make(), role: 'user' as const, content: secrets.make() })
  const deleted = [make(), make()]
  const forgotten = [make(), make()]
  const kept = { id: 'kept', role: 'user' as const, content: 'stays' }
  const at = { resourceId: 'ada', threadId }
  await memory.saveMessages({ ...at, messages: [...deleted, ...forgotten, kept] })
  await memory.saveMessages({ resourceId: 'ada', threadId: other, messages: [make()] })
  const ids = [...deleted, ...forgotten].map(({ id }) => id)
  await memory.deleteMessages(
    deleted.map(({ id }) => id),
    { resourceId: 'ada' },
  )
  await memory.forget({ ...at, messageIds: ids })
  await memory.forget({ resourceId: 'ada', threadId: other })
  await memory.settled()
  const { messages, records } = await storageOf(memory)
  const matched = (all: readonly string[], thread = threadId) => messages.deletedIds(access, space, thread, all)
  expect(await matched([...ids, ...ids.flatMap(nearly), 'kept'])).toEqual(ids)
  expect(await matched(ids, other)).toEqual([])
  const { items } = await records.list(access, space, 'tombstone', { prefix: '', after: null, limit: 100 })
  // Of five messages, and of a thread.
  expect(items).toHaveLength(6)
  for (const { key, value } of items) expect([key.length, value]).toEqual([22, {}])
  const database = new DatabaseSync(pathOf(url), { readOnly: true })
  const [row] = database.prepare("SELECT secret FROM space WHERE id = 'resource/ada'").all()
  database.close()
  const secret = Buffer.from(row?.secret as Uint8Array)
  expect(secret).toHaveLength(16)
  // The secret stands in no answer: neither in the state of the space nor in its log.
  const told = JSON.stringify([
    await memory.space(space).state(),
    await memory.listSpaces({ kind: 'resource' }),
    await memory.space(space).log.read({ after: 0, limit: 1_000 }),
  ])
  for (const form of ['hex', 'base64', 'base64url'] as const) expect(told).not.toContain(secret.toString(form))
  expect(foundIn(pathOf(url), secrets.texts)).toEqual([])
  const keys = items.map(({ key }) => key)
  expect(foundIn(pathOf(url), keys)).not.toEqual([])

  await memory.forget({ resourceId: 'ada' })
  await memory.settled()
  expect(await matched(ids)).toEqual([])
  await memory.saveMessages({ ...at, messages: [kept] })
  expect(await matched(ids)).toEqual([])
  await memory.close()
  expect(foundIn(pathOf(url), [...secrets.texts, ...keys])).toEqual([])
  const { readFileSync } = await import('node:fs')
  for (const file of filesOf(pathOf(url))) expect(readFileSync(file).includes(secret)).toBe(false)
})
