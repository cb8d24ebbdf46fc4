import { memory } from './agents.ts'

// All threads of a user
const threads = await memory.getThreadsByResourceId({
  resourceId: 'user_alice',
})

// What a sidebar would show
console.log(`User Alice has ${threads.length} conversation threads`)
threads.forEach((thread) => {
  console.log(`- ${thread.id}: ${thread.title || 'Untitled'}`)
})
