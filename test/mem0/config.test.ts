// Own process: it listens to the warnings of the process.
// Configurations of Mem0's own shape, and updates that add to metadata.
import { Memory } from 'aquifer/mem0'
import { describe, expect, it, onTestFinished } from 'vitest'
import { readConfig } from '../../src/adapters/mem0/config.ts'
import { openMemory, refused } from '../memory/opened.ts'

const openai = (model: string, more: object = {}) => ({ provider: 'openai', config: { model, ...more } })

describe('a configuration', () => {
  it.each([
    [{ version: 'v1.1' }, {}, []],
    [
      { llm: openai('gpt-5-mini'), embedder: openai('text-embedding-3-small') },
      { model: 'openai/gpt-5-mini', embedder: 'openai/text-embedding-3-small' },
      [],
    ],
    [
      { llm: openai('m', { apiKey: 'secret', temperature: 0 }), embedder: { provider: 'ollama' } },
      { model: 'openai/m' },
      ['llm.config.apiKey', 'llm.config.temperature', 'embedder'],
    ],
    [
      { vectorStore: { provider: 'memory', config: {} }, historyDbPath: 'h.db', rerank: true, enableGraph: undefined },
      {},
      ['vectorStore', 'historyDbPath', 'rerank'],
    ],
    [{ llm: openai('m'), model: 'own/model', storage: ':memory:' }, { model: 'own/model', storage: ':memory:' }, []],
    [{ embedder: false, storage: ':memory:' }, { embedder: false, storage: ':memory:' }, []],
  ])('%j', (given, options, ignored) => expect(readConfig(given as never)).toEqual({ options, ignored }))

  it('gives one warning that names all that is ignored, and no secret', async () => {
    const warnings: Error[] = []
    const hear = (warning: Error) => warnings.push(warning)
    process.on('warning', hear)
    onTestFinished(() => void process.off('warning', hear))
    const config = { storage: ':memory:', embedder: false, historyDbPath: 'h.db', rerank: { key: 'secret' } } as const
    const memory = new Memory(config as never)
    onTestFinished(() => memory.close())
    await expect.poll(() => warnings.length).toBe(1)
    expect(warnings[0]?.message).toContain('"historyDbPath", "rerank"')
    expect(JSON.stringify([warnings[0]?.message, warnings[0]])).not.toContain('secret')
    await memory.add('I play tennis', { user_id: 'u1' })
  })

  it('with options that nobody knows is refused as before', async () => {
    await refused('invalid-input', () => new Memory({ storage: ':memory:', vectorstore: {} } as never))
    for (const wrong of [null, 1, 'x', []]) await refused('invalid-input', () => new Memory(wrong as never))
  })
})

describe('an update', () => {
  it('adds to the metadata, also where ten do so at once', async () => {
    const memory = new Memory(openMemory())
    const { results } = await memory.add('I play tennis', { user_id: 'u1', metadata: { category: 'hobby', rank: 1 } })
    const id = results[0]?.id ?? ''
    await memory.update(id, { metadata: { rank: 2 } })
    expect((await memory.get(id))?.metadata).toEqual({ category: 'hobby', rank: 2 })
    await Promise.all(Array.from({ length: 10 }, (_, n) => memory.update(id, { metadata: { [`key${n}`]: n } })))
    expect(Object.keys((await memory.get(id))?.metadata ?? {})).toHaveLength(12)
    await memory.update(id, { data: 'I play golf', metadata: {} } as never)
    expect(await memory.get(id)).toMatchObject({ memory: 'I play golf', metadata: { category: 'hobby' } })
    await refused('not-found', () => memory.update('fact_AAAAAAAAAAAAAAAA_x', { metadata: { a: 1 } }))
  })
})
