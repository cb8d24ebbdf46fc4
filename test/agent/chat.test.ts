// A chat client and an agent hold the same conversation: as it goes on, is edited, answered anew, stopped, or fails.
import { callTool, failWith, say, stall } from 'aquifer/testing'
import { expect, test } from 'vitest'
import { at, expectValid, heldOf, openChat, outline, weather } from './chat-scene.ts'

test('three messages are stored once each, under the ids that the client has', async () => {
  const script = ['one', callTool('weather', { city: 'Rome' }), say('two', { reasoning: 'hm' }), 'three']
  const scene = openChat({ script, agent: { tools: { weather } } })
  await scene.chat.sendMessage({ text: 'first' })
  await scene.chat.sendMessage({ text: 'second' })
  await scene.chat.sendMessage({ text: 'third' })
  expect(outline(await scene.expectSame())).toEqual([
    'user: first',
    'assistant: one',
    'user: second',
    'assistant: [tool-weather output-available] [reasoning done] two',
    'user: third',
    'assistant: three',
  ])
  expect(scene.asked.map(({ messages }) => messages.length)).toEqual([1, 3, 5])
  expect(scene.chat.messages.map(({ id }) => id)).toContain(scene.results.at(-1)?.messageId)
})

test('messages that the client has loaded from memory are known when it sends them', async () => {
  const before = openChat({ script: ['one'] })
  await before.chat.sendMessage({ text: 'first' })
  await before.settled()
  const { memory } = before
  const listed = (await memory.listMessages(at)).messages
  const scene = openChat({ memory, script: ['two', 'three'], chat: { messages: JSON.parse(JSON.stringify(listed)) } })
  await scene.chat.sendMessage({ text: 'second' })
  const kept = ['user: first', 'assistant: one', 'user: second', 'assistant: two']
  expect(outline(await scene.expectSame())).toEqual(kept)
  await scene.chat.regenerate({ messageId: listed[1]?.id as string })
  expect(outline(await scene.expectSame())).toEqual(['user: first', 'assistant: three'])
})

test('two messages sent at once are answered one after the other', async () => {
  const scene = openChat({ script: ['one', 'two', 'three'] })
  await Promise.all([scene.chat.sendMessage({ text: 'first' }), scene.chat.sendMessage({ text: 'second' })])
  await scene.chat.sendMessage({ text: 'third' })
  await scene.settled()
  expect(outline(await scene.stored())).toEqual([
    'user: first',
    'assistant: one',
    'user: second',
    'assistant: two',
    'user: third',
    'assistant: three',
  ])
  expect(await scene.warnings()).toEqual([])
  await expectValid(scene.memory, scene.model)
})

test('a regenerated answer takes the place of the one before', async () => {
  const scene = openChat({ script: ['one', 'two', 'three', 'four'] })
  await scene.chat.sendMessage({ text: 'first' })
  await scene.chat.sendMessage({ text: 'second' })
  await scene.chat.regenerate()
  const kept = ['user: first', 'assistant: one', 'user: second', 'assistant: three']
  expect(outline(await scene.expectSame())).toEqual(kept)
  await scene.chat.regenerate({ messageId: scene.chat.messages[1]?.id as string })
  expect(outline(await scene.expectSame())).toEqual(['user: first', 'assistant: four'])
  expect(scene.model.calls.at(-1)?.said).toEqual(['first'])
})

test('an edited question takes the place of all after it', async () => {
  const scene = openChat({ script: ['one', 'two', 'three'] })
  await scene.chat.sendMessage({ text: 'first' })
  await scene.chat.sendMessage({ text: 'second' })
  const id = scene.chat.messages[0]?.id as string
  await scene.chat.sendMessage({ text: 'other', messageId: id })
  const kept = await scene.expectSame()
  expect(outline(kept)).toEqual(['user: other', 'assistant: three'])
  expect(kept[0]?.id).toBe(id)
  expect(scene.model.calls.at(-1)?.said).toEqual(['other'])
})

test('a question sent again in the same words loses nothing that came after it', async () => {
  const scene = openChat({ script: ['one', 'two', 'three'] })
  await scene.chat.sendMessage({ text: 'first' })
  await scene.chat.sendMessage({ text: 'second' })
  const before = await scene.expectSame()
  // As a request that is delivered twice.
  await scene.chat.sendMessage({ text: 'first', messageId: scene.chat.messages[0]?.id as string })
  await scene.settled()
  expect(scene.chat.error).toMatchObject({ code: 'conflict', details: { answeredBy: before[1]?.id } })
  expect(await scene.stored()).toEqual(before)
})

test('after a stop the conversation goes on, with what was said so far', async () => {
  const scene = openChat({ script: [stall({ after: 'It is so' }), 'next', 'last'] })
  const sent = scene.chat.sendMessage({ text: 'How is it?' })
  await expect.poll(() => outline(heldOf(scene.chat.messages))[1]).toContain('It is so')
  await scene.chat.stop()
  await sent
  await scene.chat.sendMessage({ text: 'And now?' })
  await scene.chat.sendMessage({ text: 'And then?' })
  await scene.settled()
  const said = ['user: How is it?', 'assistant: It is so', 'user: And now?', 'assistant: next']
  expect(outline(await scene.stored()).slice(0, 4)).toEqual(said)
  expect(outline(heldOf(scene.chat.messages))).toEqual(outline(await scene.stored()))
  expect(scene.chat.messages.map(({ id }) => id)).toEqual((await scene.stored()).map(({ id }) => id))
  expect(await scene.warnings()).toEqual([])
  await expectValid(scene.memory, scene.model)
})

test('where the route does not pass the stop on, the whole answer is kept', async () => {
  const release = Promise.withResolvers<void>()
  const processor = {
    processOutputStream: async ({ part }: { part: { type: string; text?: string } }) => {
      if (part.type === 'text-delta' && part.text === 'hot.') await release.promise
      return undefined
    },
  }
  const script = [say('It is so hot.'), 'next']
  const scene = openChat({ script, stops: false, agent: { outputProcessors: [processor] } })
  const sent = scene.chat.sendMessage({ text: 'How is it?' })
  await expect.poll(() => outline(heldOf(scene.chat.messages))[1]).toContain('It is so')
  await scene.chat.stop()
  await sent
  release.resolve()
  await scene.chat.sendMessage({ text: 'And now?' })
  await scene.settled()
  const [, answer, ...rest] = outline(await scene.stored())
  expect([answer, ...rest]).toEqual(['assistant: It is so hot.', 'user: And now?', 'assistant: next'])
  expect(outline(heldOf(scene.chat.messages))[1]).not.toBe(answer)
  expect(await scene.warnings()).toEqual([])
  await expectValid(scene.memory, scene.model)
})

test('an answer that was stopped before it said anything is no reason to warn', async () => {
  const scene = openChat({ script: [stall(), 'next', 'last'] })
  const sent = scene.chat.sendMessage({ text: 'first' })
  await expect.poll(() => scene.chat.messages).toHaveLength(2)
  await scene.chat.stop()
  await sent
  await scene.chat.sendMessage({ text: 'second' })
  await scene.chat.sendMessage({ text: 'third' })
  await scene.settled()
  const kept = ['user: first', 'user: second', 'assistant: next', 'user: third', 'assistant: last']
  expect(outline(await scene.stored())).toEqual(kept)
  expect(await scene.warnings()).toEqual([])
  await expectValid(scene.memory, scene.model)
})

test.each(['before', 'amid'])('an error %s the answer reaches the client, which asks again', async (when) => {
  const more = when === 'amid' ? { after: 'So far' } : {}
  const script = [failWith(new Error('overloaded'), more), 'Here.', 'next']
  const scene = openChat({ script, call: { maxRetries: 0 } })
  await scene.chat.sendMessage({ text: 'hello' })
  expect(scene.chat.status).toBe('error')
  await scene.settled()
  await expectValid(scene.memory, scene.model)
  await scene.chat.regenerate()
  expect(outline(await scene.expectSame())).toEqual(['user: hello', 'assistant: Here.'])
  await scene.chat.sendMessage({ text: 'and?' })
  expect(outline(await scene.expectSame()).at(-1)).toBe('assistant: next')
})

test('after errors the user just goes on', async () => {
  const error = new Error('overloaded')
  const script = [failWith(error), failWith(error, { after: 'So far' }), 'Here.', 'Still here.']
  const scene = openChat({ script, call: { maxRetries: 0 } })
  for (const text of ['one', 'two', 'three', 'four']) await scene.chat.sendMessage({ text })
  await scene.settled()
  expect(outline(await scene.stored())).toEqual([
    'user: one',
    'user: two',
    'assistant: So far',
    'user: three',
    'assistant: Here.',
    'user: four',
    'assistant: Still here.',
  ])
  expect(await scene.warnings()).toEqual([])
  await expectValid(scene.memory, scene.model)
})

test('a call that a processor refuses leaves nothing behind, and the client may send it again', async () => {
  let isDown = true
  const gate = {
    id: 'gate',
    processInput: ({ abort }: { abort: (reason: string) => never }) => (isDown ? abort('closed') : undefined),
  }
  const scene = openChat({ script: ['Here.'], agent: { inputProcessors: [gate] } })
  await scene.chat.sendMessage({ text: 'hello' })
  expect(scene.chat.error?.message).toContain('ended the call: closed')
  expect(await scene.stored()).toEqual([])
  isDown = false
  await scene.chat.regenerate()
  await scene.settled()
  const kept = await scene.stored()
  expect(outline(kept)).toEqual(['user: hello', 'assistant: Here.'])
  expect(heldOf(scene.chat.messages)).toEqual(kept)
  expect(await scene.warnings()).toEqual(['There is no stored answer to give again.'])
})
