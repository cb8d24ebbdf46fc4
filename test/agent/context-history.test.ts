// History in a prompt: whole exchanges, of turns that ended well or badly, in a form that every provider takes.
import type { Memory } from 'aquifer'
import { promptProblems } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import type { MessagePart } from '../../src/domain/records/message.ts'
import { hour, ManualClock, openMemory } from '../memory/opened.ts'
import {
  assemble,
  closeTurn,
  messagesOf,
  openTurn,
  promptOf,
  sales,
  saveTurn,
  support,
  text,
  threadId,
  toolPart,
  userSays,
  where,
} from './context-scene.ts'

const stepStart = { type: 'step-start' }
const noRecall = { semanticRecall: false as const }

/** A call that has no result yet. */
function calledPart(toolCallId: string, more: Partial<MessagePart>): MessagePart {
  const { output: _, ...call } = toolPart(toolCallId)
  return { ...call, type: 'tool-lookup', ...more }
}

/** The prompt of a resumed turn. */
async function resumed(memory: Memory, ownTurnId: string, said: string | [] = []): Promise<string> {
  return promptOf(await assemble(memory, said, { ownTurnId, behaviour: noRecall }))
}

describe('where history begins', () => {
  it('is a question, not the answer that lost it', async () => {
    const memory = openMemory()
    for (const number of [1, 2, 3]) await saveTurn(memory, support, `Question ${number}`, `Answer ${number}`)
    const seen = async (lastMessages: number) =>
      (await messagesOf(memory, 'Hello', { behaviour: { lastMessages } })).match(/(Question|Answer) \d/g)
    expect(await seen(4)).toEqual(['Question 2', 'Answer 2', 'Question 3', 'Answer 3'])
    expect(await seen(3)).toEqual(['Question 3', 'Answer 3'])
    expect(await seen(2)).toEqual(['Question 3', 'Answer 3'])
  })

  it('is an answer only where nothing else would be left, or nobody asked; then a user speaks first all the same', async () => {
    const memory = openMemory()
    await saveTurn(memory, support, 'Question', 'Answer')
    expect(await messagesOf(memory, 'Hello', { behaviour: { lastMessages: 1 } })).toBe(`user
  [The conversation so far]

assistant
  Answer

user
  Hello`)
    const greeted = openMemory()
    await greeted.as(support).saveMessages({ ...where, messages: [{ role: 'assistant', content: 'Welcome!' }] })
    expect(await messagesOf(greeted, 'Hello')).toContain('assistant\n  Welcome!')
  })
})

describe('a turn that did not end well', () => {
  const partial = [
    stepStart,
    text('I look it up.'),
    toolPart('c1'),
    stepStart,
    text('Now the other one.'),
    calledPart('c2', { state: 'input-available' }),
  ]

  it.each(['suspended', 'interrupted', 'aborted', 'failed'] as const)(
    '(%s) is seen up to its last complete call',
    async (status) => {
      const memory = openMemory()
      await saveTurn(memory, support, 'Where is it?', partial, status)
      expect(await messagesOf(memory, 'Hello')).toBe(`user
  Where is it?

assistant
  I look it up.

tool-call lookup c1
  {"id":7}

tool-result lookup c1
  {"status":"late"}

user
  Hello`)
    },
  )

  it('is seen as a question without an answer if nothing was completed', async () => {
    const memory = openMemory()
    const parts = [text('I look it up.'), calledPart('c1', { state: 'approval-requested', approval: { id: 'a' } })]
    await saveTurn(memory, support, 'Where is it?', parts, 'suspended')
    expect(await messagesOf(memory, 'Hello')).toBe('user\n  Where is it?\n\nuser\n  Hello')
  })

  it('keeps the text it was stopped in, so that one can ask to go on', async () => {
    const memory = openMemory()
    await saveTurn(memory, support, 'Tell me all', [toolPart('c1'), text('First of all')], 'aborted')
    expect(await messagesOf(memory, 'Go on')).toContain('assistant\n  First of all')
  })

  it('is left out with all it holds once it is replaced or discarded', async () => {
    const memory = openMemory()
    const old = await saveTurn(memory, support, 'Wrong question', 'Wrong answer')
    const space = memory.as(support).space('resource/alice')
    const open = { kind: 'turn-open' as const, threadId, replaces: [old] }
    const replaced = await space.commit([open, { kind: 'turn-close', threadId, opened: 0, status: 'complete' }])
    expect(replaced.status).toBe('committed')
    const discarded = await openTurn(memory, support, ['Secret'])
    await space.commit([{ kind: 'turn-discard', threadId, turnId: discarded }])
    expect(await messagesOf(memory, 'Hello')).toBe('user\n  Hello')
  })
})

describe('an open turn', () => {
  it('of somebody else is left out, however long it is, and does not count', async () => {
    const memory = openMemory()
    await saveTurn(memory, support, 'Question', 'Answer')
    await openTurn(
      memory,
      sales,
      Array.from({ length: 40 }, (_, at) => `Still open ${at}`),
    )
    const prompt = await messagesOf(memory, 'Hello', { behaviour: { lastMessages: 2 } })
    expect(prompt).toBe('user\n  Question\n\nassistant\n  Answer\n\nuser\n  Hello')
  })

  it('of somebody who is gone counts as interrupted', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    await openTurn(memory, sales, ['Where is it?', { role: 'assistant', parts: [toolPart('c1'), text('Here')] }])
    expect(await messagesOf(memory, 'Hello')).toBe('user\n  Hello')
    clock.pass(2 * hour)
    expect(await messagesOf(memory, 'Hello')).toContain('tool-result lookup c1')
    const { messages } = await memory.listMessages(where)
    expect(messages.map(({ turnStatus }) => turnStatus)).toEqual(['interrupted', 'interrupted'])
  })

  it('of this call is shown once, stored or not', async () => {
    const memory = openMemory()
    await saveTurn(memory, support, 'Yes', 'Sure')
    const ownTurnId = await openTurn(memory, support, ['Yes', { id: 'm2', role: 'user', content: 'No' }])
    const said = [userSays('Yes'), { ...userSays('No'), id: 'm2' }, userSays('Yes'), userSays('Both')]
    const { messages, seen } = await assemble(memory, said, { ownTurnId, behaviour: noRecall })
    const texts = messages.map(({ content }) => (content as { text: string }[])[0]?.text)
    expect(texts).toEqual(['Yes', 'Sure', 'Yes', 'No', 'Yes', 'Both'])
    expect(seen.messages.at(-1)?.id).toBe('m2')
    expect(seen.messages).toHaveLength(4)
  })

  it('never shows a message twice that comes again with its id', async () => {
    const memory = openMemory()
    await memory.saveMessages({ ...where, messages: [{ id: 'm1', role: 'user', content: 'Old' }, 'Newer'] })
    const { messages } = await assemble(memory, [{ ...userSays('Old'), id: 'm1' }], { behaviour: noRecall })
    expect(JSON.stringify(messages).match(/Old|Newer/g)).toEqual(['Newer', 'Old'])
  })
})

/** The id of the answer in a turn. */
async function answerOf(memory: Memory, turnId: string): Promise<string> {
  const { messages } = await memory.listMessages(where)
  return String(messages.find((message) => message.turnId === turnId && message.role === 'assistant')?.id)
}

describe('a resumed turn', () => {
  const reasoning = { type: 'reasoning', text: 'Let me see', providerMetadata: { acme: { id: 'r1' } } }
  const internal = { toolMetadata: { aquifer: { internal: true } } }
  const firstStep = [stepStart, reasoning, toolPart('c1', internal), toolPart('c2')]
  const answer = { id: 'answer', role: 'assistant', parts: firstStep } as const

  it('has its own steps as they were, last, also if the thread went on meanwhile', async () => {
    const memory = openMemory()
    const ownTurnId = await openTurn(memory, support, ['Where is it?', answer])
    for (let number = 0; number < 30; number++) await saveTurn(memory, sales, `Question ${number}`, 'Answer')
    const context = await assemble(memory, [], { ownTurnId, behaviour: { ...noRecall, lastMessages: 2 } })
    expect(await promptOf(context)).toBe(`user
  Question 29

assistant
  [from agent Sales Specialist]
  Answer

user
  Where is it?

assistant reasoning
  Let me see

tool-call lookup c1
  {"id":7}

tool-call lookup c2
  {"id":7}

tool-result lookup c1
  {"status":"late"}

tool-result lookup c2
  {"status":"late"}`)
    expect(context.seen.messages).toHaveLength(4)
    expect(JSON.stringify(context.messages)).toContain('"r1"')
  })

  it('leaves reasoning and memory tools behind once it is history', async () => {
    const memory = openMemory()
    await saveTurn(memory, support, 'Where is it?', [...firstStep, stepStart, text('Late.')])
    expect(await messagesOf(memory, 'Hello')).toBe(`user
  Where is it?

tool-call lookup c2
  {"id":7}

tool-result lookup c2
  {"status":"late"}

assistant
  Late.

user
  Hello`)
  })

  it('waits at its end for a call that was approved, and nowhere else', async () => {
    const memory = openMemory()
    const approved = calledPart('c3', { state: 'approval-responded', approval: { id: 'a', approved: true } })
    const parts = [...firstStep, stepStart, approved]
    const own = await openTurn(memory, support, ['Where is it?', { role: 'assistant', parts }])
    const goesOnWith = await answerOf(memory, own)
    const context = await assemble(memory, [], { ownTurnId: own, goesOnWith, behaviour: noRecall })
    const last = context.messages.slice(-2)
    expect(last.map(({ role }) => role)).toEqual(['assistant', 'tool'])
    expect(JSON.stringify(last[0])).toContain('"tool-approval-request"')
    expect(JSON.stringify(last[1])).toContain('"tool-approval-response"')
    expect(await resumed(memory, own, 'Never mind')).not.toContain('c3')
    // Nor where the call does not go on with this answer.
    const other = await assemble(memory, [], { ownTurnId: own, behaviour: noRecall })
    expect(JSON.stringify(other.messages)).not.toContain('c3')
  })

  it('runs an approved call in its last step, whatever was said beside it, and in no earlier one', async () => {
    const memory = openMemory()
    const approved = calledPart('c3', { state: 'approval-responded', approval: { id: 'a', approved: true } })
    const rolesAfter = async (...behind: MessagePart[]) => {
      const parts = [...firstStep, stepStart, approved, ...behind]
      const ownTurnId = await openTurn(memory, support, ['Where is it?', { role: 'assistant', parts }])
      const goesOnWith = await answerOf(memory, ownTurnId)
      const { messages } = await assemble(memory, [], { ownTurnId, goesOnWith, behaviour: noRecall })
      expect(promptProblems(messages)).toEqual([])
      return { runs: JSON.stringify(messages).includes('"tool-approval-response"'), last: messages.at(-1)?.role }
    }
    const runs = { runs: true, last: 'tool' }
    const isCut = { runs: false, last: 'tool' }
    expect(await rolesAfter()).toEqual(runs)
    expect(await rolesAfter(text('I wait.'), toolPart('c4'))).toEqual(runs)
    expect(await rolesAfter(stepStart, text(' '))).toEqual(runs)
    expect(await rolesAfter(stepStart, text('Done'))).toEqual(isCut)
    expect(await rolesAfter(stepStart, toolPart('c4'))).toEqual(isCut)
    const ownTurnId = await openTurn(memory, support, ['Where is it?', { role: 'assistant', parts: [approved] }])
    const goesOnWith = await answerOf(memory, ownTurnId)
    const prompt = await promptOf(await assemble(memory, [], { ownTurnId, goesOnWith, behaviour: noRecall, tools: {} }))
    expect(prompt).toBe('user\n  Where is it?')
  })

  it('tells the model that a call was refused', async () => {
    const memory = openMemory()
    const approval = { id: 'a', approved: false, reason: 'Too dear' }
    const parts = [calledPart('c3', { state: 'approval-responded', approval })]
    const own = await openTurn(memory, support, ['Where is it?', { role: 'assistant', parts }])
    expect(await resumed(memory, own)).toContain('tool-result lookup c3 denied\n  Too dear')
    await closeTurn(memory, support, own)
    expect(await messagesOf(memory, 'Hello')).toContain('tool-result lookup c3 failed\n  Too dear')
  })

  it('is cut where its process died, and goes on from there', async () => {
    const memory = openMemory()
    const half = calledPart('c4', { state: 'input-streaming' })
    const parts = [...firstStep, stepStart, text('Another'), half]
    const own = await openTurn(memory, support, ['Where is it?', { role: 'assistant', parts }])
    const prompt = await resumed(memory, own)
    expect(prompt).not.toMatch(/c4|Another/)
    expect(prompt.endsWith('tool-result lookup c2\n  {"status":"late"}')).toBe(true)
  })

  it('is its question alone where only a thought was kept', async () => {
    const memory = openMemory()
    const own = await openTurn(memory, support, ['Where is it?', { role: 'assistant', parts: [stepStart, reasoning] }])
    expect(await resumed(memory, own)).toBe('user\n  Where is it?')
  })

  it('keeps what a user said between two of its steps', async () => {
    const memory = openMemory()
    const steering = { type: 'steering-message', parts: [text('Be quick'), { type: 'data-x', data: 1 }] }
    const parts = [...firstStep, steering, stepStart, toolPart('c3')]
    const own = await openTurn(memory, support, ['Where is it?', { role: 'assistant', parts }])
    const steps = /tool-result lookup c2\n.*\n\nuser\n {2}Be quick\n\ntool-call lookup c3/
    expect(await resumed(memory, own)).toMatch(steps)
    await closeTurn(memory, support, own)
    expect(await messagesOf(memory, 'Hello')).toMatch(steps)
  })

  it('lets a user speak last where it stopped after a text', async () => {
    const memory = openMemory()
    const own = await openTurn(memory, support, ['Where is it?', { role: 'assistant', parts: [text('It is')] }])
    expect(await resumed(memory, own)).toBe(`user
  Where is it?

assistant
  It is

user
  [Go on from here]`)
  })
})

describe('broken content', () => {
  const image = { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AAAA', filename: 'a.png' }

  /** What is left of an answer of an earlier turn, between its question and the next. */
  async function leftOf(parts: readonly MessagePart[], role: 'assistant' | 'user' = 'assistant'): Promise<string> {
    const memory = openMemory()
    await memory.as(support).saveMessages({ ...where, messages: ['Before', { role, parts }, 'After'] })
    const prompt = await messagesOf(memory, 'Hello')
    return prompt.split('Before\n\n')[1]?.split('\n\nuser\n  After')[0] ?? ''
  }

  it.each<[string, MessagePart[], string]>([
    ['calls without a result', [text('A'), calledPart('c', { state: 'input-available' }), text('B')], 'A+B'],
    ['preliminary results', [text('A'), toolPart('c', { preliminary: true })], 'A'],
    ['calls without an id', [text('A'), toolPart('')], 'A'],
    ['empty texts', [text(''), text('A'), text(' \n')], 'A'],
    ['parts of other kinds', [text('A'), { type: 'data-chart', data: { x: 1 } }, { type: 'nonsense' }], 'A'],
    ['sources', [text('A'), { type: 'source-url', sourceId: 's', url: 'https://a.example' }], 'A'],
    ['reasoning', [{ type: 'reasoning', text: 'Hm' }, text('A')], 'A'],
    ['tools of the provider', [toolPart('c', { providerExecuted: true }), text('A')], 'A'],
  ])('leaves out %s', async (_, parts, wanted) => {
    const left = await leftOf(parts)
    const texts = left.split('\n\n').map((block) => block.replace(/^assistant( \(same message\))?\n {2}/, ''))
    expect(texts.join('+')).toBe(wanted)
  })

  it('leaves out messages that say nothing', async () => {
    const memory = openMemory()
    const messages = [
      'Before',
      { role: 'assistant' as const, parts: [stepStart] },
      { role: 'user' as const, parts: [] },
    ]
    await memory.as(support).saveMessages({ ...where, messages })
    expect(await messagesOf(memory, 'Hello')).toBe('user\n  Before\n\nuser\n  Hello')
  })

  it.each<[string, Partial<MessagePart>, string]>([
    ['an input that is no object', { input: 'broken {' }, 'tool-call lookup c\n  {}'],
    ['no output', { output: null }, 'tool-result lookup c\n  null'],
    ['an error', { state: 'output-error', errorText: 'Down' }, 'tool-result lookup c failed\n  Down'],
    ['an error without words', { state: 'output-error' }, 'tool-result lookup c failed\n  The tool failed.'],
    ['a refusal', { state: 'output-denied' }, 'tool-result lookup c failed\n  The call was not approved.'],
    ['a name of its own', { type: 'dynamic-tool', toolName: 'find' }, 'tool-call find c\n  {"id":7}'],
  ])('shows a call with %s', async (_, more, wanted) => {
    expect(await leftOf([toolPart('c', more)])).toContain(wanted)
  })

  it.each(['user', 'assistant'] as const)(
    'hands over the files of the %s that can be read, and names the others',
    async (role) => {
      expect(await leftOf([image], role)).toBe(`${role} file\n  image/png a.png 3 bytes`)
      for (const url of ['/uploads/a.png', 'blob:https://a.example/1', 'data:', 'file:///etc/passwd']) {
        expect(await leftOf([{ ...image, url }], role)).toBe(`${role}\n  (file a.png, image/png)`)
      }
    },
  )

  it('shows calls of one id each under an id of its own, the same in the next prompt', async () => {
    const memory = openMemory()
    for (const output of ['first', 'second']) await saveTurn(memory, support, 'One', [toolPart('c', { output })])
    await saveTurn(memory, support, 'Two', [toolPart('c', { output: 'third' }), toolPart('c', { output: 'fourth' })])
    const idsIn = (prompt: string) => prompt.match(/(?<=tool-call lookup )\S+/g) ?? []
    const prompt = await messagesOf(memory, 'Hello')
    expect(prompt.match(/first|second|third|fourth/g)).toEqual(['first', 'second', 'third', 'fourth'])
    expect(new Set(idsIn(prompt)).size).toBe(4)
    expect(idsIn(prompt).at(-1)).toBe('c')
    await saveTurn(memory, support, 'Three', [toolPart('d')])
    expect(idsIn(await messagesOf(memory, 'Hello')).slice(0, 4)).toEqual(idsIn(prompt))
  })

  it('puts what is said after a result behind it', async () => {
    const left = await leftOf([text('A'), toolPart('c'), text('B')])
    expect(left.match(/^\S+( lookup)?/gm)).toEqual(['assistant', 'tool-call lookup', 'tool-result lookup', 'assistant'])
  })

  it('tells of calls in words where the request has no tools', async () => {
    const memory = openMemory()
    await saveTurn(memory, support, 'One', [toolPart('c1'), text('Done')])
    expect(await messagesOf(memory, 'Hello', { tools: {} })).toBe(`user
  One

assistant
  (called lookup with {"id":7})
  {"status":"late"}

assistant (same message)
  Done

user
  Hello`)
  })

  it('shows results as the tool wants them shown, and as they are where it cannot', async () => {
    const memory = openMemory()
    await saveTurn(memory, support, 'One', [toolPart('c1'), toolPart('c2', { output: 'old form' })])
    const toModelOutput = ({ output }: { output: unknown }) => {
      if (typeof output === 'string') throw new Error('not mine')
      return { type: 'text' as const, value: 'It is late' }
    }
    const lookup = { inputSchema: { jsonSchema: {} } as never, toModelOutput }
    await saveTurn(memory, support, 'Two', [toolPart('c3')])
    const prompt = await messagesOf(memory, 'Hello', { tools: { lookup } as never })
    expect(prompt).toContain('tool-result lookup c3\n  It is late')
    expect(prompt).toContain('tool-result lookup c2\n  old form')
  })
})
