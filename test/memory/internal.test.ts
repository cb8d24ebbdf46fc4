// Calls of memory's own tools: kept in their turn, out of sight unless asked for.
import { convertToModelMessages, type UIMessage } from 'ai'
import type { Memory } from 'aquifer'
import { beforeEach, describe, expect, it } from 'vitest'
import { openMemory, textsOf } from './opened.ts'

const where = { resourceId: 'alice', threadId: 't' }
let memory: Memory

const ownCall = {
  type: 'tool-updateWorkingMemory',
  toolCallId: 'own',
  state: 'output-available',
  input: { memory: 'platypus' },
  output: 'platypus',
  toolMetadata: { aquifer: { internal: true } },
} as const
const otherCall = {
  ...ownCall,
  type: 'tool-weather',
  toolCallId: 'other',
  input: 'wombat',
  output: 1,
  toolMetadata: { app: 1 },
}
const begin = { type: 'step-start' } as const
const text = (words: string) => ({ type: 'text', text: words }) as const

beforeEach(async () => {
  memory = openMemory()
  const answer = { id: 'answer', role: 'assistant', parts: [begin, ownCall, begin, otherCall, text('koala')] } as const
  const unseen = { id: 'unseen', role: 'assistant', parts: [begin, ownCall] } as const
  await memory.saveMessages({ ...where, messages: ['hello', answer] })
  await memory.saveMessages({ ...where, messages: [unseen, 'bye'] })
})

describe("calls of memory's own tools", () => {
  it('are left out of pages, and so are messages that hold nothing else', async () => {
    const { messages } = await memory.listMessages(where)
    expect(textsOf(messages)).toEqual(['hello', '[step-start][step-start][tool-weather]koala', 'bye'])
    expect(textsOf((await memory.listMessages({ ...where, last: 2 })).messages)).toEqual([
      '[step-start][step-start][tool-weather]koala',
      'bye',
    ])
    const near = [{ id: 'unseen' }, { id: 'answer', withNextMessages: 1 }]
    const included = await memory.listMessages({ ...where, perPage: 1, include: near })
    expect(included.messages.map(({ id }) => id)).toEqual([messages[0]?.id, 'answer', messages[2]?.id])
  })

  it('are shown where they are asked for', async () => {
    const { messages } = await memory.listMessages({ ...where, includeInternal: true })
    expect(messages.map(({ parts }) => parts.length)).toEqual([1, 5, 2, 1])
    expect(messages[1]?.parts[1]).toEqual(ownCall)
    expect(await memory.recall({ ...where, last: 2, includeInternal: true })).toMatchObject({
      messages: [{ id: 'unseen' }, {}],
    })
  })

  it('are nothing to be found by, and come along only with what was found', async () => {
    const find = async (query: string, includeInternal?: boolean) => {
      const options = includeInternal === undefined ? {} : { includeInternal }
      const { items } = await memory.recall({ resourceId: 'alice', query, mode: 'keyword', ...options })
      return items[0]?.message?.parts.length
    }
    expect(await find('wombat')).toBe(4)
    expect(await find('koala', true)).toBe(5)
    expect((await memory.recall({ resourceId: 'alice', query: 'koala' })).items[0]?.text).not.toContain('platypus')
    const found = await memory.recall({
      resourceId: 'alice',
      query: 'platypus',
      mode: 'keyword',
      includeInternal: true,
    })
    expect(found.trace.items.filter(({ scores }) => (scores.keyword ?? 0) > 0)).toEqual([])
  })

  it('are no less a part of what a client may pass on to the SDK', async () => {
    const messages: UIMessage[] = (await memory.listMessages(where)).messages
    expect((await convertToModelMessages(messages)).map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'user',
    ])
  })
})
