/**
 * The model of a call as the AI SDK gets it. It is asked with files where its provider takes them, and its tool calls have
 * ids of their own. That holds for each step, also for those that the AI SDK makes itself after tools have run.
 */
import type { LanguageModelObject } from '../derive/provider-model.ts'
import { AnswerIds, type CalledPart } from './call-ids.ts'
import { eyesOf, type GivenMessage, withNamedFiles, withPlacedFiles } from './media.ts'

/** What the specifications of the AI SDK's models have in common, as far as it is used here. */
interface ModelCall {
  readonly prompt: readonly GivenMessage[]
  readonly tools?: readonly { readonly name: string }[]
}

interface Warning {
  readonly type: 'other'
  readonly message: string
}

interface Generated {
  readonly content: readonly CalledPart[]
  readonly warnings?: readonly Warning[]
}

type StreamPart = CalledPart & { readonly warnings?: readonly Warning[] }

interface Streamed {
  readonly stream: ReadableStream<StreamPart>
}

interface AnyModel {
  doGenerate(call: ModelCall): PromiseLike<Generated>
  doStream(call: ModelCall): PromiseLike<Streamed>
}

/** Answers of servers that will not take the request as it is. A model without eyes is also said not to be there. */
const refusals = [400, 404, 413, 415, 422]

/** Whether a model refused what it was sent, so that it may take less. */
function isRefused(error: unknown): boolean {
  const { statusCode, name } = (error ?? {}) as { readonly statusCode?: unknown; readonly name?: unknown }
  return refusals.includes(Number(statusCode)) || name === 'AI_UnsupportedFunctionalityError'
}

/** Models that refused files, and answered without them. */
const refusing = new WeakSet<LanguageModelObject>()

const withoutFiles: Warning = {
  type: 'other',
  message: 'The model refused the files of earlier messages; they are named in the prompt instead.',
}

/** Asks a model with the files of the prompt; if it refuses them, once more with their names. */
async function asked<Call extends ModelCall, Answer>(
  model: LanguageModelObject,
  call: Call,
  ask: (call: Call) => PromiseLike<Answer>,
): Promise<{ readonly answer: Answer; readonly warnings: readonly Warning[] }> {
  const named = () => {
    const prompt = withNamedFiles(call.prompt)
    return prompt === null ? null : { ...call, prompt }
  }
  const known = refusing.has(model) ? named() : null
  if (known !== null) return { answer: await ask(known), warnings: [withoutFiles] }
  try {
    const prompt = withPlacedFiles(call.prompt, await eyesOf(model))
    return { answer: await ask({ ...call, prompt }), warnings: [] }
  } catch (error) {
    const less = isRefused(error) ? named() : null
    if (less === null) throw error
    const answer = await ask(less)
    refusing.add(model)
    return { answer, warnings: [withoutFiles] }
  }
}

/** A stream with its parts changed. One part for each pull: what is queued when a stream breaks would be lost. */
function changedStream<Part>(stream: ReadableStream<Part>, change: (part: Part) => Part): ReadableStream<Part> {
  const reader = stream.getReader()
  return new ReadableStream<Part>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(change(value))
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** The request without tools that the model need not see. */
function withoutHidden(call: ModelCall, isHidden: (tool: string) => boolean): ModelCall {
  const { tools } = call
  if (tools === undefined || !tools.some(({ name }) => isHidden(name))) return call
  return { ...call, tools: tools.filter(({ name }) => !isHidden(name)) }
}

/**
 * The model of a call, or of one of its steps.
 *
 * @param isHidden Tools that are there for what may come, and that the model need not see yet.
 */
export function ownModel(model: LanguageModelObject, isHidden: (tool: string) => boolean): LanguageModelObject {
  const any = model as unknown as AnyModel
  const own: AnyModel = {
    doGenerate: async (call) => {
      const { answer, warnings } = await asked(model, withoutHidden(call, isHidden), (asking) => any.doGenerate(asking))
      const ids = new AnswerIds(call.prompt)
      const content = answer.content.map((part) => ids.renamed(part))
      return { ...answer, content, warnings: [...(answer.warnings ?? []), ...warnings] }
    },
    doStream: async (call) => {
      const { answer, warnings } = await asked(model, withoutHidden(call, isHidden), (asking) => any.doStream(asking))
      const ids = new AnswerIds(call.prompt)
      const change = (part: StreamPart): StreamPart => {
        if (part.type === 'stream-start') return { ...part, warnings: [...(part.warnings ?? []), ...warnings] }
        return ids.renamed(part)
      }
      return { ...answer, stream: changedStream(answer.stream, change) }
    },
  }
  // Not a proxy of the model itself: the methods of a frozen one could not be replaced.
  return new Proxy({} as LanguageModelObject, {
    get: (_, name) => Reflect.get(Object.hasOwn(own, name) ? own : model, name),
    has: (_, name) => name in model,
    getPrototypeOf: () => Object.getPrototypeOf(model) as object,
  })
}
