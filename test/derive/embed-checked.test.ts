import { scriptedEmbedder } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { checked } from '../../src/derive/checked.ts'
import type { Embedder, Embedding } from '../../src/ports/embedder.ts'

/** An embedder of unknown dimensions that answers whatever it is told. */
function answering(answer: (texts: readonly string[]) => unknown): Embedder {
  const embed = async (texts: readonly string[]) => answer(texts) as readonly Embedding[]
  return { id: 'told', dimensions: null, maxWords: 10, batchSize: 5, embed }
}

const texts = ['a', 'b']

it('passes on what is right, with what the embedder says of itself', async () => {
  const inner = scriptedEmbedder({ id: 'x/1', dimensions: 8, maxWords: 7, batchSize: 3 })
  const embedder = checked(inner)
  expect(embedder).toMatchObject({ id: 'x/1', dimensions: 8, maxWords: 7, batchSize: 3 })
  const { signal } = new AbortController()
  expect(await embedder.embed(texts, { purpose: 'query', signal })).toEqual(await inner.embed(texts))
  expect(inner.calls[0]).toEqual({ number: 1, texts, purpose: 'query' })
  await embedder.close?.()
  await expect(inner.embed(texts)).rejects.toMatchObject({ code: 'closed' })
})

it('asks nothing when there is no text', async () => {
  const inner = scriptedEmbedder()
  expect(await checked(inner).embed([])).toEqual([])
  expect(inner.calls).toEqual([])
})

describe('refuses', () => {
  const zeros = new Float32Array(2)
  it.each<[string, unknown, string]>([
    ['too few vectors', [[1, 2]], '1 vectors for 2 texts'],
    [
      'too many vectors',
      [
        [1, 2],
        [1, 2],
        [1, 2],
      ],
      '3 vectors for 2 texts',
    ],
    ['no list', undefined, 'no list of vectors'],
    ['no vector', [[1, 2], null], 'no vector'],
    ['a text', ['ab', 'ab'], 'no vector'],
    [
      'vectors of different lengths',
      [
        [1, 2],
        [1, 2, 3],
      ],
      '3 numbers instead of 2',
    ],
    ['vectors of no length', [[], []], 'without numbers'],
    [
      'NaN',
      [
        [1, 2],
        [1, Number.NaN],
      ],
      'NaN',
    ],
    [
      'an infinite number',
      [
        [Number.POSITIVE_INFINITY, 1],
        [1, 2],
      ],
      'Infinity',
    ],
    [
      'a text for a number',
      [
        [1, 2],
        [1, '2'],
      ],
      'holds 2',
    ],
    ['zeros', [[1, 2], zeros], 'zeros'],
    [
      'numbers too small to measure',
      [
        [1, 2],
        [1e-200, 0],
      ],
      'zeros',
    ],
    [
      'numbers too large to measure',
      [
        [1, 2],
        [1e200, 0],
      ],
      'too long',
    ],
  ])('%s', async (_, answer, problem) => {
    const embedder = checked(answering(() => answer))
    await expect(embedder.embed(texts)).rejects.toThrow(problem)
    await expect(embedder.embed(texts)).rejects.toMatchObject({
      code: 'unavailable',
      retryable: false,
      details: { embedder: 'told' },
    })
    expect(embedder.dimensions).toBeNull()
  })

  it('other dimensions than at first, and than the embedder says', async () => {
    const embedder = checked(answering((list) => list.map((text) => Array(text.length).fill(1))))
    await embedder.embed(['abc'])
    expect(embedder.dimensions).toBe(3)
    await expect(embedder.embed(['abcd'])).rejects.toThrow('4 numbers instead of 3')
    expect(await embedder.embed(['xyz'])).toEqual([[1, 1, 1]])
    const stated = checked(scriptedEmbedder({ dimensions: 8, vectorOf: () => [1] }))
    await expect(stated.embed(['x'])).rejects.toThrow('1 numbers instead of 8')
  })
})

it('passes on the errors of the embedder as they are', async () => {
  const error = new Error('down')
  await expect(checked(scriptedEmbedder({ fail: () => error })).embed(texts)).rejects.toBe(error)
})
