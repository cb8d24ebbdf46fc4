// The recall of a prompt, kept with its run: any process can explain it, and nothing that is gone is told.
import { Agent, Memory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../memory/opened.ts'

const alice = { resourceId: 'alice' } as const

/** A file with a run that was asked about a refund, and the id of the run. */
async function asked() {
  const url = `file:${temporaryFolder()}/memory.db`
  const clock = { now: () => Date.parse('2025-05-14T12:00:00Z') }
  const options = { storage: url, embedder: false, clock } as const
  await using memory = new Memory(options)
  const as = memory.as({ kind: 'user', id: 'ada', name: 'Ada' })
  for (const [threadId, content] of [
    ['old', 'The refund of my boots is late'],
    ['old', 'A refund takes a week'],
    ['old', 'The refund is gone'],
    ['now', 'My refund, please'],
  ] as const) {
    await as.saveMessages({ ...alice, threadId, messages: [{ role: 'user', content }] })
  }
  const agent = new Agent({
    id: 'helper',
    name: 'Helper',
    instructions: 'Help.',
    model: scriptedModel({ script: ['It is on its way.'] }),
    memory,
    defaultOptions: { memory: { options: { semanticRecall: { topK: 2, gate: 'off' } } } },
  })
  const { runId } = await agent.generate('Where is the refund of my boots?', {
    memory: { resource: 'alice', thread: 'now' },
  })
  return { options, runId: runId ?? '' }
}

it('is explained by a process that did not ask', async () => {
  const { options, runId } = await asked()
  await using memory = new Memory(options)
  const { question, summary, items, inScope, terms } = await memory.explain(runId)
  expect(question).toBe('Where is the refund of my boots?')
  expect([inScope, terms]).toEqual([5, expect.arrayContaining(['refund'])])
  expect(summary).toMatch(/^2 of 5 records in the answer; found by words/)
  expect(items[0]).toMatchObject({ kind: 'message', dropped: null, matched: ['refund', 'boots'], threadId: 'old' })
  expect(items[0]?.text).toMatch(/^message of Ada, 14 May 2025; 2 of 2 words \(refund, boots\)/)
  const left = new Map(items.map(({ said, dropped, text }) => [dropped, { said, text }]))
  expect(left.get('in-prompt')?.text).toMatch(/left out: the prompt shows it already$/)
  expect(left.get('beyond-top-k')?.text).toMatch(/left out: others rank above it$/)
})

it('has no words in the record of the run', async () => {
  const { options, runId } = await asked()
  await using memory = new Memory(options)
  const { seen } = (await memory.getRun(runId))?.details ?? {}
  expect(seen).toMatchObject({ recalled: [{ matched: 2 }, { matched: 1 }], compared: { words: 2, inScope: 5 } })
  for (const word of ['boots', 'refund', 'week']) expect(JSON.stringify(seen)).not.toContain(word)
})

it('tells nothing of messages that were forgotten since', async () => {
  const { options, runId } = await asked()
  await using memory = new Memory(options)
  const [best] = (await memory.explain(runId)).items
  await memory.forget({ ...alice, messageIds: [best?.id ?? ''] })
  const { items } = await memory.explain(runId)
  expect(items[0]).toMatchObject({ id: best?.id, said: 'message', matched: [] })
  expect(items[0]?.text).toMatch(/^message; 2 of 2 words; /)
  expect(JSON.stringify(items[0])).not.toContain('boots')
  await memory.deleteThread({ ...alice, threadId: 'now' })
  expect(await memory.explain(runId)).toMatchObject({ question: '', terms: [] })
  await memory.forget({ run: runId })
  await expect(memory.explain(runId)).rejects.toMatchObject({ code: 'not-found' })
})

it('is not found for a run that is gone, or recalled nothing', async () => {
  const { options, runId } = await asked()
  await using memory = new Memory(options)
  await expect(memory.explain(`${runId}x`)).rejects.toMatchObject({ code: 'not-found' })
  const agent = new Agent({
    ...{ id: 'plain', name: 'Plain', instructions: 'Help.', memory },
    model: scriptedModel({ script: ['Hello.'] }),
  })
  const options2 = { semanticRecall: false } as const
  const silent = await agent.generate('Hello!', {
    memory: { ...{ resource: 'alice', thread: 'now' }, options: options2 },
  })
  await expect(memory.explain(silent.runId ?? '')).rejects.toMatchObject({ code: 'not-found' })
})
