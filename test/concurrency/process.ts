// Real processes: each runs a worker file, is told its work as JSON, and answers in lines of JSON.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Worker<Line> {
  readonly child: ChildProcess
  readonly lines: Line[]
  /** Resolves at the first line. */
  readonly first: Promise<void>
  /** Resolves with the exit code once the process has ended and its output is read; null if it was killed. */
  readonly ended: Promise<number | null>
  readonly errors: () => string
}

/** Starts a worker file of this folder. Node runs TypeScript as it is, by leaving the types out. */
export function startWorker<Line>(file: string, task: unknown): Worker<Line> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const flags = ['--disable-warning=ExperimentalWarning', path, JSON.stringify(task)]
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: Line[] = []
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += String(chunk)
  })
  const reader = createInterface({ input: child.stdout })
  const { promise: first, resolve } = Promise.withResolvers<void>()
  reader.on('line', (text) => {
    resolve()
    // A process that was killed may leave half a line.
    if (text.endsWith('}')) lines.push(JSON.parse(text) as Line)
  })
  const ended = Promise.all([once(child, 'close'), once(reader, 'close')]).then(([[code]]) => {
    resolve()
    return code as number | null
  })
  return { child, lines, first, ended, errors: () => errors }
}
