import { Agent, Memory } from 'aquifer'
import { openai } from './openai.ts'

// One memory for all of them
const memory = new Memory()

// The resource and thread that they share
const sharedResourceId = 'customer_123'
const sharedThreadId = 'support_thread_456'

// First agent: sales
const salesAgent = new Agent({
  name: 'Sales Specialist',
  instructions:
    'You are a sales specialist who helps customers understand our product offerings. When appropriate, hand off to an implementation specialist.',
  model: openai('gpt-4o'),
  memory: memory,
})

// What it hears and answers is saved
await salesAgent.stream("I'm interested in your enterprise plan.", {
  resourceId: sharedResourceId,
  threadId: sharedThreadId,
})

// Second agent: implementation, in the same thread
const implementationAgent = new Agent({
  name: 'Implementation Specialist',
  instructions: 'You are an implementation specialist who helps customers set up and configure our products.',
  model: openai('gpt-4o'),
  memory: memory,
})

// It sees the conversation so far
await implementationAgent.stream('Can you help me implement the enterprise plan?', {
  resourceId: sharedResourceId,
  threadId: sharedThreadId,
})

// Third agent: support, by the same ids
const supportAgent = new Agent({
  name: 'Support Specialist',
  instructions: 'You are a support specialist who helps customers solve problems with their implementation.',
  model: openai('gpt-4o'),
  memory: memory,
})

// It sees what both others said
await supportAgent.stream("I'm having an issue with my implementation", {
  resourceId: sharedResourceId,
  threadId: sharedThreadId,
})
