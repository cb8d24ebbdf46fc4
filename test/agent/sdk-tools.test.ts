// Tools run for an agent as the AI SDK runs them by itself, although each call is stored before its tool runs.
import { dynamicTool, generateText, isStepCount, streamText, type ToolSet, tool } from 'ai'
import { Agent } from 'aquifer'
import { callTool, callTools, malformedCall, type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'ann', threadId: 't' }
const inputSchema = z.object({ a: z.number() })

/** What happened, in order: what tools were called with, and what callbacks were told. */
type Happened = unknown[]

interface Case {
  readonly script: ScriptedModelOptions['script']
  readonly tools: (happened: Happened) => ToolSet
  readonly options?: object
}

const add = (happened: Happened) =>
  tool({
    inputSchema,
    contextSchema: z.object({ unit: z.string() }),
    onInputStart: ({ toolCallId }) => void happened.push(['input start', toolCallId]),
    onInputAvailable: ({ input, toolCallId }) => void happened.push(['input', input, toolCallId]),
    execute: async ({ a }, { toolCallId, context, messages, abortSignal }) => {
      happened.push(['ran', a, toolCallId, context, messages.map(({ role }) => role), abortSignal?.aborted ?? false])
      return { sum: a }
    },
  })

const plain = (happened: Happened) =>
  tool({
    inputSchema,
    execute: async ({ a }) => {
      happened.push(['ran', a])
      return a
    },
  })

const twice = (toolName: string) => callTools([1, 2].map((a) => ({ toolName, input: { a } })))

const cases: Readonly<Record<string, Case>> = {
  'two calls of one tool, with a context': {
    script: [twice('add'), 'Done.'],
    tools: (happened) => ({ add: add(happened) }),
    options: { toolsContext: { add: { unit: 'm' } } },
  },
  'one call at a time': {
    script: [twice('add'), 'Done.'],
    tools: (happened) => ({ add: plain(happened) }),
    options: { toolCallConcurrency: 1 },
  },
  'preliminary results': {
    script: [callTool('add', { a: 1 }), 'Done.'],
    tools: () => ({
      add: tool({
        inputSchema,
        async *execute({ a }) {
          yield { part: 1 }
          yield { sum: a }
        },
      }),
    }),
  },
  'a dynamic tool with an odd name': {
    script: [callTool('mcp/add it', { a: 1 }), 'Done.'],
    tools: (happened) => ({
      'mcp/add it': dynamicTool({
        inputSchema,
        execute: async (input) => {
          happened.push(['ran', input])
          return 'added'
        },
      }),
    }),
  },
  'an input that its schema refuses': {
    script: [callTool('add', { a: 'x' }), 'Done.'],
    tools: (happened) => ({ add: plain(happened) }),
  },
  'an input that is repaired': {
    script: [malformedCall('add', '{"a":'), 'Done.'],
    tools: (happened) => ({ add: plain(happened) }),
    options: {
      repairToolCall: async ({ toolCall }: { toolCall: object }) => ({ ...toolCall, input: '{"a":7}' }),
      experimental_repairToolCall: async ({ toolCall }: { toolCall: object }) => ({ ...toolCall, input: '{"a":7}' }),
    },
  },
  'a tool that fails, and one that does not': {
    script: [callTools(['bad', 'add'].map((toolName) => ({ toolName, input: { a: 1 } }))), 'Done.'],
    tools: (happened) => ({
      add: plain(happened),
      bad: tool({
        inputSchema,
        execute: async (): Promise<string> => {
          throw new Error('It fails.')
        },
      }),
    }),
  },
  'tools that a step makes active': {
    script: [callTool('add', { a: 1 }), callTool('more', { a: 2 }), 'Done.'],
    tools: (happened) => ({ add: plain(happened), more: plain(happened) }),
    options: {
      activeTools: ['add'],
      prepareStep: ({ stepNumber }: { stepNumber: number }) => (stepNumber === 1 ? { activeTools: ['more'] } : {}),
    },
  },
  'calls that toolApproval approves and denies': {
    script: [
      callTools([
        { toolName: 'add', input: { a: 1 } },
        { toolName: 'more', input: { a: 2 } },
      ]),
      'Done.',
    ],
    tools: (happened) => ({ add: plain(happened), more: plain(happened) }),
    options: { toolApproval: { add: 'approved', more: 'denied' } },
  },
  'a call that toolApproval leaves to a person': {
    script: [callTool('add', { a: 1 }), 'Done.'],
    tools: (happened) => ({ add: plain(happened) }),
    options: { toolApproval: { add: 'user-approval' } },
  },
}

interface Told {
  readonly type: string
  readonly toolCallId?: string
  readonly output?: unknown
  readonly preliminary?: boolean
}

const shown = ({ type, toolCallId, output, preliminary }: Told) => [type, toolCallId, output, preliminary]

/** Options that tell what the callbacks of tools are told. */
function observed({ options }: Case, happened: Happened) {
  return {
    ...options,
    onToolExecutionStart: ({ toolCall }: { toolCall: { toolCallId: string; input: unknown } }) => {
      happened.push(['start', toolCall.toolCallId, toolCall.input])
    },
    onToolExecutionEnd: ({ toolOutput }: { toolOutput: Told }) => void happened.push(['end', ...shown(toolOutput)]),
  }
}

/** By what it is about: what happens to calls that run at the same time has no order. */
const sorted = (happened: Happened) => happened.map((one) => JSON.stringify(one)).sort()

async function bare(way: string, of: Case) {
  const happened: Happened = []
  const model = scriptedModel({ script: of.script })
  const settings = {
    ...{ model, prompt: 'Go', tools: of.tools(happened), stopWhen: isStepCount(5) },
    ...observed(of, happened),
  } as unknown as Parameters<typeof streamText>[0] & Parameters<typeof generateText>[0]
  if (way === 'generate') {
    const { content, text } = await generateText(settings)
    return { text, parts: content.map((part) => shown(part as Told)), happened: sorted(happened) }
  }
  const result = streamText(settings)
  const parts: unknown[] = []
  for await (const part of result.stream) if (part.type.startsWith('tool-')) parts.push(shown(part as Told))
  return { text: await result.text, parts: sorted(parts), happened: sorted(happened) }
}

async function asAgent(way: string, of: Case) {
  const happened: Happened = []
  const model = scriptedModel({ script: of.script })
  const agent = new Agent({ name: 'Clerk', memory: openMemory(), model, tools: of.tools(happened) })
  const options = { ...at, ...observed(of, happened), maxSteps: 5 } as object as typeof at
  if (way === 'generate') {
    const { content, text } = await agent.generate('Go', options)
    return { text, parts: content.map((part) => shown(part as Told)), happened: sorted(happened) }
  }
  const result = await agent.stream('Go', options)
  const parts: unknown[] = []
  for await (const part of result.stream) if (part.type.startsWith('tool-')) parts.push(shown(part as Told))
  return { text: await result.text, parts: sorted(parts), happened: sorted(happened) }
}

describe.each(['generate', 'stream'])('%s', (way) => {
  it.each(Object.entries(cases))('%s', async (_, of) => {
    const expected = await bare(way, of)
    expect(await asAgent(way, of)).toEqual(expected)
  })
})
