/** A network: a router that hands parts of a task to a researcher and a writer, and asks before it sends anything. */
import { Agent, createTool, Memory } from 'aquifer'
import { z } from 'zod'
import { openai } from './openai.ts'

const publish = createTool({
  id: 'publish',
  description: 'Publishes a text under a title.',
  inputSchema: z.object({ title: z.string() }),
  outputSchema: z.string(),
  requireApproval: true,
  execute: async ({ title }) => `published ${title}`,
})

const research = new Agent({
  id: 'research',
  name: 'Research',
  description: 'Gathers concise facts about a topic, as short bullet points.',
  model: openai('gpt-5.4'),
})

const router = new Agent({
  id: 'router',
  name: 'Router',
  instructions: 'You direct writers and researchers.',
  model: openai('gpt-5.4'),
  memory: new Memory(),
  agents: { research },
  tools: { publish },
})

// What a subagent does is seen as it happens; the final text comes once.
const stream = await router.network('Call agent-research with {"prompt":"Tell me about lighthouses"}')
for await (const chunk of stream) {
  if (chunk.type === 'agent-execution-start') console.log('at work:', chunk.payload.agentId)
  if (chunk.type === 'network-execution-event-step-finish') console.log(chunk.payload.result)
}

// A call that waits is decided inside the loop over the first stream.
const second = await router.network('Call publish with {"title":"Lighthouses"}')
for await (const chunk of second) {
  if (chunk.type !== 'tool-execution-approval') continue
  console.log('waits:', chunk.payload.toolName, chunk.payload.args)
  const approved = await router.approveNetworkToolCall(chunk.payload.toolCallId, { runId: second.runId })
  for await (const next of approved) {
    if (next.type === 'network-execution-event-step-finish') console.log(next.payload.result)
  }
}
console.log('the first stream ended:', await second.status)
