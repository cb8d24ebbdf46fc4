/**
 * Options that say how a memory serves agents: of a Memory, of an agent and of a call, merged in that order. Types
 * only.
 */
import type { LanguageModel } from 'ai'
import type { GateMode } from '../domain/question-gate.ts'
import type { SchemaLike } from '../domain/schema-like.ts'
import type { StandardSchema } from '../domain/standard-schema.ts'
import type { ObservationalMemoryOptions, ResolvedObservation } from './observational-memory.ts'

/** Whose memory a block is: the resource's, or one thread's. */
export type BlockScope = 'resource' | 'thread'

/** Working memory. Give a `template` or a `schema`, not both; with either, or with `enabled`, agents see it. */
export interface WorkingMemoryOptions<Schema extends SchemaLike = SchemaLike> {
  /** Whether agents see it and keep it up to date. Default: true if there is a template or a schema. */
  readonly enabled?: boolean
  /** Whose memory it is: the resource's (default), or each thread's own. */
  readonly scope?: BlockScope
  /** Markdown that an empty working memory starts from. */
  readonly template?: string
  /**
   * The shape of working memory kept as JSON; writes are merged and checked against it. A schema of zod or of another
   * library that follows the Standard Schema specification, a JSON Schema of an object, or `jsonSchema()` of the AI SDK.
   */
  readonly schema?: Schema
  /** Whether agents get the tool `updateWorkingMemory`. Default: true. */
  readonly agentManaged?: boolean
  /** Agents see it and cannot write it. Default: false. */
  readonly readOnly?: boolean
}

/** Options for items that are recalled into a prompt before each call. */
export interface SemanticRecallOptions {
  /** Items found at most. With `observationalMemory`, up to as many again are shown in few words. Default: 20. */
  readonly topK?: number
  /** Messages to add around each found one, within the budget. Default: 0. */
  readonly messageRange?: number | { readonly before?: number; readonly after?: number }
  /** What to search. Default: `resource`, all threads of the resource. */
  readonly scope?: BlockScope
  /** Least `relevance` of an item, from 0 to 1. Default: 0. */
  readonly threshold?: number
  /** What to do with a message that is about nothing that was ever said: recall nothing, or not. Default: `mild`. */
  readonly gate?: GateMode
  /** A filter for the messages' metadata; see `memory.recall`. */
  readonly filter?: Readonly<Record<string, unknown>>
  /** Tokens of all items together, estimated. Default: 1,000. */
  readonly tokenBudget?: number
}

/**
 * What a call stores of the messages that it is sent.
 *
 * - `merge`: what the thread does not hold yet. Messages that a client sends again are recognised by id and by content.
 *   Of an assistant message that memory did not issue, the words are kept as a claim of the sender.
 * - `new-only`: the newest message; all others are ignored. For routes that clients call.
 * - `import`: as `merge`, and assistant messages that memory did not issue are kept whole, with their tool calls. For
 *   callers that you trust.
 */
export type HistoryMode = 'merge' | 'new-only' | 'import'

/** Who gives titles to threads, and how. */
export interface TitleOptions {
  /** A language model of the AI SDK, or a text such as `openai/gpt-5.4-mini`. Default: the model of the call. */
  readonly model?: LanguageModel
  /** What that model is told. It is shown the first question and its answer. Default: to write at most six words. */
  readonly instructions?: string
  /** Characters of a title; a longer one is cut after a word. Default: 120. */
  readonly maxChars?: number
}

/**
 * How memory serves an agent. Every field may be set on the Memory, the agent and the call; for each field, the call
 * wins over the agent, and the agent over the Memory.
 */
export interface MemoryBehaviour<Schema extends SchemaLike = SchemaLike> {
  /** How many of the thread's newest messages a model sees. Default: 10; `false` or 0: none. */
  readonly lastMessages?: number | false
  /** Tokens of those messages together, estimated; the oldest are dropped. Default: no limit. */
  readonly messageHistory?: { readonly maxTokens?: number }
  /**
   * Whether items that are relevant to the input are recalled into the prompt. Default: yes, with the defaults of
   * `memory.recall`. Only `true` or an object adds the tool `recall`.
   */
  readonly semanticRecall?: boolean | SemanticRecallOptions
  /** Working memory that agents see and keep up to date. Default: none. */
  readonly workingMemory?: WorkingMemoryOptions<Schema>
  /** Whether facts about the resource are recalled into the context. Default: false. */
  readonly facts?: boolean
  /**
   * Pinned facts of the resource, which every prompt shows, the most important first, then the newest. Those that do not fit
   * `tokenBudget` (default: 500, estimated) are named in the run. Default: yes; `false`: none.
   */
  readonly pinnedFacts?: boolean | { readonly tokenBudget?: number }
  /**
   * A team whose entries the agent shares, with the tools `memory_write`, `memory_read`, `memory_list`, `memory_merge`.
   */
  readonly team?: string
  /**
   * Whether older messages of long threads are condensed into notes, which the model sees instead of them. `true`: by the model
   * of the call. Default: false.
   */
  readonly observationalMemory?: boolean | ObservationalMemoryOptions
  /**
   * Whether threads without a title get one from a model, in the background, after their first complete answer. Default:
   * false.
   */
  readonly generateTitle?: boolean | TitleOptions
  /** Reads memory and writes nothing: neither messages nor working memory nor entries. Default: false. */
  readonly readOnly?: boolean
  /**
   * What a call does while an earlier turn of its thread is open: `queue` (default) waits for it, at most
   * `limits.turnWaitMs`; `parallel` does not wait.
   */
  readonly turns?: 'queue' | 'parallel'
  /** What a call stores of the messages that it is sent. Default: `merge`. */
  readonly history?: HistoryMode
}

/** How many messages to add before and after each found one. */
export interface MessageRange {
  readonly before: number
  readonly after: number
}

/** Working memory as an agent has it. With neither template nor schema it is free text. */
export interface ResolvedWorkingMemory {
  readonly scope: BlockScope
  readonly template: string | null
  readonly schema: StandardSchema | null
  /** Whether the agent gets the tool that writes it. Never with `readOnly`. */
  readonly agentManaged: boolean
  /** Whether the agent may not write it: set for working memory, or for all of memory. */
  readonly readOnly: boolean
}

/** What is recalled, ready for `memory.recall`. */
export interface ResolvedRecallOptions {
  readonly topK: number
  readonly messageRange: MessageRange
  readonly scope: BlockScope
  readonly threshold: number
  readonly gate: GateMode
  readonly tokenBudget: number
  readonly filter?: Readonly<Record<string, unknown>>
}

/** How titles are made. Without a model, by that of the call; without instructions, by the usual ones. */
export interface ResolvedTitleOptions {
  readonly model: LanguageModel | null
  readonly instructions: string | null
  readonly maxChars: number
}

/** How memory serves one call of an agent. */
export interface ResolvedBehaviour {
  /** Messages of the thread that the model sees; 0: none. */
  readonly lastMessages: number
  /** Tokens of those together; null: no limit. */
  readonly messageHistory: { readonly maxTokens: number | null }
  /** null: nothing is recalled. `isNamed`: recall was set explicitly, so the agent gets the tool `recall` too. */
  readonly semanticRecall: { readonly options: ResolvedRecallOptions; readonly isNamed: boolean } | null
  /** null: agents do not see it. */
  readonly workingMemory: ResolvedWorkingMemory | null
  readonly facts: boolean
  /** Tokens of the pinned facts; null: none are shown. */
  readonly pinnedFacts: { readonly tokenBudget: number } | null
  readonly team: string | null
  /** null: threads are not observed. */
  readonly observationalMemory: ResolvedObservation | null
  /** null: no titles. */
  readonly generateTitle: ResolvedTitleOptions | null
  readonly readOnly: boolean
  readonly turns: 'queue' | 'parallel'
  readonly history: HistoryMode
}
