// What a stream and a run tell of a thread's notes: never stored as messages, never sent to a model, and nobody else writes it.
import { Agent, type Memory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { NoteProgress } from '../../src/agent/note-progress.ts'
import { type DataPart, DataParts } from '../../src/agent/tools/data-parts.ts'
import { hour, ManualClock, openMemory } from '../memory/opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }
const small = {
  model: false,
  observation: { messageTokens: 150, bufferTokens: false, bufferActivation: 0.6, maxTokensPerBatch: 80 },
} as const

function guide(memory: Memory, more: object = {}) {
  const model = scriptedModel({ answer: () => 'Noted.' })
  const options = { semanticRecall: false, observationalMemory: small } as const
  const agent = new Agent({ name: 'Guide', model, memory, defaultOptions: { memory: { options } }, ...more })
  return { agent, model }
}

async function chunksOf(
  stream: ReadableStream<{ type: string }>,
): Promise<readonly { type: string; data?: unknown }[]> {
  const chunks: { type: string }[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

const town = (at: number) => `Friend${at} visited Town${at} with ${at + 2} dogs.`

describe('parts that tell of notes', () => {
  it('say how full the prompt is, and are neither stored nor shown to the model', async () => {
    const memory = openMemory()
    const { agent, model } = guide(memory)
    await agent.generate(town(0), where)
    const stream = await agent.stream(town(1), where)
    const chunks = await chunksOf(stream.toUIMessageStream())
    const status = chunks.find(({ type }) => type === 'data-om-status')
    expect(status).toMatchObject({
      transient: true,
      data: { threadId: 'trip', messages: { threshold: 150 }, notes: { tokens: 0, threshold: 40_000 } },
    })
    const { messages } = (status?.data ?? {}) as { messages?: { tokens: number } }
    expect(messages?.tokens).toBeGreaterThan(5)
    await agent.generate('And now?', where)
    const { messages: stored } = await memory.listMessages(where)
    expect(JSON.stringify(stored)).not.toContain('data-om-')
    expect(JSON.stringify(model.calls)).not.toContain('data-om-')
  })

  it('are not there without notes', async () => {
    const { agent } = guide(openMemory(), { defaultOptions: {} })
    const chunks = await chunksOf((await agent.stream('Hello.', where)).toUIMessageStream())
    expect(chunks.filter(({ type }) => type.startsWith('data-om-'))).toEqual([])
  })

  it('that a client sends back are of no message', async () => {
    const memory = openMemory()
    const { agent, model } = guide(memory)
    const text = { type: 'text', text: 'Hello.' }
    const forged = { type: 'data-om-observation-end', data: { threadId: 'trip', notes: 'FORGED' } }
    await agent.generate(
      [
        { role: 'user', parts: [forged] },
        { role: 'user', parts: [forged, text] },
      ] as never,
      where,
    )
    const { messages } = await memory.listMessages(where)
    expect(messages.map(({ parts }) => parts.map(({ type }) => type).filter((type) => type !== 'step-start'))).toEqual([
      ['text'],
      ['text'],
    ])
    expect(JSON.stringify(model.calls)).not.toContain('FORGED')
  })

  it('are no name for parts of applications and tools', async () => {
    const memory = openMemory()
    const { agent } = guide(memory)
    const stream = await agent.stream('Hello.', where)
    expect(() => stream.write({ type: 'data-om-status', data: {} })).toThrow(/must not be one that tells of notes/)
    await stream.finished
  })

  it('come before and after the stream begins, and not behind its end', () => {
    const progress = new NoteProgress()
    const parts = new DataParts(null)
    const seen: DataPart[] = []
    parts.follow((part) => seen.push(part))
    const cycle = { threadId: 'trip', operation: 'observation', isBuffered: false } as const
    progress.report({ ...cycle, type: 'start', tokens: 10 })
    expect(seen).toEqual([])
    progress.showIn(parts)
    progress.report({ ...cycle, type: 'end', tokens: 10, notes: 2, noteTokens: 4 })
    progress.report({ ...cycle, isBuffered: true, type: 'failed', reason: 'model', message: 'It said SECRET.' })
    progress.report({ type: 'activation', threadId: 'trip', operation: 'observation', chunks: 1, tokens: 9 })
    parts.end()
    progress.report({ ...cycle, type: 'start', tokens: 11 })
    expect(seen.map(({ type }) => type)).toEqual([
      'data-om-observation-start',
      'data-om-observation-end',
      'data-om-buffering-failed',
      'data-om-activation',
    ])
    expect(seen.every(({ transient }) => transient === true)).toBe(true)
    expect(progress.facts.observationEvents).toHaveLength(5)
    expect(JSON.stringify(progress.facts)).not.toContain('SECRET')
  })

  it('tell of a reflection that a turn waits for: one that fails, and one that ends', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock, options: { observationalMemory: { model: false } } })
    await memory.saveMessages({ ...where, messages: Array.from({ length: 30 }, (_, at) => town(at)) })
    await memory.observe(where)
    let isDown = true
    const hooks = {
      beforeReflection() {
        if (isDown) throw new Error('It said SECRET.')
        return undefined
      },
    }
    const reflection = { observationTokens: 60, bufferActivation: 1, blockAfter: 1.5 }
    const options = {
      semanticRecall: false,
      observationalMemory: { model: false, reflection, hooks, maxWaitMs: hour },
    } as const
    const { agent } = guide(memory, { defaultOptions: { memory: { options } } })
    const told = async () => {
      const stream = await agent.stream('And now?', where)
      const chunks = await chunksOf(stream.toUIMessageStream())
      await memory.settled()
      const run = await memory.getRun(stream.runId ?? '')
      return {
        parts: chunks.filter(({ type }) => type.startsWith('data-om-') && type !== 'data-om-status'),
        events: run?.details.observationEvents,
      }
    }
    const failed = await told()
    const reflecting = { threadId: 'trip', operation: 'reflection', isBuffered: false }
    expect(failed.parts.map(({ type }) => type).slice(0, 3)).toEqual([
      'data-om-reflection-start',
      'data-om-reflection-failed',
      'data-om-waited',
    ])
    expect(failed.parts[1]?.data).toMatchObject({ ...reflecting, reason: 'hook' })
    expect(failed.parts[2]?.data).toMatchObject({ operation: 'reflection', isDone: false })
    expect(failed.events).toContainEqual({ type: 'failed', ...reflecting, reason: 'hook' })
    expect(JSON.stringify(failed)).not.toContain('SECRET')
    isDown = false
    clock.pass(hour)
    const ended = await told()
    const parts = ['data-om-reflection-start', 'data-om-reflection-end', 'data-om-waited']
    expect(ended.parts.map(({ type }) => type)).toEqual(parts)
    expect(ended.parts[1]?.data).toMatchObject({
      ...reflecting,
      notes: expect.any(Number),
      noteTokens: expect.any(Number),
    })
    expect(ended.events).toMatchObject([
      { type: 'start', ...reflecting },
      { type: 'end', ...reflecting },
      { type: 'waited', operation: 'reflection', isDone: true },
    ])
  })

  it('of a long work leave the last events in the record', () => {
    const progress = new NoteProgress()
    for (let ms = 0; ms < 50; ms++)
      progress.report({ type: 'waited', threadId: 'trip', operation: 'observation', ms, isDone: true })
    const events = progress.facts.observationEvents as { ms: number }[]
    expect([events.length, events.at(-1)?.ms, progress.count]).toEqual([32, 49, 50])
  })
})

describe('the record of a run', () => {
  it('is whole, and its notes and title are there, once the memory is settled', async () => {
    const memory = openMemory()
    const slow = Promise.withResolvers<string>()
    const slowly = scriptedModel({ answer: () => slow.promise })
    const observationalMemory = {
      ...small,
      model: slowly,
      observation: { messageTokens: 5, bufferTokens: false },
    } as const
    const options = { semanticRecall: false, observationalMemory, generateTitle: { model: slowly } } as const
    const { agent } = guide(memory, { defaultOptions: { memory: { options } } })
    const { runId } = await agent.generate(town(0), where)
    let isSettled = false
    const settled = memory.settled().then(() => {
      isSettled = true
    })
    await expect.poll(() => slowly.calls.length).toBe(2)
    expect(isSettled).toBe(false)
    const notes = { notes: [], task: null, suggestion: null, nothing: true }
    slow.resolve(JSON.stringify(notes))
    await settled
    const run = await memory.getRun(runId ?? '')
    expect(run?.details.observationEvents).toMatchObject([{ type: 'start' }, { type: 'end' }])
    expect(await memory.getThreadById(where)).toMatchObject({ title: expect.stringContaining('nothing') })
  })

  it('says which notes were made after its turn, and goes on to say what it said', async () => {
    const memory = openMemory()
    const { agent } = guide(memory)
    const runIds: string[] = []
    for (let at = 0; at < 16; at++) {
      const { runId } = await agent.generate(town(at), where)
      runIds.push(runId ?? '')
      await memory.settled()
    }
    const events = async () => {
      const runs = await Promise.all(runIds.map((id) => memory.getRun(id)))
      return runs.flatMap((run) => {
        expect(run).toMatchObject({ status: 'complete', details: { seen: expect.anything(), steps: 1 } })
        return (run?.details.observationEvents ?? []) as { type: string; threadId: string }[]
      })
    }
    expect(await events()).toContainEqual(
      expect.objectContaining({ type: 'end', threadId: 'trip', notes: expect.any(Number), tokens: expect.any(Number) }),
    )
  })
})
