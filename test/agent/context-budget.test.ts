// Budgets of a prompt: what gives way, in which order, and that whatever is left is a whole and valid prompt.
import type { Memory, MessageLike } from 'aquifer'
import { promptProblems } from 'aquifer/testing'
import fc from 'fast-check'
import { estimateTokenCount } from 'tokenx'
import { describe, expect, it } from 'vitest'
import type { AssembledContext } from '../../src/agent/context/context.ts'
import type { MessagePart } from '../../src/domain/records/message.ts'
import { openMemory, refused } from '../memory/opened.ts'
import { runRandom } from '../random-runs.ts'
import {
  assemble,
  closeTurn,
  openTurn,
  promptOf,
  resourceId,
  sales,
  saveTurn,
  support,
  text,
  threadId,
  toolPart,
  where,
} from './context-scene.ts'

const words = (count: number) => 'word '.repeat(count).trim()
const noted = words(30)
const instructions = words(20)
const remembering = { workingMemory: { enabled: true } }

/** Tokens of all that is sent, counted anew. */
function tokensOf({ instructions: system, messages }: AssembledContext): number {
  const texts = messages.flatMap(({ content }): string[] => {
    if (typeof content === 'string') return [content]
    return content.flatMap((part): string[] => {
      if (part.type === 'text') return [part.text]
      if (part.type === 'tool-call') return [part.toolName, JSON.stringify(part.input)]
      return part.type === 'tool-result' && 'value' in part.output ? [JSON.stringify(part.output.value)] : []
    })
  })
  const all = [...(typeof system === 'string' ? [system] : (system ?? []).map(({ content }) => content)), ...texts]
  return all.reduce((sum, one) => sum + estimateTokenCount(one), 0)
}

async function fill(memory: Memory): Promise<void> {
  await memory.updateWorkingMemory({ resourceId, workingMemory: noted })
  for (const number of [1, 2, 3])
    await memory.facts.add(`Fact ${number} ${words(5)}`, { userId: resourceId, infer: false })
  for (const number of [1, 2, 3]) {
    await memory.saveMessages({ resourceId, threadId: 'old', messages: [`Zebra ${number} ${words(8)}`] })
  }
  for (const number of [1, 2, 3, 4]) await saveTurn(memory, support, `Question ${number} ${words(10)}`, words(40))
}

describe('a budget of the history', () => {
  it('takes the newest messages that fit, whole', async () => {
    const memory = openMemory()
    const turns = [1, 2, 3].map((number) => saveTurn(memory, support, `Question ${number}`, words(40)))
    await Promise.all(turns)
    const { messages } = await memory.listMessages(where)
    const within = async (maxTokens: number) => {
      const behaviour = { semanticRecall: false, messageHistory: { maxTokens } }
      return (await assemble(memory, 'Hello', { behaviour })).seen
    }
    const all = await within(10_000)
    expect(all.messages).toHaveLength(6)
    const oneTurn = all.tokens.history / 3
    const some = await within(2 * oneTurn)
    expect(some.messages.map(({ id }) => id)).toEqual(messages.slice(2).map(({ id }) => id))
    expect(some.dropped).toEqual(
      messages.slice(0, 2).map(({ id }) => ({ section: 'history', id, reason: 'max-tokens' })),
    )
    expect((await within(2 * oneTurn - 1)).messages).toHaveLength(2)
    expect((await within(1)).messages).toEqual([])
  })

  it('parts no call from its result', async () => {
    const memory = openMemory()
    const answer = [toolPart('c1', { output: words(100) }), text('Done')]
    await saveTurn(memory, support, 'Question', answer)
    for (const maxTokens of [1, 50, 99, 105, 120, 200]) {
      const behaviour = { semanticRecall: false, messageHistory: { maxTokens } }
      const context = await assemble(memory, 'Hello', { behaviour })
      const prompt = await promptOf(context)
      expect(prompt.includes('tool-call')).toBe(prompt.includes('tool-result'))
      expect(context.seen.tokens.history).toBeLessThanOrEqual(maxTokens)
    }
  })
})

describe('a budget of the whole', () => {
  it('lets the oldest of the history give way first, and never the instructions and the input', async () => {
    const memory = openMemory()
    await fill(memory)
    const behaviour = { ...remembering, facts: true }
    const within = (tokenBudget: number) => assemble(memory, 'Which zebra?', { instructions, behaviour, tokenBudget })
    const whole = await within(100_000)
    expect(whole.seen.dropped).toEqual([])
    const { total } = whole.seen.tokens
    expect(total).toBe(tokensOf(whole))
    const less = await within(total - 20)
    expect(less.seen.dropped.map(({ section }) => section)).toEqual(['history', 'history'])
    expect(await promptOf(less)).toContain('Zebra 3')
    expect(await promptOf(less)).not.toContain('Question 1')
    const little = await within(180)
    expect(little.seen.block).not.toBeNull()
    expect(tokensOf(little)).toBeLessThanOrEqual(180)
    const least = await within(30)
    expect(least).toMatchObject({ instructions, messages: [{ role: 'user' }], seen: { block: null } })
    expect(least.seen.dropped[0]).toEqual({ section: 'workingMemory', id: 'main', reason: 'budget' })
    expect(least.warnings).toEqual([expect.stringContaining('Working memory does not fit')])
  })

  it('keeps the newest facts', async () => {
    const memory = openMemory()
    await fill(memory)
    const all = await assemble(memory, 'Hello', {
      behaviour: { facts: true, semanticRecall: false, lastMessages: false },
    })
    const half = { facts: true, semanticRecall: false, lastMessages: false } as const
    const { input, facts } = all.seen.tokens
    const some = await assemble(memory, 'Hello', { behaviour: half, tokenBudget: input + 2 * facts - 2 })
    expect(some.instructions).toMatch(/Fact 2[\s\S]+Fact 3/)
    expect(some.instructions).not.toContain('Fact 1')
    expect(some.seen.dropped).toMatchObject([{ section: 'facts' }])
    expect(all.seen.facts.slice(1)).toEqual(some.seen.facts)
  })

  it('has room for the note that makes a user the first to speak', async () => {
    const memory = openMemory()
    await memory.as(support).saveMessages({ ...where, messages: [{ role: 'assistant', content: words(40) }] })
    const behaviour = { semanticRecall: false }
    const { seen } = await assemble(memory, 'Hello', { behaviour })
    for (let tokenBudget = seen.tokens.total - 1; tokenBudget < seen.tokens.total + 12; tokenBudget++) {
      const context = await assemble(memory, 'Hello', { behaviour, tokenBudget })
      expect(tokensOf(context)).toBeLessThanOrEqual(tokenBudget)
    }
  })

  it('gives recall what history does not need', async () => {
    const memory = openMemory()
    for (const number of [1, 2, 3]) {
      await memory.saveMessages({ resourceId, threadId: 'old', messages: [`Zebra ${number} ${words(20)}`] })
    }
    const all = await assemble(memory, 'Which zebra?', { tokenBudget: 100_000 })
    const { seen } = await assemble(memory, 'Which zebra?', { tokenBudget: all.seen.tokens.total + 10 })
    expect(seen.recalled).toEqual(all.seen.recalled)
    const fewer = await assemble(memory, 'Which zebra?', { tokenBudget: all.seen.tokens.total - 1 + 10 })
    expect(fewer.seen.recalled).toEqual(all.seen.recalled.slice(0, 2))
    expect(fewer.seen.dropped).toEqual([{ section: 'recalled', id: all.seen.recalled[2]?.id, reason: 'budget' }])
  })

  it('is estimated in short where nothing depends on it', async () => {
    const memory = openMemory()
    await fill(memory)
    const { seen } = await assemble(memory, 'Which zebra?')
    const { seen: counted } = await assemble(memory, 'Which zebra?', { tokenBudget: 100_000 })
    expect(seen).toEqual({ ...counted, recallId: seen.recallId, tokens: seen.tokens })
    expect(seen.tokens.recalled / counted.tokens.recalled).toBeCloseTo(1, 0)
    expect(seen.tokens).toMatchObject({ history: counted.tokens.history, input: counted.tokens.input })
  })

  it('that instructions and input alone are over is refused in words', async () => {
    const memory = openMemory()
    await fill(memory)
    const error = await refused('limit-exceeded', () => assemble(memory, words(100), { instructions, tokenBudget: 60 }))
    expect(error.details).toMatchObject({ tokenBudget: 60 })
    expect(error.message).toContain('where 60 is the budget')
  })

  it('counts files, whose bytes are no text', async () => {
    const url = `data:image/png;base64,${'A'.repeat(100_000)}`
    const parts = [text('Look'), { type: 'file', mediaType: 'image/png', url }]
    const { seen } = await assemble(openMemory(), [{ role: 'user', parts }])
    expect(seen.tokens.input).toBe(1_001)
  })
})

type Value<Any> = Any extends fc.Arbitrary<infer Made> ? Made : never

const anyPart: fc.Arbitrary<MessagePart> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 30 }).map((count) => text(words(count))) },
  { weight: 1, arbitrary: fc.constant({ type: 'step-start' }) },
  { weight: 1, arbitrary: fc.constant({ type: 'reasoning', text: 'Hm' }) },
  { weight: 1, arbitrary: fc.constant({ type: 'data-x', data: 1 }) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        id: fc.integer({ min: 1, max: 12 }),
        state: fc.constantFrom(
          ...['input-streaming', 'input-available', 'approval-requested', 'approval-responded'],
          ...['output-available', 'output-available', 'output-error', 'output-denied'],
        ),
        approved: fc.boolean(),
        input: fc.constantFrom<MessagePart['input']>({ id: 7 }, null, 'broken'),
        internal: fc.boolean(),
      })
      .map(({ id, state, approved, input, internal }) =>
        toolPart(`c${id}`, {
          state,
          input,
          ...(state.startsWith('approval') || state === 'output-denied'
            ? { approval: { id: `a${id}`, approved } }
            : {}),
          ...(internal ? { toolMetadata: { aquifer: { internal } } } : {}),
        }),
      ),
  },
)
const anyMessage = fc.record({
  role: fc.constantFrom('user' as const, 'assistant' as const, 'assistant' as const),
  parts: fc.array(anyPart, { maxLength: 5 }),
})
const anyTurn = fc.record({
  by: fc.constantFrom(sales, support),
  messages: fc.array(anyMessage, { minLength: 1, maxLength: 4 }),
  status: fc.constantFrom('open', 'complete', 'aborted', 'failed', 'interrupted', 'suspended', 'own'),
})
const anyCall = fc.record({
  turns: fc.array(anyTurn, { maxLength: 6 }),
  said: fc.constantFrom('Hello', 'Where is word 7?'),
  lastMessages: fc.integer({ min: 0, max: 12 }),
  maxTokens: fc.integer({ min: 1, max: 300 }),
  spareTokens: fc.integer({ min: 0, max: 400 }),
  remembers: fc.boolean(),
})

async function saveAll(memory: Memory, turns: readonly Value<typeof anyTurn>[]): Promise<string | null> {
  let own: string | null = null
  for (const { by, messages, status } of turns) {
    const isOwn = status === 'own' && own === null
    const turnId = await openTurn(memory, isOwn ? support : by, messages as readonly MessageLike[])
    if (isOwn) own = turnId
    else if (status !== 'open' && status !== 'own') await closeTurn(memory, by, turnId, status as 'complete')
  }
  return own
}

describe('any thread within any budget', () => {
  it('makes a prompt that providers take, with the input and within the budget', async () => {
    const check = async (call: Value<typeof anyCall>) => {
      const memory = openMemory()
      await memory.updateWorkingMemory({ resourceId, workingMemory: noted })
      const ownTurnId = await saveAll(memory, call.turns)
      const behaviour = {
        ...(call.remembers ? remembering : {}),
        lastMessages: call.lastMessages,
        messageHistory: { maxTokens: call.maxTokens },
      }
      const asked = { instructions, behaviour, ownTurnId }
      const whole = await assemble(memory, call.said, asked)
      const least = whole.seen.tokens.instructions + whole.seen.tokens.input
      const tokenBudget = least + call.spareTokens
      const context = await assemble(memory, call.said, { ...asked, tokenBudget })
      for (const one of [whole, context]) {
        expect(promptProblems(one.messages)).toEqual([])
        await promptOf(one)
        expect(one.messages[0]?.role).toBe('user')
        expect(JSON.stringify(one.messages.at(-1))).toContain(call.said)
        expect(one.seen.tokens.history).toBeLessThanOrEqual(call.maxTokens)
        expect(String(one.instructions).startsWith(instructions)).toBe(true)
      }
      expect(tokensOf(context)).toBeLessThanOrEqual(tokenBudget)
      expect(context.seen.tokens.total).toBeLessThanOrEqual(tokenBudget)
      await memory.close()
    }
    await runRandom(fc.asyncProperty(anyCall, check), 50)
  })

  it('goes on with a turn of its own in a prompt that providers take', async () => {
    const check = async (turn: Value<typeof anyTurn>) => {
      const memory = openMemory()
      const ownTurnId = await openTurn(memory, support, ['Where?', ...(turn.messages as readonly MessageLike[])])
      const context = await assemble(memory, [], { ownTurnId, threadId })
      expect(promptProblems(context.messages)).toEqual([])
      expect(context.messages.at(-1)?.role).not.toBe('assistant')
      await memory.close()
    }
    await runRandom(fc.asyncProperty(anyTurn, check), 50)
  })
})
