// The examples that people bring: threads and resources, and the shared memory of a workforce, as far as they need no
// agent. Only names differ from the pages they stand on.
import { expect, it } from 'vitest'
import { day, hour, ManualClock, openMemory, textsOf } from './opened.ts'

it('keeps threads and messages of several users apart, and lists them for a sidebar', async () => {
  const memory = openMemory()
  const save = (resourceId: string, threadId: string, messages: string) =>
    memory.saveMessages({ resourceId, threadId, messages })
  await save('user_alice', 'support_thread_1', 'I need help with my account')
  await save('user_bob', 'support_thread_2', 'How do I upgrade my plan?')
  await save('user_alice', 'support_thread_1', 'Did you find a solution to my problem?')
  await memory.createThread({ resourceId: 'user_alice', threadId: 'feedback_thread', title: 'Feedback' })

  const threads = await memory.getThreadsByResourceId({ resourceId: 'user_alice' })
  const lines = [`User Alice has ${threads.length} conversation threads`]
  threads.forEach((thread) => {
    lines.push(`- ${thread.id}: ${thread.title || 'Untitled'}`)
  })
  expect(lines).toEqual([
    'User Alice has 2 conversation threads',
    '- feedback_thread: Feedback',
    '- support_thread_1: Untitled',
  ])
  const { messages } = await memory.listMessages({ resourceId: 'user_alice', threadId: 'support_thread_1' })
  expect(textsOf(messages)).toEqual(['I need help with my account', 'Did you find a solution to my problem?'])
})

it('shares a thread between agents of the same resource and thread', async () => {
  const memory = openMemory()
  const where = { resourceId: 'user_123', threadId: 'support_thread_456' }
  const specialist = memory.as({ kind: 'agent', id: 'specialist' })
  await specialist.saveMessages({
    ...where,
    messages: { role: 'assistant', content: 'The user has a premium account' },
  })
  const { messages } = await memory.as({ kind: 'agent', id: 'general' }).listMessages(where)
  expect(messages).toMatchObject([{ author: { kind: 'agent', id: 'specialist' } }])
})

it('isolates working memory by thread', async () => {
  const memory = openMemory({ options: { workingMemory: { scope: 'thread' } } })
  const resourceId = 'user_charlie'
  for (const threadId of ['support_thread', 'feedback_thread']) {
    await memory.createThread({ resourceId, threadId })
    await memory.updateWorkingMemory({ resourceId, threadId, workingMemory: `about ${threadId}` })
  }
  const read = await memory.getWorkingMemory({ resourceId, threadId: 'support_thread' })
  expect(read?.value).toBe('about support_thread')
})

it('stores a resent history once', async () => {
  const memory = openMemory()
  const where = { resourceId: 'user_123', threadId: 'thread_abc' }
  const first = { id: '1', role: 'user', content: 'First message' } as const
  const answer = { id: '2', role: 'assistant', content: 'First response' } as const
  const second = { id: '3', role: 'user', content: 'Second message' } as const
  await memory.saveMessages({ ...where, messages: [first, answer] })
  await memory.saveMessages({ ...where, messages: [first, answer, second] })
  const { messages } = await memory.listMessages(where)
  expect(textsOf(messages)).toEqual(['First message', 'First response', 'Second message'])
})

it('shares findings of a workforce', async () => {
  const memory = openMemory()
  const sales = memory.as({ kind: 'agent', id: 'sales' }).team('acme')
  const chief = memory.as({ kind: 'agent', id: 'ceo' }).team('acme')
  await sales.write('lead_info', { name: 'Acme Corp', contact: 'john@acme.com', status: 'qualified' })
  expect(await chief.read('lead_info')).toEqual({ name: 'Acme Corp', contact: 'john@acme.com', status: 'qualified' })
  expect(await chief.read('no_such_key')).toBeNull()
  expect(await memory.team('another').read('lead_info')).toBeNull()
  expect((await chief.get('lead_info'))?.writtenBy.id).toBe('sales')
})

it('follows its common patterns', async () => {
  const clock = new ManualClock()
  const team = openMemory({ clock }).team('workforce')
  await team.write('handoff_to_support', { customer: '...', issue: '...', history: ['...'] })
  await team.write('campaign_status', {
    phase: 'content_review',
    completed: ['research', 'draft'],
    pending: ['design', 'launch'],
  })
  await Promise.all(['one', 'two'].map((competitor) => team.merge('competitor_intel', { [competitor]: 'findings' })))
  expect(await team.read('competitor_intel')).toEqual({ one: 'findings', two: 'findings' })
  await team.write('urgent_review_needed', true, { ttl: '1h' })
  clock.pass(hour - 1)
  expect(await team.read('urgent_review_needed')).toBe(true)
  clock.pass(1)
  expect(await team.read('urgent_review_needed')).toBeNull()
  clock.pass(30 * day)
  expect(await team.read('campaign_status')).toBeNull()
})
