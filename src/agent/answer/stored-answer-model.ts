/** Models that say what is known already: a stored answer, for calls that another call has answered. No provider is asked. */
import type { generateText, streamText, ToolSet } from 'ai'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { isInternal, isToolPart, type Message, type MessagePart, toolNameOf } from '../../domain/records/message.ts'
import type { Call } from '../call.ts'
import { outputOf } from './structured-end.ts'

/** A part of a model's answer. The specifications of the AI SDK's models have these fields in common. */
type Content = { readonly type: string } & Readonly<Record<string, unknown>>

/** A call that has run is said as one that the provider ran: nothing runs it again. */
function toolContent(part: MessagePart): readonly Content[] {
  const about = { toolCallId: part.toolCallId, toolName: toolNameOf(part), dynamic: true }
  const call = { ...about, type: 'tool-call', input: JSON.stringify(part.input ?? {}), providerExecuted: true }
  if (part.state === 'output-available') return [call, { ...about, type: 'tool-result', result: part.output ?? '' }]
  if (part.state === 'output-error') {
    return [call, { ...about, type: 'tool-result', result: part.errorText ?? '', isError: true }]
  }
  return []
}

function fileContent({ mediaType, url }: MessagePart): readonly Content[] {
  const text = String(url)
  const inline = /^data:[^,]*;base64,/.exec(text)?.[0]
  if (inline !== undefined)
    return [{ type: 'file', mediaType, data: { type: 'data', data: text.slice(inline.length) } }]
  return URL.canParse(text) ? [{ type: 'file', mediaType, data: { type: 'url', url: new URL(text) } }] : []
}

function contentOf(part: MessagePart): readonly Content[] {
  if (isInternal(part)) return []
  if (isToolPart(part)) return toolContent(part)
  if (part.type === 'file') return fileContent(part)
  if (part.type === 'text' || part.type === 'reasoning') return [{ type: part.type, text: String(part.text ?? '') }]
  if (part.type !== 'source-url') return []
  return [{ type: 'source', sourceType: 'url', id: part.sourceId, url: part.url, title: part.title }]
}

/** The parts of a stream with that content. */
function* streamed(content: readonly Content[]): Generator<Content> {
  yield { type: 'stream-start', warnings: [] }
  for (const [index, one] of content.entries()) {
    if (one.type !== 'text' && one.type !== 'reasoning') {
      yield one
      continue
    }
    const id = `${index}`
    yield { type: `${one.type}-start`, id }
    yield { type: `${one.type}-delta`, id, delta: one.text }
    yield { type: `${one.type}-end`, id }
  }
}

/** What a model is called in results, and how it ends. */
interface Told {
  readonly provider: string
  readonly modelId: string
  readonly finishReason: 'stop' | 'tool-calls'
}

/** A model that says just this and uses no tokens: no provider is asked. */
export function modelSaying(
  content: readonly Content[],
  { provider, modelId, finishReason: unified }: Told,
): LanguageModelObject {
  const finishReason = { unified, raw: undefined }
  const none = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined }
  const usage = { inputTokens: none, outputTokens: { total: undefined, text: undefined, reasoning: undefined } }
  const model = {
    specificationVersion: 'v4',
    provider,
    modelId,
    supportedUrls: {},
    doGenerate: async () => ({ content, finishReason, usage, warnings: [] }),
    doStream: async () => ({
      stream: ReadableStream.from([...streamed(content), { type: 'finish', finishReason, usage }]),
    }),
  }
  return model as unknown as LanguageModelObject
}

type Settings = Parameters<typeof streamText<ToolSet>>[0] & Parameters<typeof generateText<ToolSet>>[0]

const told = { provider: 'aquifer', modelId: 'stored-answer', finishReason: 'stop' } as const

/** The arguments of the AI SDK with which it says a stored answer. The options of the call concern models; this is none. */
export async function storedAnswerSettings({ options }: Call, answer: Message): Promise<Settings> {
  const { schema } = options.structuredOutput ?? {}
  return {
    model: modelSaying(answer.parts.flatMap(contentOf), told),
    messages: [{ role: 'user', content: 'The answer of the same request.' }],
    maxRetries: 0,
    ...(schema === undefined ? {} : { output: await outputOf(schema) }),
  } as Settings
}
