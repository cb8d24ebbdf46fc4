/** Rows of recall: how long a question takes, in spaces of several sizes, beside other spaces and during an import. */
import { join } from 'node:path'
import { createRandom } from '../corpus.ts'
import { median, quantile } from '../measure.ts'
import { questionAt } from '../recall-corpus.ts'
import { fillSpace, openRecall, type RecallBase, saveTurns } from '../recall-fill.ts'
import { judge, type Line, type RunSettings, type SelfMeasuredRow } from '../row.ts'

/** Asks the n-th question; what it costs is measured. */
type Ask = (n: number) => Promise<unknown>

const askIn =
  ({ memory }: RecallBase, resourceOf: (n: number) => string): Ask =>
  (n) =>
    memory.recall({ resourceId: resourceOf(n), query: questionAt(n) })

/** Milliseconds of each of `count` questions, one after the other. */
async function times(ask: Ask, first: number, count: number): Promise<Float64Array> {
  const ms = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    await ask(first + i)
    ms[i] = performance.now() - start
    // Others get the event loop in between, as they do where questions come from outside.
    if (i % 8 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return ms
}

const shown = (ms: number) => ms.toFixed(2)

/** A line of times: `ours` is the median of all questions, whose other percentiles stand in the note. */
function timesLine(row: string, ms: readonly Float64Array[], most: number): Line {
  const all = Float64Array.from(ms.flatMap((some) => [...some]))
  const [p10, p50, p95] = [0.1, 0.5, 0.95].map((share) => quantile(all, share)) as [number, number, number]
  return {
    row,
    unit: 'ms',
    floor: null,
    ours: p50,
    ratio: null,
    target: `p50 ≤ ${most} ms`,
    verdict: judge(p50, { atMost: most }),
    note: `p10 ${shown(p10)}, p50 ${shown(p50)}, p95 ${shown(p95)} ms, ${all.length} questions`,
  }
}

interface SizeRow {
  readonly spaces: number
  readonly messages: number
  readonly most: number
  /** Questions in a round. */
  readonly questions: number
}

const rounds = 5

function sizeRow({ spaces, messages, most, questions }: SizeRow): SelfMeasuredRow {
  const size = messages.toLocaleString('en')
  const name =
    spaces === 1 ? `recall, ${size} messages in one space` : `recall, ${size} messages in each of 1,000 spaces`
  return {
    kind: 'self-measured',
    name,
    async measure({ folder, quick, floorOnly }: RunSettings) {
      if (floorOnly) return []
      const spaceCount = quick ? Math.ceil(spaces / 10) : spaces
      const turns = Math.min(messages, quick ? 10_000 : messages) / 2
      const base = await openRecall(join(folder, `recall-${spaces}-${messages}.db`))
      for (let space = 0; space < spaceCount; space++) {
        await fillSpace(base, `resource-${space}`, { first: space * turns, count: turns })
      }
      const random = createRandom(messages)
      const ask = askIn(base, () => `resource-${Math.floor(random() * spaceCount)}`)
      const count = quick ? Math.ceil(questions / 10) : questions
      await times(ask, 0, count)
      const ms: Float64Array[] = []
      for (let round = 1; round <= (quick ? 1 : rounds); round++) ms.push(await times(ask, round * count, count))
      await base.close()
      return [timesLine(name, ms, most)]
    },
  }
}

/** What an answer says, without what differs from file to file. */
function content(answer: unknown): string {
  const { items } = answer as Awaited<ReturnType<RecallBase['memory']['recall']>> & { items: readonly unknown[] }
  return JSON.stringify(items.map((item) => ({ ...(item as object), id: '', message: '' })))
}

const besideMessages = 1_000
const otherSpaces = 40
const besideName = `recall, ${besideMessages.toLocaleString('en')} messages with ${otherSpaces} × the rows in other spaces`

const besideRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name: besideName,
  async measure({ folder, quick, floorOnly }: RunSettings) {
    if (floorOnly) return []
    const turns = { first: 0, count: besideMessages / 2 }
    const alone = await openRecall(join(folder, 'recall-alone.db'))
    const beside = await openRecall(join(folder, 'recall-beside.db'))
    for (let other = 0; other < (quick ? 4 : otherSpaces); other++) {
      await fillSpace(beside, `other-${other}`, { first: (other + 1) * turns.count, count: turns.count })
    }
    for (const base of [alone, beside]) await fillSpace(base, 'asked', turns)
    const asks = [alone, beside].map((base) => askIn(base, () => 'asked')) as [Ask, Ask]
    const count = quick ? 50 : 200
    let different = 0
    for (let n = 0; n < count; n++) if (content(await asks[0](n)) !== content(await asks[1](n))) different += 1
    const ratios: number[] = []
    const medians: [number[], number[]] = [[], []]
    for (let round = 0; round < (quick ? 2 : 2 * rounds); round++) {
      const own: [number, number] = [0, 0]
      for (const side of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        own[side] = median(await times(asks[side], round * count, count))
        medians[side].push(own[side])
      }
      ratios.push(own[1] / own[0])
    }
    for (const base of [alone, beside]) await base.close()
    const slower = median(ratios)
    const common = { row: besideName, floor: null, ratio: null }
    const note = `p50 ${shown(median(medians[0]))} ms alone, ${shown(median(medians[1]))} ms beside the others`
    return [
      { ...common, unit: '× slower', ours: slower, target: '≤ 1.5 ×', verdict: judge(slower, { atMost: 1.5 }), note },
      {
        ...common,
        row: `${besideName}: questions whose items or scores differ`,
        unit: 'count',
        ours: different,
        target: '0',
        verdict: judge(different, { atMost: 0 }),
      },
    ]
  },
}

/** Imports conversations until it is told to stop, as fast as one writer can. */
function startImport({ memory }: RecallBase, resourceId: string, first: number) {
  let isOver = false
  let turns = 0
  const work = async () => {
    while (!isOver) {
      await saveTurns(memory, resourceId, { first: first + turns, count: 25 })
      turns += 25
      await new Promise((resolve) => setImmediate(resolve))
    }
    return turns
  }
  const done = work()
  return () => {
    isOver = true
    return done
  }
}

function importRow(where: 'another' | 'the same'): SelfMeasuredRow {
  const name = `recall, 1,000 messages, during an import into ${where} space`
  return {
    kind: 'self-measured',
    name,
    async measure({ folder, quick, floorOnly }: RunSettings) {
      if (floorOnly) return []
      const ratios: number[] = []
      const idles: number[] = []
      const busies: number[] = []
      let imported = 0
      const count = quick ? 50 : 300
      for (let round = 0; round < (quick ? 1 : rounds); round++) {
        const base = await openRecall(join(folder, `recall-import-${where}-${round}.db`))
        await fillSpace(base, 'asked', { first: 0, count: besideMessages / 2 })
        const ask = askIn(base, () => 'asked')
        await times(ask, 0, count)
        const before = await times(ask, count, count)
        const stop = startImport(base, where === 'another' ? 'imported' : 'asked', 1_000_000)
        const during = await times(ask, 2 * count, count)
        imported += 2 * (await stop())
        // The same space is larger now, so its idle time is that before and that after, together.
        const after = await times(ask, 3 * count, count)
        await base.close()
        const idle = quantile([...before, ...after], 0.95)
        idles.push(idle)
        busies.push(quantile(during, 0.95))
        ratios.push(quantile(during, 0.95) / idle)
      }
      const ratio = median(ratios)
      return [
        {
          row: name,
          unit: '× idle p95',
          floor: null,
          ours: ratio,
          ratio: null,
          target: '≤ 3 ×',
          verdict: judge(ratio, { atMost: 3 }),
          note: `p95 ${shown(median(idles))} ms idle, ${shown(median(busies))} ms while ${imported} messages came in`,
        },
      ]
    },
  }
}

export const recallRows: readonly SelfMeasuredRow[] = [
  sizeRow({ spaces: 1_000, messages: 100, most: 0.5, questions: 2_000 }),
  sizeRow({ spaces: 1, messages: 1_000, most: 1.5, questions: 1_000 }),
  sizeRow({ spaces: 1, messages: 10_000, most: 5, questions: 300 }),
  sizeRow({ spaces: 1, messages: 100_000, most: 25, questions: 60 }),
  besideRow,
  importRow('another'),
  importRow('the same'),
]
