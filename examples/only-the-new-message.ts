import { agent } from './agents.ts'

// Good: only what is new
// First request:
await agent.stream('First message', {
  resourceId: 'user_123',
  threadId: 'thread_abc',
})

// A later one:
await agent.stream('Second message', {
  resourceId: 'user_123',
  threadId: 'thread_abc',
})

// Not so good: all of it again. What is stored is recognised, and a history that the thread never had is refused.
await agent.stream(
  [
    { role: 'user', content: 'First message' }, // stored before
    { role: 'assistant', content: 'I heard: First message' }, // stored before
    { role: 'user', content: 'Second message' }, // stored before
    { role: 'assistant', content: 'I heard: Second message' }, // stored before
    { role: 'user', content: 'Third message' }, // what was meant
  ],
  {
    resourceId: 'user_123',
    threadId: 'thread_abc',
  },
)

// Good, where a list is what there is: only the newest message
await agent.stream([{ role: 'user', content: 'Only the new message' }], {
  resourceId: 'user_123',
  threadId: 'thread_abc',
})
