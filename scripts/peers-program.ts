// A program of a user: their own `tool()` and zod schemas go into Agent and createTool. `npm run test:peers` installs the
// package beside several versions of `ai` and `zod`, and there type-checks and runs this file.
import assert from 'node:assert/strict'
import { type ModelMessage, type ToolSet, tool } from 'ai'
import { Agent, createTool, Memory } from 'aquifer'
import { callTools, scriptedModel } from 'aquifer/testing'
import { z } from 'zod'

const city = z.object({ city: z.string() })
const weather = tool({
  description: 'Tells the weather.',
  inputSchema: city,
  execute: async (input) => `${input.city}: sun`,
})
const seats = createTool({
  id: 'seats',
  description: 'Counts free seats.',
  inputSchema: city.extend({ day: z.enum(['Monday', 'Tuesday']) }),
  outputSchema: z.object({ free: z.number() }),
  execute: async ({ city, day }) => ({ free: city.length + day.length }),
})
const tools = { weather, seats } satisfies ToolSet

const model = scriptedModel({
  script: [
    callTools([
      { toolName: 'weather', input: { city: 'Rome' } },
      { toolName: 'seats', input: { city: 'Rome', day: 'Monday' } },
    ]),
    { trip: 'Rome', free: 10 },
  ],
})
const memory = new Memory({
  storage: ':memory:',
  embedder: false,
  options: { workingMemory: { schema: z.object({ plan: z.exactOptional(z.string()) }) } },
})
const agent = new Agent({ name: 'Travel', instructions: 'Plan trips.', model, memory, tools })
const messages: ModelMessage[] = [{ role: 'user', content: 'A trip to Rome?' }]
const { object, response, steps } = await agent.generate(messages, {
  resourceId: 'alice',
  threadId: 'trip',
  structuredOutput: { schema: z.object({ trip: z.string(), free: z.number() }) },
})
const answered: readonly ModelMessage[] = response.messages
assert.deepEqual(object, { trip: 'Rome', free: 10 })
assert.equal(answered.length, 1)
const outputs = steps.flatMap(({ toolResults }) => toolResults.map(({ output }) => output))
assert.deepEqual(outputs, ['Rome: sun', { free: 10 }])
await memory.updateWorkingMemory({ resourceId: 'alice', workingMemory: { plan: 'Rome' } })
const { messages: stored } = await memory.listMessages({ resourceId: 'alice', threadId: 'trip' })
assert.equal(stored.length, 2)
await memory.close()
console.log('ok')
