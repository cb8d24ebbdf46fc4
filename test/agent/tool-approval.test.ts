// Which calls of tools a person has to approve: as the tool says, or else as the agent and the call say.
import { tool } from 'ai'
import { Agent, type AgentOptions, type AskedToolCall, type CallOptions, createTool, RequestContext } from 'aquifer'
import { callTools, scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'

const at = { resourceId: 'u', threadId: 't' }
const inputSchema = z.object({ to: z.string() })

interface Asked {
  readonly agent?: Partial<AgentOptions>
  readonly call?: CallOptions
  readonly tools: Readonly<Record<string, object>>
  readonly how: 'generate' | 'stream'
}

/** Calls each tool once; answers the names of those that wait for a person, and what was logged. */
async function asked({ agent, call, tools, how }: Asked) {
  const calls = Object.keys(tools).map((toolName) => ({ toolName, input: { to: 'Ann' } }))
  const model = scriptedModel({ script: [callTools(calls), 'Done.'] })
  const memory = openMemory()
  const one = new Agent({ name: 'A', model, memory, tools, ...agent } as AgentOptions)
  if (how === 'generate') await one.generate('Pay', { ...at, ...call })
  else await (await one.stream('Pay', { ...at, ...call })).finished
  const { messages } = await memory.listMessages(at)
  const parts = messages.flatMap((message) => message.parts)
  return parts.flatMap(({ type, state }) => (state === 'approval-requested' ? [type.slice('tool-'.length)] : []))
}

const pay = (options: object = {}) =>
  createTool({ id: 'pay', description: 'Pays.', inputSchema, execute: () => 'paid', ...options })

const fails = () => {
  throw new Error('no answer')
}

const whoDecides: [string, Omit<Asked, 'how'>, readonly string[]][] = [
  ['nobody by default', { tools: { pay: pay() } }, []],
  ['the tool', { tools: { pay: pay({ requireApproval: true }) } }, ['pay']],
  ['the tool, by the AI SDK’s name', { tools: { pay: pay({ needsApproval: true }) } }, ['pay']],
  ['the agent', { agent: { requireToolApproval: true }, tools: { pay: pay() } }, ['pay']],
  ['the call', { call: { requireToolApproval: true }, tools: { pay: pay() } }, ['pay']],
  [
    'the call before the agent',
    { agent: { requireToolApproval: true }, call: { requireToolApproval: false }, tools: { pay: pay() } },
    [],
  ],
  [
    'the agent’s default options before the agent',
    { agent: { requireToolApproval: true, defaultOptions: { requireToolApproval: false } }, tools: { pay: pay() } },
    [],
  ],
  [
    'the tool’s true in any case',
    { call: { requireToolApproval: false }, tools: { pay: pay({ requireApproval: true }) } },
    ['pay'],
  ],
  [
    'the agent where the tool says false',
    { call: { requireToolApproval: true }, tools: { pay: pay({ requireApproval: false }) } },
    ['pay'],
  ],
  [
    'the tool’s own function',
    { agent: { requireToolApproval: true }, tools: { pay: pay({ requireApproval: () => false }) } },
    [],
  ],
  [
    'nobody, so a person, if the agent’s function fails',
    { agent: { requireToolApproval: fails }, tools: { pay: pay() } },
    ['pay'],
  ],
  ['nobody, so a person, if the tool’s function fails', { tools: { pay: pay({ requireApproval: fails }) } }, ['pay']],
  [
    'the AI SDK’s toolApproval before all of them',
    {
      agent: { requireToolApproval: true },
      call: { toolApproval: { pay: 'not-applicable' } } as never,
      tools: { pay: pay() },
    },
    [],
  ],
  [
    'the agent for tools of the AI SDK too, and not for those of the client',
    {
      agent: { requireToolApproval: true },
      tools: { send: tool({ inputSchema, execute: async () => 'sent' }), show: tool({ inputSchema }) },
    },
    ['send'],
  ],
]

for (const how of ['generate', 'stream'] as const) {
  it.each(whoDecides)(`${how}: asks as decided by %s`, async (_, scene, names) => {
    expect(await asked({ ...scene, how })).toEqual(names)
  })
}

it('tells the function about the call, and decides by its answer', async () => {
  const told: AskedToolCall[] = []
  const requestContext = new RequestContext({ tier: 'pro' })
  const requireToolApproval = async (call: AskedToolCall) => {
    told.push(call)
    return call.toolName === 'pay'
  }
  const tools = { pay: pay(), look: createTool({ id: 'look', description: 'Looks.', inputSchema, execute: () => 1 }) }
  const names = await asked({ call: { requireToolApproval, requestContext }, tools, how: 'generate' })
  expect(names).toEqual(['pay'])
  const about = { input: { to: 'Ann' }, args: { to: 'Ann' }, requestContext }
  expect(told).toEqual([
    { toolName: 'pay', toolCallId: 'call_1_1', ...about },
    { toolName: 'look', toolCallId: 'call_1_2', ...about },
  ])
})

it('does not ask about tools of memory, whose calls nobody sees', async () => {
  const model = scriptedModel({
    script: [callTools([{ toolName: 'updateWorkingMemory', input: { text: 'Name: Ann', version: null } }]), 'Done.'],
  })
  const memory = openMemory()
  const options = { workingMemory: { enabled: true } }
  const agent = new Agent({ name: 'A', model, memory, requireToolApproval: true })
  expect((await agent.generate('I am Ann', { memory: { resource: 'u', thread: 't', options } } as never)).text).toBe(
    'Done.',
  )
})

it.each([
  ['requireToolApproval', 'yes'],
  ['autoResumeSuspendedTools', 1],
])('refuses another %s', async (name, value) => {
  const wrong = { [name]: value } as object
  const own = await refused('invalid-input', () => new Agent({ name: 'A', ...wrong }))
  expect(own.details.field).toBe(name)
  const call = await refused('invalid-input', () => new Agent({ name: 'A' }).generate('x', wrong))
  expect(call.details.field).toBe(name)
  const defaults = await refused('invalid-input', () => new Agent({ name: 'A', defaultOptions: wrong }))
  expect(defaults.details.field).toBe(`defaultOptions.${name}`)
})
