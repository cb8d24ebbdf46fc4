// What is wrong with a call is said before anything of it is stored.
import { Agent, type AgentOptions, MemoryError } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'
import { attempt, ways } from './aftermath.ts'

const inputSchema = z.object({})
const spoken = { role: 'user', content: 'hi' }

const steering = (parts: unknown) => ({ type: 'steering-message', id: 's', parts })
const image = [
  {
    role: 'user',
    content: [
      { type: 'text', text: 'See' },
      { type: 'image_url', image_url: 'https://a.b' },
    ],
  },
]

const inputs: [string, unknown, string][] = [
  ['undefined', undefined, 'messages[0]'],
  ['null', null, 'messages[0]'],
  ['a number', 5, 'messages[0]'],
  ['no messages', [], 'messages'],
  ['null among messages', [spoken, null], 'messages[1]'],
  ['an empty object', {}, 'messages[0].role'],
  ['a message without a role', [{ content: 'hi' }], 'messages[0].role'],
  ['an unknown role', [{ role: 'bot', content: 'hi' }], 'messages[0].role'],
  ['an unknown field', [{ ...spoken, text: 'hi' }], 'messages[0].text'],
  ['a message without content', [{ role: 'user' }], 'messages[0]'],
  ['a part that is null', [{ role: 'user', parts: [null] }], 'messages[0].parts[0]'],
  ['an id that is a number', [{ ...spoken, id: 7 }], 'messages[0].id'],
  ['an id that is a wildcard', [{ ...spoken, id: '*' }], 'messages.id'],
  ['an unknown author', [{ ...spoken, author: { kind: 'god', id: 'x' } }], 'author.kind'],
  ['an empty text', '', 'messages'],
  ['a blank text', ' \n', 'messages'],
  ['no parts', [{ role: 'user', parts: [] }], 'messages'],
  ['a text that is a number', [{ role: 'user', content: [{ type: 'text', text: 5 }] }], 'messages'],
  ['a part that nobody knows', [{ role: 'user', parts: [{ type: 'hologram' }] }], 'messages'],
  ['nothing said between two steps', [{ role: 'assistant', parts: [steering([null])] }], 'messages[0].parts[0].parts'],
  ['steps within steps', [{ role: 'assistant', parts: [steering([steering([])])] }], 'messages[0].parts[0].parts'],
  ['an image of another package', image, 'messages'],
  ['a call of another package', [spoken, { role: 'assistant', content: [{ type: 'tool_use' }] }, spoken], 'messages'],
  ['instructions alone', [{ role: 'system', content: 'Be brief.' }], 'messages'],
  ['half a character', 'a\ud800', 'changes[1].messages[0].parts[0].text'],
]

const calls: [string, object, string][] = [
  ['no thread', { threadId: undefined }, 'threadId'],
  ['no resource', { resourceId: undefined }, 'resourceId'],
  ['an empty thread', { threadId: '' }, 'threadId'],
  ['every resource', { resourceId: '*' }, 'resourceId'],
  ['two threads', { memory: { thread: 'other' } }, 'threadId'],
  ['a thread that is a number', { threadId: undefined, memory: { thread: 7 } }, 'memory.thread'],
  ['a thread of unknown fields', { memory: { thread: { id: 'support_thread_456', name: 'x' } } }, 'memory.thread'],
  ['a title that is a number', { memory: { thread: { id: 'support_thread_456', title: 5 } } }, 'memory.thread.title'],
  ['a blank title', { memory: { thread: { id: 'support_thread_456', title: ' ' } } }, 'memory.thread.title'],
  [
    'metadata that is a text',
    { memory: { thread: { id: 'support_thread_456', metadata: 'x' } } },
    'memory.thread.metadata',
  ],
  ['memory that is a text', { memory: 'x' }, 'memory'],
  ['an unknown option of memory', { memory: { topK: 1 } }, 'memory'],
  ['an unknown option', { lastMessages: 5 }, 'options'],
  ['-1 messages', { memory: { options: { lastMessages: -1 } } }, 'memory.options.lastMessages'],
  [
    'a schema and a template',
    { memory: { options: { workingMemory: { template: 'x', schema: inputSchema } } } },
    'memory.options.workingMemory',
  ],
  ['no steps', { maxSteps: 0 }, 'maxSteps'],
  ['half a step', { maxSteps: 1.5 }, 'maxSteps'],
  ['steps that are null', { maxSteps: null }, 'maxSteps'],
  ['an unknown trigger', { trigger: 'again' }, 'trigger'],
  ['a message id that is a number', { messageId: 5 }, 'messageId'],
  ['a blank message id', { messageId: '' }, 'messageId'],
  ['a signal that is none', { abortSignal: 5 }, 'abortSignal'],
  ['a signal that is null', { abortSignal: null }, 'abortSignal'],
  ['a context that is a plain object', { requestContext: { tier: 'pro' } }, 'requestContext'],
  ['structured output without a schema', { structuredOutput: {} }, 'structuredOutput'],
  ['a schema that is none', { structuredOutput: { schema: { name: 'string' } } }, 'structuredOutput'],
  ['steps saved as a text', { savePerStep: 'yes' }, 'savePerStep'],
  ['an author that is a text', { author: 'bob' }, 'author'],
  ['instructions that are a number', { instructions: 5 }, 'instructions'],
  ['a tool that is null', { tools: { look: null } }, 'tools.look'],
]

const noModel = { specificationVersion: 'v1', provider: 'p', modelId: 'm', doGenerate() {}, doStream() {} }

const agents: [string, object, string][] = [
  ['no model', { model: undefined }, 'model'],
  ['a model that is none', { model: {} }, 'model'],
  ['a model without a provider', { model: 'gpt-5.4' }, 'model'],
  ['a provider that is not installed', { model: 'nobody/gpt' }, 'model'],
  ['a provider that is a path', { model: '../x/y' }, 'model'],
  ['a model of an older specification', { model: noModel }, 'model.specificationVersion'],
  ['a model of a later one', { model: { ...noModel, specificationVersion: 'v9' } }, 'model.specificationVersion'],
  ['a model that a function did not find', { model: () => null }, 'model'],
  ['a memory that a function did not find', { memory: () => null }, 'memory'],
  ['a memory that is none', { memory: () => ({}) }, 'memory'],
  ['instructions that are none', { instructions: () => 5 }, 'instructions'],
  ['a list of tools', { tools: [] }, 'tools'],
  ['a tool that is a text', { tools: { look: 'x' } }, 'tools.look'],
  ['a tool without a name', { tools: { '': { inputSchema } } }, 'tools'],
  ['a tool without a schema', { tools: { look: { execute() {} } } }, 'tools.look.inputSchema'],
  ['a schema that is an object', { tools: { look: { inputSchema: { city: 'string' } } } }, 'tools.look.inputSchema'],
  ['a schema that is a text', { tools: { look: { inputSchema: 'x' } } }, 'tools.look.inputSchema'],
  ['a tool that cannot run', { tools: { look: { inputSchema, execute: 5 } } }, 'tools.look.execute'],
]

const cases = [
  ...inputs.map(([name, input, field]) => [`input: ${name}`, { input }, field] as const),
  ...calls.map(([name, call, field]) => [`call: ${name}`, { call }, field] as const),
  ...agents.map(([name, agent, field]) => [`agent: ${name}`, { agent }, field] as const),
]

describe.each(ways)('%s refuses', (way) => {
  it.each(cases)('%s', async (_, made, field) => {
    const { error, stored } = await attempt({ way, ...made })
    expect(error).toBeInstanceOf(MemoryError)
    const { code, fix, details } = error as MemoryError
    expect([code, fix]).toEqual(['invalid-input', expect.stringMatching(/\S/)])
    expect(details.field).toBe(field)
    expect(stored).toEqual([])
  })

  it.each([{ memory: { options: { readOnly: true } } }, { resourceId: undefined, threadId: undefined }])(
    'parts of another package also where nothing is stored: %o',
    async (call) => {
      const { error } = await attempt({ way, input: image, call })
      expect(error).toMatchObject({ code: 'invalid-input', details: { field: 'messages', got: '"image_url"' } })
    },
  )

  it('a message that is too large', async () => {
    const { error, stored } = await attempt({ way, input: 'x'.repeat(17_000_000) })
    expect(error).toMatchObject({ code: 'limit-exceeded', details: { limit: 'messageBytes' } })
    expect(stored).toEqual([])
  })

  it('two tools of one name', async () => {
    const tools = { look: { inputSchema } }
    const { error, stored } = await attempt({ way, agent: { tools }, call: { tools } })
    expect((error as MemoryError).message).toContain('two tools with the name "look"')
    expect(stored).toEqual([])
  })

  it('a signal that is aborted already, with its own reason', async () => {
    const reason = new Error('gone')
    const { error, stored } = await attempt({ way, call: { abortSignal: AbortSignal.abort(reason) } })
    expect(error).toBe(reason)
    expect(stored).toEqual([])
  })

  it.each(['model', 'instructions', 'memory', 'tools'])('a call whose %s cannot be found', async (option) => {
    const find = () => {
      throw new Error('down')
    }
    const { error, stored } = await attempt({ way, agent: { [option]: find } })
    expect(error).toMatchObject({ message: 'down' })
    expect(stored).toEqual([])
  })
})

const wrongAgents: [string, unknown, string][] = [
  ['nothing', undefined, 'options'],
  ['no name', {}, 'name'],
  ['a blank name', { name: ' ' }, 'name'],
  ['a wildcard', { name: 'A', id: '*' }, 'id'],
  ['an unknown option', { name: 'A', prompt: 'x' }, 'Agent'],
  ['a memory that is none', { name: 'A', memory: {} }, 'memory'],
  ['a processor that is none', { name: 'A', inputProcessors: [null] }, 'inputProcessors[0]'],
  ['a processor with a misspelt method', { name: 'A', inputProcessors: [{ processinput() {} }] }, 'inputProcessors[0]'],
  [
    'a processor in the wrong list',
    { name: 'A', outputProcessors: [{ processOutputResult() {} }, { processContext() {} }] },
    'outputProcessors[1]',
  ],
  ['processors that are no list', { name: 'A', outputProcessors: {} }, 'outputProcessors'],
  ['default options of unknown names', { name: 'A', defaultOptions: { steps: 1 } }, 'defaultOptions'],
  ['default options of wrong values', { name: 'A', defaultOptions: { maxSteps: 0 } }, 'defaultOptions.maxSteps'],
]

it.each(wrongAgents)('an agent is refused with %s', async (_, options, field) => {
  const error = await refused('invalid-input', () => new Agent(options as AgentOptions))
  expect(error.details.field).toBe(field)
})

it('blank messages among others are left out, and so is what a client holds of them', async () => {
  const memory = openMemory()
  const model = scriptedModel({ script: ['hello', 'yes'] })
  const agent = new Agent({ name: 'Support', model, memory })
  const blank = { id: 'u1', role: 'user', parts: [{ type: 'text', text: '' }] } as const
  const said = (id: string, text: string) => ({ id, role: 'user' as const, parts: [{ type: 'text', text }] })
  await agent.generate([blank, said('u2', 'hi')], { resourceId: 'r', threadId: 't' })
  await agent.generate([blank, said('u2', 'hi'), said('u3', 'there?')], { resourceId: 'r', threadId: 't' })
  const { messages } = await memory.listMessages({ resourceId: 'r', threadId: 't' })
  expect(messages.flatMap(({ role, id }) => (role === 'user' ? [id] : []))).toEqual(['u2', 'u3'])
})
