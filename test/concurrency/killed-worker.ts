// A process that asks or decides, and kills itself before one commit, or inside a tool: before its effect, or after.
import { writeSync } from 'node:fs'
import { Memory, type Storage } from '../../src/index.ts'
import { open } from './shared.ts'
import { agentOf, answerAll, question, resourceId, type Steps } from './waiting-shared.ts'

/** What a worker is told. */
export interface KilledTask {
  readonly path: string
  readonly effects: string
  readonly steps: Steps
  readonly threadId: string
  /** Says the first word, or answers all that waits, one by one. */
  readonly work: 'asks' | 'answers'
  /** The commit before which it dies, from 0; null for none. */
  readonly beforeCommit: number | null
  /** The run of a tool in which it dies before the effect, from 0; null for none. */
  readonly inTool: number | null
}

/** What a worker says if it lives to its end: how many commits it made, and how many tools it ran. */
export interface KilledLine {
  readonly commits: number
  readonly tools: number
}

const task = JSON.parse(process.argv[2] ?? '') as KilledTask
const { path, effects, steps, threadId, beforeCommit, inTool } = task
let commits = 0
let tools = 0

/** Ends the process as the system would: nothing after this runs. */
function die(): never {
  process.kill(process.pid, 'SIGKILL')
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

const inner = await open(path)
const commit: Storage['commit'] = (...given) => {
  if (commits === beforeCommit) die()
  commits += 1
  return inner.commit(...given)
}
const storage = new Proxy(inner, {
  get: (target, name) => {
    if (name === 'commit') return commit
    const value = Reflect.get(target, name) as unknown
    return typeof value === 'function' ? value.bind(target) : value
  },
})
const memory = new Memory({ storage, embedder: false, background: false })
const onRun = () => {
  if (tools === inTool) die()
  tools += 1
}
const { agent } = agentOf(memory, steps, threadId, { effects, onRun })

if (task.work === 'asks') await agent.generate(question, { resourceId, threadId })
else await answerAll(agent, threadId)
await memory.close()
await inner.close()
writeSync(1, `${JSON.stringify({ commits, tools } satisfies KilledLine)}\n`)
