// Calls that wait for an answer, for a fixture: written once by the last version that kept no record of them, read by every later one.
import { type ToolSet, tool } from 'ai'
import { Agent, type Memory, type MessagePart } from 'aquifer'
import { callTools, scriptedModel } from 'aquifer/testing'
import { z } from 'zod'

export const resourceId = 'alice'

/** A run of a tool. */
export interface Ran {
  readonly tool: string
  readonly to: unknown
}

/** Two tools that a person has to approve, one that runs by itself, and one that the client runs. */
export function waitingTools(ran: Ran[]): ToolSet {
  const inputSchema = z.object({ to: z.string() })
  const running = (name: string, needsApproval: boolean) =>
    tool({
      description: `Does ${name}.`,
      inputSchema,
      needsApproval,
      execute: async ({ to }) => {
        ran.push({ tool: name, to })
        return `${name} ${to} is done`
      },
    })
  const tools = {
    pay: running('pay', true),
    wipe: running('wipe', true),
    look: running('look', false),
    ask: { description: 'Asks the user.', inputSchema },
  }
  // A tool without `execute` does not fit the AI SDK's own tool sets under exact optional properties.
  return tools as unknown as ToolSet
}

type Asked = readonly (readonly [tool: string, to: string])[]

/** The calls of one step, thread by thread; `answered` are answered before the file is closed. */
export interface WaitingThread {
  readonly threadId: string
  readonly calls: Asked
  readonly answered: readonly string[]
}

export const waitingThreads: readonly WaitingThread[] = [
  { threadId: 'one-approval', calls: [['pay', 'Ann']], answered: [] },
  {
    threadId: 'two-approvals',
    calls: [
      ['pay', 'Ann'],
      ['pay', 'Bob'],
    ],
    answered: [],
  },
  { threadId: 'a-client-tool', calls: [['ask', 'Ann']], answered: [] },
  {
    threadId: 'approved-in-part',
    calls: [
      ['pay', 'Ann'],
      ['wipe', 'Bob'],
    ],
    answered: ['Bob'],
  },
  {
    threadId: 'client-in-part',
    calls: [
      ['ask', 'Ann'],
      ['ask', 'Bob'],
    ],
    answered: ['Ann'],
  },
  {
    threadId: 'of-every-kind',
    calls: [
      ['look', 'Ann'],
      ['pay', 'Bob'],
      ['ask', 'Cleo'],
      ['wipe', 'Dan'],
    ],
    answered: [],
  },
]

/** The end of the answer in every thread. */
export const goingOn = 'Going on.'

/** A client's message that answers the calls of an answer to these people, and no other call. */
export function answering(parts: readonly MessagePart[], to: readonly string[], approved = true): MessagePart[] {
  return parts.map((part) => {
    const { input, state } = part
    if (!to.includes(String((input as { to?: unknown } | undefined)?.to))) return part
    if (state === 'input-available') return { ...part, state: 'output-available', output: `told ${to}` }
    if (state !== 'approval-requested') return part
    return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved } }
  })
}

/** Answers the calls of a thread to these people as a chat does. */
export async function answerAsChat(
  { agent, memory }: { readonly agent: Agent; readonly memory: Memory },
  threadId: string,
  to: readonly string[],
  approved = true,
) {
  const answer = (await memory.listMessages({ resourceId, threadId })).messages.at(-1)
  if (answer === undefined) throw new Error('Nothing is stored.')
  const { id, role, parts } = answer
  const sent = [{ id, role, parts: answering(parts, to, approved) }]
  return agent.generate(sent as never, { resourceId, threadId })
}

/** Leaves each of the threads waiting. Its calls have ids of their own: `two-approvals_1_2`. */
export async function writeWaitingThreads(memory: Memory): Promise<void> {
  for (const { threadId, calls, answered } of waitingThreads) {
    const step = callTools(
      calls.map(([toolName, to]) => ({ toolName, input: { to } })),
      { text: 'One moment.' },
    )
    const model = scriptedModel({ script: [step], toolCallPrefix: threadId })
    const agent = new Agent({ name: 'Clerk', memory, model, tools: waitingTools([]) })
    await agent.generate('Please do all of it.', { resourceId, threadId })
    for (const to of answered) await answerAsChat({ agent, memory }, threadId, [to])
  }
}

/**
 * Runs of workflows as they were put before a put took a lease, one with the name of the agent, and leases with names that are
 * those of runs by now.
 */
export async function writeOldWorkflows(memory: Memory): Promise<void> {
  const put = { kind: 'run-put', name: 'clerk', runKind: 'workflow' } as const
  await memory.space(`resource/${resourceId}`).commit([
    { ...put, unique: 'waiting', status: 'suspended', continuation: { at: 'step-2' } },
    { ...put, unique: 'working', details: { step: 1 } },
    { ...put, unique: 'ended', status: 'failed' },
    { kind: 'lease-take', name: 'run/backup', leaseMs: 60_000 },
  ])
}

/** What the public readers answer on each of the threads. */
export async function readWaitingThreads(memory: Memory): Promise<Record<string, unknown>> {
  const threads: Record<string, unknown> = {}
  for (const { threadId } of waitingThreads) {
    const { messages } = await memory.listMessages({ resourceId, threadId })
    const { runs } = await memory.listRuns({ resourceId, threadId })
    threads[threadId] = { messages, runs }
  }
  return threads
}
