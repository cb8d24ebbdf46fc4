// Runs of workflows whose steps are agents and tools, carried out by the engine.
import { Agent, type AgentSuspension, Aquifer, createStep, createTool, createWorkflow } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { openMemory, refused } from '../memory/opened.ts'

const text = z.object({ text: z.string() })
const place = { resourceId: 'ann', threadId: 'rome' }

function openCity() {
  const memory = openMemory()
  const agentOf = (name: string, script: readonly string[]) => {
    const model = scriptedModel({ script: [...script] })
    return { model, agent: new Agent({ name, model, memory }) }
  }
  const research = agentOf('Researcher', ['Rome is old.', 'Rome is large.'])
  const writing = agentOf('Writer', ['Rome, an old city.', 'Rome, a large city.'])
  const city = createWorkflow({
    id: 'city',
    description: 'Writes about a city.',
    inputSchema: z.object({ city: z.string() }),
    outputSchema: text,
    memory,
  })
    .map(async ({ inputData }) => ({ prompt: `Facts about ${inputData.city}.` }))
    .then(createStep(research.agent))
    .map(({ inputData }) => ({ prompt: `Write a report. Facts: ${inputData.text}` }))
    .then(createStep(writing.agent))
    .commit()
  return { memory, city, research: research.model, writing: writing.model }
}

it('agents answer one after the other, in the thread of the run, which is made for it', async () => {
  const { memory, city, writing } = openCity()
  const run = await city.createRun(place)
  const stream = run.stream({ inputData: { city: 'Rome' } })
  const events: string[] = []
  for await (const { type, payload } of stream) events.push(`${type} ${'id' in payload ? payload.id : ''}`)
  const result = await stream.result
  if (result.status === 'success') expectTypeOf(result.result).toEqualTypeOf<{ text: string }>()
  expect([result.status, result.result]).toEqual(['success', { text: 'Rome, an old city.' }])
  expect(events).toEqual([
    'workflow-start ',
    'workflow-step-start researcher',
    'workflow-step-result researcher',
    'workflow-step-start writer',
    'workflow-step-result writer',
    'workflow-finish ',
  ])
  expect(writing.calls[0]?.prompt).toContain('Facts: Rome is old.')
  const { messages } = await memory.listMessages(place)
  expect(messages.map(({ author, turnStatus }) => `${turnStatus} ${author.id}`)).toEqual([
    'complete city',
    'complete researcher',
    'complete city',
    'complete writer',
  ])
})

it('two runs may begin the same thread at once', async () => {
  const { city } = openCity()
  const runs = await Promise.all([city.createRun(place), city.createRun(place)])
  const results = await Promise.all(runs.map((run) => run.start({ inputData: { city: 'Rome' } })))
  expect(results.map(({ status }) => status)).toEqual(['success', 'success'])
})

const pay = createTool({
  id: 'pay',
  description: 'Pays.',
  inputSchema: z.object({ to: z.string() }),
  outputSchema: z.object({ paid: z.string(), callId: z.string() }),
  requireApproval: true,
  execute: async ({ to }, { callId }) => ({ paid: to, callId }),
})

it('an agent whose call waits suspends the run, which is resumed with a decision', async () => {
  const memory = openMemory()
  const model = scriptedModel({ script: [callTool('pay', { to: 'Bob' }, { toolCallId: 'c1' }), 'Paid.'] })
  const clerk = new Agent({ name: 'Clerk', model, memory, tools: { pay } })
  const options = { id: 'paying', inputSchema: z.object({ prompt: z.string() }), outputSchema: text }
  const paying = createWorkflow(options).then(createStep(clerk)).commit()
  await using _aquifer = new Aquifer({ workflows: { paying }, memory, recover: false })
  const run = await paying.createRun(place)
  const first = await run.start({ inputData: { prompt: 'Pay Bob.' } })
  const payload = first.steps.clerk?.suspendPayload as unknown as AgentSuspension
  expect([first.status, payload.calls[0]?.toolCallId]).toEqual(['suspended', 'c1'])
  const wrong = await refused('invalid-input', () => run.resume({ resumeData: { data: 5 } }))
  expect(wrong.message).toContain('data: is not what the call waits for')
  const wanting = await refused('invalid-input', () => run.resume({ resumeData: { toolCallId: 'c2', approved: true } }))
  expect(wanting.message).toContain('toolCallId: must be the id of a call that waits: "c1" of "pay"')
  const last = await (await paying.getRun(run.runId))?.resume({ step: 'clerk', resumeData: { approved: true } })
  expect([last?.status, last?.result]).toEqual(['success', { text: 'Paid.' }])
  expect(last?.steps.clerk?.resumePayload).toEqual({ approved: true })
})

it.each([
  [{ approved: true }, 'success', { paid: 'Bob', callId: expect.stringMatching(/^run_[^/]+\/0$/) }],
  [{ approved: false, reason: 'Too much.' }, 'failed', undefined],
])('a tool that needs an approval waits for it: %o', async (resumeData, status, result) => {
  const schemas = {
    inputSchema: z.object({ to: z.string() }),
    outputSchema: z.object({ paid: z.string(), callId: z.string() }),
  }
  const paying = createWorkflow({ id: 'paying', ...schemas, memory: openMemory() })
    .then(createStep(pay))
    .commit()
  const run = await paying.createRun()
  const first = await run.start({ inputData: { to: 'Bob' } })
  expect(first.steps.pay).toMatchObject({
    status: 'suspended',
    suspendPayload: { kind: 'approval', tool: 'pay', input: { to: 'Bob' } },
  })
  await refused('invalid-input', () => run.resume({ resumeData: 'yes' }))
  const last = await run.resume({ resumeData })
  expect([last.status, last.result]).toEqual([status, result])
  if (status === 'failed') expect(last.error).toMatchObject({ code: 'denied', details: { reason: 'Too much.' } })
})

it('a tool of an agent may run a workflow in the thread of its own turn, which does not wait for that turn', async () => {
  const { memory, city } = openCity()
  const report = createTool({
    id: 'report',
    description: 'Reports about a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async (inputData, { resourceId = '', threadId = '' }) => {
      return (await (await city.createRun({ resourceId, threadId })).start({ inputData })).result
    },
  })
  const model = scriptedModel({ script: [callTool('report', { city: 'Rome' }), ({ transcript }) => transcript] })
  const outer = new Agent({ name: 'Outer', model, memory, tools: { report } })
  const { text: said } = await outer.generate('Report, please.', place)
  expect(said).toContain('Rome, an old city.')
  const { messages } = await memory.listMessages(place)
  const authors = messages.map(({ author }) => author.id)
  expect(authors).toEqual(['ann', 'outer', 'city', 'researcher', 'city', 'writer'])
})

it('a step acts as the workflow, and what it writes names its run', async () => {
  const memory = openMemory()
  const note = createStep({
    id: 'note',
    inputSchema: text,
    outputSchema: text,
    execute: async ({ inputData, memory: own }) => {
      await own.team('acme').write('note', inputData.text)
      return inputData
    },
  })
  const noting = createWorkflow({ id: 'noting', inputSchema: text, outputSchema: text, memory }).then(note).commit()
  const run = await noting.createRun(place)
  expect((await run.start({ inputData: { text: 'hi' } })).status).toBe('success')
  const entry = await memory.team('acme').get('note')
  expect(entry).toMatchObject({
    value: 'hi',
    writtenBy: { kind: 'agent', id: 'noting', name: `noting (${run.runId})` },
  })
})
