// With autoResumeSuspendedTools a new message resumes a suspended call, if the model reads it as the data that it waits for.
import { Agent, type AgentOptions, type CallOptions, createTool, type Memory } from 'aquifer'
import { callTool, callTools, promptProblems, type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { day, ManualClock, openMemory } from '../memory/opened.ts'
import { heldOf, openChat, outline } from './chat-scene.ts'

const at = { resourceId: 'u', threadId: 't' }
const inputSchema = z.object({ table: z.string() })
const resumeSchema = z.object({ confirmed: z.boolean() })
const reading = (call: string, data: unknown) => JSON.stringify({ call, data: JSON.stringify(data) })
const yes = reading('1', { confirmed: true })

function deleting(ran: string[]) {
  return createTool({
    id: 'delete-records',
    description: 'Deletes records.',
    inputSchema,
    resumeSchema,
    execute: async ({ table }, { suspend, resumeData }) => {
      if (resumeData === undefined) return suspend({ question: `Delete ${table}?` })
      ran.push(resumeData.confirmed ? `deleted ${table}` : `kept ${table}`)
      return ran.at(-1)
    },
  })
}

interface Scene {
  readonly script: NonNullable<ScriptedModelOptions['script']>
  readonly how?: 'generate' | 'stream'
  readonly agent?: Partial<AgentOptions>
  readonly call?: CallOptions
  readonly memory?: Memory
}

function openScene({ script, how = 'generate', agent: options = {}, call = {}, memory = openMemory() }: Scene) {
  const ran: string[] = []
  const model = scriptedModel({ script })
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema,
    requireApproval: true,
    resumeSchema,
    execute: () => ran.push('paid'),
  })
  const tools = { delete: deleting(ran), pay }
  const agent = new Agent({
    name: 'A',
    model,
    memory,
    tools,
    autoResumeSuspendedTools: true,
    ...options,
  } as AgentOptions)
  const say = async (text: string, more: CallOptions = {}) => {
    const all = { ...at, ...call, ...more }
    if (how === 'generate') return (await agent.generate(text, all)).text
    const result = await agent.stream(text, all)
    await result.finished
    return result.text
  }
  const story = async () => {
    const { messages } = await memory.listMessages(at)
    return [outline(heldOf(messages)), messages.map(({ turnStatus }) => turnStatus)] as const
  }
  return { ran, model, agent, memory, say, story }
}

const asks = callTool('delete', { table: 'old' })

describe.each(['generate', 'stream'] as const)('%s', (how) => {
  it.each<[string, Partial<Scene>]>([
    ['the agent says so', {}],
    ['the call says so', { agent: { autoResumeSuspendedTools: false }, call: { autoResumeSuspendedTools: true } }],
  ])('resumes the call that waits, if %s', async (_, options) => {
    const { ran, model, say, story } = openScene({ how, script: [asks, yes, 'They are deleted.'], ...options })
    await say('Delete the old records')
    expect(await say('Yes, please')).toBe('They are deleted.')
    expect(ran).toEqual(['deleted old'])
    expect(model.calls).toHaveLength(3)
    for (const { messages } of model.calls) expect(promptProblems(messages)).toEqual([])
    expect(model.calls[1]?.transcript).toContain('Delete old?')
    expect(model.calls[2]?.transcript).toContain('deleted old')
    expect(await story()).toEqual([
      [
        'user: Delete the old records',
        'assistant: [tool-delete output-available] [data-tool-call-suspended undefined] They are deleted.',
        'user: Yes, please',
      ],
      ['complete', 'complete', 'complete'],
    ])
  })

  it('answers an unrelated message as always, and the call waits on', async () => {
    const script = [asks, reading('none', ''), 'It is noon.', yes, 'They are deleted.']
    const { ran, say, story } = openScene({ how, script })
    await say('Delete the old records')
    expect(await say('What time is it?')).toBe('It is noon.')
    expect(ran).toEqual([])
    expect((await story())[1]).toEqual(['suspended', 'suspended', 'complete', 'complete'])
    expect(await say('Yes, do delete them')).toBe('They are deleted.')
    expect(ran).toEqual(['deleted old'])
  })

  it('answers a message whose data does not fit as always', async () => {
    const { ran, say } = openScene({ how, script: [asks, reading('1', { confirmed: 'yes' }), 'Pardon?'] })
    await say('Delete the old records')
    expect(await say('Yes')).toBe('Pardon?')
    expect(ran).toEqual([])
  })

  it('never answers an approval', async () => {
    const { ran, model, say } = openScene({ how, script: [callTool('pay', { table: 'old' }), 'Please approve it.'] })
    await say('Pay')
    expect(await say('Yes, pay')).toBe('Please approve it.')
    expect(ran).toEqual([])
    expect(model.calls).toHaveLength(2)
  })

  it('guesses nothing where several calls wait, and resumes the one that is named', async () => {
    const calls = ['a', 'b'].map((table) => ({ toolName: 'delete', input: { table } }))
    const script = [callTools(calls), reading('none', ''), 'Which one?', reading('2', { confirmed: true })]
    const { ran, model, say, story } = openScene({ how, script })
    await say('Delete a and b')
    expect(await say('Yes')).toBe('Which one?')
    expect(ran).toEqual([])
    // The other call of its step waits, and so the model is not asked.
    expect(await say('Yes, b')).toBe('')
    expect(ran).toEqual(['deleted b'])
    expect(model.calls).toHaveLength(4)
    expect((await story())[0][1]).toContain('[tool-delete input-available] [tool-delete output-available]')
  })

  it('asks nothing where nothing waits, or where it is off', async () => {
    const quiet = openScene({ how, script: ['Hello.', 'Hello again.'] })
    await quiet.say('Hello')
    expect(await quiet.say('Hello?')).toBe('Hello again.')
    expect(quiet.model.calls).toHaveLength(2)
    const off = openScene({ how, script: [asks, 'Yes what?'], call: { autoResumeSuspendedTools: false } })
    await off.say('Delete the old records')
    expect(await off.say('Yes')).toBe('Yes what?')
    expect(off.model.calls).toHaveLength(2)
  })

  it.each<[string, CallOptions]>([
    ['another thread', { threadId: 'other' }],
    ['another resource', { resourceId: 'eve' }],
    ['an agent', { author: { kind: 'agent', id: 'b' } }],
  ])('does not listen to %s', async (_, more) => {
    const { ran, model, say } = openScene({ how, script: [asks, 'Hello.'] })
    await say('Delete the old records')
    expect(await say('Yes', more)).toBe('Hello.')
    expect(ran).toEqual([])
    expect(model.calls).toHaveLength(2)
  })
})

it('resumes once where two messages give the data: the later one is answered as always', async () => {
  const first = async () => {
    expect((await agent.generate('Yes!', at)).text).toBe('One.')
    return yes
  }
  const { ran, agent, say, story } = openScene({ script: [asks, first, yes, 'One.', 'Two.'] })
  await say('Delete the old records')
  expect(await say('Yes')).toBe('Two.')
  expect(ran).toEqual(['deleted old'])
  expect((await story())[0].slice(-3)).toEqual(['user: Yes!', 'user: Yes', 'assistant: Two.'])
})

it.each<[string, unknown]>([
  ['two messages', ['Yes', 'Delete them'].map((content) => ({ role: 'user', content }))],
  [
    'a message with a file',
    {
      role: 'user',
      parts: [
        { type: 'text', text: 'Yes' },
        { type: 'file', mediaType: 'text/plain', url: 'data:text/plain;base64,WWVz' },
      ],
    },
  ],
  [
    'a message of somebody whom only the message names',
    { role: 'user', content: 'Yes', author: { kind: 'user', id: 'bob' } },
  ],
])('does not read %s', async (_, input) => {
  const { ran, model, agent, say } = openScene({ script: [asks, 'Hello.'] })
  await say('Delete the old records')
  expect((await agent.generate(input as never, at)).text).toBe('Hello.')
  expect(ran).toEqual([])
  expect(model.calls).toHaveLength(2)
})

it('answers a message that comes too late as always', async () => {
  const clock = new ManualClock()
  const { ran, say } = openScene({ script: [asks, yes, 'It was too late.'], memory: openMemory({ clock }) })
  await say('Delete the old records')
  clock.pass(31 * day)
  expect(await say('Yes')).toBe('It was too late.')
  expect(ran).toEqual([])
})

it('shows a chat the whole answer, since the message that gave the data came after it', async () => {
  const ran: string[] = []
  const { chat, settled, stored, model } = openChat({
    script: [asks, yes, 'They are deleted.', 'Welcome.'],
    agent: { tools: { delete: deleting(ran) }, autoResumeSuspendedTools: true } as never,
  })
  await chat.sendMessage({ text: 'Delete the old records' })
  await settled()
  await chat.sendMessage({ text: 'Yes' })
  await settled()
  expect(chat.error).toBeUndefined()
  expect(ran).toEqual(['deleted old'])
  expect(heldOf(chat.messages)).toEqual(await stored())
  await chat.sendMessage({ text: 'Thanks' })
  await settled()
  expect(chat.error).toBeUndefined()
  expect(outline(await stored()).slice(-2)).toEqual(['user: Thanks', 'assistant: Welcome.'])
  expect(model.calls).toHaveLength(4)
})
