// Real processes: each runs a worker file, is told its work as JSON, and answers in lines of JSON.
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startNode } from '../processes.ts'

export interface Worker<Line> {
  readonly child: ReturnType<typeof startNode>
  readonly lines: Line[]
  /** Resolves at the first line. */
  readonly first: Promise<void>
  /** Resolves with the exit code once the process has ended and its output is read; null if it was killed. */
  readonly ended: Promise<number | null>
  readonly errors: () => string
}

/** Starts a worker file: `new URL('./…-worker.ts', import.meta.url)`. Node runs TypeScript by leaving the types out. */
export function startWorker<Line>(file: URL, task: unknown): Worker<Line> {
  const flags = ['--disable-warning=ExperimentalWarning', fileURLToPath(file), JSON.stringify(task)]
  const child = startNode(flags)
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
