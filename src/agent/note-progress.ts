/** How the notes of a thread come about during a call: as parts of its stream, and in the record of its run. Never content. */
import type { Json, JsonObject } from '../domain/json.ts'
import type { ObservationEvent, ObservationReport, ResolvedObservation } from '../ports/observational-memory.ts'
import { type DataParts, notePart } from './tools/data-parts.ts'

/** The record of one run keeps that many events, the last ones. */
const mostEvents = 32

/** How full a prompt is: tokens of messages and notes, and the tokens at which they are condensed. */
interface NoteStatus {
  readonly threadId: string
  readonly messages: { readonly tokens: number; readonly threshold: number }
  readonly notes: { readonly tokens: number; readonly threshold: number }
}

/** The part that tells of an event, such as `data-om-observation-start`. */
function nameOf(event: ObservationEvent): string {
  if ('isBuffered' in event) return `${event.isBuffered ? 'buffering' : event.operation}-${event.type}`
  return event.type
}

/** A failure's message is a provider's, and may quote what was said. */
function recorded(event: ObservationEvent): JsonObject {
  if (event.type !== 'failed') return { ...event }
  const { message: _, ...rest } = event
  return rest
}

export class NoteProgress {
  readonly #events: JsonObject[] = []
  readonly #parts: { readonly name: string; readonly data: object }[] = []
  #count = 0
  #shownBy: DataParts | null = null

  /** Takes an event. After the end of the stream it is only recorded. */
  readonly report: ObservationReport = (event) => {
    this.#count += 1
    this.#events.push(recorded(event))
    if (this.#events.length > mostEvents) this.#events.shift()
    const { type: _, ...data } = event
    this.#show(nameOf(event), data)
  }

  /** Tells how full the prompt is. */
  status({ observation, reflection }: ResolvedObservation, threadId: string, tokens: JsonObject): void {
    const of = (name: string, threshold: number) => ({ tokens: Number(tokens[name] ?? 0), threshold })
    const status: NoteStatus = {
      threadId,
      messages: of('history', observation.messageTokens),
      notes: of('observations', reflection.observationTokens),
    }
    this.#show('status', status)
  }

  /** Shows what happened so far in a stream, and from then on what happens. */
  showIn(dataParts: DataParts): void {
    this.#shownBy = dataParts
    for (const { name, data } of this.#parts.splice(0)) dataParts.tell(notePart(name, data))
  }

  #show(name: string, data: object): void {
    if (this.#shownBy === null) this.#parts.push({ name, data })
    else this.#shownBy.tell(notePart(name, data))
  }

  /** How many events there were. */
  get count(): number {
    return this.#count
  }

  /** For the record of the run; empty if nothing happened. */
  get facts(): { readonly observationEvents?: Json } {
    return this.#events.length === 0 ? {} : { observationEvents: [...this.#events] }
  }
}
