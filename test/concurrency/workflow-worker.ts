// A process that carries a workflow on, and ends or stands still at one of its commits, or inside a step.
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { Aquifer, Memory, type Storage } from '../../src/index.ts'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { workflowOf } from '../workflow/build.ts'
import { jumpingClock, open } from './shared.ts'
import { carryOn, outsideIn, untilEnded, type WorkflowLine, type WorkflowTask } from './workflow-shared.ts'

const {
  plan,
  path,
  effects,
  offsetMs,
  jumps = [],
  death,
  runLeaseMs,
  isLeftAlone = false,
} = JSON.parse(process.argv[2] ?? '') as WorkflowTask
const jumping = jumpingClock(jumps)
const clock = { now: () => jumping.now() + offsetMs }
let commits = 0
let steps = 0

/** Ends the process as the system would, or stops it: nothing after this runs until it is woken. */
function signal(name: 'SIGKILL' | 'SIGSTOP'): void {
  process.kill(process.pid, name)
  // The signal may come a moment later.
  if (name === 'SIGKILL') for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

const inner = await open(path, { clock })
const commit: Storage['commit'] = async (...given) => {
  const isLast = death?.at === 'commit' && commits === death.before
  commits += 1
  if (isLast && !death.isStored) signal('SIGKILL')
  const result = await inner.commit(...given)
  if (isLast) signal('SIGKILL')
  return result
}
const storage = new Proxy(inner, {
  get: (target, name) => {
    if (name === 'commit') return commit
    const value = Reflect.get(target, name) as unknown
    return typeof value === 'function' ? value.bind(target) : value
  },
})
const limits = runLeaseMs === undefined ? {} : { runLeaseMs }
const memory = new Memory({ storage, clock, embedder: false, background: isLeftAlone, limits })
const outside = outsideIn(effects, () => {
  if (death?.at === 'step' && steps === death.before) signal(death.signal)
  steps += 1
})
const workflow = workflowOf(plan, outside, { isDead: false }, memory)
const aquifer = isLeftAlone ? new Aquifer({ memory, workflows: [workflow] }) : null
const { state, refused } = isLeftAlone
  ? await untilEnded(workflow, () => delay(20))
  : await carryOn(workflow, async () => {
      await sweep(inner)
      await delay(20)
    })
await aquifer?.close()
await memory.close()
await inner.close()
const { status, result } = state
writeSync(1, `${JSON.stringify({ status, result, commits, steps, refused } satisfies WorkflowLine)}\n`)
