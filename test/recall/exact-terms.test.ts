// Ids, codes, paths, addresses and names in several scripts, each written once among 10,000 other messages.
import { describe, expect, it } from 'vitest'
import { ann, ask, bob, corpusOfSaid, firstOfMay, randomOf, rowsOf, type Said } from './records.ts'

/** What is asked for, and the message that has it. */
const written: readonly (readonly [question: string, text: string])[] = [
  ['550e8400-e29b-41d4-a716-446655440000', 'The order is 550e8400-e29b-41d4-a716-446655440000, shipped today.'],
  ['what happened to order INV-2024-0042?', 'Please refund inv-2024-0042.'],
  ['msg_4kQ2abcd_17.0.3', 'see msg_4kQ2abcd_17.0.3'],
  ['call_9fX3kLm2', 'tool call call_9fX3kLm2 gave nothing back'],
  ['3fa85f64', 'reverted in 3fa85f64'],
  ['user 88123907', 'the account of user 88123907 is locked'],
  ['why ERR_CONN_RESET?', 'It stops with ERR_CONN_RESET after a minute.'],
  ['ORA-00942', 'ORA-00942: table or view does not exist'],
  ['E11000 duplicate key', 'we saw E11000 in the log'],
  ['TS2345', 'error TS2345: Argument of type string'],
  ['0x80070005', 'Windows says 0x80070005'],
  ['ENOTEMPTY', 'rmdir fails: ENOTEMPTY'],
  ['HTTP/2 GOAWAY', 'the proxy sends GOAWAY'],
  ['/var/log/nginx/error.log', 'have a look at /var/log/nginx/error.log'],
  ['src/recall/rank.ts', 'at rank (src/recall/rank.ts:12:5)'],
  ['pnpm-workspace.yaml', 'add it to ./pnpm-workspace.yaml.'],
  ['C:\\Users\\ann\\ledger.xlsx', 'I saved C:\\Users\\ann\\ledger.xlsx'],
  ['.env.production', 'set it in .env.production'],
  ['https://status.example.com/incidents/77', 'more at https://status.example.com/incidents/77.'],
  ['docs.example.org', 'read <https://docs.example.org/start?x=1#top>'],
  ['example.net/a_b?c=d', 'link: (http://example.net/a_b?c=d)'],
  ['grace.hopper@navy.example.mil', 'write to Grace.Hopper@navy.example.mil'],
  ['mailbox of j.doe+billing@example.com', 'from: j.doe+billing@example.com'],
  ['maxRetryCount', 'raise maxRetryCount to 7'],
  ['theme.colors.primary', 'theme.colors.primary = teal'],
  ['STRIPE_WEBHOOK_SECRET', 'rotate STRIPE_WEBHOOK_SECRET'],
  ['getUserById()', 'getUserById throws'],
  ['v4.11.0-rc.2', 'pinned to v4.11.0-rc.2'],
  ['10.20.30.40', 'ssh to 10.20.30.40'],
  ['@scope/widget-kit', 'npm i @scope/widget-kit'],
  ['std::unordered_map', 'prefer std::unordered_map'],
  ['F#', 'the parser is in F#'],
  ['Who is Siobhán Ní Bhriain?', 'Siobhán Ní Bhriain leads the audit'],
  ['Søren Kierkegaard', 'we named the room after Søren Kierkegaard'],
  ['Nguyễn Thị Hương', 'Nguyễn Thị Hương will present'],
  ['Анна Каренина', 'завтра придёт Анна Каренина'],
  ['Ελένη Παπαδοπούλου', 'η ΕΛΈΝΗ ΠΑΠΑΔΟΠΟΎΛΟΥ τηλεφώνησε'],
  ['محمد عبد الله', 'اتصل محمد عبد الله اليوم'],
  ['דוד בן גוריון', 'פגישה עם דוד בן גוריון'],
  ['सीता देवी', 'कल सीता देवी आएंगी'],
  ['田中太郎', '昨日は田中太郎さんに会いました'],
  ['诸葛孔明', '我们请诸葛孔明来讲课'],
  ['김민수', '어제 김민수를 만났다'],
  ['สมชาย ใจดี', 'เมื่อวานเจอสมชาย ใจดีที่ตลาด'],
  ['コーヒーメーカー', '新しいコーヒーメーカーを買った'],
]

const syllables = ['ka', 'lo', 'mi', 'ten', 'sur', 'bre', 'fon', 'da', 'qui', 'ner', 'ost', 'vel']
const common = 'the we it is at on and then please see look today again with from order user log file name call'.split(
  ' ',
)
const scripts = [
  '我们今天在公园见面',
  '昨日は友達と話した',
  '오늘 친구를 만났다',
  'вчера мы гуляли',
  'วันนี้อากาศดี',
  'आज मौसम अच्छा',
]

/** Messages of made-up words, with ids, paths and addresses of their own. */
function distractors(count: number, seed: number): readonly Said[] {
  const random = randomOf(seed)
  const pick = (list: readonly string[]) => list[Math.floor(random() * list.length)] as string
  const word = () => (random() < 0.4 ? pick(common) : pick(syllables) + pick(syllables) + pick(syllables))
  const exact = () => {
    const id = Math.floor(random() * 1e6)
    return pick([
      `ERR_${word()}_${id}`,
      `INV-2024-${id}`,
      `/var/log/${word()}.log`,
      `${word()}@example.com`,
      `v4.${id % 30}.0`,
    ])
  }
  return Array.from({ length: count }, (_, i) => {
    const words = Array.from({ length: 4 + Math.floor(random() * 20) }, () => (random() < 0.05 ? exact() : word()))
    const text = random() < 0.1 ? `${pick(scripts)} ${pick(scripts)}` : words.join(' ')
    return { text, author: random() < 0.5 ? ann : bob, minute: firstOfMay + i, thread: 1 + Math.floor(i / 300) }
  })
}

const distance = 211
const said = [...distractors(10_000, 77)]
for (const [i, [, text]] of written.entries()) said[i * distance + 50] = { ...said[i * distance + 50], text }
const corpus = corpusOfSaid(said)
const random = randomOf(5)
const similarities = Float32Array.from(said, () => random())

describe('among 10,000 messages', () => {
  it.each(written.map(([question], i) => [question, i * distance + 50] as const))('%s', (question, row) => {
    const byWords = rowsOf(ask(corpus, question, { mode: 'keyword', limit: 20 }))
    expect(byWords).toContain(row)
    expect(rowsOf(ask(corpus, question, { similarities, limit: 20 }))).toContain(row)
    const against = similarities.slice()
    against[row] = -1
    expect(rowsOf(ask(corpus, question, { similarities: against, limit: 20 }))).toContain(row)
  })

  it('stand first by words', () => {
    const first = written.filter(([question], i) => {
      return rowsOf(ask(corpus, question, { mode: 'keyword', limit: 1 }))[0] === i * distance + 50
    })
    expect(first.length / written.length).toBeGreaterThan(0.9)
  })
})
