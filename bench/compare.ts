/** Runs one compared row and turns what was measured into lines: against the floor, or a large database against a small one. */
import { rmSync } from 'node:fs'
import type { Places } from './fill.ts'
import { alternate, type Measured, median, perSecond, type Rounds, speedRatio } from './measure.ts'
import { type ComparedRow, judge, type Line, type RunSettings, type Setup, type Subject } from './row.ts'

/** Messages in the database that a row starts from. */
export const smallMessages = 10_000
const largeMessages = 1_000_000
const largestSlowdown = 1.5

/** How often a row is repeated. */
export function planFor(row: { readonly runs: number }, quick: boolean): Rounds {
  return quick
    ? { warmUps: 1, rounds: 3, runs: Math.max(2, Math.ceil(row.runs / 5)) }
    : { warmUps: 2, rounds: 9, runs: row.runs }
}

/** A side of a row and the database it starts from. */
export interface Contender {
  readonly setup: Setup
  readonly side: string
  readonly messages: number
}

/** Opens each side on a filled database of its own, measures all of them together, closes them and removes the files. */
export async function measureSides(
  sides: readonly Contender[],
  places: Places,
  plan: Rounds,
): Promise<readonly Measured[]> {
  const subjects: Subject[] = []
  const files: string[] = []
  try {
    for (const { setup, side, messages } of sides) {
      const place = await places(side, messages)
      files.push(place.file)
      subjects.push(await setup(place))
    }
    return await alternate(subjects, plan)
  } finally {
    for (const subject of subjects) await subject.close()
    for (const file of files) for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
  }
}

/** The row against its floor, in a database of 10,000 messages. */
export async function compareToFloor(
  row: ComparedRow,
  places: Places,
  settings: RunSettings,
): Promise<readonly Line[]> {
  const plan = planFor(row, settings.quick)
  const floorSide = { setup: row.floor, side: 'floor', messages: smallMessages } as const
  const ourSide = { setup: row.ours, side: 'ours', messages: smallMessages } as const
  const [floor, ours] = await measureSides(settings.floorOnly ? [floorSide] : [floorSide, ourSide], places, plan)
  const rate = (side: Measured | undefined) => (side ? perSecond(side, plan.runs * row.unitsPerRun) : null)
  const ratio = floor && ours ? speedRatio(ours, floor) : null
  const latencyMicroseconds = { floor: floor?.latency ?? null, ours: ours?.latency ?? null }
  const least = row.target.ratio
  const lines: Line[] = [
    {
      row: row.name,
      unit: `${row.unit}/s`,
      floor: rate(floor),
      ours: rate(ours),
      ratio,
      target: least === undefined ? '' : `ratio ≥ ${least}`,
      verdict: least === undefined ? 'no target' : judge(ratio, { atLeast: least }),
      latencyMicroseconds,
    },
  ]
  const most = row.target.p99OverMedian
  if (most !== undefined) {
    const spread = (side: Measured | undefined) => (side ? side.latency.p99 / side.latency.p50 : null)
    lines.push({
      row: `${row.name}: p99 / median`,
      unit: '×',
      floor: spread(floor),
      ours: spread(ours),
      ratio: null,
      target: `≤ ${most} ×`,
      verdict: judge(spread(ours), { atMost: most }),
    })
  }
  return lines
}

/** How much slower each side becomes when its database holds 1,000,000 messages instead of 10,000. */
export async function compareSizes(row: ComparedRow, places: Places, settings: RunSettings): Promise<readonly Line[]> {
  const plan = planFor(row, settings.quick)
  const sizes = [smallMessages, largeMessages]
  const sides = (['floor', 'ours'] as const)
    .filter((side) => side === 'floor' || !settings.floorOnly)
    .flatMap((side) => sizes.map((messages) => ({ setup: row[side], side, messages })))
  const [floorSmall, floorLarge, ourSmall, ourLarge] = await measureSides(sides, places, plan)
  const slowdown = (small: Measured | undefined, large: Measured | undefined) =>
    small && large ? median(small.sliceMs.map((ms, round) => (large.sliceMs[round] ?? Number.NaN) / ms)) : null
  const floor = slowdown(floorSmall, floorLarge)
  const ours = slowdown(ourSmall, ourLarge)
  return [
    {
      row: row.name,
      unit: '× slower',
      floor,
      ours,
      ratio: null,
      target: `≤ ${largestSlowdown} × or the floor's`,
      verdict: judge(ours, { atMost: Math.max(largestSlowdown, floor ?? 0) }),
    },
  ]
}
