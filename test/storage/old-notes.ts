// What a fixture of notes holds, and what the public readers answer about it.
import { Agent, type Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'

export const trip = { resourceId: 'ann', threadId: 'trip' }
export const pets = { resourceId: 'ann', threadId: 'pets' }

/** Options under which a handful of messages make several chunks, and a reflection of them. */
export const noteOptions = {
  model: false,
  observation: { maxTokensPerBatch: 60 },
  reflection: { observationTokens: 150 },
} as const

const said = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, at) => `Friend${from + at} visited Town${from + at} with ${from + at + 2} dogs.`,
  )

/** A supervisor whose subagent may propose what the team keeps. `decides`: what it does about proposals. */
async function delegate(memory: Memory, threadId: string, hotel: string, decides?: boolean): Promise<void> {
  const scout = new Agent({
    name: 'scout',
    description: 'Finds hotels.',
    model: scriptedModel({ script: [callTool('memory_write', { key: 'hotel', value: hotel }), 'I propose it.'] }),
  })
  const lead = new Agent({
    name: 'lead',
    memory,
    model: scriptedModel({ script: [callTool('agent-scout', { prompt: `Find ${hotel}.` }), `It is ${hotel}.`] }),
    agents: { scout },
    defaultOptions: { memory: { options: { team: 'crew', semanticRecall: false, observationalMemory: false } } },
    delegation: {
      memory: { share: ['entries'], access: 'propose' },
      ...(decides === undefined ? {} : { onProposal: () => decides }),
    },
  })
  await lead.generate(`Find a hotel: ${hotel}`, { resourceId: 'ann', threadId })
}

/** Notes of two threads with reflections and with a part taken back, runs with delegations, and their proposals. */
export async function writeNotes(memory: Memory, clock: { ms: number }): Promise<void> {
  const messages = (threadId: string, texts: readonly string[]) =>
    memory.saveMessages({ resourceId: 'ann', threadId, messages: [...texts] })
  await messages('trip', said(0, 20))
  await memory.observe(trip)
  clock.ms += 60_000
  await messages('trip', said(20, 30))
  await memory.observe(trip)
  clock.ms += 60_000
  const { messages: last } = await messages('trip', said(30, 36))
  await memory.observe(trip)
  await memory.updateMessages({
    resourceId: 'ann',
    messages: [{ id: last[3]?.id ?? '', content: 'Friend33 visited Rome with 9 dogs.' }],
  })
  await messages('pets', ['My parrot Kiwi is 4 years old.', 'My dog Rex is 7 years old.'])
  await memory.observe(pets)
  await messages('pets', ['My cat Mia is 2 years old.'])
  await delegate(memory, 'hotels', 'Grand', true)
  await delegate(memory, 'hotels', 'Ritz', false)
  await delegate(memory, 'hotels', 'Plaza')
  clock.ms += 60_000
}

export async function readNotes(memory: Memory) {
  const { proposals } = memory
  const { runs } = await memory.listRuns({ resourceId: 'ann' })
  const found = await memory.recall({ resourceId: 'ann', query: 'parrot Kiwi', kinds: ['observation'] })
  return {
    trip: (await memory.getObservations(trip)).observations,
    all: (await memory.getObservations({ resourceId: 'ann' })).observations,
    before: (await memory.getObservations({ ...trip, at: '2026-03-01T00:01:00Z' })).observations,
    history: (await memory.getObservationHistory(trip)).generations,
    found: found.items.map(({ observation }) => observation),
    proposals: (await proposals.list({ teamId: 'crew', status: null })).results,
    hotel: await memory.team('crew').history('hotel'),
    runs: await Promise.all(runs.map(({ id }) => memory.getRun(id))),
    messages: (await memory.listMessages({ ...trip, perPage: false })).messages,
  }
}
