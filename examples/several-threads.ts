import { agent } from './agents.ts'

const userId = 'user_charlie'

// One conversation, about support
await agent.stream('I need help with billing', {
  resourceId: userId,
  threadId: 'support_thread',
})

// Another one, about the product
await agent.stream('I have some suggestions for your product', {
  resourceId: userId,
  threadId: 'feedback_thread',
})

// The first one goes on where it was
await agent.stream('Did you find my billing issue?', {
  resourceId: userId,
  threadId: 'support_thread',
})
