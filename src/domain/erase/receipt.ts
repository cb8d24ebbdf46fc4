/** Receipts: counts of what an erasure removed, kept outside all spaces. They name nothing that was erased. */

import type { ResultOf } from '../commit/commit.ts'
import type { ErasedCounts } from '../commit/effect.ts'
import { nothingErased, sumCounts } from '../commit/erased-counts.ts'

/** What can be forgotten: a whole space, or something in one. */
export const forgetTargets = ['resource', 'team', 'agent', 'task', 'thread', 'messages', 'facts', 'key', 'run'] as const
export type ForgetTarget = (typeof forgetTargets)[number]

/** `pending` until no byte of what was erased is left in any file of the database. */
export const receiptStates = ['pending', 'complete'] as const

/** What a forget removed: counts only. */
export interface ReceiptCounts extends ErasedCounts {
  readonly spaces: number
}

/** A receipt as drivers store it. */
export interface StoredReceipt {
  readonly id: string
  readonly target: ForgetTarget
  readonly state: (typeof receiptStates)[number]
  /** ISO times. */
  readonly requestedAt: string
  readonly completedAt: string | null
  readonly erased: ReceiptCounts
  /** Copies that no erasure in this database reaches, in words. */
  readonly outOfReach: readonly string[]
  /** Issued ids, and addresses of copies, that later commits will erase. An interrupted forget continues with them. */
  readonly left: readonly string[]
}

/** What an erasure notes in its receipt. */
export interface ReceiptNote {
  readonly id: string
  readonly target: ForgetTarget
  /**
   * The whole request as one text, to find its receipt while that is pending. Stored as a salted hash, and then
   * removed.
   */
  readonly asked: string
  readonly outOfReach: readonly string[]
  readonly left: readonly string[]
}

/** The receipt of an erasure that begins. */
export function newReceipt({ id, target, outOfReach, left }: ReceiptNote, requestedAt: string): StoredReceipt {
  const { kind: _, ...erased } = nothingErased
  return { id, target, state: 'pending', requestedAt, completedAt: null, erased, outOfReach, left }
}

/** The receipt after a commit of its erasure. */
export function withErased(receipt: StoredReceipt, result: ResultOf<'erase'>, note: ReceiptNote): StoredReceipt {
  const erased = { ...sumCounts(receipt.erased, result), spaces: receipt.erased.spaces + result.spaces }
  const outOfReach = [...new Set([...receipt.outOfReach, ...note.outOfReach])]
  return { ...receipt, erased, outOfReach, left: note.left }
}

/** Whether an erasure changed anything that was stored. */
export function tookAnything({ erased }: StoredReceipt): boolean {
  const { spaces, commits, threads, entries, facts, runs, records } = erased
  return [spaces, commits, threads, entries, facts, runs, records].some((count) => count > 0)
}

export function completedReceipt(receipt: StoredReceipt, completedAt: string): StoredReceipt {
  return { ...receipt, state: 'complete', completedAt }
}
