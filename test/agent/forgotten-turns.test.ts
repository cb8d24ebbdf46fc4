// What is forgotten while agents are in mid-turn stays forgotten, whatever their memory tools write afterwards.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tool } from 'ai'
import { Agent, type Memory, type MemoryBehaviour } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { openMemory, temporaryFolder } from '../memory/opened.ts'

const at = { resourceId: 'alice', threadId: 't' }
const planted = 'tourmaline-7316'

const forms: [string, MemoryBehaviour, object][] = [
  ['text', { workingMemory: { template: '# User\n' } }, { text: `# User\n${planted}\n` }],
  ['JSON', { workingMemory: { schema: z.object({ name: z.string().optional() }) } }, { name: planted }],
]

/** An agent that, when its tool runs, forgets what it is told to, then writes to working memory. */
function forgetful(memory: Memory, write: object, forget: () => Promise<unknown>): Agent {
  const clear = tool({ description: 'Forgets.', inputSchema: z.object({}), execute: async () => `${await forget()}` })
  const script = [callTool('clear', {}), callTool('updateWorkingMemory', write), 'Done.']
  const model = scriptedModel({ script })
  // Steps are not saved one by one, so that the model goes on to the second one.
  return new Agent({ name: 'Helper', model, memory, tools: { clear }, defaultOptions: { savePerStep: false } })
}

const targets: [string, Parameters<Memory['forget']>[0]][] = [
  ['the resource', { resourceId: 'alice' }],
  ['the thread', at],
]

test.each(targets.flatMap((target) => forms.map((form) => [...target, ...form] as const)))(
  '%s, forgotten in mid-turn, gets no working memory from that turn: %o, %s',
  async (_, target, __, options, write) => {
    const folder = temporaryFolder()
    const memory = openMemory({ storage: `file:${join(folder, 'memory.db')}`, options })
    const agent = forgetful(memory, write, async () => (await memory.forget(target)).state)
    await expect(agent.generate(`I am ${planted}.`, at)).rejects.toMatchObject({ code: 'not-found' })
    expect(await memory.getWorkingMemory({ resourceId: 'alice' })).toBeNull()
    await memory.settled()
    await memory.close()
    const files = readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(planted))
    expect(files).toEqual([])
  },
)

test.each(forms)(
  'a thread begun anew after it was forgotten gets nothing from a turn before: %s',
  async (_, options, write) => {
    const memory = openMemory({ options })
    const again = new Agent({ name: 'Other', model: scriptedModel({ script: ['Hello.'] }), memory })
    const agent = forgetful(memory, write, async () => {
      await memory.forget({ resourceId: 'alice' })
      return (await again.generate('Hi.', at)).text
    })
    await expect(agent.generate(`I am ${planted}.`, at)).rejects.toMatchObject({ code: 'not-found' })
    expect(await memory.getWorkingMemory({ resourceId: 'alice' })).toBeNull()
    expect((await memory.listMessages(at)).messages.map(({ parts }) => parts.at(-1)?.text)).toEqual(['Hi.', 'Hello.'])
  },
)
