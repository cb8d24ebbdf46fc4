/** The tool with which an agent looks up earlier messages, and reads large results of tools to their end. */
import type { Tool, ToolSet } from 'ai'
import { z } from 'zod'
import type { RecordKind } from '../../domain/index/word-segment.ts'
import { fenced } from '../../recall/text/fence.ts'
import { replacedAround } from './inside-turn.ts'
import { internal, isInternalTool, type MemoryScope, orRefusal, refusal } from './memory-scope.ts'
import { type ResultReader, readingTool } from './result-reader.ts'
import { createTool } from './tool.ts'
import { toolNamed } from './tool-set.ts'

const mostItems = 100

const reading = {
  result: z.string().describe('The name of a result of which only the beginning and the end are shown.'),
  from: z.int().min(0).nullable().optional().describe('The first character to read.'),
}

const searching = z.object({
  query: z
    .string()
    .regex(/\S/, 'Say what to look for.')
    .nullable()
    .optional()
    .describe('What to look for, as a question or in a few words.'),
  topK: z.int().min(1).max(mostItems).nullable().optional().describe('How much to find at most.'),
  result: reading.result.nullable().optional(),
  from: reading.from,
})

const readingAlone = z.object(reading)

/** `recall`, if semantic recall is set explicitly. */
export function recallTool({ space, threadId, behaviour, results }: MemoryScope): ToolSet {
  const { semanticRecall, facts } = behaviour
  if (semanticRecall === null || !semanticRecall.isNamed) return {}
  const { scope, ...options } = semanticRecall.options
  const inThread = scope === 'thread' ? { threadId } : {}
  const kinds: readonly RecordKind[] = facts ? ['message', 'fact'] : ['message']
  const recall = createTool({
    id: readingTool,
    description:
      'Searches what was said earlier, in this conversation and in others with the same user. Use it when you miss something. With "result" it reads a large result of a tool instead.',
    inputSchema: searching,
    readOnly: true,
    metadata: internal,
    execute: ({ query, topK, result, from }) =>
      orRefusal(async () => {
        if (typeof result === 'string') return results.read(result, from ?? 0)
        if (typeof query !== 'string') return refusal('Say what to look for, or which result to read.')
        const most = topK ?? options.topK
        const without = replacedAround(space, threadId)
        const { items } = await space.recall({ question: query, kinds, ...inThread, ...options, topK: most, without })
        return items.length === 0 ? 'Nothing was found.' : fenced(items)
      }),
  })
  return { [readingTool]: recall }
}

/** `recall` for reading alone. */
function resultTool(results: ResultReader): Tool {
  return createTool({
    id: readingTool,
    description: 'Reads the rest of a large result of a tool, of which only the beginning and the end are shown.',
    inputSchema: readingAlone,
    readOnly: true,
    metadata: internal,
    execute: ({ result, from }) => orRefusal(() => results.read(result, from ?? 0)),
  })
}

/**
 * The tools of a call, and one that reads large results. A call without tools gets none, because its model may know no
 * tools, and an application's own tool `recall` stays what it is.
 *
 * @param active The tools that the call lets the model see. Default: all.
 */
export function withResultTool(tools: ToolSet, results: ResultReader, active?: readonly unknown[]): ToolSet {
  const isActive = active === undefined || active.includes(readingTool)
  const own = toolNamed(tools, readingTool)
  const isAdded = own === undefined && isActive && Object.keys(tools).length > 0
  results.offer(tools, isAdded || (isActive && own !== undefined && isInternalTool(own)), isAdded)
  return isAdded ? { ...tools, [readingTool]: resultTool(results) } : tools
}
