// Random threads, resent as the AI SDK's own conversions leave them: only what was added is new, and nothing is stored twice.
import { convertToModelMessages, type UIMessage } from 'ai'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runRandom } from '../random-runs.ts'
import { expectFresh, openScene, type Scene, type TurnEnd, where } from './threads.ts'

// Few words, so that conversations repeat themselves.
const words = fc.constantFrom('yes', 'no', 'go on', 'y', '')
const json = fc.constantFrom<unknown>({ city: 'Rome', days: [1] }, 'x', null, 7)

const outcome = fc.oneof(
  json.map((output) => ({ state: 'output-available', output })),
  fc.constantFrom(
    { state: 'output-error', errorText: 'no "way"' },
    { state: 'output-denied', approval: { id: 'p', approved: false, reason: 'no' } },
    { state: 'input-available' },
    { state: 'input-streaming' },
  ),
)
const call = fc
  .record({ outcome, input: json, isDynamic: fc.boolean(), isInternal: fc.boolean(), providerExecuted: fc.boolean() })
  .map(({ outcome: end, input, isDynamic, isInternal, providerExecuted }) => ({
    ...(isDynamic ? { type: 'dynamic-tool', toolName: 'clock' } : { type: 'tool-clock' }),
    toolCallId: '',
    input,
    ...end,
    ...(providerExecuted && 'output' in end ? { providerExecuted } : {}),
    ...(isInternal ? { toolMetadata: { aquifer: { internal: true } } } : {}),
  }))
const file = fc
  .constantFrom('https://example.com', 'https://example.com/a b.png', 'data:image/png;base64,AQID')
  .map((url) => ({
    type: 'file',
    mediaType: 'image/png',
    url,
  }))
const spoken = words.map((text) => ({ type: 'text', text, state: 'done' }))
const uncounted = fc.constantFrom(
  { type: 'step-start' },
  { type: 'reasoning', text: 'hm', state: 'done' },
  { type: 'source-url', sourceId: 's', url: 'https://example.com' },
  { type: 'data-chart', data: [1] },
)

const answer = fc.array(fc.oneof({ weight: 3, arbitrary: spoken }, { weight: 2, arbitrary: call }, file, uncounted), {
  minLength: 1,
  maxLength: 6,
})
const turn = fc.record({
  question: fc.array(fc.oneof(spoken, file), { minLength: 1, maxLength: 2 }),
  answers: fc.array(answer, { minLength: 1, maxLength: 2 }),
  end: fc.constantFrom<TurnEnd>('complete', 'complete', 'complete', 'aborted', 'interrupted'),
  isNamed: fc.boolean(),
})
const conversation = fc.array(turn, { minLength: 1, maxLength: 5 })

type Turn = typeof turn extends fc.Arbitrary<infer Value> ? Value : never

async function save(scene: Scene, turns: readonly Turn[]): Promise<void> {
  let calls = 0
  for (const [at, { question, answers, end, isNamed }] of turns.entries()) {
    const id = (name: string) => (isNamed ? { id: `${name}-${at}` } : {})
    const numbered = (parts: Turn['answers'][number]) =>
      parts.map((part) => ('toolCallId' in part ? { ...part, toolCallId: `call-${calls++}` } : part))
    const said = answers.map((parts, index) => {
      return { ...id(`a${index}`), role: 'assistant' as const, parts: numbered(parts) }
    })
    await scene.turn([{ ...id('u'), role: 'user', parts: question }, ...said], end)
  }
}

/** The thread as a client has it in its memory, after JSON. */
async function held(scene: Scene, includeInternal: boolean): Promise<UIMessage[]> {
  const { messages } = await scene.memory.listMessages({ ...where, perPage: false, includeInternal })
  return JSON.parse(JSON.stringify(messages.map(({ id, role, parts, metadata }) => ({ id, role, parts, metadata }))))
}

const forms = {
  'as UI messages': async (messages: UIMessage[]) => messages,
  'as UI messages without ids': async (messages: UIMessage[]) => messages.map(({ id: _, ...message }) => message),
  'as model messages': (messages: UIMessage[]) => convertToModelMessages(messages),
} as const

it.each(Object.entries(forms))('a thread resent %s adds nothing but what is new', async (name, convert) => {
  const hasIds = name === 'as UI messages'
  await runRandom(
    fc.asyncProperty(
      conversation,
      fc.nat({ max: 99 }),
      fc.integer({ min: 0, max: 2 }),
      fc.boolean(),
      async (turns, from, added, includeInternal) => {
        const scene = openScene()
        await save(scene, turns)
        for (let round = 0; round < 2; round++) {
          const sent = await convert(await held(scene, includeInternal))
          const part = sent.slice(from % sent.length)
          const texts = Array.from({ length: added }, (_, index) => `new ${round}.${index}`)
          const news = texts.map((text, index) => {
            const id = hasIds ? { id: `n-${round}-${index}` } : {}
            return { ...id, role: 'user' as const, parts: [{ type: 'text' as const, text }] }
          })
          // A single message without an id is new by rule.
          fc.pre(hasIds || part.length + added > 1)
          const before = await scene.ids()
          const plan = await scene.plan([
            ...part,
            ...(name === 'as model messages' ? await convertToModelMessages(news) : news),
          ])
          expectFresh(plan, texts)
          if (added === 0) continue
          await scene.carryOut(plan)
          const after = await scene.ids()
          expect(after.slice(0, before.length)).toEqual(before)
          expect(after).toHaveLength(before.length + added)
        }
        await scene.memory.close()
      },
    ),
    100,
  )
})
