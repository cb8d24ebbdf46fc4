// The checker is seen to find notes that are lost, doubled or out of order: the log of sound work, doctored one place at a time.
import { beforeEach, describe, expect, it } from 'vitest'
import type { Effect, LoggedCommit } from '../../src/domain/commit/effect.ts'
import { type HeadFields, headNoun, headOf } from '../../src/domain/records/observation.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { checkObservations } from '../../src/testing/history-observations.ts'
import { openMemory } from '../memory/opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }
let commits: readonly LoggedCommit[]

/** Four chunks, a reflection, a message that goes with its chunk and the reflection, and two new chunks. */
beforeEach(async () => {
  const observation = { maxTokensPerBatch: 40 }
  const memory = openMemory({ options: { observationalMemory: { model: false, observation } } })
  const texts = Array.from({ length: 8 }, (_, at) => `Friend${at} visited Town${at} with ${at + 2} dogs.`)
  const { messages } = await memory.saveMessages({ ...where, messages: texts })
  await memory.observe(where)
  await memory.reflect(where)
  await memory.saveMessages({ ...where, messages: ['Friend8 visited Town8 with 3 dogs.'] })
  await memory.observe(where)
  await memory.reflect(where)
  await memory.deleteMessages([messages[4]?.id ?? ''], { resourceId: 'ann' })
  await memory.observe(where)
  const storage = await coreOf(memory).storage.get()
  const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
  const { items } = await storage.log.read(access, memory.space('resource/ann').id, { after: 0, limit: 1_000 })
  commits = items
})

const headsOf = ({ rows }: LoggedCommit): readonly HeadFields[] =>
  rows.flatMap(({ effects }) =>
    effects.flatMap((effect) =>
      effect.kind === 'record-put' && effect.noun === headNoun ? [headOf(effect.value)] : [],
    ),
  )

/** The first commit whose head is like that. */
function commitWith(isIt: (head: HeadFields, before: HeadFields) => boolean): LoggedCommit {
  let before: HeadFields | undefined
  for (const commit of commits) {
    const [head] = headsOf(commit)
    if (head === undefined) continue
    if (before !== undefined && isIt(head, before)) return commit
    before = head
  }
  throw new Error('No commit is like that.')
}

const isChunk = (head: HeadFields, before: HeadFields) => head.chunk > before.chunk
const isLoss = (head: HeadFields, before: HeadFields) => head.again.length > before.again.length
const isReflection = (head: HeadFields, before: HeadFields) => head.reflections.length > before.reflections.length

function withEffects(of: LoggedCommit, doctor: (effect: Effect) => readonly Effect[]): readonly LoggedCommit[] {
  return commits.map((commit) => {
    if (commit !== of) return commit
    return { ...commit, rows: commit.rows.map((row) => ({ ...row, effects: row.effects.flatMap(doctor) })) }
  })
}

/** The log with other fields in the head of one commit. */
function withHead(of: LoggedCommit, fields: (head: HeadFields) => Partial<HeadFields>): readonly LoggedCommit[] {
  return withEffects(of, (effect) => {
    if (effect.kind !== 'record-put' || effect.noun !== headNoun) return [effect]
    return [{ ...effect, value: { ...effect.value, ...fields(headOf(effect.value)) } as typeof effect.value }]
  })
}

it('finds nothing wrong with a sound history', () => {
  expect(commits.length).toBeGreaterThan(15)
  expect(checkObservations(commits)).toEqual([])
  expect(checkObservations(commits.slice(6))).toEqual([])
})

describe('finds', () => {
  it.each<[string, () => readonly LoggedCommit[], RegExp]>([
    [
      'a note that is stored twice',
      () => withEffects(commits.findLast((one) => headsOf(one).length > 0) ?? commitWith(isChunk), (one) => [one, one]),
      /stores the note .* for the second time/,
    ],
    ['a cursor that goes back', () => withHead(commitWith(isReflection), () => ({ cursor: null })), /the cursor/],
    [
      'a chunk that nobody put',
      () => withHead(commitWith(isChunk), ({ chunk }) => ({ chunk: chunk + 1 })),
      /about chunks/,
    ],
    [
      'a lost chunk whose messages nobody observes again',
      () => withHead(commitWith(isLoss), () => ({ again: [] })),
      /loses the messages of chunk \d/,
    ],
    [
      'messages that count as observed without notes',
      () =>
        withHead(commitWith(isReflection), ({ cursor }) => ({
          cursor: cursor && { ...cursor, turn: cursor.turn + 9 },
        })),
      /says that messages were observed of which no notes were made/,
    ],
    [
      'notes of messages that are observed again',
      () =>
        withHead(commits.findLast((one) => headsOf(one).length > 0) ?? commitWith(isChunk), ({ cursor }) => {
          return { again: cursor === null ? [] : [{ after: null, to: cursor }] }
        }),
      /has notes of the messages of chunk \d twice/,
    ],
    [
      'a generation that condenses what is lost',
      () => withHead(commitWith(isLoss), () => ({ reflections: [{ generation: 1, chunk: 4 }] })),
      /keeps the lost generation 1/,
    ],
    [
      'generations out of order',
      () =>
        withHead(commitWith(isLoss), () => ({
          reflections: [
            { generation: 2, chunk: 1 },
            { generation: 1, chunk: 1 },
          ],
        })),
      /the order of generations/,
    ],
    [
      'a generation of chunks that are not active',
      () =>
        withHead(commitWith(isReflection), ({ active }) => ({ reflections: [{ generation: 1, chunk: active + 1 }] })),
      /the order of generations/,
    ],
  ])('%s', (_, doctored, problem) => {
    expect(checkObservations(doctored())).toContainEqual(expect.stringMatching(problem))
  })
})
