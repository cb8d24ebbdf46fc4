// What of a call's input is new: by ids, and without them by content.
import { convertToModelMessages, type UIMessage } from 'ai'
import { describe, expect, it } from 'vitest'
import { refused } from '../memory/opened.ts'
import { assistant, expectFresh, freshTexts, openScene, user, where } from './threads.ts'

const call = (toolCallId: string, more = {}) => ({
  type: 'tool-weather',
  toolCallId,
  state: 'output-available',
  input: { city: 'Rome', days: 2 },
  output: { sun: 1 },
  ...more,
})
const text = (words: string) => ({ type: 'text', text: words })
const begin = { type: 'step-start' }

/** A thread of one question and one answer, under ids of the client's. */
async function oneTurn() {
  const scene = openScene()
  const turnId = await scene.turn([user('one', 'u1'), assistant('first', 'a1')])
  return { ...scene, turnId }
}

describe('messages with ids', () => {
  it('are history where their ids are stored, and new otherwise', async () => {
    const scene = await oneTurn()
    const history = [user('one', 'u1'), assistant('first', 'a1')]
    expectFresh(await scene.plan([...history, user('two', 'u2')]), ['two'])
    expectFresh(await scene.plan([...history, user('one', 'u2'), user('three', 'u3')]), ['one', 'three'])
    expectFresh(await scene.plan([user('one', 'u2')]), ['one'])
    expectFresh(await scene.plan(history), [])
    expectFresh(await scene.plan([user('one', 'u1')]), [])
    expectFresh(await scene.plan([assistant('first', 'a1'), user('two', 'u2')]), ['two'])
  })

  it('are found however far back they lie', async () => {
    const scene = await oneTurn()
    await scene.turn(Array.from({ length: 60 }, (_, index) => user(`more ${index}`)))
    expectFresh(await scene.plan([user('one', 'u1'), assistant('first', 'a1'), user('two', 'u2')]), ['two'])
  })

  it('are new where the id is stored in another thread', async () => {
    const scene = await oneTurn()
    const { messages } = await scene.memory.listMessages(where)
    await scene.memory.saveMessages({ ...where, threadId: 'other', messages: user('elsewhere', 'u9') })
    expectFresh(await scene.plan([...messages, user('here', 'u9')]), ['here'])
    await scene.turn(Array.from({ length: 60 }, (_, index) => user(`more ${index}`)))
    expectFresh(await scene.plan([user('here', 'u9')]), ['here'])
  })

  it('are ignored with a warning where other content is stored under their id', async () => {
    const scene = await oneTurn()
    const plan = await scene.plan([user('uno', 'u1'), assistant('prima', 'a1'), user('two', 'u2')])
    expect(freshTexts(plan)).toEqual(['two'])
    expect(plan.replaces).toEqual([])
    expect(plan.warnings).toHaveLength(2)
    expect(plan.warnings[0]).toContain('"u1"')
    expect(plan.warnings[1]).toContain('"a1"')
  })

  it('keep what a user says now under an id of another role, without that id', async () => {
    const scene = await oneTurn()
    const plan = await scene.plan([user('mine', 'a1')])
    expect(plan.fresh).toEqual([{ role: 'user', parts: [text('mine')] }])
    expect(plan.warnings).toHaveLength(1)
    expect(plan.replaces).toEqual([])
    await scene.turn([user('two', 'u2'), assistant('cut o', 'a2')], 'aborted')
    expect(freshTexts(await scene.plan([user('cut', 'a2')]))).toEqual(['cut'])
    const turned = await scene.plan([assistant('two', 'u2'), user('three', 'u3')])
    expect(freshTexts(turned)).toEqual(['three'])
    expect(turned.warnings).toHaveLength(1)
  })

  it('are stored once where one id is sent twice', async () => {
    const plan = await openScene().plan([user('one', 'x'), user('two', 'x')])
    expect(freshTexts(plan)).toEqual(['one'])
    expect(plan.warnings).toHaveLength(1)
  })

  it('are left out with a warning where an unknown one stands before a stored one', async () => {
    const scene = await oneTurn()
    const plan = await scene.plan([
      assistant('welcome', 'w'),
      user('one', 'u1'),
      assistant('first', 'a1'),
      user('two', 'u2'),
    ])
    expect(freshTexts(plan)).toEqual(['two'])
    expect(plan.warnings).toEqual(['1 message of the history is not in the thread as sent; it was left out.'])
  })

  it('do not come back once deleted or replaced, if their ids are ours', async () => {
    const scene = openScene()
    await scene.turn([user('one'), assistant('first')])
    const { messages } = await scene.memory.listMessages(where)
    const [question, answer] = messages
    await scene.memory.deleteMessages([answer?.id ?? ''])
    const plan = await scene.plan([...messages, user('two', 'u2')])
    expect(freshTexts(plan)).toEqual(['two'])
    expect(plan.warnings).toHaveLength(1)
    await scene.memory.deleteMessages([question?.id ?? ''])
    const again = await scene.plan([question])
    expect(freshTexts(again)).toEqual(['one'])
    await scene.carryOut(again)
    const ids = await scene.ids()
    expect([ids.length, ids.includes(question?.id ?? '')]).toEqual([1, false])
  })

  it('are stored once where they are said again after they are gone, however often they are sent then', async () => {
    const scene = openScene()
    await scene.turn([user('one')])
    const [question] = (await scene.memory.listMessages(where)).messages
    await scene.memory.deleteMessages([question?.id ?? ''])
    await scene.carryOut(await scene.plan([question]))
    expectFresh(await scene.plan([question]), [])
    expectFresh(await scene.plan([question, user('two', 'u2')]), ['two'])
    expect(await scene.ids()).toHaveLength(1)
    for (const [words, options] of [
      ['edited', {}],
      ['again', { messageId: String(question?.id) }],
    ] as const) {
      const plan = await scene.plan([{ ...question, parts: [{ type: 'text', text: words }] }], options)
      expect([freshTexts(plan), plan.replaces.length, plan.warnings]).toEqual([[words], 1, []])
      await scene.carryOut(plan)
      expect(await scene.ids()).toHaveLength(1)
    }
  })

  it('tell a hidden answer under a new id from a stored one by its content', async () => {
    const scene = await oneTurn()
    expectFresh(await scene.plan([user('one', 'u1'), assistant('first', 'own-id'), user('two', 'u2')]), ['two'])
  })

  it('must be ids', async () => {
    await refused('invalid-input', async () => (await oneTurn()).plan([user('x', '*')]))
  })
})

describe('messages without ids', () => {
  it('are new where there is only one, whatever was said before', async () => {
    const scene = await oneTurn()
    await scene.turn(['again'], 'failed')
    expectFresh(await scene.plan('again'), ['again'])
    expectFresh(await scene.plan(assistant('first')), ['first'])
  })

  it('are history as far as they are the end of the thread', async () => {
    const scene = await oneTurn()
    await scene.turn([user('two'), assistant('second')])
    const history = [user('one'), assistant('first'), user('two'), assistant('second')]
    expectFresh(await scene.plan([...history, user('three')]), ['three'])
    expectFresh(await scene.plan([...history.slice(2), user('three')]), ['three'])
    expectFresh(await scene.plan([...history.slice(3), user('three')]), ['three'])
    expectFresh(await scene.plan(history), [])
    expectFresh(await scene.plan([...history, ...history]), ['one', 'first', 'two', 'second'])
  })

  it('take the longest end where the conversation repeats itself', async () => {
    const scene = openScene()
    const round = [user('yes'), assistant('go on')]
    await scene.turn([...round, ...round, ...round])
    expectFresh(await scene.plan([...round, user('yes')]), ['yes'])
    expectFresh(await scene.plan([...round, ...round, ...round, user('yes')]), ['yes'])
    expectFresh(await scene.plan([...round, ...round, ...round, ...round]), ['yes', 'go on'])
  })

  it('are refused where they are another history, with the ways out', async () => {
    const scene = await oneTurn()
    for (const sent of [
      [user('uno'), assistant('prima'), user('two')],
      [user('one'), assistant('other'), user('two')],
      [assistant('one'), user('first'), user('two')],
    ]) {
      const error = await refused('conflict', () => scene.plan(sent))
      expect(error.details).toEqual({ threadId: 't', unaligned: sent.length })
      expect(error.fix).toContain('new-only')
    }
    expect(await scene.ids()).toHaveLength(2)
  })

  it('are found behind many turns that were cut off', async () => {
    const scene = await oneTurn()
    for (let index = 0; index < 30; index++) await scene.turn([user(`failing ${index}`)], 'failed')
    expectFresh(await scene.plan([user('one'), assistant('first'), user('two')]), ['two'])
  })

  it('are the same however their content is written down', async () => {
    const scene = openScene()
    const picture = { type: 'file', mediaType: 'image/png', url: 'https://example.com/a.png' }
    await scene.turn([
      { role: 'user', parts: [text('lo'), text('ok'), picture, text('')] },
      { role: 'assistant', parts: [call('c1')] },
    ])
    const input = { days: 2, city: 'Rome' }
    const sent = [
      { role: 'user', parts: [text('look'), picture] },
      { role: 'assistant', parts: [call('c1', { input })] },
    ]
    expectFresh(await scene.plan([...sent, user('two')]), ['two'])
  })

  it('tell orders apart', async () => {
    const scene = await oneTurn()
    expect((await scene.plan([assistant('first'), user('one'), user('two')])).fresh).toHaveLength(2)
  })

  it('continue any thread where only a user speaks', async () => {
    const scene = await oneTurn()
    expectFresh(await scene.plan(['two', 'three']), ['two', 'three'])
  })

  it('are an import where the thread is empty', async () => {
    const scene = openScene()
    const plan = await scene.plan([user('one'), assistant('first'), user('two')])
    expectFresh(plan, ['one', 'first', 'two'])
    await scene.carryOut(plan)
    expectFresh(await scene.plan([user('one'), assistant('first'), user('two')]), [])
  })

  it('count what was left of an answer once memory has kept to itself', async () => {
    const scene = openScene()
    const own = call('own', { type: 'tool-recall', toolMetadata: { aquifer: { internal: true } } })
    await scene.turn([user('one'), { role: 'assistant', parts: [begin, own, begin, text('first')] }])
    expectFresh(await scene.plan([user('one'), assistant('first'), user('two')]), ['two'])
    // As a model's own messages have it: without the mark.
    const steps = [
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'own', toolName: 'recall', input: {} }] },
      {
        role: 'tool',
        content: [{ type: 'tool-result', toolCallId: 'own', toolName: 'recall', output: { type: 'text', value: 'x' } }],
      },
      { role: 'assistant', content: 'first' },
    ]
    expectFresh(await scene.plan([user('one'), ...steps, user('two')]), ['two'])
  })

  it('count nothing that counts for nothing: an answer of thoughts alone, or of memory itself', async () => {
    const scene = openScene()
    await scene.turn([user('one'), { role: 'assistant', parts: [{ type: 'reasoning', text: 'hm' }] }])
    const thought = { role: 'assistant', content: [{ type: 'reasoning', text: 'hm' }] }
    expectFresh(await scene.plan([thought, user('two')]), ['two'])
    const own = call('own', { type: 'tool-recall', toolMetadata: { aquifer: { internal: true } } })
    await scene.turn([user('two'), { role: 'assistant', parts: [own] }])
    const steps = [
      { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'own', toolName: 'recall', input: {} }] },
      { role: 'tool', content: [{ type: 'tool-result', toolCallId: 'own', toolName: 'recall', output: 1 }] },
    ]
    expectFresh(await scene.plan(steps), [])
  })

  it('may keep of an answer with calls the words alone', async () => {
    const scene = openScene()
    await scene.turn([user('one'), { role: 'assistant', parts: [text('looking. '), call('c1'), text('sunny')] }])
    await scene.turn([user('two'), { role: 'assistant', parts: [call('c2'), text('rain')] }])
    for (const kept of [['looking. sunny'], ['sunny'], ['looking. ', 'sunny']]) {
      const answer = kept.map((words) => assistant(words))
      expectFresh(await scene.plan([user('one'), ...answer, user('two'), assistant('rain'), user('three')]), ['three'])
    }
    const wrong = [user('one'), assistant('looking. '), user('two'), assistant('rain'), user('three')]
    expectFresh(await scene.plan(wrong.slice(2)), ['three'])
  })
})

describe('round trips', () => {
  const parts = [
    begin,
    { type: 'reasoning', text: 'hm', providerMetadata: { p: { signature: 's' } } },
    { ...text('Looking.'), state: 'done', providerMetadata: { p: { id: 'x' } } },
    call('c1'),
    call('c2', { state: 'output-error', output: undefined, errorText: 'no' }),
    begin,
    call('c3', { type: 'dynamic-tool', toolName: 'clock', input: undefined, output: 'noon' }),
    begin,
    { type: 'source-url', sourceId: 's', url: 'https://example.com' },
    { type: 'data-chart', data: [1] },
    { type: 'file', mediaType: 'image/png', url: 'https://example.com' },
    text('Sunny.'),
  ]
  const question = {
    role: 'user',
    metadata: { from: 'web' },
    parts: [text('look'), { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,AQID' }, text('there')],
  }

  it('through model messages, whole or from any of them on', async () => {
    const scene = openScene()
    await scene.turn([question as never, { role: 'assistant', parts: JSON.parse(JSON.stringify(parts)) }])
    const { messages } = await scene.memory.listMessages(where)
    const model = await convertToModelMessages(messages)
    expect(model.length).toBe(6)
    for (let start = 0; start < model.length; start++) {
      expectFresh(await scene.plan([...model.slice(start), user('two')]), ['two'])
    }
  })

  it('through a chat, which drops fields and adds states', async () => {
    const scene = openScene()
    await scene.turn([question as never, { role: 'assistant', parts: JSON.parse(JSON.stringify(parts)) }])
    const { messages } = await scene.memory.listMessages(where)
    const bare = messages.map(({ id, role, parts: kept }) => ({
      id,
      role,
      parts: kept
        .filter(({ type }) => !/^(reasoning|data-|step)/.test(type))
        .map(({ providerMetadata: _, ...part }) => part),
    }))
    expectFresh(await scene.plan([...(JSON.parse(JSON.stringify(bare)) as UIMessage[]), user('two', 'u2')]), ['two'])
    const nameless = bare.map(({ id: _, ...message }) => message)
    expectFresh(await scene.plan([...nameless, user('two')]), ['two'])
  })
})

describe('turns that were cut off', () => {
  it.each(['aborted', 'interrupted', 'failed', 'open'] as const)('are not stored again: %s', async (end) => {
    const scene = await oneTurn()
    await scene.turn([user('two', 'u2'), assistant('The cat', 'a2')], end)
    for (const held of ['The', 'The cat', 'The cat sat']) {
      const history = [user('one', 'u1'), assistant('first', 'a1'), user('two', 'u2'), assistant(held, 'a2')]
      expectFresh(await scene.plan([...history, user('three', 'u3')]), ['three'])
      const nameless = history.map(({ role, parts }) => ({ role, parts }))
      expectFresh(await scene.plan([...nameless, user('three')]), ['three'])
      expectFresh(await scene.plan([...nameless.slice(0, 3), user('three')]), ['three'])
      expectFresh(await scene.plan([...nameless.slice(0, 2), user('three')]), ['three'])
    }
  })

  it('may have been read only in part by a client that left early', async () => {
    const scene = await oneTurn()
    expectFresh(await scene.plan([user('one', 'u1'), assistant('fi', 'a1'), user('two', 'u2')]), ['two'])
  })
})

describe('ids on some messages', () => {
  it('leave to content what follows the last stored id', async () => {
    const scene = await oneTurn()
    expectFresh(await scene.plan([user('one', 'u1'), assistant('first'), user('two')]), ['two'])
    expectFresh(await scene.plan([user('one', 'u1'), assistant('first'), user('two', 'u2')]), ['two'])
    expectFresh(await scene.plan([user('one', 'u1'), assistant('first', 'a1'), user('one')]), ['one'])
  })

  it('leave to content what lies between stored ids', async () => {
    const scene = await oneTurn()
    await scene.turn([user('two', 'u2'), assistant('second', 'a2')])
    const sent = [user('one', 'u1'), assistant('first'), user('two', 'u2'), assistant('second'), user('three', 'u3')]
    expectFresh(await scene.plan(sent), ['three'])
    const strange = await scene.plan(sent.with(1, assistant('other')))
    expect(freshTexts(strange)).toEqual(['three'])
    expect(strange.warnings).toHaveLength(1)
  })

  it('leave out an answer in other words than the stored one, with a warning', async () => {
    const plan = await (await oneTurn()).plan([user('one', 'u1'), assistant('other'), user('two')])
    expect(freshTexts(plan)).toEqual(['two'])
    expect(plan.warnings).toHaveLength(1)
  })
})

describe('system messages', () => {
  it('are instructions, and not stored', async () => {
    const scene = await oneTurn()
    const plan = await scene.plan([
      { role: 'system', content: 'be kind' },
      { id: 's', role: 'system', content: 'and brief' },
      'two',
    ])
    expect(plan).toMatchObject({ instructions: ['be kind', 'and brief'], warnings: [] })
    expect(freshTexts(plan)).toEqual(['two'])
    expect(await scene.plan({ role: 'system', content: 'x' })).toMatchObject({ fresh: [], instructions: ['x'] })
    const history = [{ role: 'system', content: 'be kind' }, user('one'), assistant('first'), user('two')]
    expect(freshTexts(await scene.plan(history))).toEqual(['two'])
  })
})
