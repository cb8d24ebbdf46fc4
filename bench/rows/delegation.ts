/** Rows of delegation: what handing on a task costs beside the two calls that it is made of, events of networks, many users at once. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Agent, Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { z } from 'zod'
import { median, quantile } from '../measure.ts'
import { judge, type Line, type RunSettings, type SelfMeasuredRow } from '../row.ts'

const mostAboveMs = 2
const place = { resourceId: 'customer', threadId: 'conversation' }
const behaviour = { lastMessages: 10, semanticRecall: false } as const

/** Calls a tool at its first step, and says something at its second. */
const twoSteps = (toolName: string) => {
  return scriptedModel({
    answer: ({ messages }) =>
      messages.at(-1)?.role === 'user' ? callTool(toolName, { prompt: 'Oslo?' }) : 'It rains.',
  })
}

/** A supervisor that hands one task on; and the same two calls, of which neither knows of the other. */
async function sides(
  memory: Memory,
): Promise<{ readonly delegated: () => Promise<unknown>; readonly plain: () => Promise<unknown> }> {
  const { Agent, createTool } = await import('aquifer')
  const research: Agent = new Agent({
    name: 'Research',
    description: 'Finds out.',
    model: scriptedModel({ answer: () => 'Rain.' }),
    memory,
  })
  const answers = createTool({
    id: 'research',
    description: 'Finds out.',
    inputSchema: z.object({ prompt: z.string() }),
    execute: async () => 'Rain.',
  })
  const lead = new Agent({ name: 'Lead', model: twoSteps('agent-research'), memory, agents: { research } })
  const alone = new Agent({ name: 'Alone', model: twoSteps('research'), memory, tools: { research: answers } })
  let turn = 0
  return {
    delegated: () => lead.generate('How is Oslo?', place),
    plain: async () => {
      turn += 1
      await alone.generate('How is Oslo?', { ...place, threadId: 'plain' })
      // A delegation has a thread of its own.
      await research.generate('Oslo?', { ...place, threadId: `plain-${turn}` })
    },
  }
}

const costRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name: 'delegation',
  async measure({ quick, floorOnly }: RunSettings): Promise<readonly Line[]> {
    if (floorOnly) return []
    const { Memory } = await import('aquifer')
    const memory = new Memory({ storage: ':memory:', embedder: false, options: behaviour })
    const { delegated, plain } = await sides(memory)
    const [ours, floor]: [number[], number[]] = [[], []]
    const timed = async (times: number[], work: () => Promise<unknown>) => {
      const start = performance.now()
      await work()
      times.push(performance.now() - start)
    }
    const [warmUps, rounds] = quick ? [10, 30] : [50, 300]
    for (let round = 0; round < warmUps + rounds; round++) {
      if (round === warmUps) for (const times of [ours, floor]) times.length = 0
      await timed(ours, delegated)
      await timed(floor, plain)
    }
    await memory.close()
    const above = ours.map((ms, round) => ms - (floor[round] ?? Number.NaN))
    const p50 = quantile(above, 0.5)
    const line: Line = {
      row: 'delegation of one task',
      unit: 'ms',
      floor: median(floor),
      ours: median(ours),
      ratio: null,
      target: `≤ ${mostAboveMs} ms above`,
      verdict: judge(p50, { atMost: mostAboveMs }),
      note: `floor: the two calls by themselves; above it p50 ${p50.toFixed(2)} ms`,
    }
    return [line]
  },
}

/** A subagent that says much, and the parts of its stream. */
const words = Array.from({ length: 400 }, (_, index) => `word${index}`).join(' ')

const eventsRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name: 'delegation, events of a network',
  async measure({ quick, floorOnly }: RunSettings): Promise<readonly Line[]> {
    if (floorOnly) return []
    const { Agent, Memory } = await import('aquifer')
    const memory = new Memory({ storage: ':memory:', embedder: false, options: behaviour })
    const research = new Agent({
      name: 'Research',
      description: 'Finds.',
      model: scriptedModel({ answer: () => words }),
    })
    const lead = new Agent({ name: 'Lead', model: twoSteps('agent-research'), memory, agents: { research } })
    const count = async (parts: AsyncIterable<unknown>) => {
      let all = 0
      for await (const _ of parts) all += 1
      return all
    }
    const perSecond = async (work: () => Promise<number>) => {
      const start = process.cpuUsage()
      const all = await work()
      const { user, system } = process.cpuUsage(start)
      return (all / (user + system)) * 1e6
    }
    let thread = 0
    const at = () => ({ ...place, threadId: `events-${++thread}` })
    const [ours, floor]: [number[], number[]] = [[], []]
    const [warmUps, rounds] = quick ? [3, 10] : [10, 60]
    for (let round = 0; round < warmUps + rounds; round++) {
      if (round === warmUps) for (const rates of [ours, floor]) rates.length = 0
      ours.push(await perSecond(async () => count(await lead.network('Oslo?', at()))))
      floor.push(await perSecond(async () => count((await lead.stream('Oslo?', at())).fullStream)))
    }
    await memory.close()
    const ratio = median(ours) / median(floor)
    const line: Line = {
      row: 'events of a network',
      unit: '1/s',
      floor: median(floor),
      ours: median(ours),
      ratio,
      target: '≥ 0.5 × the parts of the same stream',
      verdict: judge(1 / ratio, { atMost: 2 }),
      note: 'of processor time; floor: the parts of fullStream of a supervisor that does the same',
    }
    return [line]
  },
}

const mostGrowth = 1.3

/** What the process of the users reports. */
interface Report {
  readonly turns: number
  readonly approvals: number
  readonly faults: readonly string[]
  readonly earlyMegabytes: number
  readonly lateMegabytes: number
}

const usersRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name: 'delegation, many users',
  async measure({ quick, floorOnly }: RunSettings): Promise<readonly Line[]> {
    if (floorOnly) return []
    const [users, seconds] = quick ? [20, 8] : [200, 60]
    const script = fileURLToPath(new URL('../workers/delegating-users.ts', import.meta.url))
    const child = fork(script, [String(users), String(seconds)], {
      execArgv: ['--conditions=aquifer-source', '--expose-gc'],
    })
    const reported = once(child, 'message').then(([message]) => message as Report)
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`The process of the users ended with status ${code}.`)
    const report = await reported
    const { turns, approvals, faults, earlyMegabytes, lateMegabytes } = report
    const ratio = lateMegabytes / earlyMegabytes
    const line: Line = {
      row: `delegation and networks, ${users} users at once: heap after ${seconds} s`,
      unit: 'MB',
      floor: earlyMegabytes,
      ours: lateMegabytes,
      ratio,
      target: `≤ ${mostGrowth} × after ${seconds / 4} s, nothing crosses`,
      verdict: faults.length > 0 ? 'miss' : judge(ratio, { atMost: mostGrowth }),
      note: `${turns} turns, ${approvals} approvals; ${faults.length === 0 ? 'nothing crossed' : faults[0]}`,
    }
    return [line]
  },
}

export const delegationRows = [costRow, eventsRow, usersRow] as const
