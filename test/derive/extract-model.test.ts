import { APICallError, type LanguageModel } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { askModel, type LanguageModelLike, type ModelQuestion } from '../../src/derive/language-model.ts'
import { refusal } from '../memory/opened.ts'

const question: ModelQuestion<{ n: number }> = {
  instructions: 'Say a number',
  prompt: 'Which?',
  schema: z.object({ n: z.number() }),
  problem: ({ n }) => (n < 0 ? 'It is negative' : null),
}
const patient = () => new AbortController().signal
const modelOf = (answer: ScriptedModelOptions['answer'], more = {}) => scriptedModel({ answer, ...more })

describe('asking a model', () => {
  it('answers in the shape that was asked for', async () => {
    const model = modelOf(() => ({ n: 7, more: true }))
    expect(await askModel(model, question, patient())).toEqual({ n: 7 })
    expect(model.calls).toHaveLength(1)
    expect(model.calls[0]).toMatchObject({
      number: 1,
      instructions: 'Say a number',
      said: ['Which?'],
      prompt: 'Which?',
    })
  })

  it('takes every model that the AI SDK takes', async () => {
    const take = (model: Exclude<LanguageModel, string>) => model satisfies LanguageModelLike
    const text = { type: 'text', text: '{"n":3}' } as const
    const older = new MockLanguageModelV3({
      doGenerate: async () => ({
        content: [text],
        finishReason: { unified: 'stop', raw: undefined },
        usage: {
          inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
          outputTokens: { total: 1, text: 1, reasoning: 0 },
        },
        warnings: [],
      }),
    })
    expect(await askModel(take(older), question, patient())).toEqual({ n: 3 })
  })

  it('asks once more, with what was wrong', async () => {
    const model = modelOf(({ number }) => (number === 1 ? { n: -1 } : { n: 1 }))
    expect(await askModel(model, question, patient())).toEqual({ n: 1 })
    expect(model.calls[1]?.said).toEqual(['Which?', '{"n":-1}', expect.stringContaining('It is negative')])
    const silent = modelOf(({ number }) => (number === 1 ? '' : { n: 1 }))
    expect(await askModel(silent, question, patient())).toEqual({ n: 1 })
    expect(silent.calls[1]?.said[1]).toBe('(nothing)')
  })

  it('gives up after that, naming the model and the reason', async () => {
    const model = modelOf(() => ({ n: 'seven' }), { provider: 'acme', modelId: 'm-1' })
    const error = await refusal(() => askModel(model, question, patient()))
    expect([error.code, error.details, model.calls.length]).toEqual(['unavailable', { model: 'acme/m-1' }, 2])
    expect(error.message).toContain('no JSON of the shape')
  })

  it('fails with the reason of the provider, at once if that says nothing else', async () => {
    const cause = new APICallError({
      message: 'No key',
      url: 'https://acme.test',
      requestBodyValues: {},
      statusCode: 401,
    })
    const model = modelOf(() => {
      throw cause
    })
    const error = await refusal(() => askModel(model, question, patient()))
    expect([error.message, error.cause, model.calls.length]).toEqual([expect.stringContaining('No key.'), cause, 1])
  })

  it('waits no longer than the signal says, for a model that does not listen', async () => {
    const asking = new AbortController()
    const model = modelOf(() => new Promise(() => {}), { delayMs: 0 })
    const answer = refusal(() => askModel(model, question, asking.signal))
    await expect.poll(() => model.calls.length).toBe(1)
    asking.abort(new Error('Enough'))
    expect((await answer).message).toContain('Enough')
    const refused = await refusal(() => askModel(model, question, asking.signal))
    expect([refused.code, model.calls.length]).toEqual(['unavailable', 1])
  })
})
