import { scriptedEmbedder, vectorOfWords } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, i) => sum + value * (y[i] as number), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

describe('vectors of words', () => {
  const of = (text: string, meanings = {}) => vectorOfWords(text, 256, meanings)

  it('are the same for the same words, whatever their order and case', () => {
    expect(of('The cat sat')).toEqual(of('sat THE, cat!'))
    expect(of('the cat sat')).not.toEqual(of('the cat ran'))
  })

  it('are close for texts that share words, and about at right angles for others', () => {
    const question = of('when did the cat sleep')
    expect(cosine(question, of('the cat did sleep at noon'))).toBeGreaterThan(0.6)
    expect(Math.abs(cosine(question, of('rain fell on seven hills')))).toBeLessThan(0.25)
  })

  it('take one word for another where told so, and only there', () => {
    expect(of('an automobile', { automobile: 'car' })).toEqual(of('an car'))
    expect(of('an automobile')).not.toEqual(of('an car'))
    expect(of('constructor', {})).toEqual(of('constructor'))
  })

  it('have a direction without words, and in other scripts', () => {
    for (const text of ['', '?!', '我们', 'ありがとう']) expect(of(text).some((value) => value !== 0)).toBe(true)
    expect(of('我们')).not.toEqual(of('你们'))
  })
})

describe('a scripted embedder', () => {
  it('answers one vector a text, and keeps its calls', async () => {
    const embedder = scriptedEmbedder({ dimensions: 8 })
    const vectors = await embedder.embed(['a', 'b', 'a'], { purpose: 'query' })
    expect(vectors.map((vector) => vector.length)).toEqual([8, 8, 8])
    expect(vectors[0]).toEqual(vectors[2])
    expect(vectors[0]).not.toEqual(vectors[1])
    await embedder.embed(['c'])
    expect(embedder.calls).toEqual([
      { number: 1, texts: ['a', 'b', 'a'], purpose: 'query' },
      { number: 2, texts: ['c'], purpose: 'record' },
    ])
  })

  it('fails, waits and damages its answers as told', async () => {
    const embedder = scriptedEmbedder({
      delayMs: 1,
      fail: ({ number }) => (number === 1 ? new Error('down') : undefined),
      answer: (vectors, { texts }) => (texts.includes('few') ? vectors.slice(1) : vectors),
      vectorOf: (text) => [text.length, 1],
    })
    await expect(embedder.embed(['x'])).rejects.toThrow('down')
    expect(await embedder.embed(['x', 'few'])).toEqual([[3, 1]])
    expect(await embedder.embed(['x'])).toEqual([[1, 1]])
    expect(embedder.calls).toHaveLength(3)
  })

  it('stops waiting when aborted, and refuses to work when closed', async () => {
    const embedder = scriptedEmbedder({ delayMs: 3_600_000 })
    const controller = new AbortController()
    const waiting = embedder.embed(['x'], { signal: controller.signal })
    controller.abort()
    await expect(waiting).rejects.toThrow('abort')
    await embedder.close()
    await embedder.close()
    await expect(embedder.embed(['x'])).rejects.toMatchObject({ code: 'closed' })
  })
})
