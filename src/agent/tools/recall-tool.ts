/** The tool with which an agent looks up earlier messages. */
import type { ToolSet } from 'ai'
import { z } from 'zod'
import type { RecordKind } from '../../domain/index/word-segment.ts'
import { fenced } from '../../recall/fence.ts'
import { internal, type MemoryScope, orRefusal } from './memory-scope.ts'
import { createTool } from './tool.ts'

const mostItems = 100

const inputSchema = z.object({
  query: z.string().regex(/\S/, 'Say what to look for.').describe('What to look for, as a question or in a few words.'),
  topK: z.int().min(1).max(mostItems).nullable().optional().describe('How much to find at most.'),
})

/** `recall`, if semantic recall is set explicitly. */
export function recallTool({ space, threadId, behaviour }: MemoryScope): ToolSet {
  const { semanticRecall, facts } = behaviour
  if (semanticRecall === null || !semanticRecall.isNamed) return {}
  const { scope, ...options } = semanticRecall.options
  const inThread = scope === 'thread' ? { threadId } : {}
  const kinds: readonly RecordKind[] = facts ? ['message', 'fact'] : ['message']
  const recall = createTool({
    id: 'recall',
    description:
      'Searches what was said earlier, in this conversation and in others with the same user. Use it when you miss something.',
    inputSchema,
    metadata: internal,
    execute: ({ query, topK }) =>
      orRefusal(async () => {
        const most = topK ?? options.topK
        const { items } = await space.recall({ question: query, kinds, ...inThread, ...options, topK: most })
        return items.length === 0 ? 'Nothing was found.' : fenced(items)
      }),
  })
  return { recall }
}
