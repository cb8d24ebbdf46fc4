import { Agent, Memory } from 'aquifer'
import { openai } from './openai.ts'

// One memory for all users
const memory = new Memory()
const agent = new Agent({
  name: 'SupportAgent',
  instructions: 'You provide customer support.',
  model: openai('gpt-4o'),
  memory,
})

// One agent, two users
await agent.stream('I need help with my account', {
  resourceId: 'user_alice', // first user
  threadId: 'support_thread_1',
})

await agent.stream('How do I upgrade my plan?', {
  resourceId: 'user_bob', // second user, apart from the first
  threadId: 'support_thread_2',
})

// The first user's conversation goes on
await agent.stream('Did you find a solution to my problem?', {
  resourceId: 'user_alice',
  threadId: 'support_thread_1',
})
