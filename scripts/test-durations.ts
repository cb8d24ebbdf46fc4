// How long each test file took the last time, in milliseconds: for choosing what `npm run check` has time for.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../node_modules/.cache/aquifer/test-durations.json', import.meta.url))

/** Milliseconds by path from the root of the repository. Empty before the first run of tests. */
export function readDurations(): ReadonlyMap<string, number> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map()
    throw error
  }
  return new Map(Object.entries(JSON.parse(text) as Record<string, number>))
}

/** Keeps what was measured, and what was known of other files. */
export function writeDurations(measured: ReadonlyMap<string, number>): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(Object.fromEntries([...readDurations(), ...measured])))
}
