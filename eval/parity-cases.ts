// Records what the reference of the ranker says of random conversations: node eval/parity-cases.ts <ranker.mjs> <file to write>
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { analyse, type QueryTerm, queryTerms } from '../src/domain/index/words.ts'

interface Turn {
  readonly text: string
  readonly author: string
  readonly session: number
  readonly minute: number
  readonly chars: number
  readonly isQ: number
  readonly terms: readonly number[]
  readonly length: number
}

interface Span {
  readonly from: number
  readonly to: number
  readonly score: number
}

interface Asked {
  readonly question: string
  readonly terms: readonly QueryTerm[]
  readonly speaker: string | null
  readonly spans: readonly Span[]
}

interface Reference {
  index(
    turns: readonly Turn[],
    vectors: Float64Array,
    sentences: null,
    firsts: null,
  ): { d1: Float64Array; dpn: Float64Array }
  score(index: object, asked: Asked, question: null, cosines: Float64Array, sentences: Float64Array): Float64Array
}

const dimensions = 384
const conversations = 20
const questionsEach = 10
/** All inputs are whole multiples of this, so that they are the same as floats of any width. */
const step = 1 / 1_024

const words =
  `yesterday Paris kiln clay bowl I my you your "Blue Sky" next weekend Ann garden dog walk photo lake in May 2023
went saw made liked the a with for recipe soup guitar lesson ERR_42 sister Berlin thanks week`.split(/\s+/)
const starts = ['Thanks!', 'Yeah,', 'What about', 'I', 'We', 'My dog', 'Last week', 'The kiln', 'wow', 'In the city']
const questions = [
  'When did Ann go to the lake?',
  'Where did Bob make the bowl?',
  'Which city did Ann visit in May?',
  'What did Cy say of ERR_42?',
  'recipe soup',
  'Which month was the guitar lesson?',
  'the dog and the garden',
]

/** Random numbers from 0 to 1 that a seed decides (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const random = randomOf(19)
const pick = <T>(some: readonly T[]) => some[Math.floor(random() * some.length)] as T
const coarse = () => Math.round((random() * 1.2 - 0.2) / step) * step

function turnsOf(): readonly Turn[] {
  const count = 12 + Math.floor(random() * 14)
  let session = 0
  let minute = Date.UTC(2023, 3, 20) / 60_000
  return Array.from({ length: count }, () => {
    const isNew = random() < 0.12
    session += isNew ? 1 : 0
    minute += isNew ? 5_000 : 3
    const spoken = Array.from({ length: 2 + Math.floor(random() * 14) }, () => pick(words)).join(' ')
    const text = `${pick(starts)} ${spoken}${pick(['.', '?', '!', '? Yes.', ''])}`
    const isQ = text.trimEnd().endsWith('?') ? 1 : 0
    return {
      text,
      author: pick(['Ann', 'Ann', 'Bob', 'Cy']),
      session,
      minute,
      chars: text.length,
      isQ,
      ...analyse(text, 'english'),
    }
  })
}

function vectorsOf(count: number): Float64Array {
  const all = Float64Array.from({ length: count * dimensions }, () => random() - 0.4)
  for (let i = 0; i < count; i++) {
    const own = all.subarray(i * dimensions, (i + 1) * dimensions)
    const length = Math.hypot(...own)
    for (let d = 0; d < dimensions; d++) own[d] = (own[d] as number) / length
  }
  return all
}

async function record(reference: Reference) {
  return Array.from({ length: conversations }, () => {
    const turns = turnsOf()
    const index = reference.index(turns, vectorsOf(turns.length), null, null)
    const may = { from: Date.UTC(2023, 4, 1) / 60_000, to: Date.UTC(2023, 5, 1) / 60_000, score: 1 }
    const asked = Array.from({ length: questionsEach }, () => {
      const question = pick(questions)
      const speaker = pick(['Ann', 'Bob', null])
      const spans = random() < 0.3 ? [may] : []
      const cosines = Float64Array.from(turns, coarse)
      const sentences = Float64Array.from(turns, coarse)
      const own = { question, terms: queryTerms(question, 'english'), speaker, spans }
      const scores = reference.score(index, own, null, cosines, sentences)
      return {
        ...own,
        cosines: [...cosines],
        sentences: [...sentences],
        scores: Array.from(scores, (one) => Number(one.toFixed(9))),
      }
    })
    const ours = turns.map(({ text, author, minute, chars, isQ, terms, length }) => ({
      text,
      author,
      minute,
      chars,
      isQ,
      terms,
      length,
    }))
    return { turns: ours, toPrevious: [...index.d1], across: [...index.dpn], asked }
  })
}

const [from, to] = process.argv.slice(2)
if (from === undefined || to === undefined) {
  console.error('node eval/parity-cases.ts ranker.mjs cases.json')
  process.exitCode = 2
} else {
  const reference = (await import(pathToFileURL(resolve(from)).href)) as Reference
  writeFileSync(to, `${JSON.stringify(await record(reference))}\n`)
}
