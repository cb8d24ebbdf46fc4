// Supervisors and subagents whose models say what a test says, and what they leave in their spaces.
import { Agent, type AgentOptions, type Memory } from 'aquifer'
import { callTool, type Step, scriptedModel } from 'aquifer/testing'

export const at = { resourceId: 'ann', threadId: 't' }

/** The space of a subagent by its keys, from the outermost supervisor inwards. */
export const childOf = (...keys: string[]) => ['resource/ann', ...keys.map((key) => `agent/${key}`)].join('/')

/** A step in which a model hands a task to a subagent. */
export const asks = (key: string, prompt: string) => callTool(`agent-${key}`, { prompt })

/** A subagent that answers a script. */
export function subagent(key: string, script: readonly Step[], options: Partial<AgentOptions> = {}) {
  const model = scriptedModel({ script })
  return { agent: new Agent({ id: `${key}-id`, name: key, description: `Does ${key}.`, model, ...options }), model }
}

/** A supervisor that answers a script, with a memory unless it is null. */
export function supervisor(script: readonly Step[], memory: Memory | null, options: Partial<AgentOptions>) {
  const model = scriptedModel({ script })
  const own = memory === null ? {} : { memory }
  return { agent: new Agent({ id: 'lead', name: 'Lead', model, ...own, ...options }), model }
}

/** The threads of a space, the first one first. */
export async function threadsIn(memory: Memory, space: string) {
  const query = { orderBy: 'createdAt', direction: 'asc', archived: 'any', metadata: null } as const
  const { items } = await memory
    .space(space)
    .threads.list({ ...query, scanLimit: 1_000, limit: 100, offset: 0, after: null })
  return items
}

/** What was said in the threads of a space, thread by thread. */
export async function saidIn(memory: Memory, space: string): Promise<readonly (readonly string[])[]> {
  const said: string[][] = []
  for (const { id: threadId } of await threadsIn(memory, space)) {
    const query = { threadId, direction: 'asc', after: null, asOf: null, limit: 100, offset: 0 } as const
    const { items } = await memory.space(space).messages.list({ ...query, from: null, to: null })
    said.push(
      items.map(({ message: { role, author, parts } }) => {
        const texts = parts.flatMap(({ type, text }) => (type === 'text' ? [String(text)] : []))
        return `${role} ${author.id}: ${texts.join('')}`
      }),
    )
  }
  return said
}

/** What the record of a run tells of the work that it handed on. */
export async function handedOn(memory: Memory, runId: string | null) {
  const run = await memory.getRun(runId as string)
  return (run?.details.delegations ?? []) as readonly Readonly<Record<string, unknown>>[]
}

/** How the runs of a space stand, the first one first. */
export async function statusesIn(memory: Memory, space: string): Promise<readonly string[]> {
  const statuses = ['running', 'suspended', 'complete', 'aborted', 'failed', 'interrupted', 'discarded'] as const
  const query = {
    threadId: null,
    name: null,
    statuses: [...statuses],
    order: 'oldest',
    after: null,
    limit: 100,
  } as const
  const { items } = await memory.space(space).runs.list(query)
  return items.map(({ status }) => status)
}
