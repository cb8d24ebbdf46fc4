/** Names that the people in scope gave themselves in what they said: "my name is Ann", "I'm Ann" as an answer. */
import { recordKinds } from '../../domain/index/word-segment.ts'
import type { Corpus } from '../records/corpus.ts'

const messageKind = recordKinds.indexOf('message')

/** Rows of messages that ask for a name. */
function askingRows({ segments, firstRows }: Corpus): ReadonlySet<number> {
  const rows = new Set<number>()
  for (const [place, { namings }] of segments.entries())
    for (const { i, kind } of namings) if (kind === 'asked') rows.add((firstRows[place] as number) + i)
  return rows
}

/** The places of authors by the names that they gave themselves, in small letters. */
export function aliasesOf(corpus: Corpus): ReadonlyMap<string, readonly number[]> {
  const { segments, firstRows, inScope, columns, authors } = corpus
  const found = new Map<string, Set<number>>()
  let asking: ReadonlySet<number> | null = null
  for (const [place, { namings }] of segments.entries()) {
    for (const { i, kind, name } of namings) {
      const row = (firstRows[place] as number) + i
      const author = columns.authors[row] as number
      const { kind: actor } = authors[author] ?? { kind: 'system' }
      if (kind === 'asked' || inScope[row] === 0 || columns.kinds[row] !== messageKind) continue
      if (actor !== 'user' && actor !== 'agent') continue
      if (kind === 'introduced') {
        asking ??= askingRows(corpus)
        const before = columns.previous[row] as number
        if (!asking.has(before) || columns.authors[before] === author) continue
      }
      const small = name.normalize('NFKC').toLowerCase()
      found.set(small, (found.get(small) ?? new Set()).add(author))
    }
  }
  return new Map([...found].map(([name, places]) => [name, [...places]]))
}
