import { memoryAgent } from './agents.ts'

const response = await memoryAgent.generate("What's my favorite color?", {
  memory: {
    resource: 'user-123',
    thread: 'conversation-123',
  },
})

// "Your favorite color is blue."
console.log(response.text)
