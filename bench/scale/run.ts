/** `npm run bench -- --large`: what a growing database does to speed, blocks and memory, an axis after the other. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeRun, formatNumber, formatTable, writeJson } from '../report.ts'
import { axes } from './axes.ts'
import { bendOf, type Curve, curvesOf, type Figure } from './measured.ts'
import { drawCurves } from './plot.ts'

export interface ScaleSettings {
  /** For the databases; removed at the end. */
  readonly folder: string
  /** Where `large.json` and `large.svg` are written. */
  readonly results: string
  readonly quick: boolean
  /** Axes whose name contains this text. */
  readonly only: string
}

/** A block that is short enough for everything, milliseconds: one below it does not bend a curve. */
const shortBlockMs = 10

async function measureAxis(name: string, { folder, quick }: ScaleSettings): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  const child = fork(fileURLToPath(new URL('./axis-process.ts', import.meta.url)), [name, folder, quick ? 'quick' : ''])
  child.on('message', (figure: Figure) => {
    console.error(`… ${name} ${formatNumber(figure.size)}: ${figure.operation}, ${formatNumber(figure.perSecond)}/s`)
    figures.push(figure)
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`The axis "${name}" ended with code ${code}.`)
  return figures
}

const sizeOrNone = (size: number | null) => (size === null ? '–' : formatNumber(size))

/** A line for each operation: its figures at the ends of its axis, and where each of them bends. */
function rowOf({ axis, operation, figures }: Curve): readonly string[] {
  const [first, last] = [figures[0], figures.at(-1)] as [Figure, Figure]
  const both = (of: (figure: Figure) => number) => `${formatNumber(of(first))} → ${formatNumber(of(last))}`
  return [
    axis,
    operation,
    both(({ size }) => size),
    both(({ perSecond }) => Math.round(perSecond)),
    sizeOrNone(bendOf(figures, ({ perSecond }) => 1 / perSecond)),
    both(({ longestBlockMs }) => longestBlockMs),
    sizeOrNone(bendOf(figures, ({ longestBlockMs }) => longestBlockMs, shortBlockMs)),
    both(({ residentMb }) => Math.round(residentMb)),
    sizeOrNone(bendOf(figures, ({ residentMb }) => residentMb)),
    formatNumber(Math.round(last.fileMb)),
  ]
}

const headings = [
  'axis',
  'operation',
  'size',
  'a second',
  'bends at',
  'block, ms',
  'bends at',
  'memory, MB',
  'bends at',
  'file, MB',
]

/** Measures every axis in a process of its own; prints the table, and writes JSON and the plot. */
export async function measureScale(settings: ScaleSettings): Promise<void> {
  const started = performance.now()
  const figures: Figure[] = []
  for (const { name } of axes.filter((axis) => axis.name.includes(settings.only))) {
    figures.push(...(await measureAxis(name, settings)))
  }
  const curves = curvesOf(figures)
  const seconds = Math.round((performance.now() - started) / 1_000)
  console.log(formatTable(headings, curves.map(rowOf)))
  writeJson(join(settings.results, 'large.json'), { ...describeRun({}), quick: settings.quick, seconds, figures })
  writeFileSync(join(settings.results, 'large.svg'), drawCurves(curves))
  console.log(`\n${curves.length} curves, ${seconds} s; bench/results/large.json and large.svg`)
}
