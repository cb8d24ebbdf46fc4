// What the test of jumping clocks and its workers agree on.
import type { Json } from '../../src/domain/json.ts'

/** One thing that a process is told to do. Times are ISO texts; durations are milliseconds. */
export type ClockAct =
  | { readonly act: 'write'; readonly key: string; readonly value: number; readonly ttlMs: number | null }
  | { readonly act: 'delete'; readonly key: string }
  | { readonly act: 'read'; readonly key: string }
  | { readonly act: 'readAt'; readonly key: string; readonly at: string }
  | { readonly act: 'fact'; readonly name: string; readonly expiresAt: string }
  | { readonly act: 'facts' }
  | { readonly act: 'take'; readonly name: string; readonly leaseMs: number }
  | { readonly act: 'renew'; readonly name: string; readonly token: number; readonly leaseMs: number }
  | { readonly act: 'release'; readonly name: string; readonly token: number }
  | { readonly act: 'open'; readonly threadId: string; readonly leaseMs: number }
  | { readonly act: 'say'; readonly threadId: string; readonly turnId: string }
  | { readonly act: 'run'; readonly runId: string | null; readonly unique: string; readonly leaseMs: number }
  | { readonly act: 'claim'; readonly leaseMs: number }
  | { readonly act: 'sweep' }

/** What a process is told: a file to open for a case, or an act at a time of its clock. */
export type ClockOrder = { readonly open: string } | { readonly at: number; readonly does: ClockAct }

/** What came of it: an answer, or the code of the error that refused it. */
export type ClockAnswer = { readonly answer: Json } | { readonly refused: string }
