// One run of a random workflow, carried on by two processes that share a storage and may die, with people who answer.
import {
  Memory,
  MemoryError,
  type RunnableWorkflow,
  type Storage,
  type WorkflowResult,
  type WorkflowStepState,
  type WorkflowStream,
} from 'aquifer'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { type DyingStorage, dyingStorage } from '../agent/dying-storage.ts'
import { hour } from '../memory/opened.ts'
import { Outside, workflowOf } from './build.ts'
import { problemsOfRun } from './checks.ts'
import { type Asked, answerTo, canonical } from './plan.ts'
import type { DeathPlan, RandomRun, TurnPlan } from './plans.ts'
import { observedStorage, ShiftedClock } from './scene.ts'

interface Process {
  readonly life: DyingStorage
  readonly memory: Memory
  readonly workflow: RunnableWorkflow<unknown>
  readonly death: Promise<void>
}

/** What all runs together came to: a property that nothing happens in proves nothing. */
export const seenInRuns: Record<string, number> = {}
const count = (what: string) => {
  seenInRuns[what] = (seenInRuns[what] ?? 0) + 1
}

const mostRounds = 300
const endings = ['success', 'failed', 'bailed', 'canceled']
const name = 'the-run'
const resourceId = 'alice'

export class WorkflowWorld {
  readonly outside = new Outside()
  readonly #run: RandomRun
  readonly #storage: Storage
  readonly #clock: ShiftedClock
  #processes: readonly Process[]
  #runId: string | null = null
  /** How many processes have died. */
  deaths = 0
  #sweeps: Promise<unknown> = Promise.resolve()

  private constructor(run: RandomRun, storage: Storage, clock: ShiftedClock) {
    this.#run = run
    this.#clock = clock
    this.#storage = observedStorage(storage, this.outside)
    this.#processes = [this.#start(), this.#start()]
  }

  static async open(run: RandomRun): Promise<WorkflowWorld> {
    const clock = new ShiftedClock()
    const options = { id: 'workflows', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 } as const
    return new WorkflowWorld(run, await SqliteStorage.open(options), clock)
  }

  async close(): Promise<void> {
    for (const { memory } of this.#processes) await memory.close()
    await this.#storage.close()
  }

  #start(): Process {
    const { promise: death, resolve: die } = Promise.withResolvers<void>()
    const life = dyingStorage(this.#storage, () => {
      die()
      this.#bury()
    })
    const memory = new Memory({ storage: life.storage, clock: this.#clock, background: false, embedder: false })
    return { life, memory, death, workflow: workflowOf(this.#run.workflow, this.outside, life, memory) }
  }

  /** Starts the run, answers what it asks for, and starts processes that died again, until it has ended. */
  async carryOut(): Promise<readonly string[]> {
    const { turns } = this.#run
    const { problems } = this.outside
    for (let round = 0; round < mostRounds && problems.length === 0; round++) {
      // Each death comes once: otherwise nothing would ever end.
      const turn = turns[round] ?? { ...(turns[round % turns.length] as TurnPlan), death: null }
      const state = await this.#state()
      if (state?.status === 'failed' && this.#run.restarts === true) {
        count('restarted')
        const process = this.#processes[turn.answers[0]?.process ?? 0] as Process
        await this.#carry(process, turn.death, async ({ workflow }) => (await this.#runIn(workflow))?.restart())
      } else if (state !== null && endings.includes(state.status)) {
        return [...problems, ...problemsOfRun(this.#run, state, this.outside)]
      } else if (state?.status === 'suspended') await this.#answer(state, turn)
      else await this.#carryOn(state, turn)
      await this.#startAgain()
    }
    return problems.length > 0 ? problems : [`it never ends: ${canonical(await this.#state())}`]
  }

  /** What is stored, read by nobody who may die. */
  async #state() {
    const memory = new Memory({ storage: dyingStorage(this.#storage).storage, clock: this.#clock, background: false })
    const workflow = workflowOf(this.#run.workflow, this.outside, { isDead: true }, memory)
    const run = await this.#runIn(workflow)
    const state = run === null ? null : await run.state()
    await memory.close()
    return state
  }

  async #carryOn(state: WorkflowResult | null, turn: TurnPlan): Promise<void> {
    const process = this.#processes[turn.answers[0]?.process ?? 0] as Process
    if (state !== null) {
      // A commit of the dead one may have come after the sweep of its death: the sweeper comes again and again.
      if (state.status === 'running') await this.#leasesEnd()
      count(`recovered ${state.status}`)
      await this.#carry(process, turn.death, ({ workflow }) => workflow.recover())
      return
    }
    if (this.#runId !== null) count('started again')
    await this.#carry(process, turn.death, async ({ workflow }) => {
      const run = await workflow.createRun({ runId: name, resourceId })
      this.#runId = run.runId
      const options = { inputData: this.#run.input }
      if (turn.isStreamed) await this.#read(run.stream(options))
      else await run.start(options)
    })
  }

  /** Several people answer at once what was asked when they looked. */
  async #answer({ suspended, steps }: WorkflowResult, { answers, death, isStreamed }: TurnPlan): Promise<void> {
    await Promise.all(
      answers.map(async ({ which, process }) => {
        const [name = ''] = suspended[which % suspended.length] ?? []
        const step = steps[name] as WorkflowStepState
        await this.#carry(this.#processes[process] as Process, death, async ({ workflow }) => {
          const run = await this.#runIn(workflow)
          const options = {
            step: which % 2 === 0 ? name : step.path,
            resumeData: answerTo(step.suspendPayload as unknown as Asked),
          }
          if (run !== null && isStreamed) await this.#read(run.resumeStream(options))
          else await run?.resume(options)
        })
      }),
    )
  }

  async #runIn(workflow: RunnableWorkflow<unknown>) {
    return this.#runId === null ? null : workflow.getRun(this.#runId)
  }

  /** Reads a stream to its end: nothing is told that is not stored. */
  async #read(stream: WorkflowStream): Promise<void> {
    count('streamed')
    const { problems } = this.outside
    let last = 'nothing'
    for await (const event of stream) {
      const { type, payload } = event
      if (last === 'workflow-finish') problems.push(`${type} comes after the end`)
      last = type
      if (type !== 'workflow-step-result' || payload.status === 'failed') continue
      if (!this.outside.isStored(`${stream.runId}/${payload.path}`)) problems.push(`${payload.path} is told too early`)
    }
    await stream.result
    if (last !== 'workflow-finish') problems.push(`the last event is ${last}`)
  }

  /** Has a process do something, to its end or its death. */
  async #carry(process: Process, death: DeathPlan | null, work: (process: Process) => Promise<unknown>): Promise<void> {
    const { life } = process
    if (death !== null) life.dieAfter(death.afterCommits, death.isStored)
    try {
      await Promise.race([work(process), process.death])
    } catch (error) {
      const isConflict = error instanceof MemoryError && error.code === 'conflict'
      if (isConflict) count('refused')
      else if (!life.isDead) this.outside.problems.push(`a process fails with ${String(error)}`)
    } finally {
      life.live()
    }
  }

  /** Ends the leases: that of the dead one, and those of all others, who may have slept. */
  #bury(): void {
    count('died')
    this.deaths += 1
    this.#sweeps = this.#sweeps.then(() => this.#leasesEnd())
  }

  async #leasesEnd(): Promise<void> {
    this.outside.leasesEnd()
    this.#clock.pass(hour)
    await sweep(this.#storage)
  }

  /** Starts the dead again. */
  async #startAgain(): Promise<void> {
    await this.#sweeps
    this.#processes = this.#processes.map((process) => (process.life.isDead ? this.#start() : process))
  }
}
