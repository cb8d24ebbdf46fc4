// What each kind of commit changes in the index, told from its draft and rows alone.
import { beforeEach, expect, it } from 'vitest'
import { applyCommit } from '../../../src/domain/apply/apply.ts'
import type { Change } from '../../../src/domain/commit/commit.ts'
import { invariant } from '../../../src/domain/error.ts'
import { packTurn, type SpaceKey, type ThreadId } from '../../../src/domain/id.ts'
import { factRecords, freshRecords, indexChanges, removalsOf } from '../../../src/domain/index/commit-changes.ts'
import { entryRemoval, factRemoval, messageRemoval, turnRemoval } from '../../../src/domain/index/removal.ts'
import { defaultLimits } from '../../../src/domain/limits.ts'
import { spaceId } from '../../../src/domain/space.ts'
import { ReferenceSpace } from '../../../src/storage/reference/reference-space.ts'
import {
  assertFact,
  deleteMessages,
  deleteThread,
  edit,
  message,
  openTurn,
  remove,
  replaceTurns,
  retire,
  say,
  step,
  write,
} from '../../../src/testing/contract/changes.ts'

const id = spaceId('team', 'a')
const settings = { entriesPerSpace: 10, entryTtlMs: null, logDays: 0, language: 'english' } as const
const nothing = { adds: false, removals: [], messages: [], turns: [], deleted: null, forgetsTail: false, fresh: [] }

let space: ReferenceSpace

beforeEach(() => {
  const counts = { threads: 0, archivedThreads: 0, entries: 0 }
  const at = '2026-01-01T00:00:00.000Z'
  const seqs = { seq: 0, floor: 0, horizon: 0, settingsVersion: 0 }
  space = new ReferenceSpace({ id, key: 'Kkkkkkkkkkkk' as SpaceKey, createdAt: at, at, ...seqs, ...counts, settings })
})

function commit(...changes: Change[]) {
  const submission = {
    commit: { id: null, space: id, changes },
    actor: { kind: 'user', id: 'ann' },
  } as const
  const newSpace = { key: space.space.key, floor: 0, settings }
  const nowMs = Date.UTC(2026, 0, 2) + space.space.seq
  const outcome = applyCommit(space, {
    ...submission,
    hash: null,
    nowMs,
    limits: defaultLimits,
    newSpace: () => newSpace,
  })
  invariant(outcome.kind === 'apply', 'the commit is applied')
  space.append(structuredClone(outcome.rows))
  return {
    draft: outcome.draft,
    rows: outcome.rows,
    changes: (folded = 0) => indexChanges(outcome.draft, outcome.rows, folded),
  }
}

const turnOf = (turnSeq: number) => packTurn({ turnSeq, turnIndex: 0 })

it('saved messages come, and nothing goes', () => {
  const changes = commit(say('tea', 'green leaves', 'black leaves')).changes()
  expect(changes).toEqual({ ...nothing, adds: true, fresh: [expect.anything(), expect.anything()] })
  expect(freshRecords(changes, 'english').map(({ ref, seq, thread }) => [ref, seq, thread])).toEqual([
    ['1.0.0', 1, 1],
    ['1.0.1', 1, 1],
  ])
})

it('a step of an open turn is read with the rest of its turn', () => {
  commit(openTurn('tea'), step('tea', { opened: 0 }, 'green'))
  const turnId = space.turns('tea' as ThreadId, 1)[0]?.id as string
  const changes = commit(step('tea', { turnId }, 'black')).changes()
  expect(changes).toEqual({ ...nothing, adds: true, turns: [{ threadId: 'tea', turn: turnOf(1) }] })
})

it('an edited message goes from where its content was written last', () => {
  commit(say('tea', message('green', { id: 'm1' }), message('white', { id: 'm2' })))
  const parts = [{ type: 'text', text: 'red' }]
  commit(edit('tea', 'm2', { parts }))
  const changes = commit(edit('tea', 'm2', { parts }), deleteMessages('tea', 'm1')).changes()
  const turn = { threadId: 'tea', turn: turnOf(1) }
  expect(changes.turns).toEqual([turn])
  expect(changes.messages.map(({ indexes }) => indexes)).toEqual([[1], [0]])
  const rows = space.turnRows('tea' as ThreadId, turnOf(1))
  expect(changes.messages.flatMap((changed) => removalsOf(changed, rows))).toEqual([
    messageRemoval(turnOf(1), 1, 2),
    messageRemoval(turnOf(1), 0, 1),
  ])
})

it('a replaced turn goes whole', () => {
  commit(say('tea', 'green'))
  const turnId = space.turns('tea' as ThreadId, 1)[0]?.id as string
  const { removals } = commit(...replaceTurns('tea', [turnId])).changes()
  expect(removals).toEqual([turnRemoval(turnOf(1))])
})

it('a deleted thread takes all of its messages with it', () => {
  commit(say('tea', 'green'))
  const { deleted, forgetsTail, adds } = commit(deleteThread('tea')).changes()
  expect({ deleted: deleted?.id, forgetsTail, adds }).toEqual({ deleted: 'tea', forgetsTail: true, adds: false })
})

it('of an entry the version that was replaced goes', () => {
  expect(commit(write('k', 1)).changes()).toEqual(nothing)
  expect(commit(write('k', 2)).changes()).toEqual({ ...nothing, removals: [entryRemoval('k', 1)] })
  expect(commit(remove('k')).changes()).toEqual({ ...nothing, removals: [entryRemoval('k', 2)] })
})

it('of a fact the earlier version goes: out of its segment, or out of the tail', () => {
  const first = commit(assertFact('Tea is green'))
  expect(first.changes()).toEqual({ ...nothing, adds: true })
  const [record] = factRecords(first.draft, 'english')
  expect(record).toMatchObject({ kind: 'fact', seq: 1 })
  const factId = [...first.draft.facts.values()][0]?.after.id as string
  const gone = commit(retire(factId))
  const removals = [factRemoval(record?.ref as string, 1)]
  expect(gone.changes(1)).toEqual({ ...nothing, removals })
  expect(gone.changes(0)).toEqual({ ...nothing, removals, forgetsTail: true })
  expect(factRecords(gone.draft, 'english')).toEqual([])
})
