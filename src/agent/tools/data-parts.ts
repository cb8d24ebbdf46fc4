/** Parts that an application or a tool adds to an answer while it is given: charts, progress, cards. Models never see them. */
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { isJsonObject, jsonBytes, toPatch } from '../../domain/json.ts'
import type { ResultRoom } from './result-room.ts'

/** A part of the application's own, in the form of the AI SDK. */
export interface DataPart {
  /** `data-` and the application's name for it, such as `data-chart`. */
  readonly type: `data-${string}`
  /** A part with the type and the id of an earlier one takes its place. Default: none. */
  readonly id?: string
  /** Plain JSON. */
  readonly data: unknown
  /** Whether it is only sent, and not stored. Default: false. */
  readonly transient?: boolean
}

/** The type of the part that tells of a call which waits for data. Memory alone writes it. */
export const suspendedPart = 'data-tool-call-suspended'

/** The names of parts that tell how notes of a thread come about. Memory alone writes them; they are sent, and never stored. */
const notePrefix = 'data-om-'

/** Whether a part tells how notes come about. A client may send one back, and a model never sees it. */
export function isNotePart({ type }: { readonly type: string }): boolean {
  return type.startsWith(notePrefix)
}

/** A part that tells how notes come about. */
export function notePart(name: string, data: object): DataPart {
  return { type: `${notePrefix}${name}`, data, transient: true }
}

const fix = `Pass { type: 'data-chart', data: { … } }, with an id if it is written more than once.`

function checkedPart(given: unknown): DataPart {
  const part = isJsonObject(given) ? toPatch(given, 'part') : null
  if (part === null) throw invalidInput('part', 'must be a part of data', given, fix)
  const { type, id, data, transient, ...others } = part
  if (typeof type !== 'string' || !/^data-./.test(type)) {
    throw invalidInput('part.type', "must begin with 'data-' and say more", type, fix)
  }
  if (type === suspendedPart) {
    throw invalidInput('part.type', 'must not be the one that tells of suspended calls', type, 'Give it another name.')
  }
  if (isNotePart({ type })) {
    throw invalidInput('part.type', 'must not be one that tells of notes', type, 'Give it another name.')
  }
  if (id !== undefined && typeof id !== 'string') throw invalidInput('part.id', 'must be a text', id, fix)
  if (data === undefined) throw invalidInput('part.data', 'is required', data, fix)
  if (transient !== undefined && typeof transient !== 'boolean') {
    throw invalidInput('part.transient', 'must be true or false', transient, fix)
  }
  const [other] = Object.keys(others)
  if (other !== undefined) throw invalidInput('part', `has an unknown field ${shown(other)}`, given, fix)
  return part as unknown as DataPart
}

type Follower = (part: DataPart) => void

/** The parts of data of one answer. */
export class DataParts {
  readonly #room: ResultRoom | null
  readonly #parts: DataPart[] = []
  readonly #followers = new Set<Follower>()
  #isOver = false

  /** @param room Of the answer that stores them; null if nothing is stored. */
  constructor(room: ResultRoom | null) {
    this.#room = room
  }

  /**
   * Adds a part to the answer.
   *
   * @throws MemoryError `invalid-input` for another part, `limit-exceeded` if the answer has no room for it, `closed` if the
   *   answer is over.
   */
  write(given: DataPart): void {
    const part = checkedPart(given)
    if (this.#isOver) {
      throw new MemoryError('closed', {
        message: `The part ${shown(part.type)} comes after the end of the answer.`,
        fix: 'Write parts while the answer is given, for example from a tool or right after stream().',
      })
    }
    if (part.transient !== true) this.#room?.take(`The part ${shown(part.type)}`, jsonBytes({ ...part } as never))
    this.#add(part)
  }

  /** Adds a part of memory's own, which is sent and not stored. Does nothing if the answer is over. */
  tell(part: DataPart): void {
    if (!this.#isOver) this.#add(part)
  }

  #add(part: DataPart): void {
    this.#parts.push(part)
    for (const follower of this.#followers) follower(part)
  }

  /** Tells of all parts so far, and then of each as it comes. Returns what ends that. */
  follow(follower: Follower): () => void {
    for (const part of this.#parts) follower(part)
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  /** Takes no more parts. */
  end(): void {
    this.#isOver = true
  }
}
