/** Who makes notes: rules, or a language model. Both make the same kind of notes. */
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { withPeers } from '../../domain/peer-packages.ts'
import type { NoteFields, NoteInput } from '../../domain/records/observation.ts'
import type { Core } from '../door/core.ts'
import { condenseNotes, extractNotes } from './extract-notes.ts'
import type { ObservableMessage } from './unobserved.ts'

/** Makes notes of messages, and fewer notes of many. */
export interface Observer {
  /** How long a cycle may take before another process may begin one. */
  readonly claimMs: number
  /** `earlier` are the notes that were made before. */
  observe(messages: readonly ObservableMessage[], earlier: readonly NoteFields[]): Promise<readonly NoteInput[]>
  /** Notes of at most so many tokens, about. */
  reflect(notes: readonly NoteInput[], tokens: number): Promise<readonly NoteInput[]>
}

const minuteMs = 60_000

/** The observer that needs no model. */
function ruled({ limits }: Core): Observer {
  const most = limits.observationsPerChunk
  return {
    claimMs: minuteMs,
    observe: async (messages) => extractNotes(messages, most),
    reflect: async (notes, tokens) => condenseNotes(notes, tokens, most),
  }
}

/** The observer with a model, or by rules without one. */
export async function observerOf(core: Core, model: LanguageModelObject | null): Promise<Observer> {
  if (model === null) return ruled(core)
  const { modelObserver } = await withPeers(() => import('./model-observer.ts'))
  return modelObserver(core, model)
}
