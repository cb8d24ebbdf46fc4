import { agentA, agentB, generalAgent, specialistAgent } from './agents.ts'

// Apart: each agent has a thread of its own
await agentA.stream('Message for Agent A', {
  resourceId: 'user_123',
  threadId: 'conversation_with_agent_A',
})

await agentB.stream('Message for Agent B', {
  resourceId: 'user_123',
  threadId: 'conversation_with_agent_B',
})

// Together: the same resource and thread
await specialistAgent.stream('The user has a premium account', {
  resourceId: 'user_123',
  threadId: 'support_thread_456',
})

await generalAgent.stream('What type of account does the user have?', {
  resourceId: 'user_123',
  threadId: 'support_thread_456',
})
// The second one knows about the premium account
