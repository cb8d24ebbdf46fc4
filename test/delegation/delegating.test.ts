// An agent hands work to its subagents: each answers once, in a space and a thread of its own.
import { tool } from 'ai'
import { Agent, createTool } from 'aquifer'
import { callTools, failWith, stall } from 'aquifer/testing'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { asks, at, childOf, handedOn, saidIn, statusesIn, subagent, supervisor, threadsIn } from './scene.ts'

describe('a delegation', () => {
  it('asks the subagent, and gives its answer to the model', async () => {
    const memory = openMemory()
    const { agent: research, model: researcher } = subagent('research', ['Rain.'])
    const { agent: lead, model } = supervisor([asks('research', 'Oslo?'), 'It rains.'], memory, {
      agents: { research },
    })
    const { text, runId } = await lead.generate('How is Oslo?', at)
    expect(text).toBe('It rains.')
    expect(model.calls[0]?.tools).toMatchObject([{ name: 'agent-research', description: 'Does research.' }])
    expect(model.calls[1]?.transcript).toContain('Rain.')
    expect(researcher.calls[0]?.prompt).toBe('[from agent Lead, as stated by another]\nOslo?')
    const [record] = await handedOn(memory, runId)
    const child = await memory.getRun(record?.runId as string)
    expect(record).toMatchObject({ agentId: 'research-id', key: 'research', status: 'complete' })
    expect(child).toMatchObject({ parentRunId: runId, agentId: 'research-id', status: 'complete' })
    const unique = (id = '') => id.replace(/^run_[^_]+_/, '')
    expect(unique(child?.id)).toMatch(new RegExp(`^${unique(String(runId))}-[0-9a-f]{16}$`))
  })

  it('stores the prompt and the reply in a thread of the child space, and nothing else', async () => {
    const memory = openMemory()
    const { agent: research } = subagent('research', ['Rain.', 'Sun.'])
    const script = [asks('research', 'Oslo?'), asks('research', 'Rome?'), 'Both.']
    const { agent: lead } = supervisor(script, memory, { agents: { research } })
    const { runId } = await lead.generate('How are Oslo and Rome?', at)
    expect(await saidIn(memory, childOf('research'))).toEqual([
      ['user lead: Oslo?', 'assistant research-id: Rain.'],
      ['user lead: Rome?', 'assistant research-id: Sun.'],
    ])
    const [oslo] = await threadsIn(memory, childOf('research'))
    const parent = { parentThreadId: 't', parentRunId: runId, toolCallId: 'call_1_1', agent: 'lead' }
    expect(oslo?.metadata).toEqual({ delegation: parent })
  })

  it('uses the memory and the model of the supervisor at every depth, and changes no agent', async () => {
    const memory = openMemory()
    const script = [asks('middle', 'Do it'), asks('deep', 'Do this'), 'deepest', 'middling', 'done']
    const deep = new Agent({ id: 'deep', name: 'Deep', description: 'Deep.' })
    const middle = new Agent({ id: 'middle', name: 'Middle', description: 'Middle.', agents: { deep } })
    const { agent: lead } = supervisor(script, memory, { agents: { middle } })
    expect((await lead.generate('Go', at)).text).toBe('done')
    expect(await saidIn(memory, childOf('middle', 'deep'))).toEqual([
      ['user middle: Do this', 'assistant deep: deepest'],
    ])
    await expect(deep.generate('Hi')).rejects.toThrow('has no model')
  })

  it('leaves a subagent its own memory and model', async () => {
    const [memory, own] = [openMemory(), openMemory()]
    const { agent: research } = subagent('research', ['Rain.'], { memory: own })
    const { agent: lead } = supervisor([asks('research', 'Oslo?'), 'Rain.'], memory, { agents: { research } })
    await lead.generate('How is Oslo?', at)
    expect(await saidIn(own, childOf('research'))).toHaveLength(1)
    expect(await saidIn(memory, childOf('research'))).toEqual([])
  })

  it('answers without memory where the supervisor has none', async () => {
    const own = openMemory()
    const { agent: research, model } = subagent('research', ['Rain.'], { memory: own })
    const { agent: lead } = supervisor([asks('research', 'Oslo?'), 'It rains.'], null, { agents: { research } })
    expect((await lead.generate('How is Oslo?')).text).toBe('It rains.')
    expect(model.calls).toHaveLength(1)
    expect(await own.space('resource/ann').state()).toBeNull()
  })

  it('remembers what earlier delegations of the same user learned, and nothing of another user', async () => {
    const memory = openMemory({ options: { workingMemory: { enabled: true } } } as never)
    const write = { toolName: 'updateWorkingMemory', input: { text: 'Ann likes fjords' } }
    const { agent: research, model } = subagent('research', [callTools([write]), 'Noted.', 'Fjords.', 'Nothing.'], {
      defaultOptions: { memory: { options: { workingMemory: { enabled: true } } } },
    })
    const script = [asks('research', 'Learn'), 'ok', asks('research', 'Recall'), 'ok', asks('research', 'Recall'), 'ok']
    const { agent: lead } = supervisor(script, memory, { agents: { research } })
    await lead.generate('One', at)
    await lead.generate('Two', { ...at, threadId: 'other' })
    await lead.generate('Three', { resourceId: 'bob', threadId: 't' })
    const [, , again, other] = model.calls.map(({ instructions }) => instructions)
    expect(again).toContain('Ann likes fjords')
    expect(other).not.toContain('Ann likes fjords')
  })

  it('runs delegations of one step in parallel', async () => {
    const memory = openMemory()
    const gate = Promise.withResolvers<void>()
    const waits = createTool({
      id: 'meet',
      description: 'Waits for the other one.',
      inputSchema: z.object({ last: z.boolean() }),
      execute: async ({ last }) => {
        if (last) gate.resolve()
        await gate.promise
        return 'met'
      },
    })
    const script = (last: boolean) => [callTools([{ toolName: 'meet', input: { last } }]), 'met']
    const { agent: a } = subagent('a', script(false), { tools: { waits: waits } as never })
    const { agent: b } = subagent('b', script(true), { tools: { waits: waits } as never })
    const both = callTools(['a', 'b'].map((key) => ({ toolName: `agent-${key}`, input: { prompt: 'Meet' } })))
    const { agent: lead } = supervisor([both, 'Met.'], memory, { agents: { a, b } })
    expect((await lead.generate('Meet', at)).text).toBe('Met.')
  })
})

describe('a delegation that fails', () => {
  it('tells the model that it failed, and nobody but the log and the run why', async () => {
    const memory = openMemory()
    const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
    const { agent: research } = subagent('research', [failWith(new Error('key sk-1 is wrong'))])
    const { agent: lead, model } = supervisor([asks('research', 'Oslo?'), 'No luck.'], memory, { agents: { research } })
    const { text, runId } = await lead.generate('How is Oslo?', at)
    expect(text).toBe('No luck.')
    expect(model.calls[1]?.transcript).toContain('The agent "research" could not carry out the task.')
    expect(model.calls[1]?.transcript).not.toContain('sk-1')
    expect(await handedOn(memory, runId)).toMatchObject([{ key: 'research', status: 'failed', error: 'Error' }])
    expect(log).toHaveBeenCalledWith(
      expect.stringContaining('research'),
      expect.objectContaining({ message: 'key sk-1 is wrong' }),
    )
    log.mockRestore()
  })

  it.each([
    ['delegationDepth', 1, 'The task was handed on too often'],
    ['delegationsPerRun', 1, 'Too many tasks were handed on.'],
  ] as const)('because of limits.%s says so to the model', async (limit, most, words) => {
    const memory = openMemory({ limits: { [limit]: most } })
    const { agent: deep } = subagent('deep', [])
    const { agent: middle, model } = subagent('middle', [asks('deep', 'Go'), 'no'], { agents: { deep } })
    const { agent: lead } = supervisor([asks('middle', 'Go'), 'no'], memory, { agents: { middle } })
    await lead.generate('Go', at)
    expect(model.calls[1]?.transcript).toContain(words)
  })

  it('counts the delegations of a whole run', async () => {
    const memory = openMemory({ limits: { delegationsPerRun: 2 } })
    const { agent: a, model: answering } = subagent('a', ['1', '2'])
    const { agent: lead, model } = supervisor([asks('a', '1'), asks('a', '2'), asks('a', '3'), 'no'], memory, {
      agents: { a },
    })
    await lead.generate('Go', at)
    expect(answering.calls).toHaveLength(2)
    expect(model.calls[3]?.transcript).toContain('Too many tasks')
  })

  it.each(['signal', 'timeout'] as const)('ends at every depth by the %s of the call', async (how) => {
    const memory = openMemory()
    const controller = new AbortController()
    const { agent: deep } = subagent('deep', [
      () => {
        controller.abort(new Error('enough'))
        return stall()
      },
    ])
    const { agent: middle } = subagent('middle', [asks('deep', 'Go')], { agents: { deep } })
    const { agent: lead } = supervisor([asks('middle', 'Go')], memory, { agents: { middle } })
    const ends = how === 'signal' ? { abortSignal: controller.signal } : { timeout: { totalMs: 200 } }
    await expect(lead.generate('Go', { ...at, ...ends })).rejects.toThrow()
    for (const space of ['resource/ann', childOf('middle'), childOf('middle', 'deep')]) {
      await expect.poll(() => statusesIn(memory, space)).toEqual(['aborted'])
    }
  })
})

describe('an agent with subagents', () => {
  const named = (options: object) => new Agent({ id: 'a', name: 'A', ...options })

  it.each([
    ['without a description', { a: named({}) }, 'The agent "A" has no description, and "Lead" is to hand work to it.'],
    ['with an empty one', { a: named({ description: ' ' }) }, 'has no description'],
    ['that are none', { a: { id: 'a', name: 'A' } }, '"agents.a" must be an Agent'],
    ['in a list', [named({ description: 'Does a.' })], '"agents" must be an object of agents by key'],
    ['under a key that no tool can have', { 'a b': named({ description: 'Does a.' }) }, 'must have keys of'],
  ])('%s is refused', (_, agents, message) => {
    expect(() => new Agent({ name: 'Lead', agents: agents as never })).toThrow(message)
  })

  it('and a tool without a description is refused; without subagents it is not', () => {
    const { agent: a } = subagent('a', [])
    const tools = { look: tool({ inputSchema: z.object({}), execute: () => 'seen' }) }
    expect(() => new Agent({ name: 'Lead', agents: { a }, tools })).toThrow('"tools.look.description" must be a text')
    expect(() => new Agent({ name: 'Lead', tools })).not.toThrow()
  })

  it('and a tool of the AI SDK without a schema of its input is refused, one without a schema of its result is not', () => {
    const { agent: a } = subagent('a', [])
    const look = { description: 'Looks.', execute: () => 'seen' }
    const message = '"tools.look.inputSchema" must be a schema'
    expect(() => new Agent({ name: 'Lead', agents: { a }, tools: { look } as never })).toThrow(message)
    const tools = { look: { ...look, inputSchema: z.object({}) } }
    expect(() => new Agent({ name: 'Lead', agents: { a }, tools })).not.toThrow()
  })

  it('that a function chooses refuses them at the call', async () => {
    const { agent: lead } = supervisor([], null, { agents: () => ({ a: named({}) }) as never })
    await expect(lead.generate('Go')).rejects.toThrow('The agent "A" has no description')
  })

  it('takes them from a function', async () => {
    const { agent: a } = subagent('a', ['1'])
    const { agent: lead } = supervisor([asks('a', '?'), 'done'], openMemory(), { agents: () => ({ a }) as never })
    expect((await lead.generate('Go', at)).text).toBe('done')
  })
})

describe('the stream of a supervisor', () => {
  it('shows what happens inside of delegations, and neither a chat nor the thread does', async () => {
    const memory = openMemory()
    const { agent: deep } = subagent('deep', ['deepest'])
    const { agent: middle } = subagent('middle', [asks('deep', 'Go'), 'middling'], { agents: { deep } })
    const { agent: lead } = supervisor([asks('middle', 'Go'), 'done'], memory, { agents: { middle } })
    const stream = await lead.stream('Go', at)
    const seen: string[] = []
    const texts: string[] = []
    for await (const part of stream.fullStream) {
      if (part.type !== 'tool-output') seen.push(part.type)
      let depth = 0
      for (let one: { readonly type: string } = part; ; depth++) {
        if (one.type === 'text-delta') texts.push(`${depth} ${(one as unknown as { text: string }).text}`)
        if (one.type !== 'tool-output') break
        one = (one as unknown as { output: typeof one }).output
      }
      if (part.type === 'tool-output') seen.push(`${part.toolName} ${part.output.type}`)
    }
    expect(texts).toEqual(['2 deepest', '1 middling', '0 done'])
    const call = seen.indexOf('tool-call')
    expect(seen.indexOf('agent-middle start')).toBeGreaterThan(call)
    expect(seen.lastIndexOf('agent-middle finish')).toBeLessThan(seen.indexOf('tool-result'))
    const chunks: string[] = []
    for await (const chunk of stream.toUIMessageStream()) chunks.push(JSON.stringify(chunk))
    const { messages } = await memory.listMessages(at)
    expect(chunks.join()).not.toContain('deepest')
    expect(JSON.stringify(messages)).not.toContain('deepest')
    expect(JSON.stringify(messages)).toContain('middling')
  })
})
