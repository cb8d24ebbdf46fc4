// Condensing without a model: what makes a note, how it is shortened and dated, and which notes are chosen.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseNotes } from '../../src/derive/condense/choose-notes.ts'
import { condense } from '../../src/derive/condense/condense.ts'
import { sentencesIn } from '../../src/derive/condense/sentences.ts'
import { timeMeant } from '../../src/derive/condense/time-meant.ts'
import { notesText } from '../../src/recall/text/notes-text.ts'
import { runRandom } from '../random-runs.ts'

const at = '2026-03-15T12:00:00.000Z'
const said = (...texts: string[]) =>
  condense(texts.map((text, place) => ({ text, speaker: place % 2 ? 'bob' : 'ann', at })))
const texts = (...all: string[]) => said(...all).map(({ text }) => text)

const wordsOf = (text: string) => sentencesIn(text).flatMap(({ words }) => words)

describe('condense', () => {
  it('keeps what says something, in fewer words', () => {
    expect(texts('Hey Bob! Wow, thanks. I really decided to move to the Lisbon office in May.')).toEqual([
      'decided to move to Lisbon office in May',
    ])
    expect(texts('Hello!', 'Great.', 'Oh, okay', '...')).toEqual([])
  })

  it.each([
    ['We booked 3 rooms in Porto.', 'high'],
    ['The meeting was moved to Monday instead.', 'high'],
    ['They met Ada at the museum.', 'medium'],
    ['It took 40 minutes.', 'medium'],
    ['Everybody enjoyed the warm evening outside.', 'low'],
  ])('says how much %j matters: %s', (text, priority) => {
    expect(said(text).map((note) => note.priority)).toEqual([priority])
  })

  it('joins a short answer with its question, and leaves other questions out', () => {
    expect(texts('How long have you been married?', 'Five years already.')).toEqual([
      'How long you married? Five years already',
    ])
    expect(texts('Where were you?', 'Ada visited the old harbour of Porto.')).toEqual([
      'Ada visited old harbour of Porto',
    ])
    expect(texts('Where is the big museum?', 'Where is what?')).toEqual([])
    expect(condense(['Which harbour did you like?', 'Porto.'].map((text) => ({ text, speaker: 'ann', at })))).toEqual(
      [],
    )
  })

  it('names the message of each note', () => {
    expect(said('Hi!', 'Ann met Ada. They saw Porto.').map(({ message }) => message)).toEqual([1, 1])
  })

  it.each([
    ['I saw Ada yesterday.', '2026-03-14'],
    ['I will see Ada tomorrow.', '2026-03-16'],
    ['We moved to Porto two weeks ago.', '2026-03-01'],
    ['We moved to Porto last month.', '2026-02'],
    ['We moved to Porto 3 years ago.', '2023'],
    ['We move to Porto next week.', '2026-03-22'],
    ['We moved to Porto on Monday.', undefined],
  ])('dates %j: %s', (text, date) => {
    expect(said(text)[0]?.refersTo).toBe(date)
  })

  it('takes the month before a longer one', () => {
    expect(timeMeant(wordsOf('last month'), '2026-03-31T12:00:00.000Z')).toBe('2026-02')
    expect(timeMeant(wordsOf('constructor weeks ago'), at)).toBe(null)
  })

  it('splits a long sentence where its parts stand alone', () => {
    expect(texts('Ada took the kids to the museum - it was lovely to see Porto with them')).toEqual([
      'Ada took kids to museum',
      'lovely to see Porto with them',
    ])
  })

  it('takes any text, and gives the same notes again', async () => {
    await runRandom(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 5 }), (all) => {
        const notes = said(...all)
        expect(said(...all)).toEqual(notes)
        for (const { text, message } of notes) {
          expect(text.trim()).not.toBe('')
          expect(message).toBeLessThan(all.length)
        }
      }),
      200,
    )
  })
})

describe('chooseNotes', () => {
  const note = (text: string, priority: 'high' | 'medium' | 'low' = 'medium') => ({ text, priority })

  it('keeps all where there is room, in their order, without what was said before', () => {
    const notes = [note('Ada met Bob'), note('Porto harbour'), note('Bob met Ada')]
    expect(chooseNotes(notes, 1_000)).toEqual([notes[0], notes[1]])
  })

  it('prefers what matters, and what says more for its tokens', () => {
    const [low, high] = [note('harbour lighthouse', 'low'), note('museum ticket', 'high')]
    expect(chooseNotes([low, high], 6)).toEqual([high])
    const wordy = note('the museum and the and the and the and the ticket')
    expect(chooseNotes([wordy, note('harbour lighthouse')], 8)).toEqual([note('harbour lighthouse')])
  })

  it('never takes more than it may', async () => {
    const text = fc.array(fc.constantFrom('ada', 'porto', 'harbour', 'museum', 'the', '2026'), {
      minLength: 1,
      maxLength: 8,
    })
    const notes = fc.array(
      text.map((words) => note(words.join(' '))),
      { maxLength: 20 },
    )
    await runRandom(
      fc.property(notes, fc.nat(60), (all, tokens) => {
        const chosen = chooseNotes(all, tokens)
        expect(chosen.reduce((sum, { text }) => sum + text.split(' ').length, 0)).toBeLessThanOrEqual(tokens)
        expect(all.filter((one) => chosen.includes(one))).toEqual(chosen)
      }),
      200,
    )
  })
})

it('writes notes by year, day and speaker', () => {
  const notes = [
    { text: 'moves to Porto', saidAt: '2025-12-30T10:00:00.000Z', speaker: 'Ann', refersTo: '2026-01-04' },
    { text: 'likes\nboats', saidAt: '2025-12-30T11:00:00.000Z', speaker: 'Ann', refersTo: '2025-12' },
    { text: 'agrees', saidAt: '2025-12-30T11:00:00.000Z', speaker: 'Bob', refersTo: 'soon' },
    { text: 'both are glad', saidAt: '2026-01-05T11:00:00.000Z', refersTo: '2026' },
  ]
  expect(notesText(notes)).toBe(
    '2025\n30 Dec\nAnn: moves to Porto (4 Jan 2026); likes boats (Dec)\nBob: agrees (soon)\n2026\n5 Jan\nNoted: both are glad (2026)',
  )
  expect(notesText([])).toBe('')
})
