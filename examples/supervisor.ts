/** A supervisor with two subagents, one workflow and a payment that waits for a person. */
import { Agent, createStep, createTool, createWorkflow, Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { z } from 'zod'

const memory = new Memory({ storage: 'file:./aquifer.db' })

const researchAgent = new Agent({
  id: 'research-agent',
  name: 'Research Agent',
  description: `This agent gathers concise research insights in bullet-point form.
It's designed to extract key facts without generating full
responses or narrative content.`,
  model: scriptedModel({ script: ['- Bergen is wet.\n- It has seven hills.'] }),
})

const payInvoice = createTool({
  id: 'pay-invoice',
  description: 'Pays an invoice.',
  inputSchema: z.object({ amount: z.number() }),
  outputSchema: z.string(),
  requireApproval: true,
  execute: async ({ amount }) => `paid ${amount}`,
})

const paymentAgent = new Agent({
  id: 'payment-agent',
  name: 'Payment Agent',
  description: 'Pays what the research costs.',
  model: scriptedModel({ script: [callTool('payInvoice', { amount: 30 }), 'The invoice is paid.'] }),
  tools: { payInvoice },
})

const cityWorkflow = createWorkflow({
  id: 'city-workflow',
  description: `This workflow handles city-specific research tasks.
It first gathers factual information about the city, then synthesizes
that research into a full written report. Use it when the user input
includes a city to be researched.`,
  inputSchema: z.object({ city: z.string() }),
  outputSchema: z.object({ text: z.string() }),
})
  .then(
    createStep({
      id: 'write',
      inputSchema: z.object({ city: z.string() }),
      outputSchema: z.object({ text: z.string() }),
      execute: async ({ inputData }) => ({ text: `A report about ${inputData.city}.` }),
    }),
  )
  .commit()

const supervisor = new Agent({
  id: 'supervisor',
  name: 'Supervisor',
  instructions: 'You lead a team of researchers and writers.',
  model: scriptedModel({
    script: [
      callTool('agent-researchAgent', { prompt: 'Facts about Bergen, please.' }),
      callTool('workflow-cityWorkflow', { city: 'Bergen' }),
      callTool('agent-paymentAgent', { prompt: 'Pay 30 for the research.' }),
      'Here is the report about Bergen. It is paid.',
    ],
  }),
  agents: { researchAgent, paymentAgent },
  workflows: { cityWorkflow },
  memory,
  delegation: {
    onDelegationStart: ({ primitiveId, prompt }) => console.log(`${primitiveId}: ${prompt}`),
    onDelegationComplete: ({ primitiveId, result }) => console.log(`${primitiveId} answers: ${result.text}`),
  },
})

const chat = { resourceId: 'ann', threadId: 'bergen' }
const first = await supervisor.generate('Write a report about Bergen', chat)
console.log(first.status, first.pendingCalls[0]?.toolName, first.pendingCalls[0]?.chain?.[0]?.agentId)

const { text } = await supervisor.approveToolCallGenerate({ runId: first.runId })
console.log(text)
await memory.close()
