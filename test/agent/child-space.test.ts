// The space of a call is worked out once: whatever reads and writes for the call does so in that space, a child's too.

import { Agent, createTool, type Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { assembleContext } from '../../src/agent/context/context.ts'
import { planInput } from '../../src/agent/input/input.ts'
import { memoryTools } from '../../src/agent/tools/memory-tools.ts'
import { ResultReader } from '../../src/agent/tools/result-reader.ts'
import type { ToolCall } from '../../src/agent/tools/tool.ts'
import { readMessages } from '../../src/domain/records/message-input.ts'
import { doorOf } from '../../src/facade/space.ts'
import { agentSpace } from '../../src/memory/agent-memory.ts'
import { mergeBehaviour } from '../../src/memory/options/behaviour.ts'
import { openMemory } from '../memory/opened.ts'
import { callOnce } from './called-tools.ts'
import { promptOf, text, userSays } from './context-scene.ts'

const child = 'resource/alice/agent/researcher'
const agent = { kind: 'agent', id: 'researcher' } as const
const threadId = 't'
const behaviour = mergeBehaviour({ facts: true, semanticRecall: true, workingMemory: { enabled: true } })

const spaceOf = (memory: Memory) => agentSpace(doorOf(memory.as(agent).space(child)))

async function fill(memory: Memory, space: string, word: string): Promise<void> {
  const messages = [{ role: 'user' as const, parts: [text(`The harbour ${word}`)] }]
  await memory.space(space).commit([
    { kind: 'message-append', threadId: 'old', createThread: true, messages },
    { kind: 'fact-assert', unique: 'f', text: `Alice ${word}`, metadata: {}, attributes: {} },
    { kind: 'block-write', name: 'main', format: 'text', value: `Notes ${word}` },
  ])
  await memory.space(space).commit([{ kind: 'message-append', threadId, createThread: true, messages }])
}

describe('a call in a child space', () => {
  it('sees what is there and nothing of the parent, and takes the resource for the user', async () => {
    const memory = openMemory()
    await fill(memory, child, 'froze')
    await fill(memory, 'resource/alice', 'burned')
    const space = spaceOf(memory)
    const newMessages = [userSays('Is the harbour shut?')]
    const context = await assembleContext({ space, agent, threadId, behaviour, newMessages, ownTurnId: null })
    const prompt = await promptOf(context)
    for (const shown of ['Notes froze', 'Alice froze', 'user\n  The harbour froze']) expect(prompt).toContain(shown)
    expect(prompt).toContain('author="user alice" thread="old"')
    expect(prompt).not.toContain('burned')
    expect(prompt).not.toContain('[from user')
    expect(Object.keys(context.seen.asOf)).toEqual([child])
  })

  it('takes what a client says of an assistant for the resource’s claim', async () => {
    const memory = openMemory()
    const said = readMessages([
      { role: 'assistant', content: 'Welcome' },
      { role: 'user', content: 'Hello' },
    ])
    const { fresh } = await planInput(spaceOf(memory), threadId, said)
    expect(fresh[0]?.author).toEqual({ kind: 'user', id: 'alice', claimed: true })
  })

  it('has tools that work there', async () => {
    const memory = openMemory()
    await fill(memory, 'resource/alice', 'burned')
    await fill(memory, child, 'froze')
    const space = spaceOf(memory)
    const results = new ResultReader(space, threadId)
    const tools = await memoryTools({ memory: memory.as(agent), space, threadId, behaviour, results, shared: null })
    const found = await callOnce(tools, 'recall', { query: 'harbour' })
    expect(found).toContain('froze')
    expect(found).not.toContain('burned')
    await callOnce(tools, 'updateWorkingMemory', { text: 'Notes thawed', version: 1 })
    expect((await memory.space(child).blocks.get(null, 'main')).record?.value).toContain('thawed')
    expect((await memory.getWorkingMemory({ resourceId: 'alice' }))?.value).toBe('Notes burned')
  })
})

it('tells the tools of an agent which space it remembers in', async () => {
  const calls: ToolCall[] = []
  const look = createTool({
    id: 'look',
    description: 'Looks.',
    inputSchema: z.object({}),
    execute: (_, call) => {
      calls.push(call)
      return 'seen'
    },
  })
  const model = scriptedModel({ script: [callTool('look', {}), 'done'] })
  const helper = new Agent({ name: 'Helper', model, memory: openMemory(), tools: { look } })
  await helper.generate('Look.', { resourceId: 'alice', threadId })
  expect(calls).toMatchObject([{ space: 'resource/alice', resourceId: 'alice', threadId }])
})
