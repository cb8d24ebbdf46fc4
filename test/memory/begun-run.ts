// A run of an agent at work in a turn, as agents begin it through the port of a memory.
import type { Memory } from 'aquifer'
import type { Change } from '../../src/domain/commit/commit.ts'
import { runIdOf } from '../../src/domain/id.ts'
import { type AgentMemory, type AgentSpace, type AgentTurn, usableMemory } from '../../src/ports/agent-memory.ts'

export const bot = { kind: 'agent', id: 'bot' } as const
export const ada = { kind: 'user', id: 'ada' } as const

export async function portOf(memory: Memory): Promise<AgentMemory> {
  const usable = usableMemory(memory)
  if (usable === null) throw new Error('a memory is usable')
  return usable.open()
}

interface Begun {
  readonly space: AgentSpace
  readonly turn: AgentTurn
  readonly runId: string
  put(path: string, more?: object): Change
}

/** A turn of a run in a thread of a resource, with an answer that may hold calls. */
export async function begun(port: AgentMemory, resourceId = 'alice', threadId = 't'): Promise<Begun> {
  const space = port.space(bot, resourceId)
  const unique = space.newRunId()
  const run: Change = { kind: 'run-put', unique, name: 'bot', threadId, opened: 0, status: 'running' }
  const messages = [{ role: 'assistant' as const, parts: [{ type: 'text', text: 'Paying.' }] }]
  const said: Change = { kind: 'message-append', threadId, opened: 0, messages }
  const request = { threadId, runId: unique, resumes: null, replaces: [], before: [], changes: [said, run] }
  const turn = await space.begin(request, true)
  const runId = runIdOf(turn.spaceKey, unique)
  const put = (path: string, more: object = {}): Change => {
    const asked = { tool: 'pay', stepKind: 'approval', status: 'asked', input: { sum: 1 } } as const
    return { kind: 'step-put', runId, threadId, messageId: turn.messageId(0), path, ...asked, ...more }
  }
  return { space, turn, runId, put }
}

export const decide = (runId: string, path: string, approved = true): Change => {
  return { kind: 'step-patch', runId, path, status: 'decided', decision: { approved } }
}
