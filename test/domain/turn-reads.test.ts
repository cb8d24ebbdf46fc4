// How often the decision of a commit reads the rows of a turn.
import { expect, it } from 'vitest'
import { applyCommit } from '../../src/domain/apply/apply.ts'
import type { Change } from '../../src/domain/commit/commit.ts'
import type { LogRow } from '../../src/domain/commit/effect.ts'
import { invariant } from '../../src/domain/error.ts'
import { messageIdOf, packTurn, type SpaceKey, type ThreadId, turnIdOf } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import { spaceId } from '../../src/domain/space.ts'
import { ReferenceSpace } from '../../src/storage/reference/reference-space.ts'
import { closeTurn, openTurn, step } from '../../src/testing/contract/changes.ts'

const id = spaceId('team', 'a')
const key = 'Kkkkkkkkkkkk' as SpaceKey
const settings = { entriesPerSpace: 10, entryTtlMs: null, logDays: 0, language: 'english' } as const

class CountedSpace extends ReferenceSpace {
  reads: number[] = []

  override turnRows(threadId: ThreadId, turn: number): readonly LogRow[] {
    this.reads.push(turn)
    return super.turnRows(threadId, turn)
  }
}

function newSpace(): CountedSpace {
  const counts = { threads: 0, archivedThreads: 0, entries: 0 }
  const at = '2026-01-01T00:00:00.000Z'
  return new CountedSpace({
    ...{ id, key, createdAt: at, at, settings },
    ...{ seq: 0, floor: 0, horizon: 0, settingsVersion: 0 },
    ...counts,
  })
}

/** Commits to a space, and answers which turns the decision read. */
function readsOf(space: CountedSpace, ...changes: Change[]): readonly number[] {
  space.reads = []
  const outcome = applyCommit(space, {
    commit: { id: null, space: id, changes },
    actor: { kind: 'user', id: 'ann' },
    hash: null,
    nowMs: Date.UTC(2026, 0, 2) + space.space.seq,
    limits: defaultLimits,
    newSpace: () => ({ key, floor: 0, settings }),
  })
  const reads = [...space.reads]
  invariant(outcome.kind === 'apply', 'the commit is applied')
  space.append(structuredClone(outcome.rows))
  return reads
}

it('a turn that a commit opens is not read, and one that it changes is read once', () => {
  const space = newSpace()
  expect(readsOf(space, openTurn('tea'), step('tea', { opened: 0 }, 'green'))).toEqual([])
  const turn = packTurn({ turnSeq: 1, turnIndex: 0 })
  const turnId = turnIdOf(key, turn)
  expect(readsOf(space, step('tea', { turnId }, 'black'))).toEqual([turn])
  const ofTurn = { threadId: 'tea', messageId: messageIdOf(key, turn, 1) }
  const more: Change = { kind: 'message-extend', ...ofTurn, parts: [{ type: 'text', text: 'white' }] }
  expect(readsOf(space, more, closeTurn('tea', { turnId }))).toEqual([turn])
})
