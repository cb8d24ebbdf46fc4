/** Options that say how threads are condensed into notes, the hooks of a cycle, and what a cycle reports. Types only. */
import type { LanguageModel } from 'ai'
import type { Author } from '../domain/actor.ts'
import type { Duration } from '../domain/limits.ts'
import type { ObservationKind, ObservationPriority } from '../domain/records/observation.ts'
import type { SchemaLike } from '../domain/schema-like.ts'

/** Where the result of an extractor goes. */
export type ExtractorTarget = 'facts' | 'workingMemory'

/** What else a model reads out of messages or notes, next to the notes. */
export interface NoteExtractor {
  /** Tells it from others. */
  readonly name: string
  /** What to look for. */
  readonly instructions: string
  /** The shape of its result, which is one value then. Default: statements, of which each becomes a fact. */
  readonly schema?: SchemaLike
  /**
   * Where its result goes: to facts of the resource (default), which are forgotten with the messages that they come from, or into
   * working memory, where it is merged, and which `forget` lists among the copies of these messages. That needs a schema.
   */
  readonly to?: ExtractorTarget
}

/** When messages become notes, and how. */
export interface ObservationOptions {
  /** Estimated tokens of messages without notes from which on older ones are replaced by notes. Default: 30,000. */
  readonly messageTokens?: number
  /**
   * Estimated tokens of new messages after which notes of them are made ahead, in the background: a share of `messageTokens` below 1, or
   * a number of tokens. `false`: none are made ahead. Default: 0.2.
   */
  readonly bufferTokens?: number | false
  /** The share of `messageTokens` that notes replace at the threshold; the newest messages stay as they are. Default: 0.8. */
  readonly bufferActivation?: number
  /**
   * Tokens of messages without notes above which a turn waits for notes: a share of `messageTokens` from 1 up to 100, or a number of
   * tokens. Default: 1.2.
   */
  readonly blockAfter?: number
  /** Estimated tokens of earlier notes that the model sees when it makes new ones, the newest first. Default: 2,000. */
  readonly previousObserverTokens?: number
  /** Tokens of messages that become one chunk of notes. Default: 10,000. */
  readonly maxTokensPerBatch?: number
  /** What the model is told in addition. Default: nothing. */
  readonly instruction?: string
  /** What else is read out of the messages. Default: nothing. */
  readonly extract?: readonly NoteExtractor[]
}

/** When notes are condensed further, and how. */
export interface ReflectionOptions {
  /** Estimated tokens of the notes of a thread from which on they are condensed. Default: 40,000. */
  readonly observationTokens?: number
  /** The share of `observationTokens` at which they are condensed ahead, in the background. 1: never ahead. Default: 0.5. */
  readonly bufferActivation?: number
  /**
   * Tokens of notes above which a turn waits for them to be condensed: a share of `observationTokens` from 1 up to 100, or a number of
   * tokens. Default: 1.2.
   */
  readonly blockAfter?: number
  /** What the model is told in addition. Default: nothing. */
  readonly instruction?: string
  /** What else is read out of the notes. Default: nothing. */
  readonly extract?: readonly NoteExtractor[]
}

/** A message as hooks of a cycle see it. */
export interface HookMessage {
  /** The id of the message. */
  readonly id: string
  /** Who said it. */
  readonly author: Author
  /** ISO time. */
  readonly createdAt: string
  /** What was said in it, without what memory added. */
  readonly text: string
}

/** A note as hooks of a cycle see it. */
export interface HookNote {
  /** Its place in the list, from 0. It says which note a changed one stands for. */
  readonly place: number
  /** What the note is about. */
  readonly kind: ObservationKind
  /** Its words. */
  readonly text: string
  /** How much it matters. */
  readonly priority: ObservationPriority
  /** ISO time at which it was said. */
  readonly saidAt: string
  /** ISO time that it speaks of; absent if it names none. */
  readonly refersTo?: string
}

/** What a hook keeps of the messages: each by its id, in any order, with its text or another one. */
interface KeptMessages {
  readonly messages: readonly { readonly id: string; readonly text?: string }[]
}

/** What a hook keeps of the notes: each by its place, with its text and priority or others. */
interface KeptNotes {
  readonly notes: readonly {
    readonly place: number
    readonly text?: string
    readonly priority?: ObservationPriority
  }[]
}

type Kept<Value> = Value | undefined | Promise<Value | undefined>

interface HookContext {
  readonly resourceId: string
  readonly threadId: string
  /** Aborted when the cycle is over. */
  readonly signal: AbortSignal
}

/**
 * Functions that see what a cycle works on, and may leave things out or change their words. Answer nothing to keep all. One that
 * throws ends the cycle: nothing of it is stored, and its messages stay in the prompt.
 */
export interface ObservationHooks {
  /** Called with the messages before notes are made of them. */
  beforeObservation?(context: HookContext & { readonly messages: readonly HookMessage[] }): Kept<KeptMessages>
  /** Called with the notes before they are stored. */
  afterObservation?(
    context: HookContext & { readonly messages: readonly HookMessage[]; readonly notes: readonly HookNote[] },
  ): Kept<KeptNotes>
  /** Called with the notes before they are condensed. What it leaves out is not condensed. */
  beforeReflection?(context: HookContext & { readonly notes: readonly HookNote[] }): Kept<KeptNotes>
  /** Called with the condensed notes before they are stored. */
  afterReflection?(context: HookContext & { readonly notes: readonly HookNote[] }): Kept<KeptNotes>
}

/** How long threads are condensed into notes. */
export interface ObservationalMemoryOptions {
  /** What makes the notes. Default: the model of the call; `false`: rules, without a model. */
  readonly model?: LanguageModel | false
  /** Whose notes a model sees: those of the thread (default), or of all threads of its resource. */
  readonly scope?: 'thread' | 'resource'
  /** When and how messages become notes. */
  readonly observation?: ObservationOptions
  /** When and how notes are condensed. */
  readonly reflection?: ReflectionOptions
  /**
   * How long a thread rests before its next turn replaces messages by the notes that were made ahead, also below the threshold:
   * milliseconds, or a text such as `5m`. `false`: only at the threshold. Default: `false`.
   */
  readonly activateAfterIdle?: number | Duration | false
  /**
   * Whether a message that was said 10 minutes or more after the one before it has a line in front that says how much time passed and
   * when it was said (UTC). The agent's own messages have none. The model that makes notes is told the same. Default: false.
   */
  readonly temporalMarkers?: boolean
  /** Whether agents get a tool that reads the messages behind a note. Default: false. */
  readonly retrieval?: boolean | { readonly scope?: 'thread' | 'resource' }
  /**
   * Estimated tokens that a model may read and write for notes in one day (UTC): of a thread, or with the scope `resource` of all its
   * threads. Default: no limit.
   */
  readonly dailyTokens?: number
  /** How long a turn waits for notes, or for them to be condensed, at most, milliseconds. Default: 10,000. */
  readonly maxWaitMs?: number
  /** Functions of the application that see messages and notes, and may change them. Default: none. */
  readonly hooks?: ObservationHooks
}

/** How long threads are condensed into notes, with all defaults. */
export interface ResolvedObservation {
  /** null: the model of the call; false: rules. */
  readonly model: LanguageModel | false | null
  readonly scope: 'thread' | 'resource'
  readonly observation: {
    readonly messageTokens: number
    /** Tokens; null: none are made ahead. */
    readonly bufferTokens: number | null
    readonly bufferActivation: number
    /** Tokens. */
    readonly blockAfter: number
    readonly previousObserverTokens: number
    readonly maxTokensPerBatch: number
    readonly instruction: string | null
    readonly extract: readonly NoteExtractor[]
  }
  readonly reflection: {
    readonly observationTokens: number
    readonly bufferActivation: number
    /** Tokens. */
    readonly blockAfter: number
    readonly instruction: string | null
    readonly extract: readonly NoteExtractor[]
  }
  /** null: only at the threshold. */
  readonly activateAfterIdleMs: number | null
  readonly temporalMarkers: boolean
  /** null: no tool. */
  readonly retrieval: { readonly scope: 'thread' | 'resource' } | null
  /** null: no limit. */
  readonly dailyTokens: number | null
  readonly maxWaitMs: number
  readonly hooks: ObservationHooks
}

/** Why a cycle ended without notes. */
export type ObservationFailure =
  /** The model failed, or its answers could not be used. */
  | 'model'
  /** There is no model to make notes with. */
  | 'no-model'
  /** A hook threw. */
  | 'hook'
  /** The tokens of the day are used up. */
  | 'budget'
  /** An extractor's answer could not be used. The notes are stored without it. */
  | 'extractor'

interface CycleEvent {
  readonly threadId: string
  /** What is made: notes of messages, or fewer notes of many. */
  readonly operation: 'observation' | 'reflection'
  /** Whether it is made ahead, and shown later. */
  readonly isBuffered: boolean
}

/** What happened while a thread was condensed into notes. Plain JSON; never content. */
export type ObservationEvent =
  /** `tokens`: of what is condensed, estimated. */
  | (CycleEvent & { readonly type: 'start'; readonly tokens: number })
  | (CycleEvent & {
      readonly type: 'end'
      readonly tokens: number
      readonly notes: number
      /** Of the notes, estimated. */
      readonly noteTokens: number
    })
  | (CycleEvent & { readonly type: 'failed'; readonly reason: ObservationFailure; readonly message: string })
  /** Notes that were made ahead replaced messages, or earlier notes. `tokens`: of what they replaced. */
  | {
      readonly type: 'activation'
      readonly threadId: string
      readonly operation: 'observation' | 'reflection'
      readonly chunks: number
      readonly tokens: number
    }
  /** A turn waited for notes of its messages, or until its notes were condensed. */
  | {
      readonly type: 'waited'
      readonly threadId: string
      readonly operation: 'observation' | 'reflection'
      readonly ms: number
      /** Whether there was what it waited for. */
      readonly isDone: boolean
    }
  /** A turn went on without its oldest messages, since no notes of them were ready. */
  | {
      readonly type: 'trimmed'
      readonly threadId: string
      /** Tokens that messages without notes may have together. */
      readonly mostTokens: number
    }

/** Takes what a cycle reports. */
export type ObservationReport = (event: ObservationEvent) => void
