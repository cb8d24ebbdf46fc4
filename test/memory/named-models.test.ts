// Models that a memory is given by name: refused where it is made or first used, looked up by then, and kept under the name.
// Own process: it replaces the default provider of the AI SDK.
import { existsSync } from 'node:fs'
import { MockEmbeddingModelV4, MockLanguageModelV4 } from 'ai/test'
import { Memory } from 'aquifer'
import { vectorOfWords } from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openMemory, refused, temporaryFolder } from './opened.ts'

const options = ['model', 'embedder'] as const

describe.each(options)('the option %s', (field) => {
  it.each(['gpt-5.4', 'openai/', 'Open AI/x'])('is refused by the constructor in the form %j', async (name) => {
    const error = await refused('invalid-input', () => new Memory({ storage: ':memory:', [field]: name }))
    expect(error.details).toMatchObject({ field, rule: `must have the form 'provider/model'` })
  })

  it('is refused by every call if its provider is not installed, and the file is left to others', async () => {
    const path = `${temporaryFolder()}/memory.db`
    const memory = openMemory({ storage: `file:${path}`, [field]: 'acme-cloud/x' })
    const calls = [
      () => memory.saveMessages({ resourceId: 'ann', threadId: 't', messages: 'Hello' }),
      () => memory.recall({ resourceId: 'ann', query: 'Hello' }),
      () => memory.add('I live in Rome', { userId: 'ann' }),
      () => memory.team('acme').read('key'),
      () => memory.settled(),
    ]
    for (const call of calls) {
      const error = await refused('invalid-input', call)
      expect(error.details).toMatchObject({ field, got: 'acme-cloud/x' })
      expect(error.fix).toContain('npm install @ai-sdk/acme-cloud')
    }
    await memory.close()
    for (const end of ['-wal', '-shm']) expect(existsSync(path + end), end).toBe(false)
    const other = openMemory({ storage: `file:${path}` })
    expect((await other.listThreads({ resourceId: 'ann' })).threads).toEqual([])
  })
})

it('looks up both at the first use, with the default provider of then, and keeps vectors under the name', async () => {
  const memory = openMemory({ model: 'acme/talker', embedder: 'acme/small', background: false })
  const before = globalThis.AI_SDK_DEFAULT_PROVIDER
  onTestFinished(() => {
    globalThis.AI_SDK_DEFAULT_PROVIDER = before
  })
  const model = new MockLanguageModelV4({ doGenerate: async () => Promise.reject(new Error('asked')) })
  const embedder = new MockEmbeddingModelV4({
    maxEmbeddingsPerCall: 10,
    doEmbed: async ({ values }) => ({ embeddings: values.map((text) => [...vectorOfWords(text, 8)]), warnings: [] }),
  })
  const provider = { languageModel: () => model, embeddingModel: () => embedder }
  globalThis.AI_SDK_DEFAULT_PROVIDER = provider as unknown as typeof before
  await memory.saveMessages({ resourceId: 'ann', threadId: 't', messages: 'Hello there' })
  globalThis.AI_SDK_DEFAULT_PROVIDER = before
  expect(await memory.settled()).toMatchObject({ degraded: null, pendingSpaces: 0, error: null })
  const found = await memory.recall({ resourceId: 'ann', query: 'hello' })
  expect(found).toMatchObject({ degraded: [], pending: 0 })
  const learned = await memory.add('I live in Rome', { userId: 'ann' })
  expect(learned).toMatchObject({ degraded: ['model-failed'] })
  expect(model.doGenerateCalls.length).toBeGreaterThan(0)
  expect(embedder.doEmbedCalls.length).toBeGreaterThan(1)
})
