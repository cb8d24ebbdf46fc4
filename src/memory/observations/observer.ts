/** Who makes notes: rules, or a language model. Both make the same kind of notes. */
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import { withPeers } from '../../domain/peer-packages.ts'
import type { NoteFields, NoteInput } from '../../domain/records/observation.ts'
import type { ResolvedObservation } from '../../ports/observational-memory.ts'
import type { Core } from '../door/core.ts'
import { condenseNotes, extractNotes } from './extract-notes.ts'
import type { ObservableMessage } from './unobserved.ts'

/** What an observer made. */
export interface Made {
  readonly notes: readonly NoteInput[]
  /** Tokens that a model read and wrote for it, as it counted them itself or else estimated. */
  readonly spent: number
}

/** Makes notes of messages, and fewer notes of many. */
export interface Observer {
  /** Whether a model makes them. */
  readonly isModel: boolean
  /** How long a cycle may take before another process may begin one. */
  readonly claimMs: number
  /** Tokens of a question without what it is about, about. */
  readonly questionTokens: number
  /** Tokens that a model reads in addition to the messages, at most, about. */
  readonly overheadTokens: number
  /** `earlier` are the notes that were made before. */
  observe(messages: readonly ObservableMessage[], earlier: readonly NoteFields[]): Promise<Made>
  /** Notes of at most so many tokens, about. */
  reflect(notes: readonly NoteInput[], tokens: number): Promise<Made>
}

const minuteMs = 60_000

/** The observer that needs no model. */
function ruled({ limits }: Core): Observer {
  const most = limits.observationsPerChunk
  return {
    isModel: false,
    claimMs: minuteMs,
    questionTokens: 0,
    overheadTokens: 0,
    observe: async (messages) => ({ notes: extractNotes(messages, most), spent: 0 }),
    reflect: async (notes, tokens) => ({ notes: condenseNotes(notes, tokens, most), spent: 0 }),
  }
}

/** The observer with a model, or by rules without one. */
export async function observerOf(
  core: Core,
  model: LanguageModelObject | null,
  options: ResolvedObservation,
): Promise<Observer> {
  if (model === null) return ruled(core)
  const { modelObserver } = await withPeers(() => import('./model-observer.ts'))
  return modelObserver(core, model, options)
}
