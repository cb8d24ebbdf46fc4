/** Rows of tracing: what an operation pays while nobody listens, and what it pays while somebody does. */
import { tracingChannel } from 'node:diagnostics_channel'
import { join } from 'node:path'
import { type SaveEvent, traced } from '../../src/memory/tracing.ts'
import { turnAt } from '../corpus.ts'
import { median } from '../measure.ts'
import { openOurs } from '../ours.ts'
import { questionAt } from '../recall-corpus.ts'
import { fillSpace, openRecall } from '../recall-fill.ts'
import { judge, type Line, type RunSettings, type SelfMeasuredRow } from '../row.ts'

const rounds = 15
const callsARound = 20_000
const mostUnheardMicroseconds = 0.5
const mostHeardRatio = 1.2
const name = 'tracing'

type Run = (n: number) => Promise<unknown>

/** Microseconds of one call, in the mean over a slice. */
async function slice(run: Run, first: number, count: number): Promise<number> {
  const start = performance.now()
  for (let n = first; n < first + count; n++) await run(n)
  return ((performance.now() - start) * 1_000) / count
}

const actor = { kind: 'system', id: 'bench' } as const
const event = (): SaveEvent => ({ operation: 'memory.save', actor, space: 's', threadId: 't', given: 1 })

/** An operation that does nothing, by itself and traced with nobody listening. */
async function unheard(quick: boolean): Promise<Line> {
  const answer = { seq: 1 }
  const bare: Run = async () => answer
  const wrapped: Run = (n) =>
    traced(
      event,
      () => bare(n) as Promise<typeof answer>,
      ({ seq }) => ({ seq }),
    )
  const floor: number[] = []
  const ours: number[] = []
  for (let round = 0; round < (quick ? 3 : rounds); round++) {
    floor.push(await slice(bare, 0, callsARound))
    ours.push(await slice(wrapped, 0, callsARound))
  }
  const above = median(ours) - median(floor)
  return {
    row: `${name}, nobody listens: an operation that does nothing`,
    unit: 'µs',
    floor: median(floor),
    ours: median(ours),
    ratio: null,
    target: `≤ ${mostUnheardMicroseconds} µs above`,
    verdict: judge(above, { atMost: mostUnheardMicroseconds }),
  }
}

const channel = tracingChannel('aquifer:memory')
const listener = { start() {}, end() {}, asyncStart() {}, asyncEnd() {}, error() {} }

/** The same operation with nobody and with somebody listening, in turn. */
async function heard(operation: string, run: Run, count: number, quick: boolean): Promise<Line> {
  const alone: number[] = []
  const listening: number[] = []
  for (let round = 0; round < (quick ? 2 : rounds); round++) {
    alone.push(await slice(run, 2 * round * count, count))
    channel.subscribe(listener)
    listening.push(await slice(run, (2 * round + 1) * count, count))
    channel.unsubscribe(listener)
  }
  const ratio = median(listening.map((us, round) => us / (alone[round] ?? Number.NaN)))
  return {
    row: `${name}, somebody listens: ${operation}`,
    unit: 'µs',
    floor: median(alone),
    ours: median(listening),
    ratio,
    target: `≤ ${mostHeardRatio} × unheard`,
    verdict: judge(ratio, { atMost: mostHeardRatio }),
    note: 'floor: the same with nobody listening',
  }
}

export const tracingRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name,
  async measure({ folder, quick, floorOnly }: RunSettings): Promise<readonly Line[]> {
    if (floorOnly) return []
    const base = await openRecall(join(folder, 'tracing-recall.db'))
    await fillSpace(base, 'asked', { first: 0, count: 500 })
    const recall: Run = (n) => base.memory.recall({ resourceId: 'asked', query: questionAt(n) })
    const writing = await openOurs(join(folder, 'tracing-save.db'))
    const save: Run = (n) =>
      writing.saveMessages({ resourceId: 'r', threadId: `t${Math.floor(n / 20)}`, messages: [...turnAt(n).messages] })
    const lines = [
      await unheard(quick),
      await heard('recall, 1,000 messages', recall, quick ? 20 : 200, quick),
      await heard('save a 2-message turn', save, quick ? 50 : 500, quick),
    ]
    await base.close()
    await writing.close()
    return lines
  },
}
