// A history without ids, or with ids made anew, wherever it stands in its thread: each message is stored once.
import { Agent, type AgentInput, type CallOptions, type MemoryError, type StoredMessage } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StoredUnit } from '../../src/agent/input/align.ts'
import type { Unit } from '../../src/agent/input/canonical.ts'
import { longestRun } from '../../src/agent/input/longest-run.ts'
import { openMemory, refused } from '../memory/opened.ts'
import { runRandom } from '../random-runs.ts'
import { assistant, expectFresh, freshTexts, openScene, user, where } from './threads.ts'

/** What the messages say, without the marks of steps. */
function wordsOf(messages: readonly StoredMessage[]): string[] {
  return messages.map(({ parts }) => parts.map(({ text }) => (typeof text === 'string' ? text : '')).join(''))
}

/** A thread of questions q1, q2 … and answers a1, a2 …, made by an agent. */
async function chatOf(count: number) {
  const memory = openMemory()
  const model = scriptedModel({ answer: ({ number }) => `a${number}` })
  const agent = new Agent({ name: 'Support', model, memory })
  const send = (messages: unknown, more: CallOptions = {}) => {
    return agent.generate(messages as AgentInput, { ...where, ...more })
  }
  for (let number = 1; number <= count; number++) await send(`q${number}`)
  const listed = async () => (await memory.listMessages({ ...where, perPage: false })).messages
  return { memory, model, send, listed, texts: async () => wordsOf(await listed()) }
}

const ask = (words: string) => ({ role: 'user', content: words })
const say = (words: string) => ({ role: 'assistant', content: words })

/** The history of a client that has seen so many exchanges. */
const seen = (count: number) => Array.from({ length: count }, (_, n) => [ask(`q${n + 1}`), say(`a${n + 1}`)]).flat()

describe('a history without ids', () => {
  it('that is sent twice is stored once, and the second time names the answer', async () => {
    const chat = await chatOf(1)
    const body = [...seen(1), ask('q2')]
    const { messageId } = await chat.send(body)
    const error = await refused('conflict', () => chat.send(body))
    expect(error.details).toMatchObject({ answeredBy: messageId })
    await chat.send('q3')
    expect((await refused('conflict', () => chat.send(body))).details).toMatchObject({ answeredBy: messageId })
    expect(await chat.texts()).toEqual(['q1', 'a1', 'q2', 'a2', 'q3', 'a3'])
  })

  it('of a tab that is behind the thread brings only what is new', async () => {
    const chat = await chatOf(3)
    const { warnings } = await chat.send([...seen(1), ask('other tab')])
    expect(warnings).toEqual([])
    expect(await chat.texts()).toEqual(['q1', 'a1', 'q2', 'a2', 'q3', 'a3', 'other tab', 'a4'])
  })

  it.each([0, 1, 2, 3, 4, 5])('does not bring back message %i, which was deleted', async (index) => {
    const chat = await chatOf(3)
    const before = await chat.listed()
    await chat.memory.deleteMessages([before[index]?.id ?? ''])
    const { warnings } = await chat.send([...seen(3), ask('q4')])
    expect(warnings).toMatchObject([{ message: expect.stringContaining('1 message of the history is not in') }])
    const left = wordsOf(before.filter((_, at) => at !== index))
    expect(await chat.texts()).toEqual([...left, 'q4', 'a4'])
  })

  it('does not bring back the end of its thread, nor all of it', async () => {
    const chat = await chatOf(3)
    const ids = (await chat.listed()).map(({ id }) => id)
    await chat.memory.deleteMessages(ids.slice(2))
    await chat.send([...seen(3), ask('q4')])
    expect(await chat.texts()).toEqual(['q1', 'a1', 'q4', 'a4'])
    for (const act of ['deleteThread', 'forget'] as const) {
      await chat.memory[act](where)
      await chat.send([...seen(3), ask('q5')])
      expect((await chat.texts())[0]).toBe('q5')
    }
    // A trusted caller may bring it back.
    await chat.memory.deleteThread(where)
    await chat.send([...seen(3), ask('q6')], { memory: { history: 'import' } })
    expect((await chat.texts()).slice(0, 7)).toEqual(['q1', 'a1', 'q2', 'a2', 'q3', 'a3', 'q6'])
  })

  it('keeps what a client says in an assistant’s name behind a thread of which nothing was deleted', async () => {
    const scene = openScene()
    await scene.turn([user('q1'), assistant('a1')])
    expectFresh(await scene.plan([user('q1'), assistant('a1'), assistant('Shall I?'), user('yes')]), [
      'Shall I?',
      'yes',
    ])
  })

  it('brings only what is new where the client has deleted messages of its own', async () => {
    const chat = await chatOf(3)
    await chat.send([...seen(3).toSpliced(1, 2), ask('q4')])
    expect(await chat.texts()).toEqual(['q1', 'a1', 'q2', 'a2', 'q3', 'a3', 'q4', 'a4'])
  })

  it('of a tab behind the thread says nothing new where the thread has its last message anywhere', async () => {
    const scene = openScene()
    await scene.turn([user('q1'), assistant('a1')])
    await scene.turn([user('q2'), assistant('a2')])
    await scene.turn([user('yes'), assistant('good')])
    const history = [user('q1'), assistant('a1'), user('q2'), assistant('a2')]
    for (const sent of [history, history.slice(0, 2)]) {
      const again = await scene.plan([...sent, user('yes')])
      expect([again.fresh, again.repeats?.message.parts]).toEqual([[], user('yes').parts])
    }
    // A tab that holds everything says it again.
    expectFresh(await scene.plan([...history, user('yes'), assistant('good'), user('yes')]), ['yes'])
  })

  it('is found far back in a long thread', async () => {
    const scene = openScene()
    for (let n = 0; n < 60; n++) await scene.turn([user(`q${n}`), assistant(`a${n}`)])
    expectFresh(await scene.plan([user('q3'), assistant('a3'), user('more')]), ['more'])
  })

  it.each([
    ['trimmed', (text: string) => text.trim()],
    ['of other line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    ['of another Unicode form', (text: string) => text.normalize('NFD')],
    ['cut short', (text: string) => text.trim().slice(0, 30)],
    ['cut short, with an ellipsis', (text: string) => `${text.trim().slice(0, 9)}…`],
  ])('is the same where its answers are %s', async (_, changed) => {
    const memory = openMemory()
    const answer = '\n\nDéjà vu,\nthe café is open until late at night. \n'
    const agent = new Agent({ name: 'Support', model: scriptedModel({ answer: () => answer }), memory })
    const history: AgentInput[] = []
    for (const number of [1, 2, 3]) {
      history.push(ask(`q${number}`) as AgentInput)
      const { text, warnings } = await agent.generate(history as AgentInput, where)
      expect(warnings).toEqual([])
      history.push(say(changed(text)) as AgentInput)
    }
    const { messages } = await memory.listMessages(where)
    expect(wordsOf(messages)).toEqual(['q1', answer, 'q2', answer, 'q3', answer])
  })

  it('is the same without the parts of tools, and with the words of an answer in one', async () => {
    const scene = openScene()
    const call = { type: 'tool-look', toolCallId: 'c', state: 'output-available', input: {}, output: 1 }
    const text = (words: string) => ({ type: 'text', text: words })
    await scene.turn([user('q1'), { role: 'assistant', parts: [text('I look. '), call, text('Sunny.')] }])
    await scene.turn([user('q2'), assistant('a2')])
    for (const answer of [['I look. Sunny.'], ['I look.', 'Sunny.'], ['Sunny.']]) {
      expectFresh(await scene.plan([user('q1'), ...answer.map((words) => assistant(words)), user('more')]), ['more'])
    }
  })

  it('keeps what is new in front of an answer that the thread has in other words', async () => {
    const scene = openScene()
    await scene.turn([user('q1'), assistant('a1')])
    await scene.turn([user('q2'), assistant('given again')])
    const plan = await scene.plan([user('q1'), assistant('a1'), user('q2'), assistant('a2'), user('q3')])
    expect(freshTexts(plan)).toEqual(['q3'])
    expect(plan.warnings).toHaveLength(1)
  })
})

describe('questions alone, without ids', () => {
  it('are a request sent twice where all of them are stored, one after the other', async () => {
    const scene = openScene()
    await scene.turn([user('one'), user('two'), assistant('answer')])
    await scene.turn([user('three'), assistant('answer')])
    expect((await scene.plan(['one', 'two'])).repeats).not.toBeNull()
    expectFresh(await scene.plan(['two', 'one']), ['two', 'one'])
    expectFresh(await scene.plan('one'), ['one'])
  })

  it('are not stored again by a client that gives them new ids', async () => {
    const scene = openScene()
    await scene.turn([user('one', 'u1')], 'failed')
    expectFresh(await scene.plan([user('one', 'x1'), user('two', 'x2')]), ['two'])
  })

  it('are not stored again where their answers failed', async () => {
    const scene = openScene()
    await scene.turn(['one'], 'failed')
    expectFresh(await scene.plan(['one', 'two']), ['two'])
    await scene.turn([user('elsewhere'), assistant('answer')])
    expectFresh(await scene.plan(['one', 'two']), ['two'])
  })
})

describe('a client that makes all ids anew', () => {
  let made = 0
  const renamed = (messages: readonly { role: string; content: string }[]) => {
    return messages.map((message) => ({ id: `made-${made++}`, ...message }))
  }

  it('is understood by its content: a new message, a retry, an edit, and an answer given again', async () => {
    const chat = await chatOf(2)
    await chat.send(renamed([...seen(2), ask('q3')]))
    const all = ['q1', 'a1', 'q2', 'a2', 'q3', 'a3']
    expect(await chat.texts()).toEqual(all)
    await refused('conflict', () => chat.send(renamed([...seen(2), ask('q3')])))
    await chat.send(renamed([...seen(1), ask('stale')]))
    expect(await chat.texts()).toEqual([...all, 'stale', 'a4'])
    const edited = renamed([...seen(2), ask('q3 edited')])
    await chat.send(edited, { messageId: edited.at(-1)?.id as string })
    expect(await chat.texts()).toEqual([...all.slice(0, 4), 'q3 edited', 'a5'])
    await chat.send(renamed([...seen(1), ask('q2')]), { trigger: 'regenerate-message', messageId: 'made' })
    expect(await chat.texts()).toEqual(['q1', 'a1', 'q2', 'a6'])
    await chat.send(renamed([ask('q1')]), { trigger: 'regenerate-message', messageId: 'made' })
    expect(await chat.texts()).toEqual(['q1', 'a7'])
  })

  it('is not taken for one where only the last id is new: a user may say the same words again', async () => {
    const scene = openScene()
    await scene.turn([user('q1', 'u1'), assistant('a1', 'a1')])
    await scene.turn([user('yes', 'u2'), assistant('good', 'a2')])
    expectFresh(await scene.plan([user('q1', 'u1'), assistant('a1', 'a1'), user('yes', 'u3')]), ['yes'])
    expectFresh(await scene.plan([user('yes', 'u4')]), ['yes'])
  })
})

it('a retried edit loses nothing, whether the call names it or not', async () => {
  for (const more of [{}, { messageId: 'u1' }]) {
    const chat = await chatOf(0)
    for (const n of [1, 2, 3]) await chat.send([{ id: `u${n}`, ...ask(`q${n}`) }])
    await chat.send([{ id: 'u1', ...ask('edited') }], more)
    await chat.send([{ id: 'u4', ...ask('q4') }])
    await refused('conflict', () => chat.send([{ id: 'u1', ...ask('edited') }], more))
    expect(await chat.texts()).toEqual(['edited', 'a4', 'q4', 'a5'])
  }
})

/** How a client changes what it holds before it sends it. */
const changes = {
  nothing: (messages: readonly StoredMessage[]) => messages.map(({ id, role, parts }) => ({ id, role, parts })),
  ids: (messages: readonly StoredMessage[]) => messages.map(({ role, parts }) => ({ role, parts })),
  'new ids': (messages: readonly StoredMessage[]) =>
    messages.map(({ role, parts }, index) => ({ id: `new-${index}-${messages.length}`, role, parts })),
  texts: (messages: readonly StoredMessage[]) =>
    messages.map(({ role, parts }) => ({ role, content: ` ${parts.map(({ text }) => text ?? '').join('')}\n` })),
} as const

type Step =
  | { readonly does: 'ask' | 'look'; readonly tab: number }
  | { readonly does: 'resend'; readonly tab: number }
  | { readonly does: 'delete'; readonly tab: number; readonly which: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ does: fc.constant('ask' as const), tab: fc.nat({ max: 1 }) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('look' as const), tab: fc.nat({ max: 1 }) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('resend' as const), tab: fc.nat({ max: 1 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('delete' as const), tab: fc.nat({ max: 1 }), which: fc.nat() }),
  },
)

it('two tabs that send all they hold, changed on the way, store each message once and nothing that was deleted', async () => {
  const way = fc.constantFrom(...(Object.keys(changes) as (keyof typeof changes)[]))
  await runRandom(
    fc.asyncProperty(way, fc.array(step, { minLength: 4, maxLength: 14 }), async (how, steps) => {
      const memory = openMemory()
      const model = scriptedModel({ answer: ({ number }) => `answer ${number}.` })
      const agent = new Agent({ name: 'Support', model, memory })
      const listed = async () => (await memory.listMessages({ ...where, perPage: false })).messages
      const tabs: (readonly StoredMessage[])[] = [[], []]
      const sent: unknown[][] = [[], []]
      let asked = 0
      // The oracle: what was asked and answered, in order, without what was deleted.
      let expected: string[] = []
      for (const { does, tab, ...more } of steps) {
        if (does === 'look') tabs[tab] = await listed()
        if (does === 'delete') {
          const all = await listed()
          const one = all[(more as { which: number }).which % Math.max(1, all.length)]
          if (one === undefined) continue
          await memory.deleteMessages([one.id], { resourceId: where.resourceId })
          expected = expected.filter((text) => !wordsOf([one]).includes(text))
        }
        if (does === 'ask') {
          const question = `question ${++asked}.`
          // Questions without an answer behind them cannot be told from new ones.
          if (tabs[tab]?.at(-1)?.role !== 'assistant') tabs[tab] = await listed()
          const id = how === 'nothing' || how === 'new ids' ? { id: `asked-${asked}` } : {}
          sent[tab] = [...changes[how](tabs[tab] as StoredMessage[]), { ...id, role: 'user', content: question }]
          try {
            await agent.generate(sent[tab] as AgentInput, where)
            expected.push(question, `answer ${model.calls.length}.`)
          } catch (error) {
            // Refused rather than doubled: nothing that a tab holds is in the thread any more.
            expect((error as MemoryError).code).toBe('conflict')
          }
          tabs[tab] = await listed()
        }
        // Questions alone, without an answer, may be said again.
        const hasAnswers = sent[tab]?.some((message) => (message as { role: string }).role === 'assistant')
        if (does === 'resend' && hasAnswers) {
          const before = model.calls.length
          await agent.generate(sent[tab] as AgentInput, where).catch((error: MemoryError) => {
            expect(error.code).toBe('conflict')
          })
          const { content: last } = (sent[tab] as { content: string }[]).at(-1) ?? { content: '' }
          if (model.calls.length > before) {
            // Its question was deleted, so it is said again; or its answer was, so that it is answered again.
            expected = [...expected.filter((text) => text !== last), last, `answer ${model.calls.length}.`]
          }
        }
        expect(wordsOf(await listed())).toEqual(expected)
      }
      await memory.close()
    }),
    60,
    { usualSeed: 20_261_130 },
  )
})

describe('the longest run', () => {
  const unit = fc.record({
    kind: fc.constantFrom<Unit['kind']>('user', 'text', 'file'),
    key: fc.constantFrom('alpha', 'beta', 'gamma', 'delta'),
  })
  const units = fc.array(unit, { maxLength: 24 }).map((list) => list.map((one, index) => ({ ...one, index })))

  /** The table of all prefixes of both. */
  function plainLength(sent: readonly Unit[], stored: readonly Unit[]): number {
    let row = Array.from({ length: stored.length + 1 }, () => 0)
    for (const one of sent) {
      const next = [0]
      for (const [at, other] of stored.entries()) {
        const same = one.kind === other.kind && one.key === other.key
        next.push(same ? (row[at] as number) + 1 : Math.max(row[at + 1] as number, next[at] as number))
      }
      row = next
    }
    return row[stored.length] as number
  }

  it('is as long as a plain table says, of the same units, in the order of both', async () => {
    await runRandom(
      fc.asyncProperty(units, units, async (sent, other) => {
        const stored: StoredUnit[] = other.map((one) => ({ ...one, isCut: false }))
        const run = longestRun(sent, stored)
        expect(run).toHaveLength(plainLength(sent, stored))
        for (const [at, pair] of run.entries()) {
          const before = run[at - 1]
          if (before !== undefined) {
            expect(pair.sent).toBeGreaterThan(before.sent)
            expect(pair.stored).toBeGreaterThan(before.stored)
          }
          expect(stored[pair.stored]).toMatchObject({ kind: sent[pair.sent]?.kind, key: sent[pair.sent]?.key })
        }
      }),
      300,
    )
  })
})
