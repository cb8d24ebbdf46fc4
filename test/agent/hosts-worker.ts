// Uses models by their names wherever one may stand, with a `fetch` that goes nowhere, and prints which hosts each use
// asked for, or what refused it.
import { Agent, Memory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'

const hosts = new Set<string>()
globalThis.fetch = async (input) => {
  hosts.add(new URL(input instanceof Request ? input.url : String(input)).host)
  // A status that nobody tries again.
  return new Response('{}', { status: 400 })
}

const at = { resourceId: 'ann', threadId: 't' }
const [provider = ''] = process.argv.slice(2)
const model = `${provider}/gpt-5-mini`
const embedder = `${provider}/text-embedding-3-small`

const generate = (agent: Agent, options: object = {}) => agent.generate('Hello', { ...at, ...options })
const stream = async (agent: Agent, options: object = {}) => {
  const result = await agent.stream('Hello', { ...at, ...options })
  for await (const part of result.fullStream) if (part.type === 'error') throw part.error
}

const agent = (memory: Memory) => new Agent({ name: 'Sales', model, memory })
const scripted = (memory: Memory) => new Agent({ name: 'Sales', model: scriptedModel({ script: ['Own.'] }), memory })
const words = { storage: ':memory:', embedder: false } as const

const uses: Readonly<Record<string, () => Promise<unknown>>> = {
  async generate() {
    await using memory = new Memory(words)
    await generate(agent(memory))
  },
  async stream() {
    await using memory = new Memory(words)
    await stream(agent(memory))
  },
  async 'a model for one step of generate'() {
    await using memory = new Memory(words)
    await generate(scripted(memory), { prepareStep: () => ({ model }) })
  },
  async 'a model for one step of stream'() {
    await using memory = new Memory(words)
    await stream(scripted(memory), { prepareStep: async () => ({ model }) })
  },
  async 'the model of a memory'() {
    await using memory = new Memory({ ...words, model })
    await memory.add('I live in Rome', { userId: 'ann' })
    await memory.settled()
  },
  async 'the embedder of a memory'() {
    await using memory = new Memory({ storage: ':memory:', embedder })
    await memory.saveMessages({ ...at, messages: 'Hello' })
    await memory.settled()
    await memory.recall({ resourceId: 'ann', query: 'hello' })
  },
}

for (const [use, run] of Object.entries(uses)) {
  hosts.clear()
  const refusal = await run().then(
    () => '',
    (error: unknown) => String(error),
  )
  console.log(JSON.stringify({ use, hosts: [...hosts], refusal }))
}
