/** The row of what it costs to import the memory: a fresh process with it, beside a fresh process without. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundle } from '../../scripts/bundle.ts'
import { median } from '../measure.ts'
import { judge, type Line, type RunSettings, type SelfMeasuredRow } from '../row.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const targetMs = 40
const targetMegabytes = 12

interface Cost {
  readonly ms: number
  readonly megabytes: number
}

/** Bundles the sources as they are published: what a user imports is JavaScript in few files, not stripped types. */
async function built(folder: string): Promise<string> {
  const dir = join(folder, 'dist')
  // As in the published package; without it Node parses each file twice to find out what it is.
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  await bundle(dir)
  return pathToFileURL(join(dir, 'index.js')).href
}

/** Imports a module in a process of its own; null imports nothing. */
function importOnce(url: string | null): Cost {
  const code = `
    const before = performance.now()
    ${url === null ? '' : `await import(${JSON.stringify(url)})`}
    const ms = performance.now() - before
    console.log(JSON.stringify({ ms, megabytes: process.memoryUsage.rss() / 1e6 }))`
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { cwd: root, encoding: 'utf8' })
  if (child.status !== 0) throw new Error(`importing failed: ${child.stderr}`)
  return JSON.parse(child.stdout) as Cost
}

const name = 'import of the memory'

export const importCostRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name,
  async measure({ folder, quick, floorOnly }: RunSettings): Promise<readonly Line[]> {
    const url = floorOnly ? null : await built(folder)
    const bare: Cost[] = []
    const ours: Cost[] = []
    for (let round = 0; round < (quick ? 3 : 9); round++) {
      bare.push(importOnce(null))
      if (url !== null) ours.push(importOnce(url))
    }
    const line = (row: string, unit: string, of: (cost: Cost) => number, most: number): Line => {
      const floor = median(bare.map(of))
      const figure = ours.length === 0 ? null : median(ours.map(of))
      const above = figure === null ? null : figure - floor
      const target = `≤ ${most} ${unit} above`
      const verdict = judge(above, { atMost: most })
      return { row: `${name}, ${row}`, unit, floor, ours: figure, ratio: null, target, verdict }
    }
    return [
      line('time', 'ms', (cost) => cost.ms, targetMs),
      line('resident memory', 'MB', (cost) => cost.megabytes, targetMegabytes),
    ]
  },
}
