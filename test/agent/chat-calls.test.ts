// Tool calls in a chat: approved or denied by the user, answered by the client, failed, cut off.
import {
  lastAssistantMessageIsCompleteWithApprovalResponses,
  lastAssistantMessageIsCompleteWithToolCalls,
  type Tool,
  tool,
} from 'ai'
import { callTool, callTools, malformedCall } from 'aquifer/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { callsIn, expectValid, heldOf, openChat, outline, pay, weather } from './chat-scene.ts'

const whenApproved = { sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses }
const whenAnswered = { sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithToolCalls }

/** Waits until the model was called so often, of itself. */
const called = (scene: ReturnType<typeof openChat>, times: number) =>
  expect.poll(() => scene.model.calls).toHaveLength(times)

test.each([true, false])(
  'a call that waits for approval goes on in the same answer (approved: %s)',
  async (approved) => {
    const script = [callTool('pay', { euros: 5 }, { text: 'I shall pay.' }), 'Done.', 'next']
    const scene = openChat({ script, agent: { tools: { pay } }, chat: whenApproved })
    await scene.chat.sendMessage({ text: 'Pay 5 euros.' })
    const before = await scene.expectSame()
    expect(outline(before)[1]).toBe('assistant: I shall pay. [tool-pay approval-requested]')
    const [asked] = callsIn(before[1])
    await scene.chat.addToolApprovalResponse({ id: asked?.approval.id as string, approved, reason: 'because' })
    await called(scene, 2)
    const kept = await scene.expectSame()
    const state = approved ? 'output-available' : 'output-denied'
    expect(outline(kept)).toEqual(['user: Pay 5 euros.', `assistant: I shall pay. [tool-pay ${state}] Done.`])
    expect(kept[1]?.id).toBe(before[1]?.id)
    await scene.chat.sendMessage({ text: 'Thanks.' })
    expect(outline(await scene.expectSame()).at(-1)).toBe('assistant: next')
  },
)

test('several calls are approved and denied, and the next one after them', async () => {
  const three = [1, 2, 3].map((euros) => ({ toolName: 'pay', input: { euros } }))
  const script = [callTools(three), callTool('pay', { euros: 4 }), 'Done.']
  const scene = openChat({ script, agent: { tools: { pay } }, chat: whenApproved })
  await scene.chat.sendMessage({ text: 'Pay all.' })
  const ids = () => callsIn(heldOf(scene.chat.messages)[1], 'approval-requested').map(({ approval }) => approval.id)
  for (const [index, id] of ids().entries()) await scene.chat.addToolApprovalResponse({ id, approved: index !== 1 })
  await called(scene, 2)
  await scene.expectSame()
  for (const id of ids()) await scene.chat.addToolApprovalResponse({ id, approved: true })
  await called(scene, 3)
  const [paid, denied] = ['[tool-pay output-available]', '[tool-pay output-denied]']
  expect(outline(await scene.expectSame())[1]).toBe(`assistant: ${paid} ${denied} ${paid} ${paid} Done.`)
})

test('an approval that comes after other words goes on where it was asked for', async () => {
  const script = [callTool('pay', { euros: 5 }), 'I wait.', 'Paid.', 'next']
  const scene = openChat({ script, agent: { tools: { pay } } })
  await scene.chat.sendMessage({ text: 'Pay.' })
  await scene.chat.sendMessage({ text: 'Wait.' })
  const [asked] = callsIn((await scene.expectSame())[1])
  await scene.chat.addToolApprovalResponse({ id: asked?.approval.id as string, approved: true })
  await scene.chat.sendMessage()
  expect(outline(await scene.expectSame())).toEqual([
    'user: Pay.',
    'assistant: [tool-pay output-available] Paid.',
    'user: Wait.',
    'assistant: I wait.',
  ])
  await scene.chat.sendMessage({ text: 'Thanks.' })
  expect(outline(await scene.expectSame()).at(-1)).toBe('assistant: next')
})

test.each(['edited', 'answered anew'])('a question whose call waits for approval is %s', async (how) => {
  const scene = openChat({ script: [callTool('pay', { euros: 5 }), 'Well.', 'next'], agent: { tools: { pay } } })
  await scene.chat.sendMessage({ text: 'Pay.' })
  await scene.expectSame()
  if (how === 'answered anew') await scene.chat.regenerate()
  else
    await scene.chat.sendMessage({
      text: 'Pay me.',
      messageId: scene.chat.messages[0]?.id as string,
    })
  await scene.settled()
  const [, answer] = outline(await scene.stored())
  expect(answer).toBe('assistant: Well.')
  await scene.chat.sendMessage({ text: 'And?' })
  expect(outline(await scene.expectSame()).at(-1)).toBe('assistant: next')
})

test('an approval is given by a client that has loaded the thread', async () => {
  const before = openChat({ script: [callTool('pay', { euros: 5 })], agent: { tools: { pay } } })
  await before.chat.sendMessage({ text: 'Pay.' })
  const messages = JSON.parse(JSON.stringify(await before.expectSame()))
  const { memory } = before
  const scene = openChat({ memory, script: ['Paid.'], agent: { tools: { pay } }, chat: { messages, ...whenApproved } })
  const [asked] = callsIn(messages[1])
  await scene.chat.addToolApprovalResponse({ id: asked?.approval.id as string, approved: true })
  await called(scene, 1)
  expect(outline(await scene.expectSame())[1]).toBe('assistant: [tool-pay output-available] Paid.')
})

// The AI SDK's type of a tool without `execute` does not fit its own tool sets under exact optional properties.
const place: Tool = tool({ description: 'Tells where the user is.', inputSchema: z.object({}) })

test.each(['output-available', 'output-error'] as const)('a tool that the client runs ends with %s', async (state) => {
  const both = [
    { toolName: 'place', input: {} },
    { toolName: 'weather', input: { city: 'Rome' } },
  ]
  const script = [callTools(both), 'I see.', 'next']
  const scene = openChat({ script, agent: { tools: { place, weather } }, chat: whenAnswered })
  await scene.chat.sendMessage({ text: 'Where am I?' })
  const before = await scene.expectSame()
  expect(outline(before)[1]).toBe('assistant: [tool-place input-available] [tool-weather output-available]')
  const toolCallId = callsIn(before[1], 'input-available')[0]?.toolCallId as string
  const answer = state === 'output-error' ? { state, errorText: 'No permission.' } : { output: { city: 'Rome' } }
  await scene.chat.addToolOutput({ tool: 'place', toolCallId, ...answer } as never)
  await called(scene, 2)
  const done = `assistant: [tool-place ${state}] [tool-weather output-available] I see.`
  expect(outline(await scene.expectSame())).toEqual(['user: Where am I?', done])
  expect(JSON.stringify(scene.model.calls[1]?.messages)).toContain(state === 'output-error' ? 'No permission.' : 'Rome')
  await scene.chat.sendMessage({ text: 'Thanks.' })
  expect(outline(await scene.expectSame()).at(-1)).toBe('assistant: next')
})

const boom = tool({
  description: 'Fails.',
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }): Promise<string> => {
    throw new Error(`no such file: /etc/prices of ${city}`)
  },
})

test('calls that fail in every way are the same on both sides', async () => {
  const failing = [callTool('boom', { city: 'Rome' }), callTool('boom', { town: 1 }), callTool('nobody', { a: 1 })]
  const script = [...failing, malformedCall('boom', '{"city":'), 'Sorry.', 'next']
  const scene = openChat({ script, agent: { tools: { boom } } })
  await scene.chat.sendMessage({ text: 'Go.' })
  await scene.chat.sendMessage({ text: 'And?' })
  const [, answer] = outline(await scene.expectSame())
  const [failed, unknown] = ['[tool-boom output-error]', '[tool-nobody output-error]']
  expect(answer).toBe(`assistant: ${failed} ${failed} ${unknown} ${failed} Sorry.`)
})

test('an error that the route keeps from the client is no reason to warn', async () => {
  const scene = openChat({
    script: [callTool('boom', { city: 'Rome' }), 'Sorry.', 'next'],
    agent: { tools: { boom } },
    respond: (result) => result.toUIMessageStreamResponse({ onError: () => 'Something went wrong.' }),
  })
  await scene.chat.sendMessage({ text: 'Go.' })
  await scene.chat.sendMessage({ text: 'And?' })
  await scene.settled()
  expect(JSON.stringify(scene.chat.messages)).not.toContain('/etc/prices')
  expect(JSON.stringify(await scene.stored())).toContain('/etc/prices')
  expect(JSON.stringify(scene.model.calls.at(-1)?.messages)).toContain('/etc/prices')
  expect(await scene.warnings()).toEqual([])
})

test('a stop while a tool runs leaves a call that has failed', async () => {
  const slow = tool({
    description: 'Takes its time.',
    inputSchema: z.object({}),
    execute: (_, { abortSignal }) =>
      new Promise((_, reject) => abortSignal?.addEventListener('abort', () => reject(abortSignal.reason))),
  })
  const scene = openChat({ script: [callTool('slow', {}, { text: 'Wait.' }), 'next'], agent: { tools: { slow } } })
  const sent = scene.chat.sendMessage({ text: 'Go.' })
  await expect.poll(() => outline(heldOf(scene.chat.messages))[1]).toContain('[tool-slow input-available]')
  await scene.chat.stop()
  await sent
  await scene.chat.sendMessage({ text: 'And now?' })
  await scene.settled()
  expect(outline(await scene.stored()).slice(1)).toEqual([
    'assistant: Wait. [tool-slow output-error]',
    'user: And now?',
    'assistant: next',
  ])
  expect(await scene.warnings()).toEqual([])
  await expectValid(scene.memory, scene.model)
})
