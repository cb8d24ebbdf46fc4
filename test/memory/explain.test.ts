// An answer explained in words.
import { expect, it } from 'vitest'
import { Memory } from '../../src/index.ts'
import { partScoresOf, parts } from '../../src/recall/parts.ts'
import { answerText, itemText, saidText } from '../../src/recall/text/explain-text.ts'

const scores = (given: Partial<Record<(typeof parts)[number], number>>) =>
  partScoresOf(
    Float64Array.from(parts, (part) => given[part] ?? 0),
    1,
  )
const item = {
  kind: 'message',
  said: saidText('message', 'Ann', '2025-05-12T10:00:00.000Z'),
  similarity: 0.614,
  matched: ['dog', 'sea'],
  scores: scores({ keyword: 0.3, author: 0.1, date: 0.001, question: -0.1, context: -0.1 }),
  score: 0.5,
  dropped: null,
}

it('says of an item what lifts it and what lowers it', () => {
  expect(itemText(item, 4)).toBe(
    'message of Ann, 12 May 2025; 2 of 4 words (dog, sea); meaning 0.61; by the person who is named; ' +
      'the words are around it rather than in it; asks something itself',
  )
})

it('says of a fact whom it is about, and of no conversation that it stands in', () => {
  const told = { ...item, kind: 'fact', scores: scores({ keyword: 0.3, session: 0.3, author: 0.2, context: -0.1 }) }
  expect(itemText(told, 2)).toBe(
    'message of Ann, 12 May 2025; 2 of 2 words (dog, sea); meaning 0.61; about the person who is named, or by them',
  )
})

it('says why an item is left out, moved or held back', () => {
  const plain = { ...item, similarity: null, matched: [], scores: scores({}) }
  expect(itemText({ ...plain, dropped: 'over-budget' }, 2)).toBe(
    'message of Ann, 12 May 2025; 0 of 2 words; left out: it did not fit into the tokens that were left',
  )
  expect(itemText({ ...plain, isPulledIn: true, limitedBy: 'fct_1' }, 0)).toBe(
    'message of Ann, 12 May 2025; moved up for its exact term; kept below fct_1, which replaced what it says',
  )
})

it('says of an answer what was compared and what it is about', () => {
  const gate = { chance: 0.04, isClosed: true }
  const answer = { legs: ['keyword', 'vector'], inScope: 9, unmatched: 2, gate, times: [], names: ['ann'], items: [] }
  expect(answerText(answer)).toBe(
    '0 of 9 records in the answer; found by words, meaning; about ann; ' +
      'nothing answered: the question is about nothing that was said (chance 0.04); 2 left out that have nothing of the question',
  )
})

it('explains what a memory answered', async () => {
  const clock = { now: () => Date.parse('2025-05-14T12:00:00Z') }
  await using memory = new Memory({ storage: ':memory:', embedder: false, clock })
  const said = ['The dog ran into the sea', 'The dog sleeps'].map((content, i) => ({
    ...{ role: 'user' as const, content, createdAt: `2025-05-0${6 + i}T10:00:00Z` },
  }))
  await memory.as({ kind: 'user', id: 'u1', name: 'Ann' }).saveMessages({
    ...{ resourceId: 'ann', threadId: 't', messages: said },
  })
  const query = 'Did the dog like the sea last week?'
  const { recallId, trace } = await memory.recall({ resourceId: 'ann', query, topK: 1 })
  expect(trace.times).toEqual(['2025-05-05/2025-05-12'])
  const { summary, items } = await memory.explain(recallId)
  expect(summary).toBe('1 of 2 records in the answer; found by words; time 2025-05-05/2025-05-12')
  expect(items.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^message of Ann, 6 May 2025; 2 of 5 words \(dog, sea\); .*of the time that is named/),
    expect.stringMatching(/^message of Ann, 7 May 2025; 1 of 5 words \(dog\); .*left out: others rank above it$/),
  ])
})
