// A chat over real HTTP, driven by the AI SDK's own client: edits, a provider that is down, approvals, stops and two tabs.
import { Agent } from 'aquifer'
import { callTool, failWith, promptProblems, scriptedModel, stall, threadProblems } from 'aquifer/testing'
import { expect, test } from 'vitest'
import { openMemory } from '../memory/opened.ts'
import { callsIn, heldOf, outline, pay } from './chat-scene.ts'
import { serveChats } from './http-chat-scene.ts'

type Script = NonNullable<Parameters<typeof scriptedModel>[0]>['script']

/** Agents that share one memory, each with a script of its own. */
function openTeam(scripts: Readonly<Record<string, NonNullable<Script>>>) {
  const memory = openMemory()
  const models = Object.entries(scripts).map(
    ([name, script]) => [name, scriptedModel({ script, toolCallPrefix: name })] as const,
  )
  const agents = Object.fromEntries(
    models.map(([name, model]) => [name, new Agent({ name, model, memory, tools: { pay } })]),
  )
  const expectValid = async (threadId: string) => {
    const { messages } = await memory.listMessages({ resourceId: 'alice', threadId, perPage: false })
    expect(threadProblems(messages)).toEqual([])
    for (const [, model] of models) for (const call of model.calls) expect(promptProblems(call.messages)).toEqual([])
  }
  return { memory, agents, models: Object.fromEntries(models), expectValid }
}

const idle = (chat: { readonly status: string }) => expect.poll(() => chat.status).toBe('ready')

test('three agents answer in one thread, and its first message is edited', async () => {
  const team = openTeam({ sales: ['It costs 5.', 'It costs 6.'], support: ['It works.'], legal: ['It is allowed.'] })
  const chats = await serveChats(team.agents, team.memory)
  const page = chats.open('t1')
  for (const agent of ['sales', 'support', 'legal'])
    await page.sendMessage({ text: `Hello ${agent}` }, { body: { agent } })
  const said = ['user: Hello sales', 'assistant: It costs 5.', 'user: Hello support', 'assistant: It works.']
  expect(outline(await chats.load('t1'))).toEqual([...said, 'user: Hello legal', 'assistant: It is allowed.'])
  expect(team.models.legal?.calls[0]?.transcript).toContain('[from agent sales]')
  expect(heldOf(page.messages)).toEqual(await chats.load('t1'))
  await page.sendMessage({ text: 'Hello again', messageId: page.messages[0]?.id as string })
  expect(outline(await chats.load('t1'))).toEqual(['user: Hello again', 'assistant: It costs 6.'])
  expect(heldOf(page.messages)).toEqual(await chats.load('t1'))
  await team.expectValid('t1')
})

test('an answer is given again after the provider was down, and nothing is lost meanwhile', async () => {
  const down = failWith(Object.assign(new Error('Service Unavailable'), { statusCode: 503 }))
  const team = openTeam({ sales: ['One.', 'Two.', down, down, 'Two again.', 'One again.'] })
  const chats = await serveChats(team.agents, team.memory)
  const page = chats.open('t2')
  await page.sendMessage({ text: 'first' })
  await page.sendMessage({ text: 'second' })
  const before = outline(await chats.load('t2'))
  const [firstId] = page.messages.map(({ id }) => id)
  await page.regenerate()
  expect(page.status).toBe('error')
  expect(outline(await chats.load('t2'))).toEqual(expect.arrayContaining([...before]))
  await page.sendMessage({ text: 'first, edited', messageId: firstId as string })
  expect(page.status).toBe('error')
  expect(outline(await chats.load('t2'))).toEqual(expect.arrayContaining([...before]))
  const reloaded = chats.open('t2', (await chats.load('t2')).slice(0, 4))
  await reloaded.regenerate()
  expect(outline(await chats.load('t2')).slice(-4)).toEqual([
    'user: first',
    'assistant: One.',
    'user: second',
    'assistant: Two again.',
  ])
  await team.expectValid('t2')
})

test('a call is approved after the page was loaded again', async () => {
  const team = openTeam({ sales: [callTool('pay', { euros: 5 }), 'Paid.', 'next'] })
  const chats = await serveChats(team.agents, team.memory)
  await chats.open('t3').sendMessage({ text: 'Pay 5 euros.' })
  const page = chats.open('t3', await chats.load('t3'))
  const [asked] = callsIn(heldOf(page.messages)[1])
  await page.addToolApprovalResponse({ id: asked?.approval.id as string, approved: true })
  await expect.poll(() => team.models.sales?.calls.length).toBe(2)
  await idle(page)
  expect(outline(await chats.load('t3'))).toEqual([
    'user: Pay 5 euros.',
    'assistant: [tool-pay output-available] Paid.',
  ])
  expect(heldOf(page.messages)).toEqual(await chats.load('t3'))
  await page.sendMessage({ text: 'Thanks.' })
  expect(outline(await chats.load('t3')).at(-1)).toBe('assistant: next')
  await team.expectValid('t3')
})

test('a person stops an answer, and the conversation goes on', async () => {
  const team = openTeam({ sales: [stall({ after: 'It is so' }), 'next'] })
  const chats = await serveChats(team.agents, team.memory, { stops: true })
  const page = chats.open('t4')
  const sent = page.sendMessage({ text: 'How is it?' })
  await expect.poll(() => outline(heldOf(page.messages))[1]).toContain('It is so')
  await page.stop()
  await sent
  await page.sendMessage({ text: 'And now?' })
  expect(outline(await chats.load('t4'))).toEqual([
    'user: How is it?',
    'assistant: It is so',
    'user: And now?',
    'assistant: next',
  ])
  await team.expectValid('t4')
})

test('two tabs write into one thread, and each question is stored once', async () => {
  const team = openTeam({ sales: ['One.', 'Two.', 'Three.', 'Four.'] })
  const chats = await serveChats(team.agents, team.memory)
  const [left, right] = [chats.open('t5'), chats.open('t5')]
  await left.sendMessage({ text: 'first' })
  await right.sendMessage({ text: 'second' })
  await Promise.all([left.sendMessage({ text: 'third' }), right.sendMessage({ text: 'fourth' })])
  const stored = outline(await chats.load('t5'))
  expect(stored.filter((line) => line.startsWith('user')).toSorted()).toEqual([
    'user: first',
    'user: fourth',
    'user: second',
    'user: third',
  ])
  expect(stored.filter((line) => line.startsWith('assistant'))).toHaveLength(4)
  await team.expectValid('t5')
})
