// A storage that several processes of one test share, each with a memory of its own.
import { Memory, type RunnableWorkflow, type Storage } from 'aquifer'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import type { Change } from '../../src/domain/commit/commit.ts'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { type DyingStorage, dyingStorage } from '../agent/dying-storage.ts'
import { hour } from '../memory/opened.ts'
import type { Outside } from './build.ts'

/** The real time, or later. */
export class ShiftedClock {
  #offsetMs = 0

  now(): number {
    return Date.now() + this.#offsetMs
  }

  pass(ms: number): void {
    this.#offsetMs += ms
  }
}

/** A process that may die. */
export interface SceneProcess {
  readonly life: DyingStorage
  readonly memory: Memory
}

export interface WorkflowScene {
  readonly clock: ShiftedClock
  readonly storage: Storage
  /** Starts a process. */
  process(): SceneProcess
  /** Lets the leases of the dead and of those who sleep end. */
  leasesEnd(): Promise<void>
}

/** Closes with its test. */
export async function workflowScene(): Promise<WorkflowScene> {
  const clock = new ShiftedClock()
  const options = { id: 'workflows', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 } as const
  const storage = await SqliteStorage.open(options)
  const memories: Memory[] = []
  onTestFinished(async () => {
    for (const memory of memories) await memory.close()
    await storage.close()
  })
  return {
    clock,
    storage,
    process: () => {
      const life = dyingStorage(storage)
      const memory = new Memory({ storage: life.storage, clock, background: false, embedder: false })
      memories.push(memory)
      return { life, memory }
    },
    leasesEnd: async () => {
      clock.pass(hour)
      await sweep(storage)
    },
  }
}

/** A view of a storage that tells which results are stored: also those whose process never heard of it. */
export function observedStorage(inner: Storage, outside: Outside): Storage {
  const commit: Storage['commit'] = async (...given) => {
    const result = await inner.commit(...given)
    if (result.status === 'committed') for (const change of given[1].changes) noteStored(change, outside)
    return result
  }
  return new Proxy(inner, {
    get: (target, name) => {
      if (name === 'commit') return commit
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function noteStored(change: Change, outside: Outside): void {
  if (change.kind === 'work-end' && change.outcome !== 'failed') outside.stored(`${change.runId}/${change.path}`)
}

export const text = z.string()
export const anyJson = z.json()

/** Resumes a step of a run. */
export async function resume(
  workflow: Pick<RunnableWorkflow, 'getRun'>,
  runId: string,
  step: string,
  resumeData: unknown,
) {
  const run = await workflow.getRun(runId)
  if (run === null) throw new Error(`There is no run ${runId}.`)
  return run.resume({ step, resumeData })
}

/** Starts a run, and waits until it waits or has ended. Answers its id. */
export async function started<Input>(
  workflow: Pick<RunnableWorkflow<Input>, 'createRun'>,
  inputData: Input,
): Promise<string> {
  const run = await workflow.createRun()
  await run.start({ inputData })
  return run.runId
}
