/**
 * Gives every tool call an id of its own. Some providers count their calls again in each turn or each step (`call_0`), and
 * some leave ids out. A prompt with one id twice is refused by strict providers, and results go to the wrong call.
 */
import type { LanguageModelObject } from '../derive/provider-model.ts'

/** A part of an answer, or of its stream: only what is read here. */
interface AnswerPart {
  readonly type: string
  readonly id?: string
  readonly toolCallId?: string
  readonly providerExecuted?: boolean
}

interface ModelCall {
  readonly prompt: readonly { readonly content: unknown }[]
}

/** An id like the one that is taken, and free. */
export function freeId(id: string, isTaken: (id: string) => boolean): string {
  const stem = id === '' ? 'call' : id
  for (let count = 2; ; count++) if (!isTaken(`${stem}_${count}`)) return `${stem}_${count}`
}

/** The ids of the calls in a prompt. */
function idsIn({ prompt }: ModelCall): Set<string> {
  const parts = prompt.flatMap(({ content }) => (Array.isArray(content) ? (content as readonly AnswerPart[]) : []))
  return new Set(parts.flatMap(({ type, toolCallId }) => (type === 'tool-call' ? (toolCallId ?? []) : [])))
}

/** The ids of the calls of one answer. */
class AnswerIds {
  readonly #taken: Set<string>
  /** Calls whose input is being streamed: their new ids, by the provider's. */
  readonly #begun = new Map<string, string>()

  constructor(call: ModelCall) {
    this.#taken = idsIn(call)
  }

  /** The part with the id that its call has. The provider keeps track of the calls that it runs itself. */
  renamed<Part extends AnswerPart>(part: Part): Part {
    if (part.providerExecuted === true) return part
    if (part.type === 'tool-input-start') return { ...part, id: this.#begin(part.id ?? '') }
    if (part.type === 'tool-input-delta' || part.type === 'tool-input-end') {
      const id = part.id ?? ''
      return { ...part, id: this.#begun.get(id) ?? id }
    }
    if (part.type !== 'tool-call') return part
    const given = part.toolCallId ?? ''
    const toolCallId = this.#begun.get(given) ?? this.#begin(given)
    this.#begun.delete(given)
    return { ...part, toolCallId }
  }

  #begin(given: string): string {
    const isTaken = (id: string) => this.#taken.has(id)
    const id = given === '' || isTaken(given) ? freeId(given, isTaken) : given
    this.#taken.add(id)
    this.#begun.set(given, id)
    return id
  }
}

/** A stream with its parts renamed. One part for each pull: what is queued when a stream breaks would be lost. */
function renamedStream(stream: ReadableStream<AnswerPart>, ids: AnswerIds): ReadableStream<AnswerPart> {
  const reader = stream.getReader()
  return new ReadableStream<AnswerPart>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(ids.renamed(value))
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}

/** What the specifications of the AI SDK's models have in common, as far as it is used here. */
interface AnyModel {
  doGenerate(call: ModelCall): PromiseLike<{ readonly content: readonly AnswerPart[] }>
  doStream(call: ModelCall): PromiseLike<{ readonly stream: ReadableStream<AnswerPart> }>
}

/** The model, whose calls have ids that occur nowhere else in their prompt and their answer. */
export function withOwnCallIds(model: LanguageModelObject): LanguageModelObject {
  const any = model as unknown as AnyModel
  const own: AnyModel = {
    doGenerate: async (call) => {
      const answer = await any.doGenerate(call)
      const ids = new AnswerIds(call)
      return { ...answer, content: answer.content.map((part) => ids.renamed(part)) }
    },
    doStream: async (call) => {
      const answer = await any.doStream(call)
      return { ...answer, stream: renamedStream(answer.stream, new AnswerIds(call)) }
    },
  }
  // Not a proxy of the model itself: the methods of a frozen one could not be replaced.
  return new Proxy({} as LanguageModelObject, {
    get: (_, name) => Reflect.get(Object.hasOwn(own, name) ? own : model, name),
    has: (_, name) => name in model,
    getPrototypeOf: () => Object.getPrototypeOf(model) as object,
  })
}
