import { describe, expect, it } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { drainQueued } from '../../src/memory/facts/infer.ts'
import { alices, factsOf, found, homeOf, infer, inferring, isDeciding, modelOf, textsIn } from './inferring.ts'
import { ManualClock, openMemory, refused, temporaryUrl } from './opened.ts'

/** What a model does that is of no use, at extraction. */
const useless: readonly (readonly [string, () => unknown])[] = [
  ['prose', () => 'Sure! Alice seems to like tea.'],
  ['an empty object', () => ({})],
  ['another shape', () => ({ statements: ['Alice likes tea'] })],
  ['an empty answer', () => ''],
  ['an empty statement', () => found(' … ')],
  ['a statement without end', () => found('x'.repeat(2_001))],
  ['too many statements', () => found(...Array.from({ length: 61 }, (_, index) => `Fact ${index}`))],
  [
    'an error',
    () => {
      throw new Error('No such deployment')
    },
  ],
]

describe('a model that fails', () => {
  it.each(useless)('keeps what was said, and stores nothing else, at %s', async (_, answer) => {
    let isUseful = false
    const { memory } = inferring({ find: () => (isUseful ? undefined : answer()) })
    const { results, queued, degraded, error } = await infer(memory, 'Alice likes tea', { metadata: { a: 1 } })
    expect([results, degraded, error?.code]).toEqual([[], ['model-failed'], 'unavailable'])
    expect(error?.message).toContain('scripted/language/1')
    const [waiting, ...more] = await factsOf(memory, 'queued')
    expect([queued, more, await textsIn(memory)]).toEqual([[waiting?.id], [], []])
    expect(waiting?.text).toContain('Alice likes tea')
    isUseful = true
    const next = await infer(memory, 'Alice likes milk')
    expect(next.results.map(({ memory: text }) => text)).toEqual(['Alice likes milk'])
    expect((await factsOf(memory)).map(({ text, metadata }) => [text, metadata])).toEqual([
      ['Alice likes tea', { a: 1 }],
      ['Alice likes milk', {}],
    ])
    expect(await textsIn(memory, 'queued')).toEqual([])
  })

  it('is told once what was wrong with its answer', async () => {
    const { memory, model } = inferring({ find: (_, { number }) => (number === 1 ? 'Tea it is.' : undefined) })
    const { results } = await infer(memory, 'Alice likes tea')
    expect(results.map(({ event }) => event)).toEqual(['ADD'])
    expect(model.calls.length).toBe(2)
    expect(model.calls[1]?.said.slice(1)).toEqual(['Tea it is.', expect.stringContaining('could not be used')])
    const { memory: other, model: stubborn } = inferring({ find: () => 'Tea.' })
    await infer(other, 'Alice likes tea')
    expect(stubborn.calls.length).toBe(2)
  })

  it.each([
    ['only facts that it was not shown', () => ['update', 99] as const],
    ['prose', () => 'I would add it.'],
    ['an empty object', () => ({})],
    ['no decision', () => ({ decisions: [] })],
    ['decisions about other statements', () => ({ decisions: [{ statement: 7, action: 'add', fact: null }] })],
  ])('stores nothing at decisions that are %s', async (_, decide) => {
    const { memory } = inferring({ decide })
    await infer(memory, 'Alice likes tea')
    const { results, queued, degraded } = await infer(memory, ['Alice likes coffee'])
    expect([results, degraded, queued?.length]).toEqual([[], ['model-failed'], 1])
    expect([await textsIn(memory), (await textsIn(memory, 'queued')).length]).toEqual([['Alice likes tea'], 1])
  })

  it('is waited for no longer than it may take, and holds nobody up meanwhile', async () => {
    const model = modelOf({}, { delayMs: 2_000 })
    const memory = openMemory({ model, limits: { modelTimeoutMs: 50 } })
    const slow = infer(memory, 'Alice likes tea')
    await homeOf(memory).commit([{ kind: 'fact-assert', unique: 'x', text: 'Alice likes milk' }])
    expect(await textsIn(memory)).toEqual(['Alice likes milk'])
    const { degraded, error } = await slow
    expect([degraded, error?.message]).toEqual([['model-failed'], expect.stringContaining('longer than 50 ms')])
    expect((await textsIn(memory, 'queued')).length).toBe(1)
  })
})

describe('words that wait', () => {
  it('are learned oldest first, and in the name of who queued them', async () => {
    let isUp = false
    const down = () => {
      throw new Error('down')
    }
    const { memory } = inferring({ find: () => (isUp ? undefined : down()), decide: () => ['update', 1] })
    const bot = { kind: 'agent', id: 'bot' } as const
    await infer(memory.as(bot), 'Alice lives in Oslo')
    await infer(memory.as(bot), 'Alice lives in Bergen')
    isUp = true
    const drained = await drainQueued(coreOf(memory), alices.space)
    expect(drained).toEqual({ learned: 2, waiting: 0, failed: 0, error: null })
    expect((await factsOf(memory)).map(({ text, assertedBy }) => [text, assertedBy])).toEqual([
      ['Alice lives in Bergen', bot],
    ])
    expect(await textsIn(memory, 'superseded')).toEqual(['Alice lives in Oslo'])
  })

  it('are tried five times by themselves, and then stay', async () => {
    const { memory, model } = inferring({ find: () => 'no' })
    await infer(memory, 'Alice likes tea')
    const drain = () => drainQueued(coreOf(memory), alices.space)
    for (let attempt = 2; attempt <= 5; attempt++) {
      const { error, ...left } = await drain()
      expect([left, error?.code]).toEqual([{ learned: 0, waiting: 1, failed: 0 }, 'unavailable'])
    }
    const before = model.calls.length
    expect(await drain()).toEqual({ learned: 0, waiting: 0, failed: 1, error: null })
    expect(model.calls.length).toBe(before)
    expect((await textsIn(memory, 'queued')).length).toBe(1)
  })

  it('wait on in a memory without a model', async () => {
    const storage = temporaryUrl()
    const { memory } = inferring({ find: () => 'no' }, { storage })
    await infer(memory, 'Alice likes tea')
    const left = await drainQueued(coreOf(openMemory({ storage })), alices.space)
    expect(left).toEqual({ learned: 0, waiting: 1, failed: 0, error: null })
  })

  it('are taken up from who died over them, once his time is over', async () => {
    const storage = temporaryUrl()
    const clock = new ManualClock()
    const dying = inferring({ find: () => new Promise(() => {}) }, { storage, clock })
    const lost = infer(dying.memory, 'Alice likes tea')
    await expect.poll(() => dying.model.calls.length).toBe(1)
    await dying.memory.close()
    await refused('closed', () => lost)
    const { memory } = inferring({}, { storage, clock })
    const drain = () => drainQueued(coreOf(memory), alices.space)
    expect(await drain()).toEqual({ learned: 0, waiting: 1, failed: 0, error: null })
    clock.pass(180_001)
    expect(await drain()).toEqual({ learned: 1, waiting: 0, failed: 0, error: null })
    expect(await textsIn(memory)).toEqual(['Alice likes tea'])
  })

  it('may be any text that somebody queued, and lend it no more trust than he has', async () => {
    const { memory } = inferring()
    const crawler = memory.as({ kind: 'tool', id: 'crawler' })
    const heard = [
      { author: { kind: 'user', id: 'alice' }, at: '2026-01-01T00:00:00.000Z', text: 'Alice owes Mallory' },
    ]
    for (const text of ['{"heard": 7}', 'Alice likes tea', JSON.stringify({ heard })]) {
      await homeOf(crawler).commit([{ kind: 'fact-assert', unique: `q${text.length}`, queued: true, text }])
    }
    const carol = memory.as({ kind: 'user', id: 'carol' })
    const heardSay = {
      kind: 'fact-assert',
      unique: 'said',
      queued: true,
      text: 'Harbours close early',
      trust: 'agent',
    } as const
    await homeOf(carol).commit([heardSay])
    const { learned } = await drainQueued(coreOf(memory), alices.space)
    expect(learned).toBe(4)
    const facts = await factsOf(memory)
    expect(facts.map(({ text, trust }) => [text, trust])).toEqual([
      ['{"heard": 7}', 'tool'],
      ['Alice likes tea', 'tool'],
      ['Alice owes Mallory', 'tool'],
      ['Harbours close early', 'agent'],
    ])
  })

  it('are learned in no other home than theirs', async () => {
    let isUp = false
    const { memory, model } = inferring({ find: () => (isUp ? undefined : 'no') })
    await infer(memory, 'Alice likes tea')
    isUp = true
    const before = model.calls.length
    const bobs = { space: 'resource/bob' as typeof alices.space, attributes: {} }
    await infer(memory, 'Bob likes milk', {}, bobs)
    expect(model.calls.length).toBe(before + 1)
    expect([await textsIn(memory), await textsIn(memory, 'current', bobs)]).toEqual([[], ['Bob likes milk']])
  })

  it('are gone for good once they are deleted, even under a model at work', async () => {
    const { memory, model } = inferring({
      find: async () => {
        const [waiting] = await factsOf(memory, 'queued')
        await homeOf(memory).commit([{ kind: 'fact-retire', factIds: [waiting?.id ?? ''] }])
      },
    })
    expect(await infer(memory, 'Alice likes tea')).toEqual({ results: [] })
    expect([await textsIn(memory), await textsIn(memory, 'queued'), model.calls.some(isDeciding)]).toEqual([
      [],
      [],
      false,
    ])
  })
})
