// Who a message without an author is by: for what is written now, and for what the log holds from before.
import { describe, expect, it } from 'vitest'
import { type Actor, defaultAuthor, impliedAuthor, loggedAuthor } from '../../src/domain/actor.ts'
import type { LogRow } from '../../src/domain/commit/effect.ts'
import type { SpaceKey, ThreadId } from '../../src/domain/id.ts'
import { foldTurn } from '../../src/domain/replay/turn-fold.ts'
import { parseSpaceId } from '../../src/domain/space.ts'

const app: Actor = { kind: 'system', id: 'app' }
const unknown = { kind: 'user', id: 'unknown', claimed: true }
const addressOf = (space: string) => parseSpaceId(space).address

/** Each space with the author of a user's words that are written now, and of those stored without an author. */
const spaces: readonly (readonly [space: string, now: unknown, before: string])[] = [
  ['resource/alice', { kind: 'user', id: 'alice' }, 'alice'],
  ['resource/alice/agent/researcher', { kind: 'user', id: 'alice' }, 'researcher'],
  ['resource/alice/task/x/resource/bob', { kind: 'user', id: 'alice' }, 'bob'],
  ['team/acme/resource/alice', { kind: 'user', id: 'alice' }, 'alice'],
  ['team/acme', unknown, 'acme'],
  ['task/x', unknown, 'x'],
  ['agent/researcher', unknown, 'researcher'],
  // It has the name of nobody, and is somebody: the resource said so.
  ['resource/unknown', { kind: 'user', id: 'unknown' }, 'unknown'],
  ['team/unknown', unknown, 'unknown'],
]

describe('the author of a user’s words, where none is stated', () => {
  it.each(spaces)('%s', (space, now, before) => {
    expect(defaultAuthor('user', app, addressOf(space))).toEqual(now)
    expect(impliedAuthor('user', app, addressOf(space))).toEqual({ kind: 'user', id: before })
  })

  it.each(spaces)('is what is read again in %s', (space) => {
    const address = addressOf(space)
    for (const role of ['user', 'assistant', 'system']) {
      for (const actor of [app, { kind: 'user', id: 'bob' }, { kind: 'agent', id: 'bot' }] as const) {
        const read = loggedAuthor(undefined, role, actor, address) ?? impliedAuthor(role, actor, address)
        expect(read).toEqual(defaultAuthor(role, actor, address))
      }
    }
  })

  it('takes no room in the log where the space is a resource', () => {
    expect(loggedAuthor(undefined, 'user', app, addressOf('resource/alice'))).toBeUndefined()
  })

  it.each(spaces)('stays as it was in rows of %s that were stored before', (space, _, before) => {
    const messages = [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }] as const
    const row: LogRow = {
      ...{ seq: 1, at: '2026-01-01T00:00:00.000Z', actor: app, commitId: null, hash: null },
      ...{ threadId: 't' as ThreadId, turn: 1_000, status: 'complete' },
      effects: [{ kind: 'message-append', messages }],
    }
    const turn = foldTurn([row], { key: 'abc' as SpaceKey, address: addressOf(space) })
    expect(turn?.messages[0]?.author).toEqual({ kind: 'user', id: before })
  })
})
