/**
 * Gives every tool call an id of its own. Some providers count their calls again in each turn or each step (`call_0`), and
 * some leave ids out. A prompt with one id twice is refused by strict providers, and results go to the wrong call.
 */
/** A part of an answer, or of its stream: only what is read here. */
export interface CalledPart {
  readonly type: string
  readonly id?: string
  readonly toolCallId?: string
  readonly providerExecuted?: boolean
}

type Prompt = readonly { readonly content: unknown }[]

/** An id like the one that is taken, and free. */
export function freeId(id: string, isTaken: (id: string) => boolean): string {
  const stem = id === '' ? 'call' : id
  for (let count = 2; ; count++) if (!isTaken(`${stem}_${count}`)) return `${stem}_${count}`
}

/** The ids of the calls in a prompt. */
function idsIn(prompt: Prompt): Set<string> {
  const parts = prompt.flatMap(({ content }) => (Array.isArray(content) ? (content as readonly CalledPart[]) : []))
  return new Set(parts.flatMap(({ type, toolCallId }) => (type === 'tool-call' ? (toolCallId ?? []) : [])))
}

/** The ids of the calls of one answer. */
export class AnswerIds {
  readonly #taken: Set<string>
  /** Calls whose input is being streamed: their new ids, by the provider's. */
  readonly #begun = new Map<string, string>()

  constructor(prompt: Prompt) {
    this.#taken = idsIn(prompt)
  }

  /** The part with the id that its call has. The provider keeps track of the calls that it runs itself. */
  renamed<Part extends CalledPart>(part: Part): Part {
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
