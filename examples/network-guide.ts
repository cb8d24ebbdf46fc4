/** What a guide of networks shows: events, objects, approvals and suspensions, with nothing but the imports changed. */
import { z } from 'zod'
import { routingAgent } from './routing-agent.ts'

for (const request of [
  'Tell me three cool ways to use Aquifer',
  'Tell me some historical facts about London',
  "What's the weather in London?",
]) {
  const result = await routingAgent.network(request)
  for await (const chunk of result) {
    console.log(chunk.type)
    if (chunk.type === 'network-execution-event-step-finish') {
      console.log(chunk.payload.result)
    }
  }
}

// Structured output.
const resultSchema = z.object({
  summary: z.string().describe('A brief summary of the findings'),
  recommendations: z.array(z.string()).describe('List of recommendations'),
  confidence: z.number().min(0).max(1).describe('Confidence score'),
})

const researched = await routingAgent.network('Research AI trends', {
  structuredOutput: {
    schema: resultSchema,
  },
})

// Consume the stream
for await (const chunk of researched) {
  if (chunk.type === 'network-object') {
    // Partial object during generation
    console.log('Partial:', chunk.payload.object)
  }
  if (chunk.type === 'network-object-result') {
    // Final structured object
    console.log('Final:', chunk.payload.object)
  }
}

const structured = await routingAgent.network('Analyze AI trends', {
  structuredOutput: { schema: resultSchema },
})

// Stream partial objects as they are made
for await (const partial of structured.objectStream) {
  console.log('Building result:', partial)
}

const final = await structured.object
console.log(final?.summary)

// Approve and decline tool calls.
const stream = await routingAgent.network('Perform some sensitive action', {
  memory: {
    thread: 'user-123',
    resource: 'my-app',
  },
})

for await (const chunk of stream) {
  if (chunk.type === 'agent-execution-approval' || chunk.type === 'tool-execution-approval') {
    // Approve
    const approvedStream = await routingAgent.approveNetworkToolCall(chunk.payload.toolCallId, {
      runId: stream.runId,
      memory: { thread: 'user-123', resource: 'my-app' },
    })

    for await (const c of approvedStream) {
      if (c.type === 'network-execution-event-step-finish') {
        console.log(c.payload.result)
      }
    }
  }
}

// Suspend and resume.
const suspended = await routingAgent.network('Delete the old records', {
  memory: { thread: 'user-123', resource: 'my-app' },
})

for await (const chunk of suspended) {
  if (chunk.type === 'workflow-execution-suspended') {
    console.log(chunk.payload.suspendPayload)
  }
}

// Resume with user confirmation
const resumedStream = await routingAgent.resumeNetwork(
  { confirmed: true },
  {
    runId: suspended.runId,
    memory: { thread: 'user-123', resource: 'my-app' },
  },
)

for await (const chunk of resumedStream) {
  if (chunk.type === 'network-execution-event-step-finish') {
    console.log(chunk.payload.result)
  }
}

// Decline.
const declined = await routingAgent.network('Perform some sensitive action', {
  memory: { thread: 'user-456', resource: 'my-app' },
})

for await (const chunk of declined) {
  if (chunk.type === 'tool-execution-approval') {
    const declinedStream = await routingAgent.declineNetworkToolCall(chunk.payload.toolCallId, {
      runId: declined.runId,
      memory: { thread: 'user-456', resource: 'my-app' },
    })

    for await (const c of declinedStream) {
      console.log(c.type)
    }
  }
}

// Resume automatically: the next message gives what the call waits for.
for (const request of ['Delete the old records', 'Yes, I confirm']) {
  const stream = await routingAgent.network(request, {
    autoResumeSuspendedTools: true,
    memory: { thread: 'user-789', resource: 'my-app' },
  })

  for await (const chunk of stream) {
    if (chunk.type === 'workflow-execution-suspended') {
      console.log(chunk.payload.suspendPayload)
    }
    if (chunk.type === 'workflow-execution-end') {
      console.log(chunk.payload.result)
    }
  }
}
