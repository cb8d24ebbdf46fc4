// Following an answer that is being given: which turn, how it ends, and what leaving it does.
import { tool, type UIMessageChunk } from 'ai'
import { Agent, type Memory, RequestContext } from 'aquifer'
import { callTool, failWith, say, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused, temporaryUrl } from '../memory/opened.ts'
import { allOf } from './reconnect-shared.ts'

const at = { resourceId: 'ann', threadId: 't' }

/** An agent whose tool works until the test lets it. */
function atWork({ memory = openMemory(), name = 'Support', after = say('Done.') as object | string } = {}) {
  const gate = Promise.withResolvers<string>()
  const started = Promise.withResolvers<void>()
  const work = tool({
    inputSchema: z.object({}),
    execute: () => {
      started.resolve()
      return gate.promise
    },
  })
  const plain = tool({ inputSchema: z.object({}), execute: () => 'ok' })
  const model = scriptedModel({ script: [callTool('plain', {}, { text: 'Let me see.' }), callTool('work', {}), after] })
  const agent = new Agent({ name, model, memory, tools: { work, plain } })
  return { memory, agent, gate, started: started.promise }
}

const typesOf = (chunks: readonly UIMessageChunk[]) => chunks.map(({ type }) => type)
const all = async (agent: Agent) => allOf(await agent.reconnectToStream(at))
const storedIn = async (memory: Memory) => (await memory.listMessages(at)).messages

describe('reconnectToStream', () => {
  it('shows what is stored, then each step as it is stored, whoever of the agents asks', async () => {
    const { memory, agent, gate, started } = atWork()
    expect(await agent.reconnectToStream(at)).toBeNull()
    const answer = await agent.stream('Go', at)
    await started
    const other = new Agent({ name: 'Other', memory })
    const stream = await other.reconnectToStream(at)
    expect(stream?.turnId).toBe(answer.turnId)
    const reader = stream?.getReader()
    const shown: UIMessageChunk[] = []
    const read = async () => {
      const { value } = (await reader?.read()) ?? {}
      if (value !== undefined) shown.push(value)
    }
    // The call is stored before its tool runs.
    for (let count = 0; count < 6; count++) await read()
    expect(typesOf(shown)).toEqual([
      'start',
      'start-step',
      'text-start',
      'text-delta',
      'text-end',
      'tool-input-available',
    ])
    const next = read()
    gate.resolve('worked')
    await next
    while (shown.at(-1)?.type !== 'finish') await read()
    expect(shown[0]).toMatchObject({ type: 'start', messageId: answer.messageId })
    expect(shown[0]).toMatchObject({ messageMetadata: { author: { id: 'support' } } })
    expect(shown.find((chunk) => chunk.type === 'tool-output-available' && chunk.output === 'worked')).toBeDefined()
    expect(shown.filter(({ type }) => type === 'text-delta')).toMatchObject([
      { delta: 'Let me see.' },
      { delta: 'Done.' },
    ])
    expect(await reader?.read()).toEqual({ done: true, value: undefined })
    expect(await agent.reconnectToStream(at)).toBeNull()
  })

  it.each<[string, (scene: ReturnType<typeof atWork>, stop: AbortController) => unknown, string]>([
    ['a stop', ({ gate: _ }, stop) => stop.abort(), 'abort'],
    ['a deleted thread', ({ memory }) => memory.deleteThread(at), 'error'],
    ['a failure', ({ gate }) => gate.resolve('worked'), 'error'],
  ])('ends with the turn: %s', async (name, end, type) => {
    const scene = atWork(name === 'a failure' ? { after: failWith(new Error('overloaded')) } : {})
    const stop = new AbortController()
    const answer = await scene.agent.stream('Go', { ...at, abortSignal: stop.signal, onError() {}, maxRetries: 0 })
    await scene.started
    const following = all(scene.agent)
    await end(scene, stop)
    expect((await following).at(-1)?.type).toBe(type)
    scene.gate.resolve('late')
    await answer.finished
  })

  it('ends well with a turn that waits for an approval, which it shows', async () => {
    const memory = openMemory()
    const gate = Promise.withResolvers<string>()
    const slow = tool({ inputSchema: z.object({}), execute: () => gate.promise })
    const pay = tool({ inputSchema: z.object({}), needsApproval: true, execute: () => 'paid' })
    const model = scriptedModel({ script: [callTool('slow', {}), callTool('pay', {}), 'Paid.'] })
    const agent = new Agent({ name: 'Support', model, memory, tools: { slow, pay } })
    const answer = await agent.stream('Go', at)
    const following = all(agent)
    gate.resolve('ok')
    const chunks = await following
    expect(chunks).toContainEqual(expect.objectContaining({ type: 'tool-approval-request' }))
    expect(chunks.at(-1)).toEqual({ type: 'finish' })
    expect(await answer.finished).toEqual({ status: 'suspended' })
    expect(await agent.reconnectToStream(at)).toBeNull()
  })

  it('shows a continued answer whole, also one that is generated', async () => {
    const memory = openMemory()
    const gate = Promise.withResolvers<string>()
    const pay = tool({ inputSchema: z.object({}), needsApproval: true, execute: () => gate.promise })
    const model = scriptedModel({ script: [callTool('pay', {}, { text: 'It costs.' }), 'Paid.'] })
    const agent = new Agent({ name: 'Support', model, memory, tools: { pay } })
    await agent.generate('Go', at)
    const [question, asked] = await storedIn(memory)
    const approved = asked?.parts.map((part) => {
      if (part.type !== 'tool-pay') return part
      return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved: true } }
    })
    const answer = agent.generate([question, { ...asked, parts: approved }] as never, at)
    await expect.poll(async () => (await storedIn(memory)).at(-1)?.turnStatus).toBe('open')
    const following = all(agent)
    gate.resolve('paid')
    const chunks = await following
    expect(chunks[0]).toMatchObject({ type: 'start', messageId: asked?.id, messageMetadata: asked?.metadata })
    expect(chunks.filter(({ type }) => type === 'text-delta')).toMatchObject([
      { delta: 'It costs.' },
      { delta: 'Paid.' },
    ])
    expect(chunks).toContainEqual(expect.objectContaining({ type: 'tool-output-available', output: 'paid' }))
    expect((await answer).text).toBe('Paid.')
  })

  it.each(['regenerate-message', 'submit-message'] as const)(
    'follows an answer that replaces another: %s',
    async (trigger) => {
      const memory = openMemory()
      const gate = Promise.withResolvers<string>()
      const slow = tool({ inputSchema: z.object({}), execute: () => gate.promise })
      const model = scriptedModel({ script: ['Before.', 'Old.', callTool('slow', {}), 'New.'] })
      const agent = new Agent({ name: 'Support', model, memory, tools: { slow } })
      await agent.generate('Hello', at)
      await agent.generate([{ id: 'q', role: 'user', content: 'Go' }], at)
      const edited = { id: 'q', role: 'user', content: trigger === 'submit-message' ? 'Go on' : 'Go' } as const
      const answer = await agent.stream([edited], { ...at, trigger })
      const [first, rest] = (await agent.reconnectToStream(at))?.tee() ?? []
      const reader = first?.getReader()
      expect((await reader?.read())?.value).toEqual({ type: 'start', messageId: answer.messageId })
      gate.resolve('ok')
      const chunks = await allOf(rest ?? null)
      await reader?.cancel()
      expect(chunks.findLast(({ type }) => type === 'start')).toEqual({ type: 'start', messageId: answer.messageId })
      expect(chunks.filter(({ type }) => type === 'text-delta')).toMatchObject([{ delta: 'New.' }])
      expect(chunks.at(-1)).toEqual({ type: 'finish' })
      expect(await answer.finished).toEqual({ status: 'complete' })
    },
  )

  it('follows the newest of turns that run at once, and none that an application keeps open itself', async () => {
    const memory = openMemory()
    const first = atWork({ memory })
    const second = atWork({ memory, name: 'Second' })
    await first.agent.stream('Go', at)
    await first.started
    const parallel = { ...at, memory: { options: { turns: 'parallel' } } } as const
    const { turnId } = await second.agent.stream('Go too', parallel)
    const stream = await first.agent.reconnectToStream(at)
    expect(stream?.turnId).toBe(turnId)
    await stream?.cancel()
    const other = { resourceId: 'ann', threadId: 'own' }
    const space = memory.space('resource/ann')
    await space.commit([
      { kind: 'thread-put', threadId: 'own' },
      { kind: 'turn-open', threadId: 'own', leaseMs: 30_000 },
    ])
    expect(await first.agent.reconnectToStream(other)).toBeNull()
    first.gate.resolve('x')
    second.gate.resolve('x')
  })

  it('does not stop the turn when it is left, and leaves nothing behind', async () => {
    const { memory, agent, gate, started } = atWork()
    const answer = await agent.stream('Go', at)
    await started
    const unread = await agent.reconnectToStream(at)
    const read = await agent.reconnectToStream(at)
    const reader = read?.getReader()
    for (let count = 0; count < 7; count++) await reader?.read()
    const waiting = reader?.read()
    await reader?.cancel()
    expect(await waiting).toEqual({ done: true, value: undefined })
    await unread?.cancel()
    gate.resolve('worked')
    expect(await answer.finished).toEqual({ status: 'complete' })
    expect((await storedIn(memory)).at(-1)?.turnStatus).toBe('complete')
  })

  it('says so when it cannot go on, without failing, when the memory closes', async () => {
    const url = temporaryUrl()
    const { agent, gate, started } = atWork({ memory: openMemory({ storage: url }) })
    const answer = await agent.stream('Go', at)
    await started
    const other = openMemory({ storage: url })
    const stream = await new Agent({ name: 'Other', memory: other }).reconnectToStream(at)
    const following = allOf(stream)
    await other.close()
    expect((await following).at(-1)).toEqual({
      type: 'error',
      errorText: expect.stringContaining('load the page again'),
    })
    gate.resolve('worked')
    expect(await answer.finished).toEqual({ status: 'complete' })
  })

  it('begins at once with the id that the answer will have', async () => {
    const gate = Promise.withResolvers<void>()
    const memory = openMemory()
    const processor = { name: 'slow', processContext: async () => await gate.promise.then(() => undefined) }
    const model = scriptedModel({ script: ['Done.'] })
    const agent = new Agent({ name: 'Support', model, memory, inputProcessors: [processor as never] })
    const answer = agent.stream('Go', at)
    await expect.poll(async () => (await storedIn(memory)).length).toBe(1)
    const reader = (await agent.reconnectToStream(at))?.getReader()
    const first = (await reader?.read())?.value
    gate.resolve()
    expect(first).toEqual({ type: 'start', messageId: (await answer).messageId })
    const types: string[] = []
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) types.push(read.value.type)
    expect(types.shift()).toBe('message-metadata')
    expect(types).toEqual(['start-step', 'text-start', 'text-delta', 'text-end', 'finish-step', 'finish'])
  })

  it('answers a route, hides the calls of memory’s own tools, and uses the memory of the request', async () => {
    const memory = openMemory({ options: { workingMemory: { enabled: true } } })
    const gate = Promise.withResolvers<string>()
    const slow = tool({ inputSchema: z.object({}), execute: () => gate.promise })
    const script = [callTool('updateWorkingMemory', { text: 'Secret' }), callTool('slow', {}), 'Done.']
    const agent = new Agent({
      name: 'Support',
      model: scriptedModel({ script }),
      memory: ({ requestContext }) => (requestContext.get('tenant') === 'acme' ? memory : openMemory()),
      tools: { slow },
    })
    const requestContext = new RequestContext({ tenant: 'acme' })
    const answer = await agent.stream('Go', { ...at, requestContext })
    expect(await agent.reconnectToStream(at)).toBeNull()
    const response = (await agent.reconnectToStream({ ...at, requestContext }))?.toUIMessageStreamResponse({
      headers: { 'x-own': 'yes' },
    })
    expect([response?.status, response?.headers.get('x-own')]).toEqual([200, 'yes'])
    gate.resolve('ok')
    const text = await response?.text()
    expect(text).toContain('Done.')
    expect(text).not.toContain('Secret')
    await answer.finished
  })

  it('refuses what names no thread, and an agent without a memory', async () => {
    const { agent } = atWork()
    for (const bad of [
      {},
      { resourceId: 'ann' },
      { threadId: 't' },
      { ...at, extra: 1 },
      { ...at, requestContext: {} },
    ]) {
      await refused('invalid-input', () => agent.reconnectToStream(bad as never))
    }
    await refused('invalid-input', () => new Agent({ name: 'Bare' }).reconnectToStream(at))
  })
})
