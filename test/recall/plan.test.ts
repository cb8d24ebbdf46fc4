// What is read from a question: people, dates, words.
import { describe, expect, it } from 'vitest'
import type { Actor } from '../../src/domain/actor.ts'
import { dayNumber } from '../../src/domain/time-spans/calendar.ts'
import { findTimes } from '../../src/domain/time-spans/find-times.ts'
import { askedTimes, dateScore, toldRows } from '../../src/recall/question/dates.ts'
import { planOf } from '../../src/recall/question/plan.ts'
import { ann, bob, corpusOfSaid, type Said } from './records.ts'

const agent: Actor = { kind: 'agent', id: 'researcher' }
const tanaka: Actor = { kind: 'user', id: 'u7', name: '田中' }
const will: Actor = { kind: 'user', id: 'u8', name: 'Will' }
const annHall: Actor = { kind: 'user', id: 'u9', name: 'Ann Hall' }

/** A corpus in which these speak. */
const spoken = (...authors: readonly Actor[]) =>
  corpusOfSaid(authors.map((author): Said => ({ text: 'hello', author })))
const plan = (question: string, authors: readonly Actor[] = [ann, bob]) =>
  planOf(spoken(...authors), question, 'english')
const terms = (question: string, authors?: readonly Actor[]) => plan(question, authors).terms.map(({ text }) => text)

/** Who is the one person named. */
function speaker(question: string, authors: readonly Actor[] = [ann, bob]): readonly Actor[] {
  const corpus = spoken(...authors)
  const marks = planOf(corpus, question, 'english').speaker ?? []
  return corpus.authors.filter((_, place) => marks[place] === 1)
}

describe('people', () => {
  it.each([
    ["What did Ann's sister paint?", 'What did sister paint?', ['ann lee'], [ann]],
    ['When did ann lee paint?', 'When did paint?', ['ann lee'], [ann]],
    ['When did BOB’S sister paint?', 'When did sister paint?', ['bob'], [bob]],
    ['Did Ann meet Bob in the garden?', 'Did meet in the garden?', ['ann lee', 'bob'], []],
    ['Which annual meeting was in Bobcaygeon?', 'Which annual meeting was in Bobcaygeon?', [], []],
    ['Who wrote to bob@example.com or @bob?', 'Who wrote to bob@example.com or @bob?', [], []],
    ['What is in /home/bob/notes.txt?', 'What is in /home/bob/notes.txt?', [], []],
  ])('%s', (question, bare, names, speakers) => {
    expect(plan(question).bare).toBe(bare)
    expect([...plan(question).names].sort()).toEqual(names)
    expect(speaker(question)).toEqual(speakers)
  })

  it('are agents too, in any script, and under several ids', () => {
    expect(speaker('What did the researcher find?', [ann, agent])).toEqual([agent])
    expect(speaker('田中さんは昨日何を食べましたか', [ann, tanaka])).toEqual([tanaka])
    const other: Actor = { kind: 'user', id: 'other', name: 'Bob' }
    expect(speaker('What did Bob say about pottery?', [bob, other])).toEqual([bob, other])
  })

  it('are never the unknown user', () => {
    const unknown: Actor = { kind: 'user', id: 'unknown' }
    expect(plan('Is the cause unknown?', [ann, unknown]).names).toEqual([])
  })

  it('are all who share the first name that was said', () => {
    expect([...plan('What did Ann paint?', [ann, annHall]).names].sort()).toEqual(['ann hall', 'ann lee'])
    expect(speaker('What did Ann paint?', [ann, annHall])).toEqual([])
    expect(speaker('What did Ann Hall paint?', [ann, annHall])).toEqual([annHall])
  })

  it.each<[string, Actor]>([
    ['the user', { kind: 'user', id: 'user' }],
    ['the Assistant', { kind: 'agent', id: 'a1', name: 'Assistant' }],
    ['a tool', { kind: 'tool', id: 'search' }],
    ['a number', { kind: 'user', id: '42' }],
    ['one letter', { kind: 'user', id: 'a' }],
  ])('are not %s', (_, author) => {
    const question = 'What did the user, the assistant or a search say about 42?'
    expect(plan(question, [author]).bare).toBe(question)
  })

  it('are not words of the question that look like them', () => {
    expect(speaker('What will happen to the garden?', [ann, will])).toEqual([])
    expect(speaker('What does Will plant in the garden?', [ann, will])).toEqual([will])
  })

  it('are only those who speak in scope', () => {
    const said: readonly Said[] = [
      { text: 'hello', author: ann },
      { text: 'hello', author: bob },
    ]
    const corpus = corpusOfSaid(said, { author: ann })
    expect(planOf(corpus, 'What did Bob paint?', 'english').names).toEqual([])
  })
})

describe('a hostile question', () => {
  it.each(['a', '1', ' ', '1 ', "'s", 'May ', 'ann ', '漢', '\ud800', '/', '1-', 'in '])(
    'of %j, many times',
    (piece) => {
      const question = `${piece.repeat(20_000)} kiln -x`
      const { bare, terms: found } = plan(question)
      expect(bare.length).toBeLessThanOrEqual(question.length)
      expect(found.map(({ text }) => text)).toContain('kiln')
    },
  )
})

describe('words', () => {
  it('are those of the question without names and stop words', () => {
    expect(terms('What did Ann paint with the children?')).toEqual(['paint', 'children'])
  })

  it('tell exact terms', () => {
    const exact = plan('Did Ann see ERR_42 in config.yaml?').terms.filter(({ isExact }) => isExact)
    expect(exact.map(({ text }) => text)).toEqual(['err_42', 'config.yaml'])
  })

  it('are those of the question as it is, if nothing else is left', () => {
    expect(plan('Who is Ann?').bare).toBe('Who is Ann?')
    expect(terms('Who is Ann?')).toEqual(['ann'])
    expect(plan('What was it?')).toMatchObject({ bare: 'What was it?', terms: [] })
  })

  it('leave out what many records have, where nobody is named', () => {
    const said = Array.from({ length: 200 }, (_, i) => (i % 10 === 0 ? 'Melanie likes pottery' : `walk ${i}`))
    const bare = (question: string, count = 200) => planOf(corpusOfSaid(said.slice(0, count)), question, 'english').bare
    expect(bare("Where is Melanie's kiln?")).toBe('Where is kiln?')
    expect(bare('Where is the kiln of Melanie?')).toBe('Where is the kiln of ?')
    expect(bare('Where is melanie.txt?')).toBe('Where is melanie.txt?')
    expect(bare("Where is Melanie's kiln?", 90)).toBe("Where is Melanie's kiln?")
    expect(bare('Who is Melanie?')).toBe('Who is Melanie?')
  })
})

describe('dates', () => {
  const at = (iso: string) => Date.parse(`${iso}Z`) / 60_000
  const scope = { earliest: at('2020-01-01T00:00'), latest: at('2024-01-01T00:00') }
  const asked = (question: string, all = scope, timeZone = 'UTC') => {
    const frame = { today: dayNumber(2024, 1, 10), reading: 'past' } as const
    return askedTimes(findTimes(question, 'english', frame).times, all, timeZone)
  }

  it.each([
    ['2023-05-03T00:00', 1],
    ['2023-05-10T23:59', 1],
    ['2023-05-11T00:00', 0.5],
    ['2023-05-02T23:59', 0.5],
    ['2023-06-01T00:00', 0],
    ['2022-05-03T00:00', 0],
  ])('a day at %s scores %d', (iso, score) => {
    expect(dateScore(asked('on May 3, 2023').spans, at(iso))).toBe(score)
  })

  it('hold in every year where none is named, and over the end of a month', () => {
    const years = { earliest: at('2021-05-01T00:00'), latest: at('2023-02-01T00:00') }
    const scores = ['2021-12-30T10:00', '2022-12-05T10:00', '2023-01-04T10:00', '2022-11-30T10:00']
    expect(scores.map((iso) => dateScore(asked('on December 30', years).spans, at(iso)))).toEqual([1, 0.5, 1, 0])
    expect(dateScore(asked('in December', years).spans, at('2022-12-31T23:00'))).toBe(1)
  })

  it.each([
    ['last week', '2024-01-01T00:00', 1],
    ['last week', '2024-01-07T23:59', 1],
    ['last week', '2023-12-31T23:59', 0],
    ['last week', '2024-01-08T00:00', 0.5],
    ['the week before 3 May 2023', '2023-04-28T00:00', 1],
    ['the week before 3 May 2023', '2023-05-03T10:00', 1],
    ['the week before 3 May 2023', '2023-04-20T00:00', 0],
    ['since March 2023', '2023-12-01T00:00', 1],
    ['before 3 May 2023', '2021-01-01T00:00', 1],
    ['before 3 May 2023', '2023-05-03T00:00', 0],
  ])('"%s" gives %s the score %d', (question, iso, score) => {
    expect(dateScore(asked(question).spans, at(iso))).toBe(score)
  })

  it('begin in the zone of the question', () => {
    const { spans } = asked('yesterday', scope, 'America/New_York')
    expect(dateScore(spans, at('2024-01-09T04:59'))).toBe(0)
    expect(dateScore(spans, at('2024-01-09T05:00'))).toBe(1)
    expect(dateScore(spans, at('2024-01-10T04:59'))).toBe(1)
  })

  it('are narrow unless they say hardly when', () => {
    expect(['last week', 'in March', 'in 2023', 'since 2022'].map((question) => asked(question).isNarrow)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it('find the rows whose texts speak of these days', () => {
    const said = (text: string, day: number) => ({ text, minute: dayNumber(2023, 5, day) * 1_440 })
    const corpus = corpusOfSaid([
      said('We fly next Friday.', 3),
      said('It was a nice day.', 5),
      said('The launch is in May.', 4),
      said('The launch was yesterday.', 6),
    ])
    const told = toldRows(corpus, [{ from: dayNumber(2023, 5, 5), to: dayNumber(2023, 5, 6) }])
    expect([...told.keys()]).toEqual([0, 2, 3])
    expect(told.get(0)).toBe(1)
    expect(told.get(2)).toBeCloseTo(0.25 + 0.75 / 31, 6)
  })
})

describe('names that are written otherwise', () => {
  const people = ['Caroline', 'Katherine', 'José', 'Melanie'].map((name): Actor => ({ kind: 'user', id: name, name }))
  const named = (question: string) => speaker(question, people).map(({ name }) => name)

  it.each([
    ['What did Carolin paint?', ['Caroline']],
    ['Did Karoline paint?', ['Caroline']],
    ['What did Catherine paint?', ['Katherine']],
    ['What did Jose paint?', ['José']],
    ['What did Melany’s sister paint?', ['Melanie']],
    ['What is in North Carolina?', []],
    ['What did carolin paint?', []],
    ['What did Marianne paint?', []],
    ['What did Carol paint?', []],
  ])('%s', (question, names) => expect(named(question)).toEqual(names))

  it('leave the question like names, and stand for one person only', () => {
    const corpus = spoken(...people)
    expect(planOf(corpus, 'What did Carolin paint?', 'english').bare).toBe('What did paint?')
    const two = [...people, { kind: 'user' as const, id: 'c', name: 'Carolina' }]
    expect(speaker('What did Carolyn paint?', two)).toEqual([])
  })

  it('are words where people say them', () => {
    const said = people.map((author): Said => ({ text: 'the Carolin Tower is high', author }))
    expect(planOf(corpusOfSaid(said), 'How high is the Carolin?', 'english').names).toEqual([])
  })
})
