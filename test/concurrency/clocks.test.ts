// Three processes share one file, and the clock of one jumps by hours and years: nothing is off by more than the jump.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { day, hour, minute, temporaryFolder } from '../memory/opened.ts'
import { startTold } from '../processes.ts'
import { runRandom } from '../random-runs.ts'
import { expected } from '../workflow/oracle.ts'
import { canonical } from '../workflow/plan.ts'
import { planWith } from '../workflow/plans.ts'
import { manyAskedPlan } from '../workflow/whole-plan.ts'
import { ClockCase, type ClockStep } from './clocks-case.ts'
import type { ClockAnswer, ClockOrder } from './clocks-shared.ts'
import { startWorker } from './process.ts'
import { open, type Seen, space, system } from './shared.ts'
import type { TeamTask } from './team-worker.ts'
import { type WorkflowLine, type WorkflowTask, workflowEffects, workflowInput } from './workflow-shared.ts'

const year = 365 * day
const startMs = Date.parse('2026-03-01T00:00:00.000Z')

/** A process that does one thing at a time. */
class Told {
  readonly #name: string
  readonly #child: ReturnType<typeof startTold>
  readonly #lines: AsyncIterator<string>
  #errors = ''

  constructor(name: string) {
    this.#name = name
    const worker = fileURLToPath(new URL('./clocks-worker.ts', import.meta.url))
    this.#child = startTold(['--disable-warning=ExperimentalWarning', worker, name])
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]()
    this.#child.stderr.on('data', (chunk) => {
      this.#errors += String(chunk)
    })
  }

  async tell(order: ClockOrder): Promise<ClockAnswer> {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`The process ${this.#name} has ended: ${this.#errors}`)
    return JSON.parse(value) as ClockAnswer
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    await once(this.#child, 'close')
  }
}

const processes: Told[] = []
beforeAll(() => {
  processes.push(...['right', 'also-right', 'jumping'].map((name) => new Told(name)))
})
afterAll(() => Promise.all(processes.map((one) => one.end())))

const either = fc.constantFrom(-1, 1)
const jumpOf = (...most: readonly number[]) =>
  fc.oneof(
    fc.constant(0),
    ...most.map((ms) => fc.tuple(either, fc.integer({ min: 1, max: ms })).map(([way, by]) => way * by)),
  )
const jump = jumpOf(1_000, hour, 5 * hour, year)

const steps: fc.Arbitrary<readonly ClockStep[]> = fc.array(
  fc.record({
    passMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: minute }), fc.integer({ min: 1, max: 3 * hour })),
    jumpMs: fc.option(jump, { freq: 3 }),
    by: fc.nat(2),
    act: fc.constantFrom(
      ...(['write', 'delete', 'read', 'readAt', 'readAt', 'fact', 'facts', 'take', 'renew', 'release'] as const),
      ...(['open', 'say', 'say', 'run', 'claim', 'sweep'] as const),
    ),
    one: fc.nat(1),
    forMs: fc.oneof(fc.integer({ min: 1, max: 2 * minute }), fc.integer({ min: 1, max: 5 * hour })),
    back: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 120, size: 'max' },
)

it('the clock of one of three processes jumps, and what it touches is off by the jump and no more', async () => {
  const folder = temporaryFolder()
  let files = 0
  const property = fc.asyncProperty(steps, async (all) => {
    const path = join(folder, `case-${++files}.db`)
    for (const one of processes) await one.tell({ open: path })
    const last = processes.length - 1
    const told = new ClockCase(startMs, last, (by, at, does) => (processes[by] as Told).tell({ at, does }))
    for (const step of all) await told.step(step)
    expect(told.problems.join('\n'), told.problems.join('\n')).toBe('')
    const storage = await open(path)
    expect(await checkHistory(storage, system, space)).toEqual([])
    await storage.close()
  })
  await runRandom(property, 30)
})

/** Where a clock that is read again and again jumps to: by less than entries live, and than people may take for an answer. */
const jumps = fc.array(jumpOf(1_000, hour, 5 * hour), { minLength: 1, maxLength: 50 })

it('three processes write at once, one by a clock that jumps at each look: the log keeps its order and replays', async () => {
  const folder = temporaryFolder()
  let files = 0
  const property = fc.asyncProperty(jumps, async (jumping) => {
    const path = join(folder, `team-${++files}.db`)
    const commits = 150
    const workers = ['right', 'also-right', 'jumping'].map((name) => {
      const task: TeamTask = { path, name, commits, ...(name === 'jumping' ? { jumps: jumping } : {}) }
      return startWorker<{ readonly seen: readonly Seen[] }>(new URL('./team-worker.ts', import.meta.url), task)
    })
    for (const worker of workers) expect([await worker.ended, worker.errors()]).toEqual([0, ''])
    const observations = workers.flatMap(({ lines }) => lines.flatMap(({ seen }) => seen))
    expect(observations).toHaveLength(3 * commits)
    const storage = await open(path)
    expect(await checkHistory(storage, system, space, { observations })).toEqual([])
    await storage.close()
  })
  await runRandom(property, 1)
})

/** Nobody is asked twice: an answer does not say which question it is for. */
const askedOnce = planWith(manyAskedPlan, (step) => ({ ...step, suspends: Math.min(1, step.suspends) }))

it('three processes carry a workflow on, one by a clock that jumps at each look: what is stored is not done again', async () => {
  const folder = temporaryFolder()
  let files = 0
  const property = fc.asyncProperty(jumps, async (jumping) => {
    const effects = join(folder, `effects-${++files}`)
    writeFileSync(effects, '')
    const task: WorkflowTask = { path: `${effects}.db`, effects, plan: askedOnce, offsetMs: 0, death: null }
    const workers = [{}, {}, { jumps: jumping }].map((more) =>
      startWorker<WorkflowLine>(new URL('./workflow-worker.ts', import.meta.url), { ...task, ...more }),
    )
    for (const worker of workers) expect([await worker.ended, worker.errors()]).toEqual([0, ''])
    const wanted = expected(askedOnce, workflowInput)
    const right = canonical(['success', 'output' in wanted.ending ? wanted.ending.output : null])
    expect(workers.map(({ lines }) => canonical([lines.at(-1)?.status, lines.at(-1)?.result]))).toEqual(
      workers.map(() => right),
    )
    // Each step that was at work when its run was taken over may have had its effect.
    const done = workflowEffects(effects)
    for (const [step, runs] of wanted.runs)
      expect(done.filter((one) => one === step).length).toBeGreaterThanOrEqual(runs)
    expect(done.filter((one) => !wanted.runs.has(one))).toEqual([])
  })
  await runRandom(property, 2)
})
