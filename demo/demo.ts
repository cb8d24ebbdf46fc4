/** The demo: three processes share one file, three agents one pool of facts, three specialists one conversation. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { openMemory, type Role, seatCount, stepCount } from './acme.ts'
import { AgentProcess, killAll } from './agent-process.ts'
import { type Check, checkMemory } from './checks.ts'
import { playPool } from './pool.ts'
import { specialistModel } from './specialist-model.ts'
import { playSpecialists } from './specialists.ts'

const killAfterSteps = 60
const model = specialistModel(process.env.AQUIFER_MODEL)
/** A real model takes its time. */
const limitMs = process.env.AQUIFER_MODEL ? 300_000 : 60_000
const startedAt = performance.now()

function narrate(who: string, text: string): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(2)
  console.log(`${seconds.padStart(6)}s  ${who.padEnd(14)}  ${text}`)
}

class Show {
  readonly agents: AgentProcess[] = []
  readonly #url: string

  constructor(url: string) {
    this.#url = url
  }

  start(role: Role, onStep: (steps: number) => void = () => {}): AgentProcess {
    let steps = 0
    const agent = new AgentProcess(role, this.#url, (report) => {
      if (report.kind === 'note') narrate(role, report.text)
      if (report.kind !== 'step') return
      steps += 1
      onStep(steps)
    })
    this.agents.push(agent)
    return agent
  }
}

/** Lets the team work; the parent only starts them, kills one and starts it again. Answers the one it killed. */
async function play(show: Show): Promise<AgentProcess> {
  const sales = show.start('sales')
  const implementation = show.start('implementation', (steps) => {
    if (steps % 100 === 0 && steps < seatCount) narrate('implementation', `provisioned ${steps} of ${seatCount} seats`)
  })
  let kill = () => {}
  const killed = show.start('support', (steps) => {
    if (steps === killAfterSteps) kill()
  })
  kill = () => killed.kill()
  const pids = show.agents.map(({ role, pid }) => `${role} ${pid}`)
  narrate('parent', `started three processes: ${pids.join(', ')}; it gives no orders`)
  const others = Promise.all([sales.finished(), implementation.finished()])
  const signal = await Promise.race([killed.ended, others.then(() => 0)])
  if (signal !== 'SIGKILL') throw new Error(`The support agent ended with ${signal} before it could be killed.`)
  narrate('parent', `SIGKILL to support (pid ${killed.pid}) in the middle of its work, its turn not closed`)
  const again = show.start('support')
  narrate('parent', `started support again (pid ${again.pid})`)
  await Promise.all([others, again.finished()])
  return killed
}

function tell(checks: readonly Check[]): void {
  for (const { ok, text } of checks) console.log(`  ${ok ? '✓' : '✗'} ${text}`)
}

async function main(): Promise<void> {
  const path = join(mkdtempSync(join(tmpdir(), 'aquifer-demo-')), 'team.db')
  const url = pathToFileURL(path).href
  console.log(
    'Aquifer: three agents, each a process of its own, serve one customer through one shared memory (a SQLite file).',
  )
  console.log(
    'Two of them write to the same records at the same moment; one is killed half-way and goes on from memory.\n',
  )
  const show = new Show(url)
  const killed = await play(show)
  await using memory = openMemory(url)
  console.log(
    `\nWhat the file says now, held against the ${stepCount} steps and all else the agents were told was stored:\n`,
  )
  const checks = [...(await checkMemory(memory, show.agents, killed))]
  tell(checks)
  console.log('\nA second team: researcher, writer and editor share one pool of facts; no key, no network.\n')
  const pool = await playPool(join(dirname(path), 'pool.db'), narrate)
  console.log('')
  tell(pool)
  checks.push(...pool)
  console.log('\nA third team: three specialists answer one customer in one conversation, through one memory.')
  console.log(`${model.about}\n`)
  const specialists = await playSpecialists(join(dirname(path), 'specialists.db'), model, console.log)
  console.log('')
  tell(specialists)
  checks.push(...specialists)
  const failed = checks.filter(({ ok }) => !ok).length
  console.log(failed === 0 ? '\nNothing was lost.' : `\n${failed} of ${checks.length} checks failed.`)
  console.log(`  The file:   ${path}`)
  console.log(
    `  The code:   demo/agents/*.ts and demo/steps.ts (first team), demo/pool.ts (second), demo/specialists.ts (third)`,
  )
  console.log('  Read next:  README.md, then ARCHITECTURE.md')
  if (failed > 0) process.exitCode = 1
}

process.once('exit', killAll)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
const limit = setTimeout(() => {
  console.error(`✗ not finished within ${limitMs / 1_000} s`)
  process.exit(1)
}, limitMs)
try {
  await main()
} catch (error) {
  console.error('✗ the demo could not be played to its end:', error)
  process.exitCode = 1
} finally {
  clearTimeout(limit)
  killAll()
}
