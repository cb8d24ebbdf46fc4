// What a subagent is shown of the conversation of its supervisor: chosen once, the same whenever the work goes on, stored nowhere.
import { createTool, type DelegationOptions } from 'aquifer'
import { callTool, callTools } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { asks, at, childOf, saidIn, subagent, supervisor } from './scene.ts'

const look = createTool({
  id: 'look',
  description: 'Looks.',
  inputSchema: z.object({}),
  outputSchema: z.string(),
  execute: () => 'fjords',
})

const ask = createTool({
  id: 'ask',
  description: 'Asks.',
  inputSchema: z.object({}),
  execute: async (_, { suspend, resumeData }) => resumeData ?? suspend('What?'),
})

/** The prompts of a subagent that asks for data, before and after it got them; and everything around it. */
async function prompts(delegation: DelegationOptions | undefined, resumed: DelegationOptions | undefined = delegation) {
  const memory = openMemory()
  const { agent: research, model } = subagent('research', [callTool('ask'), 'Rain.'], { tools: { ask } })
  const script = [
    'Hello Ann.',
    callTool('look'),
    callTools(
      [
        { toolName: 'look', input: {} },
        { toolName: 'agent-research', input: { prompt: 'Oslo?' } },
      ],
      { text: 'Let me ask.' },
    ),
    'It rains.',
  ]
  const workingMemory = { enabled: true, template: '# Ann\n- likes fjords' }
  const { agent: lead } = supervisor(script, memory, {
    instructions: 'Secret rules.',
    agents: { research },
    tools: { look },
    defaultOptions: { memory: { options: { workingMemory } } },
  })
  await lead.generate('I am Ann', at)
  const { runId } = await lead.generate('How is Oslo?', { ...at, ...(delegation === undefined ? {} : { delegation }) })
  const again = resumed === undefined ? {} : { delegation: resumed }
  const result = await lead.resumeGenerate('this', { runId, ...again })
  expect(result.text).toBe('It rains.')
  const [first, second] = model.calls.map(({ transcript }) => transcript) as [string, string]
  return { first, second, memory, runId, model }
}

describe('a subagent', () => {
  it('is shown the conversation in front of its task, without instructions and memory of the supervisor', async () => {
    const { first } = await prompts(undefined)
    expect(first).toMatchInlineSnapshot(`
      "user
        I am Ann

      assistant
        [from agent Lead]
        Hello Ann.

      user
        How is Oslo?

      assistant
        [from agent Lead]
        (called look with {})
        fjords

      assistant
        Let me ask.

      user
        [from agent Lead, as stated by another]
        Oslo?"
    `)
  })

  it('sees the same prompt when it goes on, with its own call and result behind', async () => {
    const { first, second } = await prompts(undefined)
    expect(second.startsWith(first)).toBe(true)
    expect(second).toContain('this')
  })

  it('stores nothing of it', async () => {
    const { memory } = await prompts(undefined)
    expect(await saidIn(memory, childOf('research'))).toEqual([['user lead: Oslo?', 'assistant research-id: Rain.']])
  })

  it('is shown the instructions and the working memory of the supervisor where the options say so', async () => {
    const { first } = await prompts({ forward: { systemPrompt: true, workingMemory: true } })
    expect(first).toContain('Secret rules.')
    expect(first).toContain('likes fjords')
    const { first: without } = await prompts({ forward: { systemPrompt: false } })
    expect(without).not.toContain('Secret rules.')
    expect(without).not.toContain('likes fjords')
  })

  it('of a supervisor without memory is shown what the call says', async () => {
    const { agent: research, model } = subagent('research', ['Rain.'])
    const { agent: lead } = supervisor([asks('research', 'Oslo?'), 'It rains.'], null, { agents: { research } })
    await lead.generate([
      { role: 'user', content: 'I am Ann' },
      { role: 'assistant', content: 'Hello.' },
      { role: 'user', content: 'How is Oslo?' },
    ])
    expect(model.calls[0]?.said.map((text) => text.split('\n').at(-1))).toEqual([
      'I am Ann',
      'Hello.',
      'How is Oslo?',
      'Oslo?',
    ])
  })
})

describe('a message filter', () => {
  it('decides exactly, once, also when the work goes on without it', async () => {
    let calls = 0
    const filter: DelegationOptions['messageFilter'] = ({ messages }) => {
      calls += 1
      return messages.filter(({ role }) => role === 'user').slice(0, 1)
    }
    const { first, second } = await prompts(
      { messageFilter: filter },
      {
        messageFilter: () => {
          calls += 1
          return []
        },
      },
    )
    expect(calls).toBe(1)
    expect(first).toContain('I am Ann')
    expect(first).not.toContain('How is Oslo?')
    expect(second.startsWith(first)).toBe(true)
  })

  it('may change messages; the changed ones are kept until the work ends, and no longer', async () => {
    const change: DelegationOptions['messageFilter'] = ({ messages }) => {
      return messages.map(({ role }) => ({ role, parts: [{ type: 'text', text: `said by ${role}` }] }))
    }
    const { first, second, memory } = await prompts({ messageFilter: change })
    expect(first).toContain('said by user')
    expect(first).not.toContain('I am Ann')
    expect(second.startsWith(first)).toBe(true)
    const log: unknown[] = []
    for await (const commit of memory.space(childOf('research')).changes({ after: 0 })) {
      log.push(commit)
      if (JSON.stringify(commit).includes('"complete"')) break
    }
    expect(JSON.stringify(log)).not.toContain('said by')
  })

  it.each([
    [
      'that fails',
      () => {
        throw new Error('no')
      },
    ],
    ['that answers no messages', () => 'all' as never],
    ['that answers something else', () => [{ role: 'boss', parts: [] }] as never],
  ])('%s shows nothing', async (_, messageFilter) => {
    const { first, second } = await prompts({ messageFilter })
    expect(first).not.toContain('I am Ann')
    expect(first).toContain('Oslo?')
    expect(second.startsWith(first)).toBe(true)
  })

  it('that returns too much fails the delegation with "throw"', async () => {
    const messageFilter = () => [{ role: 'user' as const, parts: [{ type: 'text', text: 'x'.repeat(70_000) }] }]
    const memory = openMemory()
    const { agent: research, model } = subagent('research', ['Rain.'])
    const { agent: lead, model: leading } = supervisor([asks('research', 'Oslo?'), 'No.'], memory, {
      agents: { research },
      delegation: { messageFilter, hookErrorStrategy: 'throw' },
    })
    await lead.generate('How is Oslo?', at)
    expect(model.calls).toEqual([])
    expect(leading.calls[1]?.transcript).toContain('could not carry out the task')
  })
})

it('a stable thread shows what was said there before', async () => {
  const memory = openMemory()
  const { agent: research, model } = subagent('research', ['Rain.', 'Sun.', 'Snow.'])
  const script = [asks('research', 'Oslo?'), 'ok', asks('research', 'Rome?'), 'ok', asks('research', 'Bern?'), 'ok']
  const { agent: lead } = supervisor(script, memory, { agents: { research }, delegation: { thread: 'stable' } })
  await lead.generate('One', at)
  await lead.generate('Two', at)
  await lead.generate('Three', { ...at, threadId: 'other' })
  expect(await saidIn(memory, childOf('research'))).toEqual([
    ['user lead: Oslo?', 'assistant research-id: Rain.', 'user lead: Rome?', 'assistant research-id: Sun.'],
    ['user lead: Bern?', 'assistant research-id: Snow.'],
  ])
  expect(model.calls[1]?.transcript).toContain('assistant\n  Rain.')
  expect(model.calls[2]?.transcript).not.toContain('assistant\n  Rain.')
})
