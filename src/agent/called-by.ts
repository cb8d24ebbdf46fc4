/** An agent as its calls see it, made of what it was given. */
import type { Memory } from '../facade/memory.ts'
import type { CalledAgent } from './call.ts'
import type { Container } from './container/registered.ts'
import { loadDelegation, loadIterations } from './loaded.ts'
import type { AgentOptions } from './options.ts'

export function calledBy(
  { id, name }: { readonly id: string; readonly name: string },
  options: AgentOptions,
  container: Container | null,
): CalledAgent {
  return {
    id,
    name,
    options,
    defaultMemory: container?.getMemory() ?? null,
    defaultModel: null,
    work: null,
    handsOn: async (delegating) => {
      const { delegatingTools } = await loadDelegation()
      return delegatingTools(delegating)
    },
    watches: async (delegating, isNetwork) => {
      const { Iterations } = await loadIterations()
      return new Iterations(delegating, isNetwork)
    },
    bind: (memory: Memory) => {
      container?.bind(memory)
    },
    telemetry: container?.telemetry ?? null,
    log: (level, message, error) => {
      if (container === null) return console[level](message, error)
      try {
        container.logger[level](message, { agentId: id, error })
      } catch (failure) {
        // A log call in the background has no caller to tell that the logger failed.
        console[level](message, error, failure)
      }
    },
  }
}
