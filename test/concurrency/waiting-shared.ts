// What the tests of waiting calls in several processes and their workers agree on.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { Agent, createTool, type Memory, type MessagePart, type StoredMessage, type ToolCall } from '../../src/index.ts'
import { callTools, type ModelCall, scriptedModel } from '../../src/testing/index.ts'

export const resourceId = 'alice'

/**
 * The calls of each step: tools that run at once, of which safe ones may run again, after an approval, with data that they ask
 * for, or on the client.
 */
export type Steps = readonly (readonly ('plain' | 'safe' | 'approval' | 'suspension' | 'client')[])[]

export interface CallInput {
  readonly threadId: string
  readonly step: number
  readonly place: number
}

/** A call, by its thread and its place there, whatever id it has. */
export const nameOf = ({ threadId, step, place }: CallInput) => `${threadId} ${step}.${place}`

/** Every effect so far, by the name of its call, from a file that all processes append to. */
export function effectsIn(path: string): readonly string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1)
}

interface ToolOptions {
  /** Where effects are noted. */
  readonly effects: string
  /** Called in each tool, before its effect. */
  readonly onRun?: (input: CallInput) => void
}

function toolsOf({ effects, onRun }: ToolOptions) {
  const inputSchema = z.object({ threadId: z.string(), step: z.number(), place: z.number() })
  const execute = async (input: CallInput) => {
    onRun?.(input)
    // One write below the size of a pipe's buffer, at the end of the file: no two processes mix theirs.
    appendFileSync(effects, `${nameOf(input)}\n`)
    return `did ${nameOf(input)}`
  }
  // The world knows the key of what was done: running again is the same as running once.
  const once = async (input: CallInput, { callId }: ToolCall) => {
    onRun?.(input)
    const mark = `${effects}-${encodeURIComponent(callId)}`
    if (!existsSync(mark)) {
      writeFileSync(mark, '')
      appendFileSync(effects, `${nameOf(input)}\n`)
    }
    return `did ${nameOf(input)}`
  }
  const asks = async (input: CallInput, { resumeData, suspend }: ToolCall) => {
    if (resumeData === undefined) return suspend(nameOf(input))
    if (resumeData !== nameOf(input)) throw new Error(`${nameOf(input)} got the data of ${resumeData}`)
    return execute(input)
  }
  return {
    safe: createTool({ id: 'safe', description: 'Acts.', inputSchema, execute: once, retry: 'safe' }),
    suspension: createTool({ id: 'suspension', description: 'Asks.', inputSchema, execute: asks }),
    plain: createTool({ id: 'plain', description: 'Acts.', inputSchema, execute }),
    approval: createTool({ id: 'approval', description: 'Acts.', inputSchema, execute, requireApproval: true }),
    client: createTool({ id: 'client', description: 'Asks the user.', inputSchema }),
  }
}

/** The only message that makes the model call tools. */
export const question = 'Do all of it.'

/** Each step's calls in order, and then a text. It answers by its prompt alone, so that any process can go on. */
function answerOf(steps: Steps, threadId: string, { messages, prompt }: ModelCall, newId: () => string): unknown {
  if (messages.at(-1)?.role === 'user' && prompt !== question) return 'I see.'
  const inputs = messages.flatMap(({ content }) => {
    if (typeof content === 'string') return []
    return content.flatMap((part) => (part.type === 'tool-call' ? [part.input as unknown as CallInput] : []))
  })
  const step = Math.max(-1, ...inputs.map((input) => input.step)) + 1
  const calls = steps[step]
  if (calls === undefined) return 'All is done.'
  return callTools(
    calls.map((toolName, place) => ({ toolName, toolCallId: newId(), input: { threadId, step, place } })),
    { text: 'One moment.' },
  )
}

/** The agent of a thread, as each process has it. */
export function agentOf(memory: Memory, steps: Steps, threadId: string, options: ToolOptions) {
  let ids = 0
  const newId = () => {
    ids += 1
    return `${threadId}-${process.pid}-${ids}`
  }
  const model = scriptedModel({ answer: (call) => answerOf(steps, threadId, call, newId) })
  return { agent: new Agent({ name: 'Clerk', memory, model, tools: toolsOf(options) }), model }
}

export function isWaiting({ type, state }: MessagePart): boolean {
  return state === 'approval-requested' || (type === 'tool-client' && state === 'input-available')
}

/** The answer of a thread, if there is one. */
export async function answerIn(memory: Memory, threadId: string): Promise<StoredMessage | undefined> {
  const thread = await memory.getThreadById({ resourceId, threadId })
  if (thread === null) return undefined
  const { messages } = await memory.listMessages({ resourceId, threadId, perPage: false })
  return messages.findLast(({ role }) => role === 'assistant')
}

/** What a page sends that says yes to one call of an answer. */
export function saysYes({ id, role, parts }: StoredMessage, toolCallId: unknown): never {
  const said = parts.map((part) => {
    if (part.toolCallId !== toolCallId || !isWaiting(part)) return part
    if (part.type === 'tool-client') return { ...part, state: 'output-available', output: 'told' }
    return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved: true } }
  })
  return [{ id, role, parts: said }] as never
}

/** Answers all that waits in a thread, one call after the other. */
export async function answerAll(agent: Agent, threadId: string): Promise<void> {
  const done = new Set<string>()
  for (;;) {
    const { runs } = await agent.listSuspendedRuns({ resourceId, threadId })
    const calls = runs.flatMap(({ runId, toolCalls }) => toolCalls.map((call) => ({ runId, ...call })))
    const call = calls.find(({ status }) => status === 'asked')
    if (call === undefined) return
    const { runId, toolCallId, requiresApproval, suspendPayload = 'told' } = call
    if (done.has(toolCallId)) throw new Error(`The call ${toolCallId} waits, though it was answered.`)
    done.add(toolCallId)
    if (requiresApproval) await agent.approveToolCallGenerate(toolCallId, { runId })
    else await agent.resumeGenerate(suspendPayload, { runId, toolCallId })
  }
}
