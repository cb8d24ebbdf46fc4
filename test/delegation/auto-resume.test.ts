// With autoResumeSuspendedTools a message gives its data to a call of a subagent or a workflow, too, at any depth.
import { createStep, createTool, createWorkflow, type Memory } from 'aquifer'
import { callTool, callTools, type Step } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { asks, at, childOf, saidIn, statusesIn, subagent, supervisor } from './scene.ts'

const inputSchema = z.object({ table: z.string() })
const resumeSchema = z.object({ confirmed: z.boolean() })
const reading = (call: string, data: unknown) => JSON.stringify({ call, data: JSON.stringify(data) })
const yes = reading('1', { confirmed: true })
const on = { autoResumeSuspendedTools: true } as const

/** A tool that deletes once it is told to, and what it deleted. */
function deleting() {
  const ran: string[] = []
  const tool = createTool({
    id: 'delete',
    description: 'Deletes.',
    inputSchema,
    resumeSchema,
    execute: async ({ table }, { suspend, resumeData }) => {
      if (resumeData === undefined) return suspend({ question: `Delete ${table}?` })
      ran.push(resumeData.confirmed ? `deleted ${table}` : `kept ${table}`)
      return ran.at(-1)
    },
  })
  return { tool, ran }
}

const deletes = (table: string) => callTool('delete', { table }, { toolCallId: 'inner' })

/** A supervisor whose subagents a and b delete a table each, in one step. */
function twoBelow(memory: Memory, script: readonly Step[], approves = false) {
  const { tool, ran } = deleting()
  const guarded = createTool({
    ...{ id: 'delete', description: 'Deletes.', inputSchema, requireApproval: true, resumeSchema },
    execute: () => ran.push('deleted without approval'),
  })
  const tools = { delete: approves ? guarded : tool }
  const { agent: a } = subagent('a', [deletes('x'), 'x is done.'], { tools })
  const { agent: b } = subagent('b', [deletes('y'), 'y is done.'], { tools })
  const both = callTools(['a', 'b'].map((key) => ({ toolName: `agent-${key}`, input: { prompt: key } })))
  return { ...supervisor([both, ...script], memory, { agents: { a, b }, ...on }), ran }
}

it.each(['generate', 'stream'] as const)('reaches a call two levels below, with %s', async (how) => {
  const memory = openMemory()
  const { tool, ran } = deleting()
  const { agent: worker } = subagent('worker', [deletes('old'), 'Deleted.'], { tools: { delete: tool } })
  const { agent: middle } = subagent('middle', [asks('worker', 'Delete old'), 'Ok.'], { agents: { worker } })
  const script = [asks('middle', 'Clean up'), reading('none', ''), 'It is noon.', yes, 'All clean.']
  const { agent: lead, model } = supervisor(script, memory, { agents: { middle }, ...on })
  const say = async (text: string) => {
    const answer = how === 'generate' ? await lead.generate(text, at) : await lead.stream(text, at)
    return answer.text
  }
  await say('Clean up')
  expect(await say('What time is it?')).toBe('It is noon.')
  expect(ran).toEqual([])
  expect(await say('Yes, delete it')).toBe('All clean.')
  expect(ran).toEqual(['deleted old'])
  expect(model.calls[1]?.transcript).toContain('Delete old?')
  expect(model.calls[1]?.transcript).toContain('middle-id → worker-id')
  // What the person said stands in the thread of the supervisor alone.
  expect(JSON.stringify(await saidIn(memory, 'resource/ann'))).toContain('Yes, delete it')
  for (const keys of [['middle'], ['middle', 'worker']]) {
    expect(JSON.stringify(await saidIn(memory, childOf(...keys)))).not.toContain('Yes, delete it')
    expect(await statusesIn(memory, childOf(...keys))).toEqual(['complete'])
  }
})

it('tells calls of several subagents apart, though they have one id, and takes each where it is named', async () => {
  const memory = openMemory()
  const { agent: lead, ran } = twoBelow(memory, [
    ...[reading('none', ''), 'Which one?'],
    ...[reading('2', { confirmed: true }), reading('1', { confirmed: false }), 'Done.'],
  ])
  await lead.generate('Delete x and y', at)
  expect((await lead.generate('Yes', at)).text).toBe('Which one?')
  expect(ran).toEqual([])
  expect((await lead.generate('Yes, y', at)).status).toBe('suspended')
  expect(ran).toEqual(['deleted y'])
  expect((await lead.generate('Not x', at)).text).toBe('Done.')
  expect(ran).toEqual(['deleted y', 'kept x'])
})

it('answers a message whose data a subagent refuses as always, and the call waits on', async () => {
  const memory = openMemory()
  const { agent: lead, ran } = twoBelow(memory, [reading('1', { confirmed: 'yes' }), 'Pardon?'])
  await lead.generate('Delete x and y', at)
  expect((await lead.generate('Yes', at)).text).toBe('Pardon?')
  expect(ran).toEqual([])
  expect((await lead.listSuspendedRuns({ resourceId: 'ann' })).runs[0]?.toolCalls).toMatchObject([
    { status: 'asked' },
    { status: 'asked' },
  ])
})

it('never answers an approval of a subagent', async () => {
  const memory = openMemory()
  const { agent: lead, ran, model } = twoBelow(memory, ['Please approve it.'], true)
  await lead.generate('Delete x and y', at)
  expect((await lead.generate('Yes', at)).text).toBe('Please approve it.')
  expect(ran).toEqual([])
  expect(model.calls).toHaveLength(2)
})

it('resumes once where two messages give the data: the later one is answered as always', async () => {
  const { tool, ran } = deleting()
  const { agent: worker } = subagent('worker', [deletes('old'), 'Deleted.'], { tools: { delete: tool } })
  const first = async () => {
    expect((await lead.generate('Yes!', at)).text).toBe('One.')
    return yes
  }
  const script = [asks('worker', 'Delete old'), first, yes, 'One.', 'Two.']
  const { agent: lead } = supervisor(script, openMemory(), { agents: { worker }, ...on })
  await lead.generate('Clean up', at)
  expect((await lead.generate('Yes', at)).text).toBe('Two.')
  expect(ran).toEqual(['deleted old'])
})

/** A supervisor with a workflow that asks, and a tool of its own with the name of the step that does. */
function flowBelow(memory: Memory, script: readonly Step[]) {
  const look = createStep({
    ...{ id: 'look', inputSchema, outputSchema: inputSchema, resumeSchema: z.object({ season: z.string() }) },
    execute: async ({ inputData: { table }, suspend, resumeData }) => {
      if (resumeData === undefined) return suspend({ question: 'Which season?' })
      return { table: `${table} in ${resumeData.season}` }
    },
  })
  const ids = { id: 'flow', description: 'Looks.' }
  const flow = createWorkflow({ ...ids, inputSchema, outputSchema: inputSchema })
    .then(look)
    .commit()
  const own = createTool({ id: 'look', description: 'Looks.', inputSchema, resumeSchema, execute: () => 'seen' })
  const first = callTool('workflow-flow', { table: 'trees' })
  return supervisor([first, ...script], memory, { workflows: { flow }, tools: { look: own }, ...on })
}

it('reaches a step of a workflow, which checks the data itself', async () => {
  const memory = openMemory()
  const { agent: lead, model } = flowBelow(memory, [
    ...[reading('1', { season: 7 }), 'Pardon?'],
    ...[reading('1', { season: 'May' }), 'They bloom.'],
  ])
  await lead.generate('How are the trees?', at)
  expect((await lead.generate('7', at)).text).toBe('Pardon?')
  expect((await lead.generate('In May', at)).text).toBe('They bloom.')
  expect(model.calls.at(-1)?.transcript).toContain('trees in May')
})

it('resumes a step of a workflow whose name a tool of the supervisor has', async () => {
  const { agent: lead } = flowBelow(openMemory(), ['They bloom.'])
  const { runId } = await lead.generate('How are the trees?', at)
  expect((await lead.resumeGenerate({ season: 'May' }, { runId })).text).toBe('They bloom.')
})
