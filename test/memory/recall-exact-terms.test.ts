// Ids, codes, paths, addresses and names in several scripts: whoever asks for one gets it, among 10,000 other messages.
import { scriptedEmbedder } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { openMemory } from './opened.ts'

const resourceId = 'alice'
const seed = 20_260_301

/** Numbers from 0 to 1, the same for the same seed. */
function randomOf(from: number): () => number {
  let state = from
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const random = randomOf(seed)
const below = (count: number) => Math.floor(random() * count)
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item
const letters = (count: number, from = 'abcdefghijklmnopqrstuvwxyz') =>
  Array.from({ length: count }, () => pick([...from])).join('')
const hex = (count: number) => letters(count, '0123456789abcdef')
const digits = (count: number) => letters(count, '0123456789')

/** What is written: made anew each time, so that distractors are of the same kinds and hardly ever the same. */
const kinds: Readonly<Record<string, () => string>> = {
  uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
  order: () => `INV-${2000 + below(40)}-${digits(5)}`,
  commit: () => `${pick([...'123456789'])}${hex(6)}${pick([...'abcdef'])}${hex(4)}`,
  error: () => `ERR_${letters(6).toUpperCase()}_${letters(5).toUpperCase()}`,
  code: () => `${letters(2).toUpperCase()}${digits(5)}`,
  path: () => `/srv/${letters(5)}/${letters(7)}.log`,
  source: () => `src/${letters(6)}/${letters(8)}.ts`,
  windows: () => `C:\\${letters(6)}\\${letters(7)}.xlsx`,
  url: () => `https://${letters(7)}.example.com/${letters(5)}/${digits(4)}`,
  mail: () => `${letters(6)}.${letters(7)}@example.org`,
  version: () => `v${below(30)}.${below(90)}.${below(900)}-rc.${below(9)}`,
  address: () => `10.${below(256)}.${below(256)}.${below(256)}`,
  setting: () => `${letters(7).toUpperCase()}_${letters(6).toUpperCase()}_KEY`,
}

/** Names that no distractor has, in the scripts of the distractors and in others. */
const names = [
  'Siobhán Ní Bhriain',
  'Łukasz Żółkiewski',
  'Nguyễn Thị Hương',
  'Анна Каренина',
  'Ελένη Παπαδοπούλου',
  'محمد عبد الله',
  'דוד בן גוריון',
  'सीता देवी',
  'สมชาย ใจดี',
  '田中太郎',
  '诸葛孔明',
  '김민수',
]
const others = [
  '你好，今天天气很好',
  '昨日は友達と会いました',
  '오늘은 비가 온다',
  'Сегодня идёт дождь',
  'आज बारिश है',
  'Σήμερα βρέχει',
]
const common =
  'the order of a file failed again on our server please look at this log user name call later today'.split(' ')

/** A message of ordinary words, other scripts, and things of the same kinds as those that are asked for. */
function distractor(): string {
  const words = Array.from({ length: 6 + below(14) }, () => (random() < 0.4 ? pick(common) : letters(3 + below(5))))
  if (random() < 0.1) words.push(pick(others), pick(others))
  if (random() < 0.4) words.splice(below(words.length), 0, pick(Object.values(kinds))())
  return words.join(' ')
}

/** Messages that have the parts of a term, several times and close together, but not the term. */
function decoys(term: string): string[] {
  const parts = term.match(/[\p{L}\p{N}]+/gu) ?? []
  if (parts.length < 2) return []
  return Array.from({ length: 25 }, () => [...parts.toReversed(), pick(common), ...parts.toReversed()].join(' '))
}

it('finds every one of them within the first 20, whatever their meaning', async () => {
  const perKind = 3
  const exact = [...Object.values(kinds).flatMap((make) => Array.from({ length: perKind }, make)), ...names]
  const texts = Array.from({ length: 10_000 }, distractor)
  for (const term of exact.slice(0, -names.length)) for (const decoy of decoys(term)) texts[below(texts.length)] = decoy
  const distance = Math.floor(texts.length / exact.length)
  for (const [i, term] of exact.entries())
    texts[i * distance + below(distance)] = `${distractor()} ${term} ${pick(common)}.`
  const memory = openMemory({ limits: { messagesPerCall: 10_000 }, embedder: scriptedEmbedder({ dimensions: 16 }) })
  for (let start = 0; start < texts.length; start += 500) {
    const messages = texts.slice(start, start + 500)
    await memory.saveMessages({ resourceId, threadId: `t${start}`, messages })
  }
  const missed: string[] = []
  const ask = async (mode: 'keyword' | 'hybrid') => {
    for (const term of exact) {
      const query = pick([term, `what about ${term}?`, `please look at the log of ${term} again`])
      const found = await memory.recall({ resourceId, query, mode, topK: 20, tokenBudget: 100_000 })
      if (!found.items.some(({ text }) => text.includes(term))) missed.push(`${mode}: ${query}`)
    }
  }
  await ask('keyword')
  await ask('hybrid')
  await memory.settled()
  await ask('hybrid')
  expect(missed, `seed ${seed}`).toEqual([])
})
