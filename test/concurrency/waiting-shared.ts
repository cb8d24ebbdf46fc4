// What the tests of waiting calls in several processes and their workers agree on.
import { appendFileSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { Agent, createTool, type Memory, type MessagePart, type StoredMessage } from '../../src/index.ts'
import { callTools, type ModelCall, scriptedModel } from '../../src/testing/index.ts'

export const resourceId = 'alice'

/** The calls of each step: tools that run at once, after an approval, or on the client. */
export type Steps = readonly (readonly ('plain' | 'approval' | 'client')[])[]

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
  return {
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
export async function answerAll(memory: Memory, agent: Agent, threadId: string): Promise<void> {
  const asked = new Set<unknown>()
  for (;;) {
    const answer = await answerIn(memory, threadId)
    const part = answer?.turnStatus === 'suspended' ? answer.parts.find(isWaiting) : undefined
    if (answer === undefined || part === undefined) return
    if (asked.has(part.toolCallId)) throw new Error(`The call ${part.toolCallId} waits, though it was answered.`)
    asked.add(part.toolCallId)
    await agent.generate(saysYes(answer, part.toolCallId), { resourceId, threadId })
  }
}
