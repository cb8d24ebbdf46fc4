/** The router of `network-guide.ts`, with its agents, its workflows and its tools, as a guide of networks shows them. */
import { Agent, createStep, createTool, createWorkflow, Memory, SQLiteStore } from 'aquifer'
import { callTool, type ModelCall, scriptedModel } from 'aquifer/testing'
import { z } from 'zod'

/** What a router would choose for each request of the guide. */
const choices: readonly (readonly [request: RegExp, call: object])[] = [
  [/three cool ways/, callTool('agent-researchAgent', { prompt: 'Three ways to use it, please.' })],
  [/facts about London/, callTool('workflow-cityWorkflow', { city: 'London' })],
  [/weather in London/, callTool('weatherTool', { location: 'London' })],
  [/AI trends/, callTool('agent-researchAgent', { prompt: 'AI trends, please.' })],
  [/sensitive action/, callTool('publishTool', { title: 'Ways' })],
  [/old records/, callTool('workflow-cleanupWorkflow', { olderThanDays: 30 })],
]

const report = { summary: 'Agents remember.', recommendations: ['Give them one memory.'], confidence: 0.9 }

/** Stands for a language model, so that the example needs no key and no network. */
function answer({ messages, prompt, tools, responseFormat }: ModelCall) {
  if (prompt.includes('The calls that wait:')) {
    return JSON.stringify({ call: '1', data: JSON.stringify({ confirmed: prompt.includes('Yes, I confirm') }) })
  }
  if (!tools.some(({ name }) => name === 'agent-researchAgent')) return `I looked: ${prompt.split('\n').at(-1)}`
  if (messages.at(-1)?.role !== 'tool') {
    const [, call] = choices.findLast(([request]) => request.test(prompt)) ?? []
    return call ?? 'I can do that.'
  }

  return responseFormat?.type === 'json' ? JSON.stringify(report) : 'Here is the report.'
}

export const researchAgent = new Agent({
  id: 'research-agent',
  name: 'Research Agent',
  description: `This agent gathers concise research insights in bullet-point form.
    It's designed to extract key facts without generating full
    responses or narrative content.`,
})

export const writingAgent = new Agent({
  id: 'writing-agent',
  name: 'Writing Agent',
  description: `This agent turns researched material into well-structured
    written content. It produces full-paragraph reports with no bullet points,
    suitable for use in articles, summaries, or blog posts.`,
})

export const cityWorkflow = createWorkflow({
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
      id: 'gather-facts',
      inputSchema: z.object({ city: z.string() }),
      outputSchema: z.object({ text: z.string() }),
      execute: async ({ inputData }) => ({ text: `${inputData.city} is old.` }),
    }),
  )
  .commit()

export const cleanupWorkflow = createWorkflow({
  id: 'cleanup-workflow',
  description: 'Deletes records that are older than some days, once somebody has confirmed it.',
  inputSchema: z.object({ olderThanDays: z.number() }),
  outputSchema: z.object({ deleted: z.number() }),
})
  .then(
    createStep({
      id: 'delete-records',
      inputSchema: z.object({ olderThanDays: z.number() }),
      outputSchema: z.object({ deleted: z.number() }),
      suspendSchema: z.object({ message: z.string() }),
      resumeSchema: z.object({ confirmed: z.boolean() }),
      execute: async ({ inputData, resumeData, suspend }) => {
        if (resumeData === undefined)
          return suspend({ message: `Delete what is older than ${inputData.olderThanDays} days?` })
        return { deleted: resumeData.confirmed ? 12 : 0 }
      },
    }),
  )
  .commit()

export const weatherTool = createTool({
  id: 'weather-tool',
  description:
    'Retrieves current weather information. Accepts a city or location name and returns a short weather summary.',
  inputSchema: z.object({ location: z.string() }),
  outputSchema: z.object({ weather: z.string() }),
  execute: async ({ location }) => ({ weather: `${location}: rain` }),
})

export const publishTool = createTool({
  id: 'publish-tool',
  description: 'Publishes a report under a title.',
  inputSchema: z.object({ title: z.string() }),
  outputSchema: z.object({ url: z.string() }),
  requireApproval: true,
  execute: async ({ title }) => ({ url: `https://example.com/${title}` }),
})

export const routingAgent = new Agent({
  id: 'routing-agent',
  name: 'Routing Agent',
  instructions: `
      You are a network of writers and researchers. The user will ask you to research a topic. Always respond with a complete report—no bullet points. Write in full paragraphs, like a blog post. Do not answer with incomplete or uncertain information.`,
  model: scriptedModel({ answer }),
  agents: {
    researchAgent,
    writingAgent,
  },
  workflows: {
    cityWorkflow,
    cleanupWorkflow,
  },
  tools: {
    weatherTool,
    publishTool,
  },
  memory: new Memory({
    storage: new SQLiteStore({
      id: 'network-storage',
      url: 'file:./aquifer.db',
    }),
  }),
})
