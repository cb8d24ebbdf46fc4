// The check of threads is held against threads as a memory stores them, and against each fault it should find.
import { type ThreadMessageLike, threadProblems } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { openMemory } from '../memory/opened.ts'

const text = { type: 'text', text: 'Hello' }
const toolPart = (toolCallId: string, state: string) => ({ type: 'tool-weather', toolCallId, state, input: {} })

function message(id: string, turnId: string, more: Partial<ThreadMessageLike> = {}): ThreadMessageLike {
  return { id, role: 'user', parts: [text], turnId, turnStatus: 'complete', ...more }
}

function answer(turnStatus: string, ...parts: ThreadMessageLike['parts']): ThreadMessageLike {
  return message('a', 't', { role: 'assistant', turnStatus, parts })
}

describe('a thread without problems', () => {
  it('is what a memory stores', async () => {
    const memory = openMemory()
    const place = { threadId: 'support', resourceId: 'alice' }
    const call = { type: 'tool-call', toolCallId: 'call_1', toolName: 'weather', input: {} } as const
    const output = { type: 'text', value: 'Warm' } as const
    await memory.saveMessages({ ...place, messages: [{ role: 'user', content: 'Hello' }] })
    await memory.saveMessages({
      ...place,
      messages: [
        { role: 'user', content: 'How is Rome?' },
        { role: 'assistant', content: [call] },
        { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'call_1', toolName: 'weather', output }] },
      ],
    })
    const { messages } = await memory.listMessages(place)
    expect(messages).toHaveLength(3)
    expect(threadProblems(messages)).toEqual([])
    await memory.saveMessages({
      ...place,
      messages: [{ role: 'assistant', content: [{ ...call, toolCallId: 'call_2' }] }],
    })
    const { messages: more } = await memory.listMessages(place)
    expect(threadProblems(more)).toEqual([
      `message ${more.at(-1)?.id}: tool call call_2 is left at "input-available" in a turn that is complete`,
    ])
  })

  it.each(['open', 'suspended', 'interrupted'])('may have a call without an end in a turn that is %s', (turnStatus) => {
    expect(threadProblems([answer(turnStatus, toolPart('c', 'approval-requested'))])).toEqual([])
  })

  it.each(['output-available', 'output-error', 'output-denied'])('has calls that ended in %s', (state) => {
    expect(threadProblems([answer('failed', toolPart('c', state))])).toEqual([])
  })

  it('may have an answer that has said nothing yet', () => expect(threadProblems([answer('open')])).toEqual([]))

  it('may have messages of other branches under the ids of those that stand', () => {
    const waiting = message('1', 'u', { turnStatus: 'replacing' })
    expect(threadProblems([message('1', 't'), waiting])).toEqual([])
    const called = { parts: [toolPart('c', 'output-available')], role: 'assistant' }
    const replaced = message('1', 't', { ...called, replacedBy: 'u' })
    expect(threadProblems([replaced, message('1', 'u', called)])).toEqual([])
  })

  it('may be of messages without turns', () => {
    expect(threadProblems([{ id: '1', role: 'user', parts: [text] }, message('2', 't')])).toEqual([])
  })
})

describe('a thread with problems', () => {
  it.each<[string, ThreadMessageLike[]]>([
    ['message 1: there is no role "tool"', [message('1', 't', { role: 'tool' })]],
    ['message 1: has no parts', [message('1', 't', { parts: [] })]],
    [
      'message a: tool call c is left at "input-available" in a turn that is aborted',
      [answer('aborted', toolPart('c', 'input-available'))],
    ],
    [
      'message a: tool call c is left at "input-streaming" in a turn that is over',
      [{ id: 'a', role: 'assistant', parts: [{ ...toolPart('c', 'input-streaming'), type: 'dynamic-tool' }] }],
    ],
    [
      'message 1: tool call c is not in a message of the assistant',
      [message('1', 't', { parts: [toolPart('c', 'output-available')] })],
    ],
    ['message a: tool call  has no id', [answer('complete', toolPart('', 'output-available'))]],
    ['there is more than one message 1', [message('1', 't'), message('1', 't'), message('1', 't')]],
    [
      'there is more than one tool call c',
      [answer('complete', toolPart('c', 'output-error'), toolPart('c', 'output-error'))],
    ],
    ['message 3: turn t is not in one piece', [message('1', 't'), message('2', 'u'), message('3', 't')]],
    [
      'message 3: turn t is not in one piece',
      [...[message('1', 't'), { id: '2', role: 'user', parts: [text] }, message('3', 't')]],
    ],
    [
      'message 2: turn t is open here and complete before',
      [message('1', 't'), message('2', 't', { turnStatus: 'open' })],
    ],
    ['message 1: its turn t is in no named state, but "done"', [message('1', 't', { turnStatus: 'done' })]],
    ['message 1: its turn t was discarded', [message('1', 't', { turnStatus: 'discarded' })]],
  ])('is told: %s', (problem, messages) => expect(threadProblems(messages)).toEqual([problem]))
})
