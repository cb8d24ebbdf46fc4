// Stored parts as chunks: the AI SDK's own reader makes the same message of them, whatever of it was shown before.
import { readUIMessageStream, type UIMessage, type UIMessageChunk } from 'ai'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Replay } from '../../src/agent/answer/replay.ts'
import type { MessagePart } from '../../src/domain/records/message.ts'
import { runRandom } from '../random-runs.ts'

const metadata = { scripted: { x: 1 } }
const call = (state: string, more: object = {}): MessagePart =>
  ({ type: 'tool-search', toolCallId: 'c1', state, input: { q: 'tea' }, ...more }) as never
const approval = { id: 'a1', isAutomatic: true, requestReason: 'It costs.' }

/** What happens to one call, state by state. */
const lives: readonly (readonly MessagePart[])[] = [
  [call('input-available'), call('output-available', { output: [1] })],
  [
    call('input-available', { title: 'Search', callProviderMetadata: metadata }),
    call('output-error', { errorText: 'No.', title: 'Search', callProviderMetadata: metadata }),
  ],
  [
    call('approval-requested', { approval }),
    call('approval-responded', { approval: { ...approval, approved: true, reason: 'Fine.' } }),
    call('output-available', { approval: { ...approval, approved: true, reason: 'Fine.' }, output: null }),
  ],
  [
    call('approval-requested', { approval: { id: 'a1' } }),
    call('output-denied', { approval: { id: 'a1', approved: false } }),
  ],
  [
    call('input-available', { providerExecuted: true }),
    call('output-available', {
      providerExecuted: true,
      output: 1,
      preliminary: true,
      resultProviderMetadata: metadata,
    }),
    call('output-available', { providerExecuted: true, output: 2, resultProviderMetadata: metadata }),
  ],
  [
    {
      type: 'dynamic-tool',
      toolName: 'mcp',
      toolCallId: 'c2',
      state: 'output-available',
      input: 1,
      output: 2,
    } as never,
  ],
]

const plain: readonly MessagePart[] = [
  { type: 'text', text: 'Hello', state: 'done' },
  { type: 'text', text: '', state: 'done', providerMetadata: metadata },
  { type: 'reasoning', id: 'r1', text: 'Hm', state: 'done', providerMetadata: metadata },
  { type: 'file', url: 'data:text/plain;base64,eA==', mediaType: 'text/plain' },
  { type: 'source-url', sourceId: 's', url: 'https://example.com', title: 'T' },
  { type: 'source-document', sourceId: 'd', mediaType: 'text/plain', title: 'D', filename: 'd.txt' },
  { type: 'data-weather', id: 'w', data: { rain: true } },
  { type: 'custom', kind: 'scripted.thing', providerMetadata: metadata },
] as never

const internal = call('output-available', {
  toolCallId: 'own',
  output: 1,
  toolMetadata: { aquifer: { internal: true } },
})

async function read(chunks: readonly UIMessageChunk[]): Promise<UIMessage> {
  let message: UIMessage | undefined
  for await (const one of readUIMessageStream({ stream: ReadableStream.from(chunks), terminateOnError: true })) {
    message = one
  }
  return JSON.parse(JSON.stringify(message)) as UIMessage
}

describe('a replay', () => {
  it('is read as the stored message, in whatever pieces it came', async () => {
    const step = fc.record({
      life: fc.constantFrom(...lives),
      before: fc.subarray([...plain]),
      after: fc.subarray([...plain]),
      hasOwn: fc.boolean(),
    })
    const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 3 }), async (steps) => {
      const replay = new Replay()
      const chunks: UIMessageChunk[] = []
      const stored: MessagePart[] = []
      const show = () => chunks.push(...replay.next({ id: 'm1', parts: [...stored], metadata: { n: stored.length } }))
      for (const [index, { life, before, after, hasOwn }] of steps.entries()) {
        const named = life.map((part) => {
          const approved =
            part.approval === undefined ? {} : { approval: { ...(part.approval as object), id: `a-${index}` } }
          return { ...part, toolCallId: `${String(part.toolCallId)}-${index}`, ...approved } as MessagePart
        })
        const rest = (parts: readonly MessagePart[]) =>
          parts.map(
            (part) =>
              (part.type === 'data-weather'
                ? { ...part, id: `${index}${String(part.id)}${stored.length}` }
                : part) as MessagePart,
          )
        stored.push(
          { type: 'step-start' },
          ...rest(before),
          ...(hasOwn ? [{ ...internal, toolCallId: `own-${index}` }] : []),
        )
        const at = stored.length
        for (const part of named) {
          stored[at] = part
          show()
        }
        stored.push(...rest(after))
        show()
        show()
      }
      chunks.push(...replay.end('complete'))
      const message = await read(chunks)
      const visible = stored.filter(({ toolMetadata }) => toolMetadata === undefined)
      expect(message).toMatchObject({ id: 'm1', role: 'assistant', metadata: { n: stored.length } })
      expect(message.parts).toEqual(visible.map((part) => expect.objectContaining(part)))
      const types = chunks.map(({ type }) => type)
      expect([types[0], types.at(-1)]).toEqual(['start', 'finish'])
      expect(types.filter((type) => type === 'start-step')).toHaveLength(steps.length)
      expect(types.filter((type) => type === 'finish-step')).toHaveLength(steps.length)
    })
    await runRandom(property, 150)
  })

  it.each([
    ['complete', { type: 'finish' }],
    ['suspended', { type: 'finish' }],
    ['aborted', { type: 'abort' }],
    ['failed', { type: 'error', errorText: 'The answer broke off.' }],
    ['interrupted', { type: 'error', errorText: 'The answer broke off.' }],
    ['discarded', { type: 'error', errorText: 'The answer was withdrawn.' }],
    ['gone', { type: 'error', errorText: 'The answer was replaced, or its thread deleted.' }],
  ])('ends with a turn that is %s', (status, chunk) => {
    expect(new Replay().end(status)).toEqual([chunk])
  })

  it('leaves out parts that no stream has, and keeps an input that could not be read', async () => {
    const bad = { type: 'tool-x', toolCallId: 'c', state: 'output-error', rawInput: '{"q":', errorText: 'Bad.' }
    const parts = [{ type: 'strange-thing' }, bad] as never
    const replay = new Replay()
    const message = await read([...replay.next({ id: 'm', parts }), ...replay.end('complete')])
    expect(message.parts).toMatchObject([{ type: 'tool-x', state: 'output-error', input: '{"q":', errorText: 'Bad.' }])
  })
})
