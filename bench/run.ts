/**
 * `npm run bench`: every row beside its floor, as a table and as JSON.
 *
 *   --only <text>   rows whose name contains the text
 *   --quick         a small run: enough to see that everything works, too small to judge by
 *   --large         what growing does to speed, blocks and memory: up to an hour (--only is for the names of axes)
 *   --sizes         1,000,000 messages against 10,000, instead of ours against the floor
 *   --floor-only    the floor alone
 *   --strict        fails if a line misses its target
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareSizes, compareToFloor } from './compare.ts'
import { createPlaces } from './fill.ts'
import { describeRun, printLines, writeJson } from './report.ts'
import type { Line, Row, RunSettings } from './row.ts'
import { rows } from './rows/all.ts'
import { measureScale } from './scale/run.ts'

const results = fileURLToPath(new URL('./results/', import.meta.url))

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    sizes: { type: 'boolean', default: false },
    'floor-only': { type: 'boolean', default: false },
    strict: { type: 'boolean', default: false },
  },
})

mkdirSync(results, { recursive: true })
const folder = mkdtempSync(join(results, 'files-'))
const settings: RunSettings = { folder, quick: options.quick, floorOnly: options['floor-only'] }
const places = createPlaces(folder)

async function measureRow(row: Row): Promise<readonly Line[]> {
  if (row.kind === 'self-measured') return options.sizes ? [] : row.measure(settings)
  return options.sizes ? compareSizes(row, places, settings) : compareToFloor(row, places, settings)
}

async function measureRows(): Promise<void> {
  const started = performance.now()
  const lines: Line[] = []
  for (const row of rows.filter(({ name }) => name.includes(options.only))) {
    console.error(`… ${row.name}`)
    lines.push(...(await measureRow(row)))
  }
  const seconds = Math.round((performance.now() - started) / 1_000)
  printLines(lines)
  const file = options.sizes ? 'sizes.json' : 'latest.json'
  writeJson(join(results, file), { ...describeRun({}), options, seconds, lines })
  const missed = lines.filter(({ verdict }) => verdict === 'miss').length
  console.log(`\n${lines.length} lines, ${missed} below target, ${seconds} s; JSON in bench/results/${file}`)
  if (options.strict && missed > 0) process.exitCode = 1
}

try {
  if (options.large) await measureScale({ folder, results, quick: options.quick, only: options.only })
  else await measureRows()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
