// What times of four languages mean, said on Wednesday, 14 May 2025.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dayNumber } from '../../../src/domain/time-spans/calendar.ts'
import { findTimes } from '../../../src/domain/time-spans/find-times.ts'
import { runRandom } from '../../random-runs.ts'

const today = dayNumber(2025, 5, 14)
const isoDay = (day: number) => (Number.isFinite(day) ? new Date(day * 86_400_000).toISOString().slice(0, 10) : '')
const shown = (text: string, languages: 'english' | 'all', reading: 'past' | 'near' = 'past') =>
  findTimes(text, languages, { today, reading })
    .times.map(({ from, to }) => `${isoDay(from)}..${isoDay(to)}`)
    .join(' ')

describe('in English', () => {
  it.each([
    ['what happened last week?', '2025-05-05..2025-05-12'],
    ['in March 2025', '2025-03-01..2025-04-01'],
    ['in Sept. 2022', '2022-09-01..2022-10-01'],
    ['in September of 2022', '2022-09-01..2022-10-01'],
    ['yesterday', '2025-05-13..2025-05-14'],
    ['the day before yesterday', '2025-05-12..2025-05-13'],
    ['before the launch on 12 May', '..2025-05-12'],
    ['after the 12th of May, 2024', '2024-05-13..'],
    ['two weeks ago', '2025-04-28..2025-05-05'],
    ['3 months ago', '2025-02-01..2025-03-01'],
    ['a year ago', '2024-01-01..2025-01-01'],
    ['a few weeks ago', '2025-03-31..2025-05-05'],
    ['since Monday', '2025-05-12..2025-05-15'],
    ['until March', '..2025-04-01'],
    ['last summer', '2024-06-01..2024-09-01'],
    ['in the summer of 2024', '2024-06-01..2024-09-01'],
    ['last weekend', '2025-05-10..2025-05-12'],
    ['over the weekend', '2025-05-10..2025-05-12'],
    ['in the past three days', '2025-05-11..2025-05-15'],
    ['in the last two weeks', '2025-04-30..2025-05-15'],
    ['the past week', '2025-05-07..2025-05-15'],
    ['next Friday', '2025-05-16..2025-05-17'],
    ['last Monday', '2025-05-12..2025-05-13'],
    ['last May', '2024-05-01..2024-06-01'],
    ['the year before last', '2023-01-01..2024-01-01'],
    ['in 2023', '2023-01-01..2024-01-01'],
    ['between 3 and 7 May', '2025-05-03..2025-05-08'],
    ['May 3-7, 2024', '2024-05-03..2024-05-08'],
    ['from March to May', '2025-03-01..2025-06-01'],
    ['between August 11 and August 15 2023', '2023-08-11..2023-08-16'],
    ['the week before August 3, 2023', '2023-07-27..2023-08-03'],
    ['on the Sunday before October 25, 2022', '2022-10-23..2022-10-24'],
    ['two weeks after 1 May', '2025-05-02..2025-05-16'],
    ['on 2025-03-29', '2025-03-29..2025-03-30'],
    ['in 2023-05', '2023-05-01..2023-06-01'],
    ['on December 1,2023', '2023-12-01..2023-12-02'],
    ['in December', '2024-12-01..2025-01-01'],
    ['on Wednesday', '2025-05-07..2025-05-08'],
    ['last quarter', '2025-01-01..2025-04-01'],
  ])('%s: %s', (text, expected) => expect(shown(text, 'english')).toBe(expected))

  it.each([
    'May I ask something?',
    'What may she paint?',
    'Where did they march?',
    'Who decided on a marchioness?',
    'on 2023-13-01',
    'Who saw Jan?',
    'version 12023-05',
    'room 2024 of the hotel',
    'She fell last.',
    '3 apples and 4 pears',
    'the 31st',
    '99999999999 weeks ago',
  ])('no time in: %s', (text) => expect(shown(text, 'english')).toBe(''))
})

describe('in other languages', () => {
  it.each([
    ['Was ist letzte Woche passiert?', '2025-05-05..2025-05-12'],
    ['vor zwei Wochen', '2025-04-28..2025-05-05'],
    ['im März 2025', '2025-03-01..2025-04-01'],
    ['seit Montag', '2025-05-12..2025-05-15'],
    ['gestern', '2025-05-13..2025-05-14'],
    ['vorgestern', '2025-05-12..2025-05-13'],
    ['am 12. Mai', '2025-05-12..2025-05-13'],
    ['vor dem Start am 12. Mai', '..2025-05-12'],
    ['vom 3. bis 7. Mai', '2025-05-03..2025-05-08'],
    ['am 3.5.2024', '2024-05-03..2024-05-04'],
    ['letzten Freitag', '2025-05-09..2025-05-10'],
    ['voriges Jahr im Herbst', '2024-01-01..2025-01-01 2024-09-01..2024-12-01'],
    ['in den letzten zwei Wochen', '2025-04-30..2025-05-15'],
    ['heute Morgen', '2025-05-14..2025-05-15'],
    ['Was haben wir am Wochenende gemacht?', '2025-05-10..2025-05-12'],
    ['die Woche vor dem 12. Mai', '2025-05-05..2025-05-12'],
    ['la semaine dernière', '2025-05-05..2025-05-12'],
    ['il y a deux semaines', '2025-04-28..2025-05-05'],
    ['en mars 2025', '2025-03-01..2025-04-01'],
    ['depuis lundi', '2025-05-12..2025-05-15'],
    ['hier', '2025-05-13..2025-05-14'],
    ['avant-hier', '2025-05-12..2025-05-13'],
    ['le 12 mai', '2025-05-12..2025-05-13'],
    ['avant le lancement du 12 mai', '..2025-05-12'],
    ['vendredi prochain', '2025-05-16..2025-05-17'],
    ['l’année dernière', '2024-01-01..2025-01-01'],
    ['ces deux dernières semaines', '2025-04-30..2025-05-15'],
    ['entre le 3 et le 7 mai', '2025-05-03..2025-05-08'],
    ['en été', '2024-06-01..2024-09-01'],
    ['la semana pasada', '2025-05-05..2025-05-12'],
    ['hace dos semanas', '2025-04-28..2025-05-05'],
    ['en marzo de 2025', '2025-03-01..2025-04-01'],
    ['desde el lunes', '2025-05-12..2025-05-15'],
    ['ayer', '2025-05-13..2025-05-14'],
    ['pasado mañana', '2025-05-16..2025-05-17'],
    ['el 12 de mayo', '2025-05-12..2025-05-13'],
    ['antes del lanzamiento el 12 de mayo', '..2025-05-12'],
    ['el viernes pasado', '2025-05-09..2025-05-10'],
    ['el año pasado', '2024-01-01..2025-01-01'],
    ['las últimas dos semanas', '2025-04-30..2025-05-15'],
    ['entre el 3 y el 7 de mayo', '2025-05-03..2025-05-08'],
    ['last week', '2025-05-05..2025-05-12'],
  ])('%s: %s', (text, expected) => expect(shown(text, 'all')).toBe(expected))

  it.each(['Das steht hier nicht.', 'Elle a été contente.', 'Dem Dativ sein Tod', 'Me gusta mi casa.'])(
    'no time in: %s',
    (text) => expect(shown(text, 'all')).toBe(''),
  )

  it('are read in English alone where the language is English', () => {
    expect(shown('letzte Woche, la semaine dernière', 'english')).toBe('')
  })
})

it.each([
  ['next Friday', '2025-05-16..2025-05-17'],
  ['on Saturday', '2025-05-17..2025-05-18'],
  ['on Monday', '2025-05-12..2025-05-13'],
  ['in December', '2024-12-01..2025-01-01'],
  ['in August', '2025-08-01..2025-09-01'],
  ['on 12 June', '2025-06-12..2025-06-13'],
  ['in two weeks', '2025-05-26..2025-06-02'],
])('a text that says "%s" speaks of the nearest: %s', (text, expected) =>
  expect(shown(text, 'english', 'near')).toBe(expected),
)

it('knows which questions ask for nothing but a time', () => {
  const isAll = (text: string, languages: 'english' | 'all' = 'english') =>
    findTimes(text, languages, { today, reading: 'past' }).isAll
  const yes = [
    'What happened last week?',
    'yesterday',
    'What did we talk about on 12 May?',
    'Anything new since Monday?',
  ]
  const no = ['What happened to the car last week?', 'What happened?', 'Was last week rainy?']
  expect([...yes, ...no].map((text) => isAll(text))).toEqual([...yes.map(() => true), ...no.map(() => false)])
  const others = [
    'Was ist letzte Woche passiert?',
    'Que s’est-il passé la semaine dernière ?',
    '¿Qué pasó la semana pasada?',
  ]
  expect(others.map((text) => isAll(text, 'all'))).toEqual([true, true, true])
})

it('finds a few times of a text that has many', () => {
  expect(findTimes('on 3 May, '.repeat(1_000), 'english', { today, reading: 'past' }).times).toHaveLength(8)
})

it('finds spans inside any text, in order, with the words that say them', () =>
  runRandom(
    fc.property(
      fc.array(
        fc.oneof(
          fc.string({ unit: 'grapheme', maxLength: 5 }),
          fc.constantFrom(
            'last',
            'week',
            '12',
            'May',
            '2024',
            'before',
            'the',
            'two',
            'ago',
            'since',
            ',',
            '-',
            '.',
            'vor',
            'y',
          ),
        ),
        { maxLength: 14 },
      ),
      fc.constantFrom('english', 'all'),
      (words, languages) => {
        const text = words.join(' ')
        let end = 0
        for (const time of findTimes(text, languages, { today, reading: 'near' }).times) {
          expect(time.start).toBeGreaterThanOrEqual(end)
          expect(time.end).toBeGreaterThan(time.start)
          expect(time.from).toBeLessThan(time.to)
          end = time.end
        }
        expect(end).toBeLessThanOrEqual(text.length)
      },
    ),
    300,
  ))
