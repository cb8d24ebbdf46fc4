/** The tool with which an agent looks up earlier messages, and reads large results of tools to their end. */
import type { Tool, ToolSet } from 'ai'
import { z } from 'zod'
import type { RecordKind } from '../../domain/index/word-segment.ts'
import { fenced } from '../../recall/text/fence.ts'
import { replacedAround } from './inside-turn.ts'
import { internal, isInternalTool, type MemoryScope, orRefusal, refusal } from './memory-scope.ts'
import { messagesOfNote, mostPages } from './note-messages.ts'
import { type ResultReader, readingTool } from './result-reader.ts'
import { createTool } from './tool.ts'
import { toolNamed } from './tool-set.ts'

const mostItems = 100

const reading = {
  result: z.string().describe('The name of a result of which only the beginning and the end are shown.'),
  from: z.int().min(0).nullable().optional().describe('The first character to read.'),
}

const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'Pass a day, such as 2025-05-01.')

const searching = {
  query: z
    .string()
    .regex(/\S/, 'Say what to look for.')
    .nullable()
    .optional()
    .describe('What to look for, as a question or in a few words.'),
  topK: z.int().min(1).max(mostItems).nullable().optional().describe('How much to find at most.'),
  since: day.nullable().optional().describe('Only what was said or held on this day or later.'),
  until: day.nullable().optional().describe('Only what was said or held before this day.'),
}

const ofNotes = {
  note: z
    .string()
    .regex(/\S/, 'Pass the words of a note.')
    .nullable()
    .optional()
    .describe('A note, in its own words: reads the messages that it was made of.'),
  page: z
    .int()
    .min(-mostPages)
    .max(mostPages)
    .nullable()
    .optional()
    .describe('Which of these messages: 0 the first ones, 1 the next ones, -1 those before them.'),
}

const readingFields = { result: reading.result.nullable().optional(), from: reading.from }

const readingAlone = z.object(reading)

const everything = z.object({ ...searching, ...ofNotes, ...readingFields })

/** What a search is limited to. */
type Searched = Pick<z.infer<typeof everything>, 'topK' | 'since' | 'until'>

/** What the tool can do, by the options of memory. Every field may be left out, so the form without some of them is the same type. */
function inputOf(canSearch: boolean, readsNotes: boolean): typeof everything {
  const left = z.object({ ...(canSearch ? searching : {}), ...(readsNotes ? ofNotes : {}), ...readingFields })
  return left as unknown as typeof everything
}

const searchWords =
  'Searches what was said earlier, in this conversation and in others with the same user. Use it when you miss something.'
const noteWords = 'With "note" it reads the messages that a note was made of.'
const resultWords = 'With "result" it reads a large result of a tool instead.'

/** The kinds of records that a search finds. */
function kindsOf({ facts, observationalMemory }: MemoryScope['behaviour']): readonly RecordKind[] {
  return [
    'message',
    ...(facts ? (['fact'] as const) : []),
    ...(observationalMemory === null ? [] : (['observation'] as const)),
  ]
}

/** `recall`, if semantic recall is set explicitly, or the messages behind notes may be read. */
export function recallTool({ space, threadId, behaviour, results }: MemoryScope): ToolSet {
  const { semanticRecall, observationalMemory } = behaviour
  const search = semanticRecall?.isNamed === true ? semanticRecall.options : null
  const retrieval = observationalMemory?.retrieval ?? null
  if (search === null && retrieval === null) return {}
  const find = async (question: string, { topK, since, until }: Searched) => {
    if (search === null) return refusal('This conversation cannot be searched. Pass a note.')
    const { scope, ...options } = search
    const inThread = scope === 'thread' ? { threadId } : {}
    const most = topK ?? options.topK
    const without = replacedAround(space, threadId)
    const kinds = kindsOf(behaviour)
    const from = since == null ? {} : { from: since }
    const to = until == null ? {} : { to: until }
    const asked = { question, kinds, ...inThread, ...options, topK: most, without, ...from, ...to }
    const { items } = await space.recall(asked)
    return items.length === 0 ? 'Nothing was found.' : fenced(items)
  }
  const words = [search === null ? '' : searchWords, retrieval === null ? '' : noteWords, resultWords]
  const recall = createTool({
    id: readingTool,
    description: words.filter((said) => said !== '').join(' '),
    inputSchema: inputOf(search !== null, retrieval !== null),
    readOnly: true,
    metadata: internal,
    execute: ({ query, note, page, result, from, ...searched }) =>
      orRefusal(async () => {
        if (typeof result === 'string') return results.read(result, from ?? 0)
        if (typeof note === 'string' && retrieval !== null) {
          return messagesOfNote(space, threadId, { note, page: page ?? 0, inThread: retrieval.scope === 'thread' })
        }
        if (typeof query === 'string') return find(query, searched)
        return refusal('Say what to look for, or which result to read.')
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
