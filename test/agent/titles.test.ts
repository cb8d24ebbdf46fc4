// Titles that the model gives to threads, in the background.
import { Agent, type Memory, type MemoryOptions } from 'aquifer'
import { failWith, type ModelCall, scriptedModel, stall } from 'aquifer/testing'
import { expect, onTestFinished, test, vi } from 'vitest'
import { titleIn } from '../../src/agent/run/title.ts'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { at, storedIn } from './aftermath.ts'

/** A model that answers, and gives the title when it is asked for one. */
function titling(title: (call: ModelCall) => unknown) {
  return scriptedModel({ answer: (call) => (call.instructions.startsWith('Write a title') ? title(call) : 'hello') })
}

/** A memory on a file, and itself opened again: closing it waits for its titles. */
function openTitled(options: MemoryOptions = {}): { readonly memory: Memory; reopened(): Promise<Memory> } {
  const storage = temporaryUrl()
  const memory = openMemory({ storage, options: { generateTitle: true }, ...options })
  const reopened = async () => {
    await memory.close()
    return openMemory({ storage, options: { generateTitle: true } })
  }
  return { memory, reopened }
}

/** Keeps what is logged from the console. */
function quiet() {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warned.mockRestore())
  return warned
}

const titleOf = async (memory: Memory) => (await memory.getThreadById(at))?.title ?? null

test.each(['generate', 'stream'] as const)('%s gives a title once, from the first exchange', async (way) => {
  const { memory, reopened } = openTitled()
  const model = titling(() => ' "A plan\nfor Rome." ')
  const agent = new Agent({ name: 'Support', model, memory })
  for (const question of ['How much is the plan?', 'And the other?']) {
    if (way === 'generate') await agent.generate(question, at)
    else await (await agent.stream(question, at)).finished
    await expect.poll(() => titleOf(memory)).toBe('A plan for Rome')
  }
  const after = await reopened()
  const asked = model.calls.filter(({ instructions }) => instructions.startsWith('Write a title'))
  expect(asked.map(({ prompt }) => prompt)).toEqual(['User: How much is the plan?\n\nAssistant: hello'])
  expect(await storedIn(after)).toHaveLength(4)
})

test('an answer does not wait for its title, and closing the memory does', async () => {
  const release = Promise.withResolvers<void>()
  const { memory, reopened } = openTitled()
  const model = titling(async () => {
    await release.promise
    return 'A plan'
  })
  await new Agent({ name: 'Support', model, memory }).generate('How much?', at)
  expect(await titleOf(memory)).toBeNull()
  const after = reopened()
  release.resolve()
  expect(await titleOf(await after)).toBe('A plan')
})

test('a title that somebody has given stays, also one that is given meanwhile', async () => {
  quiet()
  const { memory, reopened } = openTitled()
  const model = titling(async () => {
    await memory.updateThread({ ...at, title: 'Pinned' })
    return 'Another'
  })
  await new Agent({ name: 'Support', model, memory }).generate('hi', at)
  const after = await reopened()
  expect(await titleOf(after)).toBe('Pinned')
  expect(model.calls).toHaveLength(2)
  await new Agent({ name: 'Support', model, memory: after }).generate('hi', at)
  await after.close()
  expect(model.calls).toHaveLength(3)
})

test('a title of the call comes first, and gives way to one that is there', async () => {
  const { memory, reopened } = openTitled()
  const agent = new Agent({ name: 'Support', model: titling(() => 'Another'), memory })
  const thread = { id: at.threadId, title: 'Plans', metadata: { tier: 'pro', tags: { open: true } } }
  await agent.generate('hi', { memory: { resource: at.resourceId, thread } })
  expect(await memory.getThreadById(at)).toMatchObject({ title: 'Plans', metadata: thread.metadata })
  const other = { id: at.threadId, title: 'Other', metadata: { tags: { late: 1 } } }
  await agent.generate('hi', { memory: { resource: at.resourceId, thread: other } })
  expect(await (await reopened()).getThreadById(at)).toMatchObject({
    title: 'Plans',
    metadata: { tier: 'pro', tags: { open: true, late: 1 } },
  })
})

test.each([
  ['fails', () => failWith(new Error('no')), 1],
  ['says nothing', () => ' ', 0],
])('a title model that %s does no harm', async (_, title, warnings) => {
  const warned = quiet()
  const { memory, reopened } = openTitled()
  const agent = new Agent({ name: 'Support', model: titling(title), memory })
  expect((await agent.generate('hi', at)).text).toBe('hello')
  const after = await reopened()
  expect(await titleOf(after)).toBeNull()
  expect(await storedIn(after)).toEqual(['complete user "hi"', 'complete assistant "hello"'])
  expect(warned).toHaveBeenCalledTimes(warnings)
})

test('a title that never comes does not keep a memory open for ever', async () => {
  const warned = quiet()
  const { memory } = openTitled({ limits: { closeWaitMs: 10 } })
  await new Agent({ name: 'Support', model: titling(() => stall()), memory }).generate('hi', at)
  await memory.close()
  expect(warned).toHaveBeenCalledWith('No title could be made.', expect.anything())
})

test.each([
  ['was deleted', async (memory: Memory) => void (await memory.deleteThread(at))],
  ['was forgotten', async (memory: Memory) => void (await memory.forget(at))],
])('a thread that %s while the model was thinking of a title stays away', async (_, remove) => {
  quiet()
  const { memory, reopened } = openTitled()
  const model = titling(async () => {
    await remove(memory)
    return 'A plan'
  })
  await new Agent({ name: 'Support', model, memory }).generate('hi', at)
  const after = await reopened()
  expect(model.calls).toHaveLength(2)
  expect(await after.getThreadById(at)).toBeNull()
})

test('no title is asked for unless it is wanted, nor for an answer that failed', async () => {
  const { memory } = openTitled()
  const model = titling(() => 'A plan')
  const agent = new Agent({ name: 'Support', model, memory })
  await agent.generate('hi', { memory: { resource: 'r', thread: 't', options: { generateTitle: false } } })
  const failing = scriptedModel({ script: [failWith(new Error('no'))] })
  const other = new Agent({ name: 'Other', model: failing, memory })
  await expect(other.generate('hi', { ...at, maxRetries: 0 })).rejects.toThrow('no')
  await memory.close()
  expect([model.calls.length, failing.calls.length]).toEqual([1, 1])
})

test('a title has a model, instructions and a length of its own', async () => {
  const small = scriptedModel({ script: ['A plan for three days in Rome'] })
  const generateTitle = { model: small, instructions: 'Name the trip.', maxChars: 16 }
  const { memory, reopened } = openTitled({ options: { generateTitle } })
  const model = scriptedModel({ script: ['Gladly.'] })
  await new Agent({ name: 'Support', model, memory }).generate('Plan Rome.', at)
  expect(await titleOf(await reopened())).toBe('A plan for three')
  expect(small.calls.map(({ instructions, prompt }) => [instructions, prompt])).toEqual([
    ['Name the trip.', 'User: Plan Rome.\n\nAssistant: Gladly.'],
  ])
  expect(model.calls).toHaveLength(1)
})

test('a title model that is not installed does no harm', async () => {
  const warned = quiet()
  const { memory, reopened } = openTitled({ options: { generateTitle: { model: 'nobody/x' } } })
  await new Agent({ name: 'Support', model: scriptedModel({ script: ['hello'] }), memory }).generate('hi', at)
  expect(await titleOf(await reopened())).toBeNull()
  expect(warned).toHaveBeenCalledTimes(1)
})

test.each([
  ['<think>They want Rome.\nSix words.</think>\n\nA plan for Rome', 'A plan for Rome'],
  ['<THINKING>Hm</THINKING> <reasoning>Rome?</reasoning>Rome', 'Rome'],
  ['They want Rome.</think>Rome', 'Rome'],
  ['Rome <think>and more', 'Rome'],
  ['<think>only thoughts', ''],
  ['Title: Rome', 'Rome'],
  ['**Title:** "Rome"', 'Rome'],
  ['"Title: Rome."', 'Rome'],
  ['# Rome in May', 'Rome in May'],
  ['Titel: Rom', 'Rom'],
  ['<think>x</think>**Title**: *Rome*', 'Rome'],
  ['Titles: an overview', 'Titles: an overview'],
  ['#1 of all plans in C#', '#1 of all plans in C#'],
  ['Is 1 < 2?', 'Is 1 < 2?'],
  ['One two three four five six seven', 'One two three four five six'],
  ['x'.repeat(40), 'x'.repeat(30)],
  [`${'x'.repeat(29)}😀`, 'x'.repeat(29)],
])('a title is found in %j', (answer, title) => {
  expect(titleIn(answer, 30)).toBe(title)
})
