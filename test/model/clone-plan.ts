// The copy of a whole thread as it stands, turns that wait for answers included: a random clone never has the messages of one.
import type { Change } from '../../src/domain/commit/commit.ts'
import type { SpaceId } from '../../src/domain/id.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { access } from './readings.ts'

/** The change that copies a thread, in the space that it is in. */
export async function copyOfThread(
  storage: Storage,
  space: SpaceId,
  from: string,
  to: string,
  unique: () => string,
): Promise<Change> {
  const all = { after: null, asOf: null, limit: 1_000, offset: 0, from: null, to: null } as const
  const { items, asOf } = await storage.messages.list(access, space, { threadId: from, direction: 'asc', ...all })
  const turns = [...Map.groupBy(items, ({ turn }) => turn).values()]
  const waiting = turns.flatMap(([first], index) => {
    if (first?.message.turnStatus !== 'suspended') return []
    return [{ index, turnId: first.message.turnId as string, unique: unique() }]
  })
  const copies = turns.map((turn) => turn.map(({ message: { role, parts, author } }) => ({ role, parts, author })))
  const source = { space, threadId: from, asOf }
  return { kind: 'thread-clone', threadId: to, source, turns: copies, waiting, blocks: [] }
}
