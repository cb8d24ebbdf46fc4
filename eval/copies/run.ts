// Measures the rule that tells copies of what is forgotten: how many it finds, and how many records it takes for one wrongly.
import { comparedSentences, copiedSentences, OtherWords } from '../../src/memory/copies/copied-words.ts'
import { corpus, type Sample } from './corpus.ts'

const seed = 7
const users = 400

function isTold({ forgotten, others, text }: Sample): boolean {
  const known = new OtherWords('english')
  for (const other of others) known.add(other)
  return copiedSentences(comparedSentences(forgotten), text, known, 'english').length > 0
}

const byKind = Map.groupBy(corpus(seed, users), ({ isCopy, kind }) => `${isCopy ? 'copy' : 'none'}: ${kind}`)
const rows = [...byKind].toSorted().map(([kind, samples]) => {
  const told = samples.filter(isTold).length
  return { kind, samples: samples.length, told, percent: Number(((100 * told) / samples.length).toFixed(1)) }
})
console.table(rows)
const sum = (isCopy: boolean) => {
  const own = rows.filter(({ kind }) => kind.startsWith(isCopy ? 'copy' : 'none'))
  return own.reduce((all, { told }) => all + told, 0) / own.reduce((all, { samples }) => all + samples, 0)
}
console.log(
  `copies found: ${(100 * sum(true)).toFixed(1)} %; other records taken for copies: ${(100 * sum(false)).toFixed(1)} %`,
)
