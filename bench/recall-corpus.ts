/** Seeded conversations for the rows of recall: many different words, few of them often, as people use them. */
import { createRandom, type Utterance } from './corpus.ts'

const syllables =
  `ba be bi bo bu da de di do du fa fe fi fo ga ge go gu ha he hi ho ka ke ki ko la le li lo lu ma me mi mo
mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi vo wa we wi zo zu`.split(/\s+/)
const endings = ['', '', 'n', 'r', 's', 't', 'l', 'nd', 'rk', 'st'] as const
const vocabularySize = 8_000
/** Words that no index holds, which make up half of what people say. */
const frame = `the of and to in is that for it on with as was at by this be from or have an they which you had not are
but were we there been has when who will more if no out so what up its about into than them can only other some could`.split(
  /\s+/,
)

function createVocabulary(): readonly string[] {
  const random = createRandom(20_260_102)
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)] as Item
  const words = new Set<string>()
  while (words.size < vocabularySize) {
    const length = 2 + Math.floor(random() * 3)
    words.add(Array.from({ length }, () => pick(syllables)).join('') + pick(endings))
  }
  return [...words]
}

const vocabulary = createVocabulary()

/** A word of the vocabulary: the n-th is about n times as rare as the first. */
function contentWord(random: () => number): string {
  return vocabulary[Math.floor(vocabularySize ** random()) - 1] as string
}

/** About 150 characters: 13 words that count, with others between them. */
function createText(random: () => number): string {
  let text = ''
  const count = 8 + Math.floor(random() * 11)
  for (let i = 0; i < count; i++) {
    text += `${text === '' ? '' : ' '}${frame[Math.floor(random() * frame.length)]} ${contentWord(random)}`
  }
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${random() < 0.15 ? '?' : '.'}`
}

/** The n-th turn of a conversation that never repeats. */
export function saidAt(turn: number): readonly [Utterance, Utterance] {
  const random = createRandom(31 * turn + 11)
  return [
    { role: 'user', content: createText(random) },
    { role: 'assistant', content: createText(random) },
  ]
}

/** The n-th question: three to five words that count. */
export function questionAt(index: number): string {
  const random = createRandom(7_919 * index + 3)
  const words = Array.from({ length: 3 + Math.floor(random() * 3) }, () => contentWord(random))
  return `What did we say about ${words.join(' and the ')}?`
}
