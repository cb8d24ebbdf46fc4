/** Calls the hooks of a cycle: what they leave out is left out, and what they change is changed. One that throws ends the cycle. */
import { whenAborted } from '../../domain/detached.ts'
import { invalidInput } from '../../domain/error.ts'
import type { NoteInput } from '../../domain/records/observation.ts'
import { observationPriorities } from '../../domain/records/observation.ts'
import type { HookMessage, HookNote, ObservationHooks } from '../../ports/observational-memory.ts'
import { modelTime } from '../door/model-time.ts'
import type { Cycle } from './cycle.ts'
import type { ObservableMessage } from './unobserved.ts'

/** A hook threw, or answered something that cannot be used. `cause` is the error. */
export class HookError extends Error {}

function hookMessages(messages: readonly ObservableMessage[]): readonly HookMessage[] {
  return messages.map(({ text, message: { id, author, createdAt } }) => {
    return { id, author: { ...author }, createdAt, text }
  })
}

function hookNotes(notes: readonly NoteInput[]): readonly HookNote[] {
  return notes.map(({ text, kind = 'note', priority, saidAt, refersTo }, place) => {
    return { place, kind, text, priority, saidAt, ...(refersTo === undefined ? {} : { refersTo }) }
  })
}

type Listed<Name extends string> = { readonly [Key in Name]: readonly unknown[] }

/** The list in the answer of a hook; null if it keeps all. */
function listIn<Name extends string>(answer: unknown, name: Name): Listed<Name>[Name] | null {
  if (answer === undefined) return null
  const list = (answer as Partial<Listed<Name>> | null)?.[name]
  if (Array.isArray(list)) return list
  throw invalidInput(`hooks.${name}`, `must be answered as { ${name}: [...] }`, answer, 'Answer nothing to keep all.')
}

/** The time a hook has is that of a model; a hook that does not end in time fails. */
async function ask<Name extends string>(
  { door, thread }: Cycle,
  name: Name,
  hook: ((context: never) => unknown) | undefined,
  seen: object,
): Promise<readonly unknown[] | null> {
  if (hook === undefined) return null
  const { signal, stop } = modelTime(door.core)
  const late = Promise.withResolvers<never>()
  const stopListening = whenAborted([signal], () => late.reject(signal.reason), late.reject)
  try {
    const context = { ...seen, resourceId: door.address.id, threadId: thread.id, signal }
    return listIn(await Promise.race([hook(context as never), late.promise]), name)
  } catch (cause) {
    throw new HookError('A hook of observations failed.', { cause })
  } finally {
    stopListening()
    stop()
  }
}

function isText(value: unknown): value is string | undefined {
  return value === undefined || typeof value === 'string'
}

function wrong(what: string, value: unknown): HookError {
  return new HookError('A hook of observations failed.', {
    cause: invalidInput(what, 'must name what the hook was given', value, 'Answer with items that the hook was given.'),
  })
}

async function keptNotes(cycle: Cycle, hook: keyof ObservationHooks, notes: readonly NoteInput[], seen: object) {
  const { hooks } = cycle.options
  const kept = await ask(cycle, 'notes', hooks[hook]?.bind(hooks), { ...seen, notes: hookNotes(notes) })
  if (kept === null) return notes
  const changed = new Map<number, NoteInput>()
  for (const one of kept) {
    const { place, text, priority } = (one ?? {}) as Partial<HookNote>
    const note = typeof place === 'number' ? notes[place] : undefined
    const isKnown = priority === undefined || observationPriorities.includes(priority)
    if (note === undefined || !isText(text) || !isKnown) throw wrong('notes', one)
    if (text?.trim() === '') continue
    changed.set(place as number, {
      ...note,
      ...(text === undefined ? {} : { text }),
      ...(priority === undefined ? {} : { priority }),
    })
  }
  return notes.flatMap((_, place) => changed.get(place) ?? [])
}

/** The messages that a cycle may observe, in their order. */
export async function beforeObservation(cycle: Cycle, messages: readonly ObservableMessage[]) {
  const { hooks } = cycle.options
  const seen = { messages: hookMessages(messages) }
  const kept = await ask(cycle, 'messages', hooks.beforeObservation?.bind(hooks), seen)
  if (kept === null) return messages
  const texts = new Map<string, string | undefined>()
  const ids = new Set<string>(messages.map(({ message }) => message.id))
  for (const one of kept) {
    const { id, text } = (one ?? {}) as Partial<HookMessage>
    if (typeof id !== 'string' || !ids.has(id) || !isText(text)) throw wrong('messages', one)
    texts.set(id, text)
  }
  return messages.flatMap((message) => {
    const { id } = message.message
    return texts.has(id) ? [{ ...message, text: texts.get(id) ?? message.text }] : []
  })
}

/** The notes of some messages that a cycle may store, in their order. */
export function afterObservation(cycle: Cycle, messages: readonly ObservableMessage[], notes: readonly NoteInput[]) {
  return keptNotes(cycle, 'afterObservation', notes, { messages: hookMessages(messages) })
}

/** The notes that a cycle may condense, in their order. */
export function beforeReflection(cycle: Cycle, notes: readonly NoteInput[]) {
  return keptNotes(cycle, 'beforeReflection', notes, {})
}

/** The condensed notes that a cycle may store, in their order. */
export function afterReflection(cycle: Cycle, notes: readonly NoteInput[]) {
  return keptNotes(cycle, 'afterReflection', notes, {})
}
