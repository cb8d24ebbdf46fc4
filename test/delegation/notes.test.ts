// Notes of a supervisor's thread: forwarded in place of the messages that they condense, and shared as a section of memory.
import { createTool, type DelegationOptions, type Memory, type MemoryBehaviour } from 'aquifer'
import { callTool, type Step } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { asks, at, childOf, handedOn, saidIn, subagent, supervisor } from './scene.ts'

const observationalMemory = {
  model: false,
  observation: { messageTokens: 150, bufferActivation: 0.6, maxTokensPerBatch: 80 },
  reflection: { observationTokens: 2_000 },
} as const
const town = (at: number) => `Friend${at} visited Town${at} with ${at + 2} dogs.`
const options = (more: MemoryBehaviour = {}) => {
  return { defaultOptions: { memory: { options: { semanticRecall: false, observationalMemory, ...more } } } } as const
}

/** A thread of which a supervisor has notes. */
async function observed(memory: Memory, threadId = at.threadId): Promise<void> {
  const { agent } = supervisor(
    Array.from({ length: 14 }, () => 'Noted.'),
    memory,
    options(),
  )
  for (let turn = 0; turn < 14; turn++) {
    await agent.generate(`${threadId}: ${town(turn)}`, { ...at, threadId })
    await memory.settled()
  }
  await expect
    .poll(async () => (await memory.getObservations({ ...at, threadId })).observations.length)
    .toBeGreaterThan(3)
}

interface Scene {
  readonly delegation?: DelegationOptions
  readonly lead?: MemoryBehaviour
  readonly script?: readonly Step[]
  readonly helper?: Parameters<typeof subagent>[2]
}

function team(memory: Memory, { delegation = {}, lead = {}, script = ['Done.'], helper = {} }: Scene = {}) {
  const { agent, model } = subagent('helper', script, helper)
  const { agent: boss } = supervisor([asks('helper', 'Who visited Town0?'), 'ok'], memory, {
    agents: { helper: agent },
    delegation,
    ...options(lead),
  })
  return { boss, model }
}

const count = (text: string | undefined, part: string) => (text ?? '').split(part).length - 1

it('shows a subagent the notes in place of the messages that they condense, and stores none of it', async () => {
  const memory = openMemory()
  await observed(memory)
  const { boss, model } = team(memory)
  const { runId } = await boss.generate('Ask', at)
  const prompt = model.calls[0]?.transcript ?? ''
  expect(prompt).toContain('Notes that memory condensed')
  // Each is there once: as a note, or as it was said.
  for (let turn = 0; turn < 14; turn++) expect(count(prompt, `Town${turn} `)).toBe(1)
  expect(prompt.indexOf('Town0 ')).toBeLessThan(prompt.indexOf('assistant'))
  expect(prompt.indexOf('Town13 ')).toBeGreaterThan(prompt.indexOf('assistant'))
  expect(JSON.stringify(model.calls[0]?.instructions ?? '')).not.toContain('Town')
  const [{ runId: child } = {}] = await handedOn(memory, runId)
  const run = await memory.getRun(child as string)
  const seen = run?.details.seen as { readonly forwarded: readonly unknown[] } | undefined
  expect(seen?.forwarded[0]).toMatchObject({ id: 'observations', author: { id: 'lead' } })
  expect(JSON.stringify(await saidIn(memory, childOf('helper')))).not.toContain('Friend')
})

it('gives a filter the notes as the first message, which it may leave out', async () => {
  const memory = openMemory()
  await observed(memory)
  const heard: (string | undefined)[] = []
  const messageFilter: DelegationOptions['messageFilter'] = ({ messages }) => {
    heard.push(messages[0]?.id)
    return messages.slice(1)
  }
  const { boss, model } = team(memory, { delegation: { messageFilter } })
  await boss.generate('Ask', at)
  expect(heard).toEqual(['observations'])
  expect(model.calls[0]?.transcript).not.toContain('Notes that memory')
  expect(model.calls[0]?.transcript).toContain('Town13')
})

it('shows the notes that a filter kept again when the work goes on', async () => {
  const memory = openMemory()
  await observed(memory)
  const ask = createTool({
    ...{ id: 'ask', description: 'Asks.', inputSchema: z.object({}) },
    execute: async (_, { suspend, resumeData }) => resumeData ?? suspend('What?'),
  })
  const { boss, model } = team(memory, {
    delegation: { messageFilter: ({ messages }) => messages.slice(0, 1) },
    script: [callTool('ask'), 'Done.'],
    helper: { tools: { ask } },
  })
  const { runId } = await boss.generate('Ask', at)
  await boss.resumeGenerate('this', { runId })
  const [first, second] = model.calls.map(({ transcript }) => transcript)
  expect(first).toContain('Notes that memory')
  expect(second?.startsWith(first?.slice(0, first.indexOf('Who visited')) ?? '?')).toBe(true)
})

it('shares notes as a section of memory: of the thread once, and of other threads with the scope of a resource', async () => {
  const memory = openMemory()
  await observed(memory)
  await observed(memory, 'old')
  const delegation = { memory: { share: ['observations'] } } as const
  const alone = team(memory, { delegation })
  await alone.boss.generate('Ask', at)
  const narrow = JSON.stringify(alone.model.calls[0]?.instructions)
  expect(count(narrow, 'Town0 ')).toBe(1)
  expect(narrow).not.toContain('old: ')
  expect(alone.model.calls[0]?.transcript.split('Who visited').length).toBe(2)
  const wide = team(memory, {
    delegation,
    lead: { observationalMemory: { ...observationalMemory, scope: 'resource' } },
  })
  await wide.boss.generate('Ask', at)
  expect(count(JSON.stringify(wide.model.calls[0]?.instructions), 'Town0 ')).toBe(2)
  expect(wide.model.calls[0]?.tools).toEqual([])
  // The subagent is not observed because of that.
  expect(((await memory.space(childOf('helper')).threads.list) as unknown) !== undefined).toBe(true)
})

it('shares no notes with a subagent that has a memory of its own, which is shown them in the conversation', async () => {
  const memory = openMemory()
  await observed(memory)
  const { boss, model } = team(memory, { delegation: { memory: 'shared' }, helper: { memory: openMemory() } })
  await boss.generate('Ask', at)
  expect(JSON.stringify(model.calls[0]?.instructions ?? '')).not.toContain('Town0')
  expect(count(model.calls[0]?.transcript, 'Town0 ')).toBe(1)
})

it('shows another user nothing of the notes', async () => {
  const memory = openMemory()
  await observed(memory)
  for (const delegation of [{}, { memory: 'shared' }] as const) {
    const { boss, model } = team(memory, { delegation })
    await boss.generate('Ask', { ...at, resourceId: 'bob' })
    expect(JSON.stringify(model.calls[0])).not.toContain('Town1')
  }
})
