/** The steps of a call's model, as those know them who call the model, store the call and show it. Types only. */
import type { streamText, ToolSet } from 'ai'
import type { Json, JsonObject } from '../domain/json.ts'
import type { MessagePart } from '../domain/records/message.ts'
import type { CompletionCheck, CompletionReason, IterationRecord } from './iteration-options.ts'

type Settings = Parameters<typeof streamText<ToolSet>>[0]

/** The open turn of a call, as its iterations use it. */
export interface IteratingTurn {
  readonly runId: string
  readonly isSilent: boolean
  /** The part of the answer that was stored when the call began. */
  readonly stored: readonly MessagePart[]
  /** Calls of that part that run now. */
  readonly earlier: ReadonlySet<string>
  readonly suspensions: { silence(): void }
  readonly answer: { recorded(steps: number): Promise<void> }
  /** Stores the answer so far, and what the run tells of itself. Never throws. */
  keep(): Promise<void>
}

/** What happens between two steps, told as it happens. */
export type IterationEvent =
  | { readonly kind: 'check-started'; readonly iteration: number; readonly checksCount: number }
  | { readonly kind: 'check-ended'; readonly check: CompletionCheck; readonly suppressFeedback: boolean }

/** The steps of one call. */
export interface CallIterations {
  /** How many steps the run had before this call of it. */
  readonly before: number
  /** The last steps of the run, this call's included. */
  readonly records: readonly IterationRecord[]
  /** Why the run ended, once it has; null while it goes on, and where it waits. */
  readonly completionReason: CompletionReason | null
  /** What the record of the run tells of its steps. */
  readonly facts: Readonly<Record<string, Json | undefined>>
  /** What the run keeps until its model was told; null for nothing. */
  readonly kept: Json
  /** Whether the model may be told something between two steps, which no reader of the stream is to see. */
  readonly mayTell: boolean
  /** Tells of what happens between two steps. */
  follow(follower: (event: IterationEvent) => void): void
  /** Takes what the run told and kept before this call of it. */
  restore(details: JsonObject, continuation: Json): void
  /** The arguments of the AI SDK, by which it tells of each step and is told what comes next. */
  watching<Given extends Settings>(given: Given, turn: IteratingTurn | null): Promise<Given>
}

/** Begins the ids of what the model is told between two steps, so that nobody takes it for a message of the application. */
export const feedbackId = 'aquifer-feedback-'
