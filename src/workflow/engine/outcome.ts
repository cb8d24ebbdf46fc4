/** What a part of a workflow came to. */

import { toJson } from '../../agent/tools/result-json.ts'
import { MemoryError } from '../../domain/error.ts'
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'
import type { RunState } from '../../domain/records/run.ts'

/** An error as a record of a step keeps it. */
export interface StepError {
  /** The name of its class, such as `TypeError`. */
  readonly name: string
  /** What it says, at most 4,000 characters. */
  readonly message: string
  /** The code of a MemoryError. */
  readonly code?: string
  /** The particulars of a MemoryError. */
  readonly details?: JsonObject
}

/**
 * What a step, a block or a whole workflow came to: an output, an error, an output that ends its workflow early, or
 * nothing yet, because something in it waits. An output of `undefined` is stored as none.
 */
export type FlowOutcome =
  | { readonly kind: 'done' | 'bailed'; readonly value: Json | undefined }
  | { readonly kind: 'failed'; readonly error: StepError; readonly path: string }
  | { readonly kind: 'parked' }

export const parked: FlowOutcome = { kind: 'parked' }

export function done(value: Json | undefined): FlowOutcome {
  return { kind: 'done', value }
}

const longestMessage = 4_000

/** An error as it is stored. Its stack and its cause stay in the process. */
export function stepErrorOf(error: unknown): StepError {
  if (error instanceof MemoryError) {
    const { name, message, code } = error
    return { name, message, code, details: toJson(error.details) as JsonObject }
  }
  if (error instanceof Error) return { name: shortOf(error.name), message: shortOf(error.message) }
  return { name: 'Error', message: shortOf(String(error)) }
}

function shortOf(text: string): string {
  return text.slice(0, longestMessage).toWellFormed()
}

/**
 * What a block came to whose parts have all ended or wait. An error counts first, then an early end: nobody needs to
 * decide about the rest of a block that is over.
 *
 * @param output Of a block all of whose parts are done.
 */
export function blockOutcome(parts: readonly (FlowOutcome | undefined)[], output: () => Json): FlowOutcome {
  const first = (kind: FlowOutcome['kind']) => parts.find((part) => part?.kind === kind)
  return first('failed') ?? first('bailed') ?? first('parked') ?? done(output())
}

/** What the record of a failed run says about its failure. */
export function failureDetails(path: string, error: StepError): JsonObject {
  return { failure: { path, error: error as unknown as Json } }
}

/** The failure of a run, by its record. */
export function failureOf({ details }: RunState): { readonly path: string; readonly error: StepError } | null {
  const { failure } = details
  return isJsonObject(failure) ? (failure as unknown as { path: string; error: StepError }) : null
}
