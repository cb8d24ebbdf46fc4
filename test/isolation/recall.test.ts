// Isolation: whatever other spaces hold, everything that the own spaces answer is the same to the last digit.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { spaceOf } from '../../src/facade/space.ts'
import { teamOf } from '../../src/facade/team.ts'
import { listMessages } from '../../src/memory/conversation/list-messages.ts'
import { getThread, listThreads } from '../../src/memory/conversation/threads.ts'
import type { Core } from '../../src/memory/door/core.ts'
import { explain } from '../../src/memory/indexing.ts'
import { type RecallRequest, recallMessages, type SpaceRecallRequest } from '../../src/memory/recall/recall-options.ts'
import { runRandom } from '../random-runs.ts'
import { openWorld, others, otherWrites, own, ownWrites, text } from './worlds.ts'

const filter = fc.constantFrom<Record<string, unknown>>(
  { topic: 'billing' },
  { topic: { $ne: 'travel' }, place: { $gte: 1, $lt: 4 } },
  { $or: [{ place: { $in: [0, 3] } }, { note: { $contains: 'refund' } }] },
  { topic: { $exists: false } },
)

const limits = fc.record(
  {
    topK: fc.constantFrom(1, 3, 20, 1_000),
    tokenBudget: fc.constantFrom(5, 20, 1_000),
    messageRange: fc.constantFrom(0, 1, 3),
    threshold: fc.constantFrom(0, 0.1, 0.3),
    mode: fc.constantFrom('hybrid', 'keyword', 'vector'),
    kinds: fc.subarray(['message', 'fact', 'entry'], { minLength: 1 }),
    filter,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<SpaceRecallRequest>

type Question = (core: Core) => Promise<unknown>

/** The answer with its trace, without its random id. */
async function whole(core: Core, answer: Promise<{ readonly recallId: string }>): Promise<unknown> {
  const { recallId, ...rest } = await answer
  return [rest, await explain(core, { recallId })]
}

const [alice, acme] = own
const ofThread = { resourceId: 'alice', threadId: 'one' }

const recallOfThreads = fc.tuple(text, limits, fc.constantFrom('thread', 'resource')).map(
  ([query, options, scope]): Question =>
    (core) =>
      whole(core, recallMessages(core, { ...ofThread, ...options, query, scope } as RecallRequest)),
)
const recallOfSpaces = fc.tuple(text, limits, fc.subarray([...own], { minLength: 1 })).map(
  ([query, options, spaces]): Question =>
    (core) =>
      whole(core, spaceOf(core, acme).recall(query, { ...options, spaces })),
)
/** Questions that go astray: their refusals must be the same too. */
const recallElsewhere = fc.tuple(text, fc.constantFrom(...others), fc.boolean()).map(
  ([query, space, isAmongOwn]): Question =>
    (core) =>
      spaceOf(core, alice).recall(query, { spaces: isAmongOwn ? [alice, space] : [space] }),
)
const listing = fc.constantFrom<Question>(
  (core) => listMessages(core, { ...ofThread, perPage: false }),
  (core) => listMessages(core, { ...ofThread, last: 2 }),
  (core) => listThreads(core, { resourceId: 'alice', archived: 'any' }),
  (core) => getThread(core, { threadId: 'one' }),
  (core) => getThread(core, { threadId: 'one', resourceId: 'bob' }),
  (core) => teamOf(core, 'acme').list(),
  (core) => teamOf(core, 'acme').get('key-1'),
  (core) => spaceOf(core, acme).state(),
  (core) => spaceOf(core, alice).log.read({ after: 0, limit: 100 }),
  (core) => explain(core, { recallId: 'rcl_none_unknown' }),
)
const questions = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: recallOfThreads },
    { weight: 4, arbitrary: recallOfSpaces },
    { weight: 1, arbitrary: recallElsewhere },
    { weight: 2, arbitrary: listing },
  ),
  { minLength: 6, maxLength: 10 },
)

async function answerTo(question: Question, core: Core): Promise<unknown> {
  try {
    return await question(core)
  } catch (error) {
    return JSON.parse(JSON.stringify(error))
  }
}

it('no answer of a space depends on what other spaces hold', async () => {
  const seen = { items: 0, byMeaning: 0, refused: 0 }
  const settlesAfter = fc.nat({ max: 14 })
  await runRandom(
    fc.asyncProperty(
      ownWrites,
      otherWrites,
      otherWrites,
      settlesAfter,
      questions,
      async (writes, one, two, at, asked) => {
        const worlds = await Promise.all([[], one, two].map((elsewhere) => openWorld(writes, elsewhere, at)))
        const texts = []
        for (const { core, written, textOf, close } of worlds) {
          const answers = []
          for (const question of asked) answers.push(await answerTo(question, core))
          texts.push(textOf([written, answers]))
          await close()
        }
        const [alone = '', ...beside] = texts
        seen.items += alone.split('"isNeighbour"').length + alone.split('"rank": 1,').length - 2
        seen.byMeaning += alone.split('"vector": 0.').length - 1
        seen.refused += alone.split('"code": "denied"').length - 1
        for (const text of beside) expect(text).toBe(alone)
      },
    ),
    120,
  )
  // The questions do find something, by meaning too, and some do go astray.
  expect(Math.min(seen.items, seen.byMeaning, seen.refused)).toBeGreaterThan(10)
})
