// The checker is seen to find what is planted: the answers of a sound storage, doctored one at a time.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Access } from '../../src/domain/actor.ts'
import type { Change } from '../../src/domain/commit/commit.ts'
import type { Effect, EffectOf, LoggedCommit } from '../../src/domain/commit/effect.ts'
import type { CommitId, SpaceId, TurnId } from '../../src/domain/id.ts'
import { defaultLimits } from '../../src/domain/limits.ts'
import type { FactState } from '../../src/domain/records/fact.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { ReferenceStorage } from '../../src/storage/reference/reference-storage.ts'
import { type CommitObservation, checkHistory } from '../../src/testing/history-checker.ts'

const access: Access = { actor: { kind: 'agent', id: 'bot' }, grants: 'all' }
const space = 'team/acme' as SpaceId
const clock = { now: () => Date.parse('2026-03-01T00:00:00.000Z') }
let sound: Storage
let observations: CommitObservation[]

const message = (text: string) => ({ role: 'user' as const, parts: [{ type: 'text', text }] })
const work: readonly (readonly Change[])[] = [
  [{ kind: 'entry-increment', key: 'count', by: 2 }],
  [{ kind: 'entry-append', key: 'list', item: 'first' }],
  [{ kind: 'entry-increment', key: 'count', by: 3 }],
  [{ kind: 'entry-append', key: 'list', item: 'second' }],
  [{ kind: 'thread-put', threadId: 't', title: 'Title' }],
  [{ kind: 'message-append', threadId: 't', messages: [message('one'), message('two')] }],
  [{ kind: 'turn-open', threadId: 't' }],
  [{ kind: 'block-merge', name: 'main', patch: { a: 1 } }],
  [{ kind: 'block-merge', name: 'main', threadId: 't', patch: { b: 1 } }],
  [{ kind: 'configure', settings: { entriesPerSpace: 10 } }],
  [{ kind: 'fact-assert', unique: 'a', text: 'Alpha' }],
  [{ kind: 'fact-assert', unique: 'b', text: 'Beta' }],
]
/** Facts whose ids carry the key of the space, which is made anew for each test. */
const factWork = (key: string): readonly (readonly Change[])[] => [
  [
    {
      kind: 'fact-assert',
      unique: 'c',
      text: 'Gamma',
      supersedes: [`fact_${key}_a`],
      conflictsWith: [`fact_${key}_b`],
    },
  ],
  [{ kind: 'fact-assert', factId: `fact_${key}_c`, metadata: { a: 1 } }],
]

beforeEach(async () => {
  sound = new ReferenceStorage({ clock })
  observations = []
  const commits = [...work]
  for (let index = 0; index < commits.length; index++) {
    const changes = commits[index] as readonly Change[]
    const commitId = `c${index + 1}`
    await sound.commit(access, { id: commitId as CommitId, space, changes }, defaultLimits)
    if (index === work.length - 1) commits.push(...factWork((await sound.spaces.get(access, space))?.key ?? ''))
    const [change] = changes
    observations.push({
      commitId,
      startedMs: index * 10,
      endedMs: index * 10 + 5,
      seq: index + 1,
      ...(change?.kind === 'entry-increment' ? { increments: { [change.key]: change.by } } : {}),
      ...(change?.kind === 'entry-append' ? { appends: { [change.key]: change.item } } : {}),
    })
  }
})

const check = (storage: Storage, seen: readonly CommitObservation[] = observations) =>
  checkHistory(storage, access, space, { clock, observations: seen })

/** The sound storage with another log. */
function withLog(doctor: (commits: readonly LoggedCommit[]) => readonly LoggedCommit[]): Storage {
  const read: Storage['log']['read'] = async (...query) => {
    const page = await sound.log.read(...query)
    return { ...page, items: doctor(page.items) }
  }
  return { ...sound, log: { ...sound.log, read }, spaces: sound.spaces } as Storage
}

/** A log in which one field of the commit at that seq, and of its rows, is another. */
function withField(seq: number, fields: Partial<LoggedCommit>) {
  return withLog((commits) =>
    commits.map((commit) => {
      if (commit.seq !== seq) return commit
      const rows = commit.rows.map((row) => ({ ...row, ...fields }))
      return { ...commit, ...fields, rows } as LoggedCommit
    }),
  )
}

function withEffect(seq: number, doctor: (effect: Effect) => Effect) {
  return withLog((commits) =>
    commits.map((commit) => {
      if (commit.seq !== seq) return commit
      return { ...commit, rows: commit.rows.map((row) => ({ ...row, effects: row.effects.map(doctor) })) }
    }),
  )
}

it('finds nothing wrong with a sound history', async () => {
  expect(await check(sound)).toEqual([])
  expect(await checkHistory(sound, access, 'team/nobody' as SpaceId)).toEqual([])
})

describe('finds in the log', () => {
  it.each<[string, () => Storage, RegExp]>([
    [
      'a missing commit',
      () => withLog((commits) => commits.filter((commit) => commit.seq !== 8)),
      /seq 9 follows seq 7/,
    ],
    ['a missing end', () => withLog((commits) => commits.slice(0, -1)), /ends at seq 13/],
    ['a doubled seq', () => withField(8, { seq: 7 }), /seq 7 follows seq 7/],
    ['a time that goes back', () => withField(8, { at: '2026-02-01T00:00:00.000Z' }), /is before/],
    ['a doubled commit id', () => withField(8, { commitId: 'c2' as CommitId }), /commit id c2 was seq 2/],
    [
      'a commit without rows',
      () => withLog((all) => all.map((one) => (one.seq === 8 ? { ...one, rows: [] } : one))),
      /no rows/,
    ],
    ['a row of another seq', () => withEffectRow(8), /another seq or time/],
    [
      'a turn that nothing replaced',
      () =>
        withLog((all) =>
          all.map((one) => {
            const replaced: Effect = { kind: 'turn-replaced', by: 'turn_nobodyskey00_7.0' as TurnId }
            const [row] = one.rows
            if (one.seq !== 6 || row === undefined) return one
            return { ...one, rows: [{ ...row, effects: [...row.effects, replaced] }] }
          }),
        ),
      /what replaced turn/,
    ],
    ['a wrong predecessor of an entry', () => withEffect(3, (one) => ({ ...one, prev: 2 }) as Effect), /says 2/],
    [
      'a wrong predecessor of a thread',
      () => withEffect(5, (one) => ({ ...one, prev: 2 }) as Effect),
      /thread t replaced/,
    ],
    [
      'a wrong predecessor of a block',
      () => withEffect(9, (one) => ({ ...one, prev: 8 }) as Effect),
      /block of t main/,
    ],
    [
      'a wrong predecessor of settings',
      () => withEffect(10, (one) => ({ ...one, prev: 1 }) as Effect),
      /settings replaced/,
    ],
    [
      'a wrong predecessor of a fact',
      () => withEffect(14, (one) => ({ ...one, prev: 9 }) as Effect),
      /_c replaced.*says 9/,
    ],
    [
      'a wrong predecessor of a superseded fact',
      () => withLinks(13, (one) => ({ superseded: one.superseded?.map((link) => ({ ...link, version: 7 })) })),
      /_a replaced.*says 7/,
    ],
    [
      'another statement',
      () => withEffect(12, (one) => ({ ...one, stated: { text: 'No' } }) as Effect),
      /fact .*_b: replay/,
    ],
    [
      'a supersession that is lost',
      () => withLinks(13, () => ({ superseded: [] })),
      /fact .*_a: replay gives .*"current".* the reader .*"superseded"/,
    ],
    ['a contradiction that is lost', () => withLinks(13, () => ({ conflicts: [] })), /fact .*_b: replay gives/],
    ['another item', () => withEffect(4, (one) => ({ ...one, item: 'no' }) as Effect), /entry list: replay gives/],
    ['another title', () => withEffect(5, (one) => ({ ...one, title: 'No' }) as Effect), /thread t: replay gives/],
    [
      'a lost message',
      () => withEffect(6, (one) => ({ ...one, messages: [message('one')] }) as Effect),
      /messages of thread t/,
    ],
    ['another block', () => withEffect(8, (one) => ({ ...one, patch: {} }) as Effect), /block main: replay gives/],
    ['other settings', () => withEffect(10, (one) => ({ ...one, settings: {} }) as Effect), /space settings/],
  ])('%s', async (_, doctored, problem) => {
    expect(await check(doctored())).toContainEqual(expect.stringMatching(problem))
  })
})

function withLinks(seq: number, doctor: (effect: EffectOf<'fact-assert'>) => object): Storage {
  return withEffect(seq, (one) => (one.kind === 'fact-assert' ? ({ ...one, ...doctor(one) } as Effect) : one))
}

function withEffectRow(seq: number): Storage {
  return withLog((commits) =>
    commits.map((commit) =>
      commit.seq === seq ? { ...commit, rows: commit.rows.map((row) => ({ ...row, seq: seq - 1 })) } : commit,
    ),
  )
}

describe('finds in the readers', () => {
  const doctored = (part: Partial<Storage>): Storage => ({ ...sound, commit: sound.commit, ...part }) as Storage

  it('an entry that only the list has lost', async () => {
    const list: Storage['entries']['list'] = async (...query) => {
      const page = await sound.entries.list(...query)
      return { ...page, items: page.items.slice(1) }
    }
    expect(await check(doctored({ entries: { ...sound.entries, list } }))).toContainEqual(
      expect.stringMatching(/entry count/),
    )
  })

  it('facts that the list has lost or doctored, a mark on one side, a history that ends elsewhere', async () => {
    const edited = (edit: (fact: FactState) => FactState[]): Storage => {
      const list: Storage['facts']['list'] = async (...query) => {
        const page = await sound.facts.list(...query)
        return { ...page, items: page.items.flatMap(edit) }
      }
      return doctored({ facts: { ...sound.facts, list } })
    }
    const finds = async (storage: Storage, problem: RegExp) =>
      expect(await check(storage)).toContainEqual(expect.stringMatching(problem))
    await finds(
      edited((fact) => (fact.text === 'Alpha' ? [] : [fact])),
      /fact .*_a: replay gives .* the reader null/,
    )
    await finds(
      edited((fact) => [{ ...fact, text: 'No' }]),
      /fact .*_c in the list/,
    )
    const unmarked = (fact: FactState) => (fact.text === 'Beta' ? { ...fact, conflictsWith: [] } : fact)
    await finds(
      edited((fact) => [unmarked(fact)]),
      /fact .*_c is marked with .*_b, which is not marked with it/,
    )
    const history: Storage['facts']['history'] = async (...query) => (await sound.facts.history(...query)).slice(1)
    await finds(doctored({ facts: { ...sound.facts, history } }), /the last version of fact .*_c/)
  })

  it('a message twice, and a count that is off', async () => {
    const list: Storage['messages']['list'] = async (...query) => {
      const page = await sound.messages.list(...query)
      return { ...page, items: [...page.items, ...page.items] }
    }
    const problems = await check(doctored({ messages: { ...sound.messages, list } }))
    expect(problems).toContainEqual(expect.stringMatching(/stands in it twice/))
    expect(problems).toContainEqual(expect.stringMatching(/message count/))
  })

  it('an open turn that is forgotten', async () => {
    const openTurns = async () => []
    const problems = await check(doctored({ messages: { ...sound.messages, openTurns } }))
    expect(problems).toContainEqual(expect.stringMatching(/^lease turn\//))
  })

  it('a total that is off', async () => {
    const list: Storage['threads']['list'] = async (...query) => ({ ...(await sound.threads.list(...query)), total: 7 })
    const problems = await check(doctored({ threads: { ...sound.threads, list } }))
    expect(problems).toContainEqual(expect.stringMatching(/total of threads/))
  })
})

describe('finds in what clients saw', () => {
  const seen = (index: number, fields: Partial<CommitObservation>) =>
    observations.map((observation, at) => (at === index ? { ...observation, ...fields } : observation))

  it('a commit that was acknowledged and is not there', async () => {
    expect(await check(sound, seen(4, { commitId: 'lost' }))).toContainEqual(
      expect.stringMatching(/lost was .* is lost/),
    )
  })

  it('a commit that lies elsewhere', async () => {
    expect(await check(sound, seen(4, { seq: 6 }))).toContainEqual(expect.stringMatching(/lies at 5/))
  })

  it('an order that real time contradicts, and not one that overlaps', async () => {
    const late = seen(1, { startedMs: 50, endedMs: 51 })
    expect(await check(sound, late)).toContainEqual(expect.stringMatching(/was started after seq \d was acknowledged/))
    expect(await check(sound, seen(1, { startedMs: 24, endedMs: 51 }))).toEqual([])
  })

  it('an increment and an item that are not in the value', async () => {
    expect(await check(sound, seen(0, { increments: { count: 9 } }))).toEqual([
      'entry count is 5; its increments add up to 12',
    ])
    expect(await check(sound, seen(1, { appends: { list: 'third' } }))).toContainEqual(
      expect.stringMatching(/entry list holds 2 items; 1 of 2 appended/),
    )
  })

  it('all of it, where the space is gone', async () => {
    expect(await checkHistory(sound, access, 'team/gone' as SpaceId, { observations })).toHaveLength(
      observations.length,
    )
  })

  it('counts a commit of unknown outcome only if it landed', async () => {
    const unknown = { commitId: 'never', startedMs: 0, endedMs: 1, seq: null, increments: { count: 100 } }
    expect(await check(sound, [...seen(2, { seq: null }), unknown])).toEqual([])
  })
})
