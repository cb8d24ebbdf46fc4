/** Decides a write of a keyed value, for entries, blocks and records. */

import { type Json, jsonLength } from '../json.ts'
import { checkBytes, type LimitName } from '../limits.ts'
import { isoTime, msOf } from '../time.ts'
import type { Draft } from './draft.ts'

interface ValueState {
  readonly value: Json
  readonly patchBytes: number
}

/**
 * The record after a write, and the effect to log. The effect has the whole value once the patches since the last one
 * are larger than it, so that reading a version never folds more than one value's length.
 *
 * @throws MemoryError `limit-exceeded` if the value is larger than the limit.
 */
export function applyValue<State extends ValueState, Write extends object>(
  draft: Draft,
  effect: Write,
  fold: (effect: Write) => State,
  limit: LimitName,
  what: string,
): { readonly effect: Write; readonly after: State } {
  const after = fold(effect)
  checkBytes(draft.limits, limit, after.value, what)
  const isHeavy = after.patchBytes > 0 && after.patchBytes > jsonLength(after.value)
  if (!isHeavy) return { effect, after }
  return { effect: { ...effect, full: after.value }, after: { ...after, patchBytes: 0 } }
}

interface Lived {
  readonly expiresAt: string | null
  readonly updatedAt: string
}

/**
 * When a written record expires: as the write says; otherwise, for a change of a live record, after its own
 * time-to-live again; otherwise after the default.
 */
export function expiryOf(
  draft: Draft,
  ttlMs: number | null | undefined,
  changed: Lived | null,
  defaultMs: number | null,
): string | null {
  if (ttlMs === null) return null
  if (ttlMs !== undefined) return isoTime(msOf(draft.at) + ttlMs)
  if (changed !== null && changed.expiresAt === null) return null
  const ownMs = changed?.expiresAt == null ? null : msOf(changed.expiresAt) - msOf(changed.updatedAt)
  const livesMs = ownMs ?? defaultMs
  return livesMs === null ? null : isoTime(msOf(draft.at) + livesMs)
}
