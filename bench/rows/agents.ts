/** Rows of agents: what memory adds to a turn of a model, context and saving together, on a thread of 1,000 messages. */
import { join } from 'node:path'
import type { ModelMessage, SystemModelMessage, ToolSet } from 'ai'
import type { Agent, CallOptions, Change, Memory, MemoryBehaviour } from 'aquifer'
import { type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { blockValue } from '../corpus.ts'
import { median, quantile } from '../measure.ts'
import { blockSchema } from '../ours.ts'
import { saidAt } from '../recall-corpus.ts'
import { judge, type Line, type RunSettings, type SelfMeasuredRow } from '../row.ts'

const name = 'turn of an agent, 1,000 messages'
const turnsBefore = 500
const mostAboveMs = 3
const place = { resourceId: 'customer', threadId: 'conversation' }

/** What of memory is on; each has all of the one before. */
const variants: readonly { readonly name: string; readonly behaviour: MemoryBehaviour }[] = [
  { name: 'last 10 messages', behaviour: { lastMessages: 10, semanticRecall: false } },
  {
    name: 'and working memory',
    behaviour: { lastMessages: 10, semanticRecall: false, workingMemory: { schema: blockSchema } },
  },
  { name: 'and recall by words', behaviour: { lastMessages: 10, workingMemory: { schema: blockSchema } } },
]

const turnsMade = 1_200
/** Turns of two messages of about 150 characters, made before anything is timed. */
const said = Array.from({ length: turnsMade }, (_, turn) => saidAt(turn).map(({ content }) => content))

function textAt(turn: number, role: 'user' | 'assistant'): string {
  return said[turn % turnsMade]?.[role === 'user' ? 0 : 1] as string
}

/** What a model was given, to be given once more without memory. */
interface Prompt {
  readonly instructions?: string | SystemModelMessage | SystemModelMessage[]
  readonly messages: ModelMessage[]
  readonly tools?: ToolSet
}

/** One way of calling: with memory, and the same prompt to the same model without. */
interface Sides {
  ours(text: string, options: CallOptions): Promise<unknown>
  floor(model: ScriptedModel, prompt: Prompt): Promise<unknown>
}

const sidesOf: Readonly<Record<'generate' | 'stream', (agent: Agent, sdk: typeof import('ai')) => Sides>> = {
  generate: (agent, { generateText }) => ({
    ours: (text, options) => agent.generate(text, options),
    floor: (model, prompt) => generateText({ model, ...prompt }),
  }),
  stream: (agent, { streamText }) => ({
    ours: async (text, options) => (await agent.stream(text, options)).finished,
    floor: (model, prompt) => Promise.resolve(streamText({ model, ...prompt }).text),
  }),
}

/** Milliseconds of single calls, and processor time of all of them. */
interface Times {
  readonly wallMs: number[]
  processorMs: number
}

async function timed(times: Times | null, call: () => Promise<unknown>): Promise<void> {
  const before = process.cpuUsage()
  const start = performance.now()
  await call()
  const wallMs = performance.now() - start
  const { user, system } = process.cpuUsage(before)
  times?.wallMs.push(wallMs)
  if (times !== null) times.processorMs += (user + system) / 1_000
}

interface Counts {
  readonly warmUps: number
  readonly turns: number
}

/** Calls both sides in turn, each pair with one and the same prompt, each first in every other pair. */
async function alternate(model: ScriptedModel, { ours, floor }: Sides, { warmUps, turns }: Counts) {
  const measured = { ours: { wallMs: [], processorMs: 0 } as Times, floor: { wallMs: [], processorMs: 0 } as Times }
  let prompt: Prompt = { messages: [{ role: 'user', content: 'Hello' }] }
  const onStart: NonNullable<CallOptions['onStart']> = ({ instructions, messages, tools }) => {
    prompt = {
      messages,
      ...(instructions === undefined ? {} : { instructions }),
      ...(tools === undefined ? {} : { tools }),
    }
  }
  for (let turn = 0; turn < warmUps + turns; turn++) {
    const times = turn < warmUps ? null : measured
    const remembered = () => {
      return timed(times?.ours ?? null, () => ours(textAt(turnsBefore + turn, 'user'), { ...place, onStart }))
    }
    const bare = () => timed(times?.floor ?? null, () => floor(model, prompt))
    for (const side of turn % 2 === 0 ? [remembered, bare] : [bare, remembered]) await side()
  }
  return measured
}

async function filled(file: string, behaviour: MemoryBehaviour): Promise<Memory> {
  const { Memory } = await import('aquifer')
  const memory = new Memory({ storage: `file:${file}`, embedder: false, options: behaviour })
  for (let turn = 0; turn < turnsBefore; turn++) {
    const messages = (['user', 'assistant'] as const).map((role) => ({ role, content: textAt(turn, role) }))
    await memory.saveMessages({ ...place, messages })
  }
  if (behaviour.workingMemory !== undefined) {
    await memory.updateWorkingMemory({ resourceId: place.resourceId, workingMemory: blockValue(0) })
  }
  return memory
}

function lineOf(row: string, { ours, floor }: { readonly ours: Times; readonly floor: Times }): Line {
  const above = ours.wallMs.map((ms, turn) => ms - (floor.wallMs[turn] ?? Number.NaN))
  const processorMs = (ours.processorMs - floor.processorMs) / ours.wallMs.length
  const [p50, p95] = [quantile(above, 0.5), quantile(above, 0.95)]
  return {
    row,
    unit: 'ms',
    floor: median(floor.wallMs),
    ours: median(ours.wallMs),
    ratio: null,
    target: `≤ ${mostAboveMs} ms above`,
    verdict: judge(p50, { atMost: mostAboveMs }),
    note: `above the floor p50 ${p50.toFixed(2)} ms, p95 ${p95.toFixed(2)} ms; processor time ${processorMs.toFixed(2)} ms`,
  }
}

async function measureCalls(kind: keyof typeof sidesOf, folder: string, counts: Counts): Promise<Line[]> {
  const { Agent } = await import('aquifer')
  const sdk = await import('ai')
  const lines: Line[] = []
  for (const [index, variant] of variants.entries()) {
    const memory = await filled(join(folder, `agents-${kind}-${index}.db`), variant.behaviour)
    const model = scriptedModel({ answer: ({ number }) => textAt(number, 'assistant') })
    const agent = new Agent({ name: 'Support Specialist', instructions: 'You support customers.', model, memory })
    lines.push(lineOf(`${name}, ${kind}: ${variant.name}`, await alternate(model, sidesOf[kind](agent, sdk), counts)))
    await memory.close()
  }
  return lines
}

/** What an agent commits for a turn, by itself: opened with the question and a run, closed with the answer. */
async function measureCommits(folder: string, { warmUps, turns }: Counts): Promise<Line> {
  const memory = await filled(join(folder, 'agents-commits.db'), {})
  const space = memory.space(`resource/${place.resourceId}`)
  const { threadId } = place
  const times: Times = { wallMs: [], processorMs: 0 }
  for (let turn = 0; turn < warmUps + turns; turn++) {
    const [question, answer] = (['user', 'assistant'] as const).map((role) => {
      return [{ role, parts: [{ type: 'text' as const, text: textAt(turnsBefore + turn, role) }] }]
    })
    await timed(turn < warmUps ? null : times, async () => {
      const opened = await space.commit([
        { kind: 'turn-open', threadId, runId: `run${turn}` },
        { kind: 'message-append', threadId, opened: 0, messages: question ?? [] },
        { kind: 'run-put', unique: `run${turn}`, name: 'support', threadId, opened: 0, status: 'running' },
      ])
      const results = opened.status === 'committed' ? opened.results : []
      const begun = results.find((result) => result.kind === 'turn-open')
      const run = results.find((result) => result.kind === 'run-put')
      if (begun === undefined || run === undefined) throw new Error('Opening a turn answered something else.')
      const { turnId } = begun
      const closing: Change[] = [
        { kind: 'message-append', threadId, turnId, messages: answer ?? [] },
        { kind: 'run-put', runId: run.runId, threadId, status: 'complete', details: { steps: 1 } },
        { kind: 'turn-close', threadId, turnId, status: 'complete' },
      ]
      await space.commit(closing)
    })
  }
  await memory.close()
  return {
    row: `${name}, its two commits alone`,
    unit: 'ms',
    floor: null,
    ours: median(times.wallMs),
    ratio: null,
    target: '',
    verdict: 'no target',
    note: `p95 ${quantile(times.wallMs, 0.95).toFixed(2)} ms; processor time ${(times.processorMs / turns).toFixed(2)} ms`,
  }
}

export const agentsRow: SelfMeasuredRow = {
  kind: 'self-measured',
  name,
  async measure({ folder, quick, floorOnly }: RunSettings): Promise<readonly Line[]> {
    if (floorOnly) return []
    const counts = quick ? { warmUps: 5, turns: 20 } : { warmUps: 150, turns: 400 }
    return [
      ...(await measureCalls('generate', folder, counts)),
      ...(await measureCalls('stream', folder, counts)),
      await measureCommits(folder, counts),
    ]
  },
}
