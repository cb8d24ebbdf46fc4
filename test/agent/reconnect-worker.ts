// An agent in a process of its own, whose steps end when the test says so: by keys of a team in the same memory.
import { writeSync } from 'node:fs'
import { tool } from 'ai'
import { z } from 'zod'
import { Agent, Memory } from '../../src/index.ts'
import { callTool, say, scriptedModel } from '../../src/testing/index.ts'
import type { RunningLine, RunningTask } from './reconnect-shared.ts'

const { url, at, turnLeaseMs } = JSON.parse(process.argv[2] ?? '') as RunningTask
const memory = new Memory({ storage: url, embedder: false, background: false, limits: { turnLeaseMs } })

async function until(key: string): Promise<void> {
  for await (const { changes } of memory.team('gates').watch({ after: 0 })) {
    if (changes.some((change) => change.key === key)) return
  }
}

const work = tool({
  description: 'Works.',
  inputSchema: z.object({ step: z.string() }),
  execute: async ({ step }) => {
    await until(step)
    return `worked on ${step}`
  },
})
const script = [
  callTool('work', { step: 'one' }, { text: 'First.' }),
  callTool('work', { step: 'two' }, { text: 'Then.' }),
  say('At last.'),
]
const agent = new Agent({ name: 'Support', model: scriptedModel({ script }) as never, memory, tools: { work } })
const stream = await agent.stream('Work on it', at)
writeSync(1, `${JSON.stringify({ turnId: stream.turnId, status: 'running' } satisfies RunningLine)}\n`)
const { status } = await stream.finished
writeSync(1, `${JSON.stringify({ turnId: stream.turnId, status } satisfies RunningLine)}\n`)
await memory.close()
