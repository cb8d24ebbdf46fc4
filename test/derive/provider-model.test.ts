// A name of a model leads to the provider that it names, or to an error that says what to do.
// Own process: it replaces the default provider of the AI SDK.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MockEmbeddingModelV4, MockLanguageModelV4 } from 'ai/test'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ModelUser } from '../../src/derive/provider-model.ts'
import { embeddingModelNamed, languageModelNamed } from '../../src/derive/provider-model.ts'
import { refused, temporaryFolder } from '../memory/opened.ts'

const agent: ModelUser = { who: 'The agent "Sales"', field: 'model' }
const memory: ModelUser = { who: 'The memory', field: 'embedder' }

afterEach(() => vi.restoreAllMocks())

/** An application with provider packages of its own, which is where the process runs. */
function applicationWith(packages: Readonly<Record<string, string>>): void {
  const folder = temporaryFolder()
  for (const [name, code] of Object.entries(packages)) {
    const home = join(folder, 'node_modules', '@ai-sdk', name)
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'package.json'), JSON.stringify({ name: `@ai-sdk/${name}`, main: 'index.cjs' }))
    writeFileSync(join(home, 'index.cjs'), code)
  }
  vi.spyOn(process, 'cwd').mockReturnValue(folder)
}

function defaultProvider(provider: object): void {
  const before = globalThis.AI_SDK_DEFAULT_PROVIDER
  onTestFinished(() => {
    globalThis.AI_SDK_DEFAULT_PROVIDER = before
  })
  globalThis.AI_SDK_DEFAULT_PROVIDER = provider as unknown as typeof before
}

describe('a name', () => {
  it('leads to the package of the provider', () => {
    expect(languageModelNamed('openai/gpt-5.4', agent)).toMatchObject({
      provider: 'openai.responses',
      modelId: 'gpt-5.4',
    })
    const model = embeddingModelNamed('openai/text-embedding-3-small', memory)
    expect(model).toMatchObject({ provider: 'openai.embedding', modelId: 'text-embedding-3-small' })
  })

  it('leads to the gateway only if it names it', () => {
    const named = { provider: 'gateway', modelId: 'openai/gpt-5.4' }
    expect(languageModelNamed('gateway/openai/gpt-5.4', agent)).toMatchObject(named)
    const embedding = embeddingModelNamed('gateway/openai/text-embedding-3-small', memory)
    expect(embedding).toMatchObject({ provider: 'gateway', modelId: 'openai/text-embedding-3-small' })
  })

  it('finds the packages of the application first', () => {
    const own = (kind: string) => `{ doGenerate() {}, doStream() {}, doEmbed() {}, provider: '${kind}', modelId: id }`
    const code = `exports.openai = Object.assign((id) => (${own('mine')}), { embeddingModel: (id) => (${own('mine too')}) })`
    applicationWith({ openai: code })
    expect(languageModelNamed('openai/x/y', agent)).toMatchObject({ provider: 'mine', modelId: 'x/y' })
    expect(embeddingModelNamed('openai/x', memory)).toMatchObject({ provider: 'mine too', modelId: 'x' })
  })

  it('goes whole to the default provider that the application has set', () => {
    const asked: string[] = []
    const text = new MockLanguageModelV4()
    const vectors = new MockEmbeddingModelV4()
    const told =
      <Model>(model: Model) =>
      (id: string) => {
        asked.push(id)
        return model
      }
    defaultProvider({ languageModel: told(text), embeddingModel: told(vectors) })
    expect(languageModelNamed('acme/large-1', agent)).toBe(text)
    expect(embeddingModelNamed('acme/small-1', memory)).toBe(vectors)
    defaultProvider({ languageModel: told(text), textEmbeddingModel: told(vectors) })
    expect(embeddingModelNamed('acme/older-1', memory)).toBe(vectors)
    expect(asked).toEqual(['acme/large-1', 'acme/small-1', 'acme/older-1'])
  })
})

describe('is refused', () => {
  const both = [
    ['a language model', languageModelNamed, agent],
    ['an embedding model', embeddingModelNamed, memory],
  ] as const
  describe.each(both)('as %s', (_, lookUp, user) => {
    it.each(['gpt-5.4', 'openai/', '/gpt-5.4', '../gpt', 'OpenAI/gpt-5.4', ''])('in the form %j', async (name) => {
      const error = await refused('invalid-input', () => lookUp(name, user))
      const rule = `must have the form 'provider/model'`
      expect(error.details).toMatchObject({ field: user.field, rule })
      expect(error.fix).toContain(`'openai/`)
    })

    it('with a provider that is not installed', async () => {
      const error = await refused('invalid-input', () => lookUp('acme-cloud/x', user))
      expect(error.message).toContain(`${user.who} has the ${user.field} "acme-cloud/x"`)
      expect(error.fix).toContain('npm install @ai-sdk/acme-cloud')
      expect(error.details).toMatchObject({ field: user.field, got: 'acme-cloud/x' })
    })

    it('with a package that needs settings first', async () => {
      const error = await refused('invalid-input', () => lookUp('openai-compatible/x', user))
      expect(error.message).toContain('@ai-sdk/openai-compatible has no provider that works without settings')
    })

    it('with a package that cannot be loaded, or that lacks another one', async () => {
      applicationWith({ torn: `throw new Error('torn')`, half: `require('nowhere')` })
      for (const name of ['torn', 'half']) {
        const error = await refused('invalid-input', () => lookUp(`${name}/x`, user))
        expect(error.message).toContain(`@ai-sdk/${name} cannot be loaded`)
        expect(error.cause).toBeInstanceOf(Error)
      }
    })

    it('with a provider that makes no such model, or something else', async () => {
      const makes = '() => { throw new Error("no such model") }'
      applicationWith({
        other: `exports.other = Object.assign(() => 5, { embeddingModel: () => 5 })`,
        strict: `exports.strict = Object.assign(${makes}, { embeddingModel: ${makes} })`,
      })
      for (const name of ['other', 'strict']) {
        const error = await refused('invalid-input', () => lookUp(`${name}/x`, user))
        expect(error.message).toMatch(new RegExp(`@ai-sdk/${name} makes no (language|embedding) model of it`))
      }
      defaultProvider({})
      const error = await refused('invalid-input', () => lookUp('openai/x', user))
      expect(error.message).toContain('AI_SDK_DEFAULT_PROVIDER makes no')
    })
  })

  it('as an embedding model of a provider that has language models only', async () => {
    applicationWith({ chatty: 'exports.chatty = () => ({ doGenerate() {}, doStream() {} })' })
    expect(languageModelNamed('chatty/x', agent)).toHaveProperty('doStream')
    const error = await refused('invalid-input', () => embeddingModelNamed('chatty/x', memory))
    expect(error.details).toMatchObject({ field: 'embedder', rule: 'must name an embedding model' })
  })
})
