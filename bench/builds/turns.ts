/**
 * `node --conditions=aquifer-source bench/builds/turns.ts <old> <new> [blocks]`: processor time of turns of agents in two
 * checkouts, loaded into one process and measured in turns, block by block. Whatever else the machine does slows both alike,
 * so the ratio is finer than that of `run.ts`. Prints medians of the blocks, and the median of the ratios of neighbours.
 */
import { agentWith, openBuild, streamed, words } from './build.ts'

const [older, newer, blocks = '100'] = process.argv.slice(2)
if (older === undefined || newer === undefined) throw new Error('Pass the folders of two checkouts: old, new.')

const turnsABlock = 15
/** Blocks before those that count: the compiler is done with both builds then. */
const warmUp = 40

type Act = (agent: ReturnType<typeof agentWith>, i: number) => Promise<unknown>

/** Threads have 20 turns, and a resource 20 threads, so that what is read and recalled stays as long as it is. */
const chat = (i: number) => ({ resourceId: `bob${Math.floor(i / 400)}`, threadId: `t${Math.floor(i / 20)}` })

const rows: Readonly<Record<string, readonly [hasTool: boolean, act: Act]>> = {
  'a turn of an agent, generate': [false, (agent, i) => agent.generate(words(i), chat(i))],
  'a turn of an agent, stream': [false, (agent, i) => streamed(agent, words(i), chat(i))],
  'a turn with a tool, stream': [true, (agent, i) => streamed(agent, words(i), chat(i))],
}

/** Measures block after block of one build: microseconds of processor time a turn. */
async function measurer(root: string, hasTool: boolean, act: Act) {
  const build = await openBuild(root)
  const agent = agentWith(build, hasTool)
  let i = 0
  const block = async () => {
    const before = process.cpuUsage()
    for (let turn = 0; turn < turnsABlock; turn++) await act(agent, i++)
    const { user, system } = process.cpuUsage(before)
    return (user + system) / turnsABlock
  }
  return { block, close: build.close }
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
}

console.log('| operation | old, µs | new, µs | ratio of medians | median of ratios |\n| --- | --- | --- | --- | --- |')
for (const [name, [hasTool, act]] of Object.entries(rows)) {
  const [old, now] = [await measurer(older, hasTool, act), await measurer(newer, hasTool, act)]
  const [before, after]: [number[], number[]] = [[], []]
  for (let round = 0; round < warmUp + Number(blocks); round++) {
    // The first of a round is another one each time.
    const first = round % 2 === 0 ? await old.block() : null
    const second = await now.block()
    const times = [first ?? (await old.block()), second] as const
    if (round < warmUp) continue
    before.push(times[0])
    after.push(times[1])
  }
  const ratios = after.map((time, at) => time / (before[at] ?? Number.NaN))
  const [left, right] = [median(before), median(after)]
  console.log(
    `| ${name} | ${left.toFixed(1)} | ${right.toFixed(1)} | ${(right / left).toFixed(3)} | ${median(ratios).toFixed(3)} |`,
  )
  await Promise.all([old.close(), now.close()])
}
