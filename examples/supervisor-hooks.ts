/** A supervisor whose steps and delegations are followed, checked and limited. */
import { Agent, Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'

const memory = new Memory({ storage: 'file:./aquifer.db' })

const researchAgent = new Agent({
  id: 'research-agent',
  name: 'Research Agent',
  description: 'Gathers concise facts as bullet points.',
  model: scriptedModel({ script: ['- Bergen is wet.', '- Source: the weather office.'] }),
})

const supervisor = new Agent({
  id: 'supervisor',
  name: 'Supervisor',
  instructions: 'You lead a team of researchers.',
  model: scriptedModel({
    script: [
      callTool('agent-researchAgent', { prompt: 'Facts about Bergen' }),
      'Bergen is wet.',
      callTool('agent-researchAgent', { prompt: 'A source for that' }),
      'Bergen is wet, says the weather office. Source: weather.example.',
    ],
  }),
  agents: { researchAgent },
  memory,
})

const stream = await supervisor.stream('Write about Bergen', {
  memory: { resource: 'ann', thread: 'bergen' },
  maxSteps: 10,
  budget: { tokens: 50_000 },
  onIterationComplete: async ({ iteration, isFinal, toolCalls }) => {
    console.log(`step ${iteration}${isFinal ? ', final' : ''}: ${toolCalls.map(({ name }) => name).join(', ')}`)
    return { continue: true }
  },
  isTaskComplete: {
    scorers: [
      {
        id: 'has-source',
        name: 'Has a source',
        run: async ({ output }) => {
          return output.includes('Source:') ? { score: 1 } : { score: 0, reason: 'Name a source.' }
        },
      },
    ],
    strategy: 'all',
    onComplete: ({ passed, reason }) => console.log(passed ? 'complete' : `not complete: ${reason}`),
  },
  delegation: {
    onDelegationStart: async ({ prompt }) => {
      console.log(`asks: ${prompt}`)
      return { modifiedPrompt: `${prompt}, briefly` }
    },
    onDelegationComplete: async ({ result }) => console.log(`hears: ${result.text}`),
    messageFilter: ({ messages }) => messages.slice(-10),
  },
})

console.log(await stream.text)
console.log(await stream.completionReason)
await memory.close()
