// Runs one scenario and says what was observed. Whatever is uncaught ends the process with another code than 0.
import './faults.ts'
import { writeSync } from 'node:fs'
import { Memory } from '../../src/facade/memory.ts'
import { mend } from './faults.ts'
import { scenarios } from './scenarios.ts'

/** What the worker is told. */
export interface ScenarioTask {
  readonly name: string
  readonly path: string
}

/** What it says: the observation, and the codes of the warnings that the process got. */
export interface ScenarioLine {
  readonly observed: unknown
  readonly warnings: readonly string[]
}

const { name, path } = JSON.parse(process.argv[2] ?? '') as ScenarioTask
const warnings: string[] = []
process.removeAllListeners('warning')
process.on('warning', (warning: Error & { readonly code?: string }) => warnings.push(warning.code ?? warning.message))
const memories: Memory[] = []
const observed = await scenarios[name]?.run((options = {}) => {
  const memory = new Memory({ storage: `file:${path}`, embedder: false, ...options })
  memories.push(memory)
  return memory
})
mend()
for (const memory of memories) await memory.close().catch(() => {})
// What was let go is uncaught by now, if it is at all.
await new Promise((resolve) => setTimeout(resolve, 50))
writeSync(1, `${JSON.stringify({ observed, warnings } satisfies ScenarioLine)}\n`)
