// The check of prompts is held against prompts that the AI SDK makes, and against each fault it should find.
import { generateText, isStepCount, type ModelMessage, tool } from 'ai'
import {
  callTool,
  callTools,
  malformedCall,
  type PromptMessageLike,
  promptProblems,
  scriptedModel,
} from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const inputSchema = z.object({ city: z.string() })
const weather = tool({ inputSchema, execute: async () => 20 })
const guarded = tool({ inputSchema, execute: async () => 20 })
const stopWhen = isStepCount(5)

const user: PromptMessageLike = { role: 'user', content: 'How is Rome?' }
const call = (toolCallId: string, more = {}) => ({
  type: 'tool-call',
  toolCallId,
  toolName: 'weather',
  input: {},
  ...more,
})
const result = (toolCallId: string, more = {}) => ({
  ...{ type: 'tool-result', toolCallId, toolName: 'weather', output: { type: 'text', value: 'Warm' } },
  ...more,
})
const assistant = (...content: object[]): PromptMessageLike => ({ role: 'assistant', content })
const answer = (...content: object[]): PromptMessageLike => ({ role: 'tool', content })

describe('a prompt without problems', () => {
  it('is what the AI SDK makes, whatever a model does', async () => {
    const script = [
      callTools([
        { toolName: 'weather', input: { city: 'Rome' } },
        { toolName: 'weather', rawInput: '{"city"' },
      ]),
      malformedCall('weather', 'Rome', { text: 'So' }),
      callTool('whether', { city: 'Rome' }),
      'Warm',
    ]
    const model = scriptedModel({ script })
    const { response } = await generateText({ model, instructions: 'Be', prompt: 'How?', tools: { weather }, stopWhen })
    expect(model.calls.map(({ messages }) => promptProblems(messages))).toEqual([[], [], [], []])
    expect(promptProblems([user, ...response.messages])).toEqual([])
  })

  it('may end with a call that waits for an approval', async () => {
    const model = scriptedModel({ script: [callTool('guarded', { city: 'Rome' }), 'Denied'] })
    const asking = { model, tools: { guarded }, toolApproval: { guarded: 'user-approval' } } as const
    const { content, response } = await generateText({ ...asking, prompt: 'How?' })
    const request = content.find(({ type }) => type === 'tool-approval-request')
    const approvalId = (request as { approvalId: string }).approvalId
    const asked: ModelMessage[] = [{ role: 'user', content: 'How?' }, ...response.messages]
    expect(promptProblems(asked)).toEqual([])
    expect(promptProblems([...asked, user])).toEqual(['message 3 (user): comes before tool call call_1_1 has a result'])
    const denial: ModelMessage = {
      role: 'tool',
      content: [{ type: 'tool-approval-response', approvalId, approved: false }],
    }
    expect(promptProblems([...asked, denial])).toEqual([])
    await generateText({ ...asking, messages: [...asked, denial] })
    expect(promptProblems(model.calls[1]?.messages ?? [])).toEqual([])
    expect(model.calls[1]?.transcript).toContain('tool-result guarded call_1_1 denied')
  })

  it.each<[string, PromptMessageLike[]]>([
    [
      'several results in several messages',
      [user, assistant(call('a'), call('b')), answer(result('b')), answer(result('a'))],
    ],
    [
      'a call and its result again under another id',
      [...[user, assistant(call('a')), answer(result('a'))], ...[assistant(call('b')), answer(result('b')), user]],
    ],
    [
      'a tool of the provider, answered at once',
      [user, assistant(call('a', { providerExecuted: true }), result('a')), user],
    ],
    ['a tool of the provider that is at work', [user, assistant(call('a', { providerExecuted: true }))]],
    [
      'a tool of the provider, answered later',
      [...[user, assistant(call('a', { providerExecuted: true })), user, assistant(result('a')), user]],
    ],
    [
      'parts without texts',
      [
        { role: 'user', content: [{ type: 'file', mediaType: 'image/png', data: 'AQID' }] },
        assistant({ type: 'reasoning', text: '' }, { type: 'text', text: 'A dot' }),
        user,
      ],
    ],
  ])('has %s', (_, messages) => expect(promptProblems(messages)).toEqual([]))
})

describe('a prompt with problems', () => {
  it.each<[string, PromptMessageLike[]]>([
    ['the prompt has no messages besides instructions', []],
    ['the prompt has no messages besides instructions', [{ role: 'system', content: 'Be' }]],
    ['message 2 (system): comes after other messages', [user, { role: 'system', content: 'Be' }]],
    ['message 1: there is no role "data"', [{ role: 'data', content: 'a' }, user]],
    ['message 2: there is no role "constructor"', [user, { role: 'constructor', content: [] }]],
    ['message 1 (user): has no content', [{ role: 'user', content: ' \n' }]],
    ['message 1 (user): has no content', [{ role: 'user', content: [] }]],
    ['message 1 (user): has no content', [{ role: 'user', content: undefined }]],
    ['message 1 (system): its content has the wrong form', [{ role: 'system', content: [] }, user]],
    [
      'message 3 (tool): its content has the wrong form',
      [...[user, assistant(call('a')), { role: 'tool', content: 'Warm' }, answer(result('a'))]],
    ],
    [
      'message 1 (user), part 2: is a text that says nothing',
      [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: '' },
          ],
        },
      ],
    ],
    ['message 2 (assistant), part 1: a message of this role has no part "image"', [user, assistant({ type: 'image' })]],
    [
      'message 1 (user), part 1: a message of this role has no part "tool-call"',
      [{ role: 'user', content: [call('a')] }],
    ],
    ['message 1 (user), part 1: a message of this role has no part null', [{ role: 'user', content: [null] }]],
    ['the prompt ends before tool call a has a result', [user, assistant(call('a'))]],
    [
      'message 4 (user): comes before tool call b has a result',
      [...[user, assistant(call('a'), call('b')), answer(result('a')), user]],
    ],
    [
      'message 3 (assistant): comes before tool call a has a result',
      [user, assistant(call('a')), assistant({ type: 'text', text: 'a' })],
    ],
    [
      'message 3 (tool), part 2: tool call a has another result',
      [...[user, assistant(call('a')), answer(result('a'), result('a'))]],
    ],
    [
      'message 3 (tool), part 1: there is no tool call b before this result',
      [...[user, assistant({ type: 'text', text: 'a' }), answer(result('b'))]],
    ],
    [
      'message 2 (tool): follows no message of the assistant',
      [{ role: 'user', content: 'a' }, answer({ type: 'tool-approval-response', approvalId: 'x', approved: true })],
    ],
    [
      'message 4 (assistant), part 1: there is another tool call a',
      [...[user, assistant(call('a')), answer(result('a')), assistant(call('a')), answer(result('a'))]],
    ],
    [
      'message 3 (tool), part 1: the result of tool call a names climate, the call weather',
      [...[user, assistant(call('a')), answer(result('a', { toolName: 'climate' }))]],
    ],
    [
      'message 3 (tool), part 1: the result of tool call a has no output',
      [...[user, assistant(call('a')), answer(result('a', { output: undefined }))]],
    ],
    [
      'message 2 (assistant), part 1: the input of tool call a is no object',
      [...[user, assistant(call('a', { input: '{"ci' })), answer(result('a'))]],
    ],
    ['message 2 (assistant), part 1: is a tool call without an id', [user, assistant(call('')), answer(result(''))]],
    [
      'message 2 (assistant), part 1: tool call a has no name',
      [...[user, assistant(call('a', { toolName: '' })), answer(result('a', { toolName: '' }))]],
    ],
  ])('is told: %s', (problem, messages) => expect(promptProblems(messages)).toEqual([problem]))

  it('tells of a result that comes too late', () => {
    const late = [user, assistant(call('a')), assistant({ type: 'text', text: 'a' }), answer(result('a'))]
    expect(promptProblems(late)).toEqual([
      'message 3 (assistant): comes before tool call a has a result',
      'message 4 (tool), part 1: the result of tool call a comes too late',
    ])
  })
})
