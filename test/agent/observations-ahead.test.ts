// An agent whose notes are made ahead: when they are made, when they are shown, and what a turn does that has too few of them.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Agent, type Memory, type MemoryBehaviour, type ObservationEvent, observationChannel } from 'aquifer'
import { type ModelCall, scriptedModel } from 'aquifer/testing'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { hour, ManualClock, openMemory } from '../memory/opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }
const ahead = {
  model: false,
  // No turn that waits is late because the machine is busy.
  maxWaitMs: hour,
  observation: { messageTokens: 200, bufferTokens: 0.2, bufferActivation: 0.8, maxTokensPerBatch: 40 },
} as const

let stopListening = () => {}
afterEach(() => stopListening())

/** The events of all cycles from now on. */
function listen(): readonly ObservationEvent[] {
  const events: ObservationEvent[] = []
  const hear = (event: unknown) => events.push(event as ObservationEvent)
  subscribe(observationChannel, hear)
  stopListening = () => unsubscribe(observationChannel, hear)
  return events
}

function guide(memory: Memory, observationalMemory: MemoryBehaviour['observationalMemory']) {
  const model = scriptedModel({ answer: () => 'Noted.' })
  const options = { semanticRecall: false, ...(observationalMemory === undefined ? {} : { observationalMemory }) }
  const agent = new Agent({ name: 'Guide', model, memory, defaultOptions: { memory: { options } } })
  return { agent, model }
}

function promptOf(call: ModelCall | undefined) {
  const texts = (call?.messages ?? []).map(({ role, content }) => ({ role, text: JSON.stringify(content) }))
  const of = (isSystem: boolean) =>
    texts.flatMap(({ role, text }) => ((role === 'system') === isSystem ? [text] : [])).join('\n')
  return { notes: of(true), messages: of(false) }
}

const town = (at: number) => `Friend${at} visited Town${at} with ${at + 2} dogs.`

/** Says something in each of some turns, and waits after each for what is done in the background. */
async function tell(memory: Memory, agent: Agent, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at++) {
    await agent.generate(town(at), where)
    await settled(memory)
  }
}

/** Nothing is being observed any more. */
async function settled(memory: Memory): Promise<void> {
  await memory.settled()
}

const kinds = (events: readonly ObservationEvent[]) => {
  return events.map((event) => `${event.type}${'isBuffered' in event && event.isBuffered ? ' ahead' : ''}`)
}

describe('notes that are made ahead', () => {
  it('are made at each interval, hidden until the threshold, and then shown by one commit', async () => {
    const memory = openMemory()
    const { agent, model } = guide(memory, ahead)
    const events = listen()
    let said = 0
    let hidden = 0
    while (!events.some(({ type }) => type === 'activation') && said < 40) {
      await tell(memory, agent, said, said + 1)
      said += 1
      const { notes, messages } = promptOf(model.calls.at(-1))
      if (events.some(({ type }) => type === 'end') && !events.some(({ type }) => type === 'activation')) {
        hidden += 1
        expect(notes).not.toContain('<observations')
        for (let at = 0; at < said; at++) expect(messages).toContain(`Town${at} `)
      }
    }
    expect(hidden).toBeGreaterThan(2)
    expect(new Set(kinds(events))).toEqual(new Set(['start ahead', 'end ahead', 'activation']))
    await agent.generate('Who had dogs?', where)
    const { notes, messages } = promptOf(model.calls.at(-1))
    for (let at = 0; at < said; at++) {
      expect([at, notes.includes(`Town${at} `) !== messages.includes(`Town${at} `)]).toEqual([at, true])
    }
    expect(notes).toContain('Town0 ')
    expect(messages).toContain(`Town${said - 1} `)
  })

  it('are not made with `bufferTokens: false`', async () => {
    const memory = openMemory()
    const { agent } = guide(memory, { ...ahead, observation: { ...ahead.observation, bufferTokens: false } })
    const events = listen()
    await tell(memory, agent, 0, 16)
    expect(new Set(kinds(events))).toEqual(new Set(['start', 'end']))
  })

  it('are shown by the first turn after a rest, also below the threshold', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const { agent, model } = guide(memory, { ...ahead, activateAfterIdle: '30m' })
    const events = listen()
    await tell(memory, agent, 0, 5)
    expect(kinds(events)).not.toContain('activation')
    clock.pass(hour)
    await agent.generate('Who had dogs?', where)
    expect(kinds(events)).toContain('activation')
    const { notes, messages } = promptOf(model.calls.at(-1))
    expect([notes.includes('Town0 '), messages.includes('Town0 ')]).toEqual([true, false])
  })

  it('are taken back with their messages, which are shown as they are said now', async () => {
    const memory = openMemory()
    const { agent, model } = guide(memory, ahead)
    const events = listen()
    await tell(memory, agent, 0, 4)
    expect(kinds(events)).toContain('end ahead')
    const { messages: said } = await memory.listMessages(where)
    const content = 'Friend0 visited Rome.'
    await memory.updateMessages({ resourceId: 'ann', messages: [{ id: said[0]?.id ?? '', content }] })
    await agent.generate('Who had dogs?', where)
    const shown = promptOf(model.calls.at(-1)).messages
    expect([shown.split('Rome').length, shown.includes('Town0'), shown.includes('Town1 ')]).toEqual([2, false, true])
  })
})

describe('a turn without enough notes', () => {
  const late = { ...ahead, observation: { ...ahead.observation, messageTokens: 100, blockAfter: 1.2 } }
  const many = Array.from({ length: 40 }, (_, at) => town(at))

  it('waits for them, and shows everything once', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: many })
    const { agent, model } = guide(memory, late)
    const events = listen()
    await agent.generate('Who had dogs?', where)
    expect(events.findLast(({ type }) => type === 'waited')).toMatchObject({ isDone: true })
    const { notes, messages } = promptOf(model.calls.at(-1))
    const shown = many.map((_, at) => [notes.includes(`Town${at} `), messages.includes(`Town${at} `)])
    expect(shown.filter(([isNoted, isSaid]) => isNoted === isSaid)).toEqual([])
  })

  it('goes on without the oldest messages when the notes take too long, and says so', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: many })
    const slow = Promise.withResolvers<unknown>()
    const observer = scriptedModel({ answer: () => slow.promise })
    const { agent, model } = guide(memory, { ...late, model: observer, maxWaitMs: 20 })
    const events = listen()
    const { runId } = await agent.generate('Who had dogs?', where)
    slow.resolve('nothing that can be used')
    expect(events.find(({ type }) => type === 'waited')).toMatchObject({ isDone: false })
    expect(events.find(({ type }) => type === 'trimmed')).toMatchObject({ threadId: 'trip' })
    const { messages } = promptOf(model.calls.at(-1))
    expect([messages.includes('Town39 '), messages.includes('Town0 ')]).toEqual([true, false])
    const run = await memory.getRun(runId ?? '')
    expect(run?.details.seen).toMatchObject({ observations: { isTrimmed: true } })
  })
})

describe('a turn with too many notes', () => {
  const condensed = {
    maxWaitMs: hour,
    observation: { messageTokens: 100, bufferTokens: false, maxTokensPerBatch: 40 },
    reflection: { observationTokens: 60, bufferActivation: 1, blockAfter: 1.5 },
  } as const

  /** A thread whose notes were never condensed, and are far more than they should be. */
  async function withManyNotes() {
    const memory = openMemory({ options: { observationalMemory: { model: false } } })
    await memory.saveMessages({ ...where, messages: Array.from({ length: 40 }, (_, at) => town(at)) })
    await memory.observe(where)
    expect(await memory.getObservationHistory(where)).toMatchObject({ generations: [] })
    return memory
  }

  it('waits until they are condensed, and shows the new ones', async () => {
    const memory = await withManyNotes()
    const before = (await memory.getObservations(where)).observations.length
    const { agent, model } = guide(memory, { ...condensed, model: false })
    const events = listen()
    await agent.generate('Who had dogs?', where)
    expect(kinds(events)).toEqual(['start', 'end', 'waited'])
    expect(events.at(-1)).toMatchObject({ operation: 'reflection', isDone: true })
    const after = (await memory.getObservations(where)).observations
    expect(after.length).toBeLessThan(before)
    const { notes } = promptOf(model.calls.at(-1))
    const shown = Array.from({ length: 40 }, (_, at) => at).filter((at) => notes.includes(`Town${at} `))
    expect(shown).toEqual(
      Array.from({ length: 40 }, (_, at) => at).filter((at) => after.some(({ text }) => text.includes(`Town${at} `))),
    )
  })

  it('goes on with all of them when that takes too long, says so, and does not hold up the next turn', async () => {
    const memory = await withManyNotes()
    const slow = Promise.withResolvers<unknown>()
    const observer = scriptedModel({ answer: () => slow.promise })
    const { agent, model } = guide(memory, { ...condensed, model: observer, maxWaitMs: 20 })
    const events = listen()
    const { runId } = await agent.generate('Who had dogs?', where)
    const waits = () => events.filter(({ type }) => type === 'waited')
    expect(waits()).toMatchObject([{ operation: 'reflection', isDone: false }])
    expect(promptOf(model.calls.at(-1)).notes).toContain('Town0 ')
    const run = await memory.getRun(runId ?? '')
    expect(run?.details.observationEvents).toContainEqual(waits()[0])
    await agent.generate('And cats?', where)
    expect(waits()).toHaveLength(1)
    slow.resolve('nothing that can be used')
  })

  it('does not wait for notes that were condensed and are still too many', async () => {
    const memory = await withManyNotes()
    await memory.reflect(where)
    const { agent } = guide(memory, { ...condensed, model: false })
    const events = listen()
    await agent.generate('Who had dogs?', where)
    expect(events.filter(({ type }) => type === 'waited')).toEqual([])
  })
})

describe('a model of notes that is not there', () => {
  it('is told once, as an event and as a warning, and the agent answers all the same', async () => {
    const warnings: string[] = []
    const warn = (...all: unknown[]) => void warnings.push(String(all[0]))
    const warned = vi.spyOn(console, 'warn').mockImplementation(warn)
    onTestFinished(() => warned.mockRestore())
    const memory = openMemory()
    const { agent } = guide(memory, { ...ahead, model: 'nowhere/none' })
    const events = listen()
    for (let at = 0; at < 3; at++) expect((await agent.generate(town(at), where)).text).toBe('Noted.')
    await settled(memory)
    const said = expect.stringContaining('nowhere')
    expect(events).toEqual([
      {
        type: 'failed',
        threadId: 'trip',
        operation: 'observation',
        isBuffered: false,
        reason: 'no-model',
        message: said,
      },
    ])
    const { message } = events[0] as { readonly message: string }
    expect(warnings.filter((text) => text.includes(message))).toHaveLength(1)
    for (const sentence of message.split('. ')) expect(message.split(sentence), sentence).toHaveLength(2)
  })
})
