import { APICallError, type EmbeddingModel, LoadAPIKeyError, RetryError } from 'ai'
import { MockEmbeddingModelV3, MockEmbeddingModelV4 } from 'ai/test'
import { vectorOfWords } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { modelEmbedder } from '../../src/derive/model-embedder.ts'

type Options = NonNullable<ConstructorParameters<typeof MockEmbeddingModelV4>[0]>

/** A model that answers the vectors of words. */
function modelOf(options: Options = {}): MockEmbeddingModelV4 {
  return new MockEmbeddingModelV4({
    provider: 'acme.embedding',
    modelId: 'small-1',
    maxEmbeddingsPerCall: 100,
    supportsParallelCalls: true,
    doEmbed: async ({ values }) => ({
      embeddings: values.map((value) => Array.from(vectorOfWords(value, 8))),
      warnings: [],
    }),
    ...options,
  })
}

const vectorsOf = (...texts: string[]) => texts.map((text) => Array.from(vectorOfWords(text, 8)))

describe('a model as an embedder', () => {
  it('has the name of its provider and model, and dimensions only if asked for', async () => {
    expect(modelEmbedder(modelOf())).toMatchObject({ id: 'acme.embedding/small-1', dimensions: null, maxWords: 350 })
    const model = modelOf()
    const embedder = modelEmbedder(model, { id: 'mine/2', dimensions: 8, maxWords: 90, batchSize: 5 })
    expect(embedder).toMatchObject({ id: 'mine/2', dimensions: 8, maxWords: 90, batchSize: 5 })
    await embedder.embed(['a'])
    expect(model.doEmbedCalls[0]).toMatchObject({ values: ['a'], dimensions: 8 })
    await modelEmbedder(model).embed(['a'])
    expect(model.doEmbedCalls[1]?.dimensions).toBeUndefined()
  })

  it('answers in order, split by the limit of the model', async () => {
    const model = modelOf({ maxEmbeddingsPerCall: 2 })
    expect(await modelEmbedder(model).embed(['a', 'b c', 'd', 'e', 'f'])).toEqual(vectorsOf('a', 'b c', 'd', 'e', 'f'))
    expect(model.doEmbedCalls.map(({ values }) => values)).toEqual([['a', 'b c'], ['d', 'e'], ['f']])
  })

  it('may be of an older specification', async () => {
    const model = new MockEmbeddingModelV3({
      maxEmbeddingsPerCall: null,
      doEmbed: async ({ values }) => ({ embeddings: vectorsOf(...values), warnings: [] }),
    })
    expect(await modelEmbedder(model).embed(['x'])).toEqual(vectorsOf('x'))
  })

  it('is every model that the AI SDK takes', () => {
    const take = (model: Exclude<EmbeddingModel, string>) => modelEmbedder(model)
    expect(take(modelOf()).id).toBe('acme.embedding/small-1')
  })
})

describe('failures', () => {
  const call = { message: 'Too many requests', url: 'https://acme.test', requestBodyValues: {} }
  const retried = (isRetryable: boolean) => {
    const errors = [new APICallError({ ...call, isRetryable })]
    return new RetryError({ message: 'Failed after 3 attempts', reason: 'maxRetriesExceeded', errors })
  }
  it.each<[string, unknown, boolean]>([
    ['of a busy provider', new APICallError({ ...call, isRetryable: true }), true],
    ['of a wrong request', new APICallError({ ...call, isRetryable: false }), false],
    ['tried again in vain', retried(true), true],
    ['not worth trying again', retried(false), false],
    ['without a key', new LoadAPIKeyError({ message: 'No key' }), false],
    ['of the line', new TypeError('fetch failed'), true],
    ['that are no errors', 'what?', true],
  ])('%s are "unavailable", with their cause', async (_, error, retryable) => {
    const doEmbed = () => Promise.reject(error)
    const refused = modelEmbedder(modelOf({ doEmbed })).embed(['a'], { purpose: 'query' })
    await expect(refused).rejects.toMatchObject({
      code: 'unavailable',
      retryable,
      cause: error,
      details: { embedder: 'acme.embedding/small-1' },
    })
  })

  it('of counting are the same', async () => {
    const doEmbed: Options['doEmbed'] = async () => ({ embeddings: vectorsOf('a'), warnings: [] })
    const refused = modelEmbedder(modelOf({ doEmbed })).embed(['a', 'b'])
    await expect(refused).rejects.toMatchObject({ code: 'unavailable', retryable: false })
  })

  it('of a query are not tried again, since words can answer it', async () => {
    const model = modelOf({ doEmbed: () => Promise.reject(new APICallError({ ...call, isRetryable: true })) })
    await expect(modelEmbedder(model).embed(['a'], { purpose: 'query' })).rejects.toMatchObject({ code: 'unavailable' })
    expect(model.doEmbedCalls).toHaveLength(1)
  })

  it('of records are', async () => {
    let calls = 0
    const doEmbed: Options['doEmbed'] = async ({ values }) => {
      // The wait before the next try is the provider's own choice.
      const responseHeaders = { 'retry-after-ms': '1' }
      if (++calls < 3) throw new APICallError({ ...call, isRetryable: true, responseHeaders })
      return { embeddings: vectorsOf(...values), warnings: [] }
    }
    expect(await modelEmbedder(modelOf({ doEmbed })).embed(['a'])).toEqual(vectorsOf('a'))
    expect(calls).toBe(3)
  })

  it('by the signal are "aborted", before the model is asked and after', async () => {
    const model = modelOf({
      doEmbed: ({ abortSignal }) =>
        new Promise((_, reject) => {
          abortSignal?.addEventListener('abort', () => reject(abortSignal.reason))
          controller.abort(new Error('enough'))
        }),
    })
    const controller = new AbortController()
    const embedder = modelEmbedder(model)
    const aborted = { code: 'aborted', retryable: false, cause: { message: 'enough' } }
    await expect(embedder.embed(['a'], { signal: controller.signal })).rejects.toMatchObject(aborted)
    await expect(embedder.embed(['a'], { signal: controller.signal })).rejects.toMatchObject(aborted)
    expect(model.doEmbedCalls).toHaveLength(1)
  })
})
