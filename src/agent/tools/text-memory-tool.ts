/** The tool that writes working memory kept as text: whole texts, made from the version that the model was shown. */

import type { ToolSet } from 'ai'
import { z } from 'zod'
import { objectOfText } from '../../domain/json.ts'
import { jsonLines } from '../../domain/json-lines.ts'
import type { AgentBlock } from '../../ports/agent-memory.ts'
import { internal, orRefusal, proposedAnswer, refusal } from './memory-scope.ts'
import type { OwnWorkingMemory } from './own-working-memory.ts'
import { createTool } from './tool.ts'

const textInput = z.object({
  text: z.string().describe('All of working memory, with your changes.'),
  version: z
    .preprocess(
      (given) => (typeof given === 'string' ? (/^\d+$/.test(given) ? Number(given) : null) : given),
      z.int().nullable(),
    )
    .optional()
    .describe('The version that you were shown; leave it out if there was none.'),
})

/**
 * The last write of this tool. In a later step the model knows that text, even if it still names the version before.
 */
interface OwnWrite {
  readonly version: number
  /** Whether it is stored as the model wrote it, without lines of others. */
  readonly isVerbatim: boolean
  /** How many messages the model had seen: calls of one step do not see each other's results. */
  readonly seen: number
}

/** What the model is shown: JSON as lines if there is a template, which means text; otherwise as JSON. */
function standing({ template }: OwnWorkingMemory, block: AgentBlock | null) {
  const value = block?.value ?? template ?? ''
  const isLines = typeof value === 'string' || template !== null
  return { text: isLines ? jsonLines(value) : JSON.stringify(value), version: block?.version ?? null }
}

function textConflict(own: OwnWorkingMemory, block: AgentBlock | null) {
  const note =
    'Not written: it changed since that version. Put your change into this text and send it with this version.'
  return { status: 'conflict', note, ...standing(own, block) } as const
}

/** Without a template the form of a block stays: what is kept as JSON is written whole, as the JSON text of an object. */
async function writeFreely(own: OwnWorkingMemory, text: string, version: number | null) {
  if (own.template !== null) return null
  const block = await own.memory().read()
  if (block?.format !== 'json') return null
  const object = objectOfText(text)
  if (object === null) {
    const reason = 'Working memory is kept as JSON here. Send all of it as the text of one JSON object.'
    return { ...refusal(reason), ...standing(own, block) }
  }
  const expected = version === null ? ({ ifAbsent: true } as const) : { ifVersion: version }
  const result = await own.memory().write(object, { ...expected, mode: 'replace' })
  if (result.status === 'conflict') return textConflict(own, result.current)
  if (result.status === 'proposed') return proposedAnswer(result)
  return { status: 'written', version: result.version } as const
}

export function textTool(own: OwnWorkingMemory): ToolSet[string] {
  const { template } = own
  let last: OwnWrite | null = null

  async function write(text: string, version: number | null, seen: number) {
    const memory = own.memory()
    const isBefore = last !== null && last.seen !== seen && (version ?? 0) < last.version
    if (isBefore && last?.isVerbatim === false) return textConflict(own, await memory.read())
    const from = isBefore && last !== null ? last.version : version
    const free = await writeFreely(own, text, from)
    if (free !== null) {
      if (free.status === 'written') last = { version: free.version, isVerbatim: true, seen }
      return free
    }
    const expected = from === null ? ({ ifAbsent: true } as const) : { ifVersion: from }
    const result = await memory.write(text, expected)
    if (result.status === 'conflict') return textConflict(own, result.current)
    if (result.status === 'proposed') return proposedAnswer(result)
    last = { version: result.version, isVerbatim: result.value === text, seen }
    if (last.isVerbatim) return { status: 'written', version: result.version } as const
    const note = 'Others wrote in between. This is the text as it stands now.'
    return { status: 'written', version: result.version, note, text: result.value } as const
  }

  return createTool({
    id: 'updateWorkingMemory',
    description:
      'Keeps working memory up to date: what you learn and will need later. Send the whole text, with everything in it that still holds.',
    inputSchema: textInput,
    metadata: internal,
    execute: ({ text, version = null }, { messages }) =>
      orRefusal(async () => {
        const block = template !== null && text.trim() === template.trim() ? await own.memory().read() : null
        if (block !== null && block.value !== '' && standing(own, block).text.trim() !== template?.trim()) {
          const reason =
            'That is the empty template: it would forget all that is known. Send the whole text, filled in.'
          return { ...refusal(reason), ...standing(own, block) }
        }
        // A version below 1 is how some models say that there was none.
        return write(text, version === null || version < 1 ? null : version, messages.length)
      }),
  })
}
