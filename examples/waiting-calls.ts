/** Calls of tools that wait: one for an approval, one for data. Another process with this agent could decide as well. */
import { Agent, createTool, Memory } from 'aquifer'
import { z } from 'zod'
import { openai } from './openai.ts'

/** A bank by the keys of its transfers: one that comes twice is carried out once. */
const transfers = new Map<string, string>()

const sendMoney = createTool({
  id: 'sendMoney',
  description: 'Sends money.',
  inputSchema: z.object({ to: z.string(), euros: z.number() }),
  requireApproval: ({ euros }) => euros > 100,
  execute: async ({ to, euros }, { callId }) => {
    transfers.set(callId, `${euros} euros to ${to}`)
    return `sent ${transfers.get(callId)}`
  },
})

const deleteRecords = createTool({
  id: 'deleteRecords',
  description: 'Deletes the records of a table.',
  inputSchema: z.object({ table: z.string() }),
  suspendSchema: z.object({ question: z.string() }),
  resumeSchema: z.object({ confirmed: z.boolean() }),
  execute: async ({ table }, { suspend, resumeData }) => {
    if (resumeData === undefined) return suspend({ question: `Delete the records of ${table}?` })
    return resumeData.confirmed ? `deleted ${table}` : `kept ${table}`
  },
})

const office = new Agent({
  name: 'Office',
  model: openai('gpt-5.4'),
  memory: new Memory(),
  tools: { sendMoney, deleteRecords },
})
const memory = { resource: 'ann', thread: 'office' }

// Decided as soon as the stream tells of the call.
const stream = await office.stream('Call sendMoney with {"to":"Bob","euros":500}', { memory })
for await (const chunk of stream.fullStream) {
  if (chunk.type !== 'tool-call-approval') continue
  console.log('waits:', chunk.payload.toolName, chunk.payload.args)
  const approved = await office.approveToolCall(chunk.payload.toolCallId, { runId: stream.runId, memory })
  console.log(await approved.text)
}

// Declined: the tool does not run, and the model is told why.
const second = await office.generate('Call sendMoney with {"to":"Eve","euros":5000}', { memory })
const declined = await office.declineToolCallGenerate({ runId: second.runId, reason: 'Too much' })
console.log('declined:', declined.status)

// Resumed with data that the tool asked for.
const third = await office.generate('Call deleteRecords with {"table":"old"}', { memory })
console.log('waits:', third.pendingCalls[0]?.suspendPayload)
const resumed = await office.resumeGenerate({ confirmed: true }, { runId: third.runId, memory })
console.log(resumed.text)
