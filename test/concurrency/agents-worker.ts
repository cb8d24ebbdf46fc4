// An agent in a process of its own, in a thread that it shares with those of others. It may hang, to be killed there.
import { writeSync } from 'node:fs'
import { tool } from 'ai'
import { z } from 'zod'
import { Agent, Memory } from '../../src/index.ts'
import { callTool, say, scriptedModel } from '../../src/testing/index.ts'
import { type Line, place, type Task, turnLeaseMs } from './agents-shared.ts'

const { url, name, rounds, fate } = JSON.parse(process.argv[2] ?? '') as Task
const limits = { turnLeaseMs, turnWaitMs: 300_000, busyTimeoutMs: 60_000 }
const memory = new Memory({ storage: url, embedder: false, limits })

function tell(what: Line['what'], word: string, turnId: string | null = null, warnings = 0): void {
  writeSync(1, `${JSON.stringify({ what, word, turnId, warnings } satisfies Line)}\n`)
}

/** Keeps the process and the lease of its turn alive until it is killed. */
function forever(): Promise<never> {
  setInterval(() => {}, 1_000)
  return new Promise<never>(() => {})
}

async function ask(round: number, isLast: boolean): Promise<void> {
  const word = `${name}-${round}-word`
  const work = tool({
    description: 'Works.',
    inputSchema: z.object({ step: z.number() }),
    execute: async ({ step }) => {
      if (!isLast || fate !== 'hangs-in-tool' || step === 1) return `worked on ${word}`
      tell('hangs', word)
      return forever()
    },
  })
  const model = scriptedModel({
    toolCallPrefix: `${name}-${round}`,
    chunkDelayMs: 1,
    script: [
      callTool('work', { step: 1 }, { text: `First ${word}.` }),
      callTool('work', { step: 2 }, { text: `Then ${word}.` }),
      say(`At last ${word}, all of it.`),
    ],
  })
  const agent = new Agent({ name, model: model as never, memory, tools: { work } })
  const question = `What of ${word}?`
  if (round % 2 === 0) {
    const { turnId, warnings } = await agent.generate(question, place)
    tell('answered', word, turnId, warnings?.length ?? 0)
    return
  }
  const stream = await agent.stream(question, place)
  for await (const text of stream.textStream) {
    if (!isLast || fate !== 'hangs-in-stream' || !text.includes('last')) continue
    tell('hangs', word, stream.turnId)
    // The whole process stands still, its lease as well.
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
  const { status } = await stream.finished
  if (status !== 'complete') throw new Error(`The turn of ${word} is ${status}.`)
  tell('answered', word, stream.turnId, (await stream.warnings)?.length ?? 0)
}

if (fate === 'runs-on') tell('begins', name)
for (let round = 0; round < rounds; round++) await ask(round, round === rounds - 1)
await memory.close()
