/** The AI SDK's results, with what memory adds to them. */
import type { CallWarning, DeepPartial, GenerateTextResult, StreamTextResult, ToolSet } from 'ai'
import type { Call } from '../call.ts'
import type { OwnTurn } from './own-turn.ts'

type Context = Record<string, unknown>

/** Where a call was remembered. Each is null for a call that stored nothing. */
export interface Stored {
  /** For `memory.getRun`: what the model saw. */
  readonly runId: string | null
  /** The turn of the call. */
  readonly turnId: string | null
  /** The answer's id in its thread. */
  readonly messageId: string | null
}

/** What a Standard Schema parses to, as its library says. */
export type OutputOf<Schema> = Schema extends {
  readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined }
}
  ? Output
  : unknown

/** The AI SDK's result of `generateText`. `warnings` holds what memory has to say as well. */
export interface AgentResult<Value = unknown> extends GenerateTextResult<ToolSet, Context, never>, Stored {
  /** The answer in the shape that `structuredOutput` asked for; undefined for a call that asked for none. */
  readonly object: Value
}

/**
 * The AI SDK's result of `streamText`. It is driven to its end whether or not it is read, and stays readable; its
 * UI-message streams carry the answer's id.
 */
export interface AgentStream<Value = unknown> extends StreamTextResult<ToolSet, Context, never>, Stored {
  /** The answer in the shape that `structuredOutput` asked for; undefined for a call that asked for none. */
  readonly object: PromiseLike<Value>
  /** The object as far as it is known, again with each piece that comes. */
  readonly objectStream: AsyncIterable<DeepPartial<Value>>
  /**
   * Resolves once the turn is closed, with how it ended: `complete` or `suspended` where the answer is stored, else
   * `aborted`, `failed` or `discarded`. Never rejects: what went wrong is told in the stream as an `error` part, or, where
   * the stream broke, by `onError`.
   */
  readonly finished: Promise<{ readonly status: string }>
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

export function storedBy(turn: OwnTurn | null): Stored {
  return { runId: turn?.runId ?? null, turnId: turn?.turn.id ?? null, messageId: turn?.messageId ?? null }
}

/** What memory has to say, as the AI SDK says it. */
export function allWarnings(call: Call, warnings: readonly CallWarning[] | undefined): CallWarning[] {
  return [...(warnings ?? []), ...call.warnings.map((message): CallWarning => ({ type: 'other', message }))]
}

export function agentResult(
  call: Call,
  result: GenerateTextResult<ToolSet, Context, never>,
  turn: OwnTurn | null,
): AgentResult {
  return withProperties(result, {
    ...storedBy(turn),
    warnings: allWarnings(call, result.warnings),
    get object(): unknown {
      return call.options.structuredOutput === undefined ? undefined : result.output
    },
  })
}
