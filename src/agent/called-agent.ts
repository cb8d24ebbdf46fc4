/** Agents as their calls see them, by the object that an application holds: for the rooms that call agents in their own way. */
import { invariant } from '../domain/error.ts'
import type { CalledAgent } from './call.ts'

const agents = new WeakMap<object, () => CalledAgent>()

/** Notes an agent, and how its calls see it. */
export function registerAgent(agent: object, called: () => CalledAgent): void {
  agents.set(agent, called)
}

/** Whether a value is an agent. */
export function isCallable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && agents.has(value)
}

/**
 * An agent as its calls see it.
 *
 * @throws MemoryError `bug` for anything that is no agent.
 */
export function calledAgentOf(agent: object): CalledAgent {
  const called = agents.get(agent)
  invariant(called !== undefined, 'every agent is noted when it is made')
  return called()
}
