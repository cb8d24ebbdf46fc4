/** A language model for tests: it answers what the test says, at once and the same on every machine. */
import { setTimeout as wait } from 'node:timers/promises'

/** One call that a scripted model got. */
export interface ModelCall {
  /** 1 for the first call. */
  readonly number: number
  /** The instructions it was given. */
  readonly instructions: string
  /** What it was told, and what it said itself, in order, instructions apart. */
  readonly said: readonly string[]
  /** The last of what it was told. */
  readonly prompt: string
}

export interface ScriptedModelOptions {
  /** Default: `scripted`. */
  readonly provider?: string
  /** Default: `language/1`. */
  readonly modelId?: string
  /** What it answers: a text as it is, anything else as JSON. An error that this throws is the model's. */
  readonly answer: (call: ModelCall) => unknown
  /** Milliseconds before it answers, whatever the signal says; default: none, it answers in the same tick. */
  readonly delayMs?: number
}

interface Part {
  readonly type: string
  readonly text?: string
}

interface PromptMessage {
  readonly role: string
  readonly content: string | readonly Part[]
}

interface Generated {
  readonly content: { readonly type: 'text'; readonly text: string }[]
  readonly finishReason: { readonly unified: 'stop'; readonly raw: undefined }
  readonly usage: {
    readonly inputTokens: { total: number; noCache: undefined; cacheRead: undefined; cacheWrite: undefined }
    readonly outputTokens: { total: number; text: undefined; reasoning: undefined }
  }
  readonly warnings: never[]
}

/** A language model of the AI SDK's specification v4. */
export interface ScriptedModel {
  readonly specificationVersion: 'v4'
  readonly provider: string
  readonly modelId: string
  readonly supportedUrls: Record<string, RegExp[]>
  /** Every call so far, failed ones included. */
  readonly calls: readonly ModelCall[]
  doGenerate(options: { readonly prompt: readonly PromptMessage[] }): Promise<Generated>
  /** Always refused: nothing here streams. */
  doStream(): Promise<never>
}

function textOf({ content }: PromptMessage): string {
  return typeof content === 'string' ? content : content.map(({ text = '' }) => text).join('\n')
}

/** Makes a language model that needs no key and no network. */
export function scriptedModel(options: ScriptedModelOptions): ScriptedModel {
  const { provider = 'scripted', modelId = 'language/1', answer, delayMs } = options
  const calls: ModelCall[] = []

  async function doGenerate({ prompt }: { readonly prompt: readonly PromptMessage[] }): Promise<Generated> {
    const said = prompt.filter(({ role }) => role !== 'system').map(textOf)
    const instructions = prompt.filter(({ role }) => role === 'system').map(textOf)
    const call = { number: calls.length + 1, instructions: instructions.join('\n'), said, prompt: said.at(-1) ?? '' }
    calls.push(call)
    if (delayMs !== undefined) await wait(delayMs)
    const given = await answer(call)
    const text = typeof given === 'string' ? given : JSON.stringify(given)
    return {
      content: [{ type: 'text', text }],
      finishReason: { unified: 'stop', raw: undefined },
      usage: {
        inputTokens: { total: 1, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 1, text: undefined, reasoning: undefined },
      },
      warnings: [],
    }
  }

  async function doStream(): Promise<never> {
    throw new Error('A scripted model does not stream.')
  }

  return { specificationVersion: 'v4', provider, modelId, supportedUrls: {}, calls, doGenerate, doStream }
}
