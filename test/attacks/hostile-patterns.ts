// Texts that slow patterns and careless parsers down: something repeated until it fills a size, in front of what fails.
import { everyNth } from '../run-lengths.ts'

/** What is repeated; each is the worst of some pattern that people write. */
const units: readonly string[] = [
  ...['<', '< ', '</', '<a ', '>', '&lt;', '&#60', '\uff1c', '\u200b<', '<!--', '```', '`', '~'],
  ...[' ', '\n', '\r\n', '\t', ' \n', '\u2028', '\u00a0', '\ufeff'],
  ...['a', 'ab', 'a ', 'A', 'Aa ', 'Ab Cd ', 'aB', 'ß', 'İ', '中', 'か', 'ا', 'ａ'],
  ...['0', '1 ', '1.', '1,', '1/1/', '1-1-', '2026-01-01 ', '12:00 ', '+1 '],
  ...['{', '{"a":', '[', '"', "'", '\\', '\\"', '(', ':', ';', ',', '=', '$', '$and'],
  ...['-', '--', '.', 'a.', '..', '*', '**', '%', '%2', '_', 'a_', '/', 'a/', '../', '@', 'a@', '#', '# ', '- ', '|'],
  ...[
    'e\u0301',
    '\u0301',
    '\u0670',
    '👩\u200d',
    '🏳\ufe0f\u200d',
    '🇩',
    '\ud800',
    '\udc00',
    '\u0000',
    '\u202e',
    '\u0007',
  ],
  ...['http://', 'data:', 'file:', 'msg_', 'fact_aaaaaaaa_', 'today ', 'last week ', 'who ', 'not '],
]

export interface Pattern {
  readonly name: string
  /** A text of about that many characters. */
  readonly text: (characters: number) => string
}

function repeated(unit: string, characters: number): string {
  return unit.repeat(Math.ceil(characters / unit.length)).slice(0, characters)
}

const shown = (unit: string) => JSON.stringify(unit)

/** The repetition alone, and between what makes a search begin and what makes it fail at the very end. */
export const patterns: readonly Pattern[] = [
  ...units.map((unit) => ({ name: shown(unit), text: (characters: number) => repeated(unit, characters) })),
  ...['<', '</', '```', '[', '"'].flatMap((opening) =>
    [' ', '\n', '-', 'a', '\u0301', '\u200b'].map((unit) => ({
      name: `${opening} ${shown(unit)} x`,
      text: (characters: number) => `${opening}${repeated(unit, characters - opening.length - 1)}x`,
    })),
  ),
  { name: 'ever other words', text: (characters) => numbered((index) => `word${index} `, characters) },
  { name: 'ever other lines', text: (characters) => numbered((index) => `- line ${index}\n`, characters) },
  { name: 'ever other names', text: (characters) => numbered((index) => `Ann${index} Smith${index}, `, characters) },
  {
    name: 'ever other dates',
    text: (characters) => numbered((index) => `${(index % 28) + 1} May ${index} `, characters),
  },
]

function numbered(item: (index: number) => string, characters: number): string {
  let text = ''
  for (let index = 0; text.length < characters; index++) text += item(index)
  return text.slice(0, characters)
}

/** Every nth pattern, other ones for each place that asks; in `npm test` fewer. */
export function patternsFor(place: number, nth: number): readonly Pattern[] {
  const step = nth * everyNth(4)
  return patterns.filter((_, index) => index % step === place % step)
}
