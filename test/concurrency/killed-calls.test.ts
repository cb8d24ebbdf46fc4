// Kill -9 before each commit of a run whose calls wait, and inside each tool: what had its effect has it once, and the run ends.
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Memory } from 'aquifer'
import { promptProblems, threadProblems } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { hour, temporaryFolder } from '../memory/opened.ts'
import type { KilledLine, KilledTask } from './killed-worker.ts'
import { startWorker } from './process.ts'
import { open } from './shared.ts'
import { agentOf, answerAll, answerIn, effectsIn, nameOf, resourceId, type Steps } from './waiting-shared.ts'

const steps: Steps = [
  ['plain', 'approval', 'client', 'safe'],
  ['suspension', 'safe'],
]
const threadId = 'killed'

/** Calls of tools that may run again: whatever happens to processes, each has its effect. */
const safe = steps.flatMap((calls, step) => {
  return calls.flatMap((kind, place) => (kind === 'safe' ? [nameOf({ threadId, step, place })] : []))
})

/** Runs a worker to its end, or its death. Answers what it said in the end; null if it died. */
async function run(task: KilledTask): Promise<KilledLine | null> {
  const worker = startWorker<KilledLine>(new URL('./killed-worker.ts', import.meta.url), task)
  const code = await worker.ended
  expect([code === 0 || code === null, worker.errors()]).toEqual([true, ''])
  return worker.lines.at(-1) ?? null
}

/** Another process takes over, once the leases of the dead one are over, and answers all that waits. Answers how that ended. */
async function takeOver({ path, effects }: Pick<KilledTask, 'path' | 'effects'>): Promise<readonly unknown[]> {
  const clock = { now: () => Date.now() + hour }
  const storage = await open(path, { clock })
  const memory = new Memory({ storage, clock, embedder: false, background: false })
  const { agent, model } = agentOf(memory, steps, threadId, { effects })
  await sweep(storage)
  const hasBegun = (await answerIn(memory, threadId))?.parts.some(({ toolCallId }) => toolCallId !== undefined)
  await agent.recover()
  await answerAll(agent, threadId)
  // Whatever happened, the conversation goes on.
  const next = await agent.generate('And now?', { resourceId, threadId })
  const { messages } = await memory.listMessages({ resourceId, threadId, perPage: false })
  const { runs } = await memory.listRuns({ resourceId, threadId })
  const told = effectsIn(effects)
  const twice = told.filter((name, index) => told.indexOf(name) !== index)
  await memory.close()
  await storage.close()
  return [
    ...threadProblems(messages),
    ...model.calls.flatMap((call) => promptProblems(call.messages)),
    ...twice.map((name) => `${name} had its effect twice`),
    ...(hasBegun === true ? safe.filter((name) => !told.includes(name)).map((name) => `${name} had no effect`) : []),
    // What has no call yet is not carried on by itself.
    ...runs
      .filter(({ status }) => status !== 'complete' && hasBegun === true)
      .map(({ status }) => `a run is ${status}`),
    ...(next.text === '' ? ['the conversation does not go on'] : []),
  ]
}

it.each(['asks', 'answers'] as const)('a process that %s dies anywhere, and nothing is done twice', async (work) => {
  const folder = temporaryFolder()
  const seeded = { path: join(folder, 'seeded.db'), effects: join(folder, 'seeded'), steps, threadId }
  const whole = { beforeCommit: null, inTool: null }
  writeFileSync(seeded.effects, '')
  if (work === 'answers') await run({ ...seeded, ...whole, work: 'asks' })

  const attempt = async (name: string, death: Pick<KilledTask, 'beforeCommit' | 'inTool'>) => {
    const [path, effects] = [join(folder, `${name}.db`), join(folder, name)]
    if (work === 'answers') copyFileSync(seeded.path, path)
    copyFileSync(seeded.effects, effects)
    return { ended: await run({ ...seeded, path, effects, work, ...death }), path, effects }
  }
  const { ended } = await attempt('whole', whole)
  expect(ended).not.toBeNull()
  const { commits = 0, tools = 0 } = ended ?? {}
  const deaths = [
    ...Array.from({ length: commits }, (_, beforeCommit) => ({ beforeCommit, inTool: null })),
    ...Array.from({ length: tools }, (_, inTool) => ({ beforeCommit: null, inTool })),
  ]
  expect(deaths.length).toBeGreaterThan(2)
  const problems: string[] = []
  for (const death of deaths) {
    const killed = await attempt(`${death.beforeCommit}-${death.inTool}`, death)
    expect(killed.ended).toBeNull()
    const found = await takeOver(killed)
    problems.push(...found.map((problem) => `killed at ${JSON.stringify(death)}: ${problem}`))
  }
  expect(problems).toEqual([])
})
