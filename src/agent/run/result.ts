/** The AI SDK's results, with what memory adds to them. */
import type { CallWarning, DeepPartial, GenerateTextResult, StreamTextResult, TextStreamPart, ToolSet } from 'ai'
import type { AnswerEnd } from '../answer/answer.ts'
import type { Call } from '../call.ts'
import type { CompletionReason, IterationRecord } from '../iteration-options.ts'
import {
  type PendingCall,
  pendingCallsOf,
  type ToolCallApprovalPart,
  type ToolCallSuspendedPart,
} from '../suspension/pending-calls.ts'
import { withoutEmpty } from '../suspension/without-suspended.ts'
import type { DataPart } from '../tools/data-parts.ts'
import type { AnswerOfTurn } from '../turn/answering-turn.ts'
import type { OwnTurn } from '../turn/own-turn.ts'

type Context = Record<string, unknown>

/** Where a call was stored. Each id is null for a call that stored nothing. */
interface Stored {
  /** For `memory.getRun`: what the model saw. */
  readonly runId: string | null
  /** The turn of the call. */
  readonly turnId: string | null
  /** The answer's id in its thread. */
  readonly messageId: string | null
}

/** The type that a Standard Schema parses to. */
export type SchemaOutput<Schema> = Schema extends {
  readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined }
}
  ? Output
  : unknown

/** The AI SDK's result of `generateText`. `warnings` also has memory's warnings. */
export interface AgentResult<Value = unknown> extends GenerateTextResult<ToolSet, Context, never>, Stored {
  /** The answer in the shape that `structuredOutput` asked for; undefined for a call that asked for none. */
  readonly object: Value
  /** How the turn ended: `suspended` if calls of tools wait, otherwise `complete`. */
  readonly status: 'complete' | 'suspended'
  /** The calls that wait, in the order in which they were made. */
  readonly pendingCalls: readonly PendingCall[]
  /** Why the run ended; null for one that waits, and for a call that nobody follows, checks or limits. */
  readonly completionReason: CompletionReason | null
  /** The steps of the run so far, 100 at most, as its record keeps them; empty for a call that nobody follows, checks or limits. */
  readonly iterations: readonly IterationRecord[]
}

/** A part of `fullStream`: something happened inside of the work that a call of a tool handed to an agent or a workflow. */
export interface ToolOutputPart {
  /** Tells it from the AI SDK's parts. */
  readonly type: 'tool-output'
  /** The call that handed the work on. */
  readonly toolCallId: string
  /** `agent-<key>` or `workflow-<key>`. */
  readonly toolName: string
  /** A part of the subagent's own `fullStream`, or an event of the workflow. */
  readonly output: { readonly type: string }
}

/** What `fullStream` has in addition to the AI SDK's stream. */
export type AgentStreamPart = TextStreamPart<ToolSet> | ToolCallApprovalPart | ToolCallSuspendedPart | ToolOutputPart

type SdkStream = Omit<StreamTextResult<ToolSet, Context, never>, 'fullStream'>

/**
 * The AI SDK's result of `streamText`. It runs to its end even if it is not read, and can be read afterwards. Its
 * UI-message streams carry the answer's id.
 */
export interface AgentStream<Value = unknown> extends SdkStream, Stored {
  /**
   * The AI SDK's `stream`, and a `tool-call-approval` or `tool-call-suspended` part for each call that waits for an approval
   * or for data. They come when the turn is closed, so that the call can be decided about at once. A `tool-output` part has
   * each part of the stream of a subagent, and each event of a workflow, that a call handed work to.
   */
  readonly fullStream: AsyncIterable<AgentStreamPart> & ReadableStream<AgentStreamPart>
  /** The answer in the shape that `structuredOutput` asked for; undefined for a call that asked for none. */
  readonly object: PromiseLike<Value>
  /**
   * Adds a part of the application's own to the answer, such as `{ type: 'data-chart', data }`: its UI-message streams send
   * it and, unless it is `transient`, it is stored with the answer. Models never see it.
   *
   * @throws MemoryError `invalid-input` for another part, `limit-exceeded` if the answer has no room for it, `closed` if
   *   the answer is over.
   */
  write(part: DataPart): void
  /** The object as far as it is known, once more with each new piece. */
  readonly objectStream: AsyncIterable<DeepPartial<Value>>
  /**
   * Resolves once the turn is closed, with how it ended: `complete` or `suspended` if the answer is stored, otherwise
   * `aborted`, `failed` or `discarded`. Never rejects: an error is an `error` part of the stream or, if the stream
   * broke, is passed to `onError`.
   */
  readonly finished: Promise<{ readonly status: string }>
  /** The calls that wait once the turn is closed, in the order in which they were made. Never rejects. */
  readonly pendingCalls: Promise<readonly PendingCall[]>
  /**
   * Why the run ended, once the turn is closed; null for one that waits or broke off, and for a call that nobody follows,
   * checks or limits. Never rejects.
   */
  readonly completionReason: Promise<CompletionReason | null>
  /** The steps of the run, 100 at most, as its record keeps them, once the turn is closed. Never rejects. */
  readonly iterations: Promise<readonly IterationRecord[]>
}

/** Reads through to another object, with some of its properties replaced. */
export function withProperties<Target extends object, Added extends object>(
  target: Target,
  added: Added,
): Target & Added {
  return new Proxy(target, {
    get: (of, name) => {
      if (Object.hasOwn(added, name)) return Reflect.get(added, name, added) as unknown
      const value = Reflect.get(of, name, of) as unknown
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(of) : value
    },
    has: (of, name) => Object.hasOwn(added, name) || Reflect.has(of, name),
  }) as Target & Added
}

export function storedBy(turn: OwnTurn | AnswerOfTurn | null): Stored {
  if (turn !== null && 'said' in turn) {
    const { said, runId } = turn
    return { runId, turnId: said.turnId, messageId: said.id }
  }
  return { runId: turn?.runId ?? null, turnId: turn?.turn.id ?? null, messageId: turn?.messageId ?? null }
}

/** Memory's warnings in the form of the AI SDK. */
export function allWarnings(call: Call, warnings: readonly CallWarning[] | undefined): CallWarning[] {
  return [...(warnings ?? []), ...call.warnings.map((message): CallWarning => ({ type: 'other', message }))]
}

/** Why the run of a call ended; null if it did not end by itself. */
export function completionReasonOf({ iterations }: Call, status: string): CompletionReason | null {
  return status === 'complete' ? (iterations?.completionReason ?? null) : null
}

export function agentResult(
  call: Call,
  result: GenerateTextResult<ToolSet, Context, never>,
  turn: OwnTurn | AnswerOfTurn | null,
  end: AnswerEnd | null = null,
): AgentResult {
  return withProperties(result, {
    ...storedBy(turn),
    status: end?.status === 'suspended' ? ('suspended' as const) : ('complete' as const),
    pendingCalls: pendingCallsOf(end?.parts ?? []),
    completionReason: completionReasonOf(call, end?.status ?? 'complete'),
    iterations: call.iterations?.records ?? [],
    get responseMessages() {
      return withoutEmpty(result.responseMessages)
    },
    warnings: allWarnings(call, result.warnings),
    get object(): unknown {
      return call.options.structuredOutput === undefined ? undefined : result.output
    },
  })
}
