/** The records that the changes of one commit claim: a commit changes each at most once. */
import type { Change, Commit } from '../commit/commit.ts'
import { invalidInput } from '../error.ts'

export type Claim =
  | { readonly entry: string }
  | { readonly block: string }
  | { readonly fact: string }
  | { readonly run: string }
  | { readonly record: string }
  | { readonly thread: string }
  | { readonly turn: string }
  | { readonly lease: string }
  | { readonly message: string }
  | { readonly settings: string }

export class Claims {
  readonly #taken = new Set<string>()

  /** @throws MemoryError `invalid-input` if an earlier change of the commit has claimed the record. */
  take(record: Claim): void {
    const [kind, name] = Object.entries(record)[0] as [string, string]
    const claim = `${kind} ${name}`
    if (this.#taken.has(claim)) {
      const fix = 'Put the second change into another commit.'
      throw invalidInput('changes', 'must change one record at most once', claim, fix)
    }
    this.#taken.add(claim)
  }
}

/** Refuses other changes of a thread in a commit with a change that is about all of the thread. */
export function requireAlone(commit: Commit, change: Change & { threadId: string }, rule: string, what: string): void {
  const other = commit.changes.find((one) => one !== change && 'threadId' in one && one.threadId !== undefined)
  if (other !== undefined) throw invalidInput('changes', rule, change.threadId, `${what} in a commit of its own.`)
}
