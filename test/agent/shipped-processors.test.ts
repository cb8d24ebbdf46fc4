// The processors that come with the package: what they take out of a prompt, and that memory keeps it.

import { tool } from 'ai'
import { Agent, TokenLimiter, ToolCallFilter } from 'aquifer'
import { callTool, promptProblems, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'

const at = { resourceId: 'alice', threadId: 't' }
const city = z.object({ city: z.string() })
const weather = tool({ description: 'Weather.', inputSchema: city, execute: async () => 'sunny' })
const traffic = tool({ description: 'Traffic.', inputSchema: city, execute: async () => 'slow' })

/** An agent whose thread has a call of each tool, and what its next prompt is. */
async function nextPrompt(inputProcessors: ConstructorParameters<typeof Agent>[0]['inputProcessors']) {
  const memory = openMemory()
  const first = scriptedModel({
    script: [
      callTool('weather', { city: 'Rome' }),
      'Sunny in Rome.',
      callTool('traffic', { city: 'Oslo' }),
      'Slow in Oslo.',
    ],
  })
  const tools = { weather, traffic }
  const before = new Agent({ name: 'Bot', model: first, memory, tools })
  await before.generate('How is Rome?', at)
  await before.generate('And Oslo?', at)
  const model = scriptedModel({ script: [callTool('weather', { city: 'Bonn' }), 'Fine.'], toolCallPrefix: 'next' })
  const agent = new Agent({
    name: 'Bot',
    model,
    memory,
    tools,
    ...(inputProcessors === undefined ? {} : { inputProcessors }),
  })
  await agent.generate('And Bonn?', at)
  for (const { messages } of model.calls) expect(promptProblems(messages)).toEqual([])
  const calls = (number: number) => model.calls[number]?.transcript.match(/tool-(call|result) \w+/g) ?? []
  const { messages } = await memory.listMessages(at)
  return { prompt: model.calls[0]?.transcript ?? '', calls, stored: messages.length }
}

const both = (name: string) => [`tool-call ${name}`, `tool-result ${name}`]

describe('the filter of tool calls', () => {
  it('leaves out the calls of earlier exchanges, and not those that are being worked on', async () => {
    const { prompt, calls, stored } = await nextPrompt([new ToolCallFilter()])
    expect([calls(0), calls(1)]).toEqual([[], both('weather')])
    expect(prompt).toContain('Sunny in Rome.')
    expect(stored).toBe(6)
  })

  it('leaves out those of the tools that it names', async () => {
    const { calls } = await nextPrompt([new ToolCallFilter({ exclude: ['weather'] })])
    expect(calls(0)).toEqual(both('traffic'))
  })

  it('is needed for that', async () => {
    const { calls } = await nextPrompt(undefined)
    expect(calls(0)).toEqual([...both('weather'), ...both('traffic')])
  })
})

describe('the limiter of tokens', () => {
  it('leaves out the oldest, and never parts a call from its result', async () => {
    for (let limit = 1; limit < 60; limit += 3) {
      const { prompt, calls, stored } = await nextPrompt([new TokenLimiter(limit)])
      expect(prompt, `${limit}`).toContain('And Bonn?')
      expect(calls(0).length % 2, `${limit}: ${prompt}`).toBe(0)
      expect(stored).toBe(6)
    }
  })

  it('keeps as much as fits', async () => {
    const none = await nextPrompt([new TokenLimiter({ limit: 1 })])
    expect(none.prompt).not.toContain('Oslo')
    const some = await nextPrompt([new TokenLimiter(25)])
    expect([some.prompt.includes('Slow in Oslo.'), some.prompt.includes('How is Rome?')]).toEqual([true, false])
    const all = await nextPrompt([new TokenLimiter(1_000)])
    expect(all.prompt).toContain('How is Rome?')
  })

  it('wants a number', async () => {
    for (const limit of [0, 1.5, Number.NaN, undefined, 'many']) {
      await refused('invalid-input', async () => new TokenLimiter(limit as number))
    }
  })
})
