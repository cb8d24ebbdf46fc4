// The days that texts speak of, as the index keeps them.
import { expect, it } from 'vitest'
import { mentionsOf } from '../../../src/domain/index/mentions.ts'
import type { Language } from '../../../src/domain/language.ts'

const minute = Date.parse('2025-05-14T23:30:00Z') / 60_000
const shown = (text: string, language: Language = 'english') =>
  mentionsOf(text, minute, language).map(
    ({ from, to }) => `${new Date(from * 86_400_000).toISOString().slice(0, 10)} ${to - from}`,
  )

it.each([
  ['We fly next Friday.', ['2025-05-16 1']],
  ['The launch is on 12 May, the party on 20 May 2026.', ['2025-05-12 1', '2026-05-20 1']],
  ['Last week was long, and last week was cold.', ['2025-05-05 7']],
  ['It is fine today.', []],
  ['Nothing of the kind', []],
  [
    'We moved in 2019, 2020, and in 2021, and in 2022, and in 2023',
    ['2019-01-01 365', '2021-01-01 365', '2022-01-01 365'],
  ],
  ['Before 2020 it was better, in the eighties, two decades ago', []],
])('%s', (text, expected) => expect(shown(text)).toEqual(expected))

it('are found in four languages where the language is none', () => {
  expect(shown('Wir fliegen nächsten Freitag.', 'none')).toEqual(['2025-05-16 1'])
  expect(shown('Wir fliegen nächsten Freitag.')).toEqual([])
})

it('of a long text are those of its beginning', () => {
  expect(shown(`${'word '.repeat(1_000)} on 12 May`)).toEqual([])
})
