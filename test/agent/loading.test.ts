// What importing the package loads. In processes of their own, which have loaded nothing yet.
import { expect, it } from 'vitest'
import { runProgram } from '../processes.ts'

/** Runs a program that sees each module as it is loaded; answers what it printed as JSON. */
function run(program: string): Promise<unknown> {
  const watched = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({
      load: (url, context, next) => {
        loaded.push(url)
        return next(url, context)
      },
    })
    const isLoaded = () => loaded.some((url) => /node_modules\\/(ai|@ai-sdk)\\//.test(url))
    ${program}`
  return runProgram(watched)
}

const memoryOptions = `{ storage: ':memory:', background: false, embedder: false }`

it.each(['generate', 'stream'])('importing the package does not load the AI SDK; the first %s does', async (way) => {
  const program = `
    const { Agent, Aquifer, createTool, Memory, RequestContext } = await import('aquifer')
    const { scriptedModel } = await import('aquifer/testing')
    const { z } = await import('zod')
    const told = [isLoaded()]
    const memory = new Memory(${memoryOptions})
    const look = createTool({ id: 'look', description: 'Looks.', inputSchema: z.object({}), execute: async () => 1 })
    const model = scriptedModel({ script: ['hello'] })
    const agent = new Agent({ name: 'Support', model, memory, tools: { look } })
    const aquifer = new Aquifer({ agents: { agent } })
    await memory.saveMessages({ resourceId: 'r', threadId: 't', messages: ['hi'] })
    told.push(isLoaded())
    await agent.${way}('hi', { threadId: 't' }).catch(({ code }) => told.push(code))
    told.push(isLoaded())
    const result = await agent.${way}('hi', { resourceId: 'r', threadId: 't', requestContext: new RequestContext() })
    told.push(await result.text, isLoaded())
    await aquifer.close()
    console.log(JSON.stringify(told))`
  expect(await run(program)).toEqual([false, false, 'invalid-input', false, 'hello', true])
})
