// What a prompt shows of an observed thread whose messages each name a town, and what must hold of it.
import type { Memory, ObservationalMemoryOptions } from 'aquifer'
import { assembleContext } from '../../src/agent/context/context.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { agentSpace } from '../../src/memory/agent-memory.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import { mergeBehaviour } from '../../src/memory/options/behaviour.ts'
import { observedWhere, townProblems, townsIn, townsOf } from './observed-thread.ts'

/** The towns in the prompt of a call: those in notes, and those in messages. */
async function townsShown(memory: Memory, threadId: string, observationalMemory: ObservationalMemoryOptions) {
  const { messages, instructions } = await assembleContext({
    space: agentSpace(resourceSpace(coreOf(memory), observedWhere.resourceId)),
    agent: { id: 'guide' },
    threadId,
    behaviour: mergeBehaviour({ semanticRecall: false, observationalMemory: { ...observationalMemory, model: false } }),
    newMessages: [{ role: 'user', parts: [{ type: 'text', text: 'Where?' }] }],
    ownTurnId: null,
  })
  const [noted, said] = [instructions, messages].map((part) => townsIn(JSON.stringify(part ?? '')).toSorted())
  return { noted: noted ?? [], said: said ?? [] }
}

/** Each standing message is in one note, or will be observed; it is in a prompt once, and nothing else is in notes. */
export async function observedProblems(
  memory: Memory,
  threadId: string,
  options: ObservationalMemoryOptions,
): Promise<readonly string[]> {
  const prompt = await townsShown(memory, threadId, options)
  const towns = await townsOf(memory, threadId)
  const said = towns.waiting === null ? null : [...towns.waiting, ...towns.buffered].toSorted().join(' ')
  const both = prompt.noted.filter((town) => prompt.said.includes(town))
  const shown = new Set([...prompt.noted, ...prompt.said])
  // A reflection by rules may leave a town out, and an open turn hides some.
  const isWhole = towns.condensed.length === 0 && said !== null
  const missing = towns.standing.filter((town) => isWhole && !shown.has(town))
  return [
    ...townProblems(towns),
    ...(said === null || said === prompt.said.join(' ')
      ? []
      : [`the prompt says ${prompt.said.join(' ')}, not ${said}`]),
    ...both.map((town) => `${town} is in a prompt as a note and as it was said`),
    ...missing.map((town) => `${town} is not in the prompt`),
  ]
}
