// What is put to the test: a memory that takes in a conversation and is asked about it.
import type { RecallMode } from '../src/recall/question.ts'
import type { Conversation } from './questions.ts'

export interface Found {
  /** Ids of turns, the best first. */
  readonly ids: readonly string[]
  /** Time of the recall itself, without making the vector of the question. */
  readonly ms: number
}

export interface AskableMemory {
  recall(question: string, mode: RecallMode, topK: number): Promise<Found>
}

/** Takes in a conversation of its own; nothing of others is in it. */
export type TakeIn = (conversation: Conversation) => Promise<AskableMemory>
