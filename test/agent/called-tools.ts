// The tools of memory, run by the AI SDK's loop for a scripted model.

import { generateText, isStepCount, type ToolSet } from 'ai'
import type { Memory, MemoryBehaviour } from 'aquifer'
import { callTool, callTools, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import type { MemoryScope } from '../../src/agent/tools/memory-scope.ts'
import { memoryTools } from '../../src/agent/tools/memory-tools.ts'
import { ResultReader } from '../../src/agent/tools/result-reader.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { agentSpace } from '../../src/memory/agent-memory.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import { mergeBehaviour } from '../../src/memory/options/behaviour.ts'

export const where = { resourceId: 'alice', threadId: 't' }

/** The tools that an agent of that id has, with what the Memory and the agent say of memory. */
export function toolsOf(memory: Memory, options: MemoryBehaviour, id = 'sales'): Promise<ToolSet> {
  const behaviour = mergeBehaviour(options)
  const own = memory.as({ kind: 'agent', id })
  const space = agentSpace(resourceSpace(coreOf(own), where.resourceId))
  const results = new ResultReader(space, where.threadId)
  const scope: MemoryScope = { memory: own, space, threadId: where.threadId, behaviour, results, shared: null }
  return memoryTools(scope)
}

interface Part {
  readonly type: string
  readonly toolName?: string
  readonly output?: unknown
  readonly error?: unknown
  readonly toolMetadata?: unknown
}

export interface Called {
  readonly parts: readonly Part[]
  /** What the tools answered, in order. */
  readonly outputs: readonly unknown[]
  readonly model: ScriptedModel
}

/** Lets a model call tools, one list of calls after the other; a function makes an input of the last answer. */
export async function callAll(
  tools: ToolSet,
  ...steps: readonly (readonly [tool: string, input: object | ((last: never) => object)][] | [string, object])[]
): Promise<Called> {
  const outputs: unknown[] = []
  const script = steps.map((step) => () => {
    const calls = (typeof step[0] === 'string' ? [step] : step) as [string, object | ((last: unknown) => object)][]
    const made = calls.map(([toolName, input]) => {
      return { toolName, input: typeof input === 'function' ? input(outputs.at(-1)) : input }
    })
    return made.length === 1 && made[0] !== undefined ? callTool(made[0].toolName, made[0].input) : callTools(made)
  })
  const model = scriptedModel({ script: [...script, 'done'] })
  const found = await generateText({
    model,
    tools,
    prompt: 'Go on.',
    stopWhen: isStepCount(steps.length + 1),
    onStepFinish: ({ content }) => {
      for (const part of content) if (part.type === 'tool-result') outputs.push(part.output)
    },
  })
  return { parts: found.steps.flatMap(({ content }) => content as readonly Part[]), outputs, model }
}

/** Calls one tool once; answers what it answered. */
export async function callOnce(tools: ToolSet, tool: string, input: object): Promise<unknown> {
  return (await callAll(tools, [tool, input])).outputs[0]
}
