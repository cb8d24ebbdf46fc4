/** What all drivers answer alike: positions past the horizon, keys of new spaces. */
import { randomBytes } from 'node:crypto'
import type { Commit, CommitResult, ResultOf } from '../domain/commit.ts'
import { nothingErased } from '../domain/erase.ts'
import { invariant, MemoryError } from '../domain/error.ts'
import type { Seq, SpaceKey } from '../domain/id.ts'
import { copyJson } from '../domain/json.ts'
import type { Language } from '../domain/language.ts'
import type { Limits } from '../domain/limits.ts'
import type { SpaceSettings, SpaceState } from '../domain/space.ts'

/** The error for a position in a log that was compacted away, or belongs to a space that was erased. */
function cursorExpired(after: Seq, horizon: Seq, seq: Seq): MemoryError {
  return new MemoryError('cursor-expired', {
    message: `The log begins after seq ${horizon}; seq ${after} lies below it.`,
    fix: `Read the current state, then follow from seq ${seq}.`,
    details: { after, horizon, seq },
  })
}

/** Refuses a position below the horizon of its space. */
export function requireAbove({ horizon, seq: last }: SpaceState, seq: Seq): void {
  if (seq < horizon) throw cursorExpired(seq, horizon, last)
}

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A random key for a new space: 12 letters and digits, about 71 bits. */
export function newSpaceKey(): SpaceKey {
  let key = ''
  while (key.length < 12) {
    for (const byte of randomBytes(16)) if (byte < 248 && key.length < 12) key += alphabet[byte % 62]
  }
  return key as SpaceKey
}

/** The settings a new space starts with: the limits of the memory that creates it, and the storage's language. */
export function settingsFrom(limits: Limits, language: Language): SpaceSettings {
  const { entriesPerSpace, entryTtlMs, logDays } = limits
  return { entriesPerSpace, entryTtlMs, logDays, language }
}

/** A commit as a driver takes it: copied and checked to be JSON, so that nobody changes it while it waits. */
export function admitted(commit: Commit): Commit {
  const { id, space, background } = commit
  const changes = copyJson(commit.changes, 'changes')
  const expect = commit.expect === undefined ? {} : { expect: copyJson(commit.expect, 'expect') }
  return { id, space, changes, ...expect, ...(background === undefined ? {} : { background }) }
}

/** The result of a commit that erases and was put under no expectation. */
export function eraseResult(result: CommitResult): ResultOf<'erase'> {
  if (result.status === 'conflict') {
    throw new MemoryError('conflict', {
      message: `The erasure was refused: ${result.reason}.`,
      fix: 'Send it under a commit id of its own and without expectations.',
      details: { reason: result.reason },
    })
  }
  const [erased] = result.results
  invariant(erased?.kind === 'erase', 'a commit with a receipt erases')
  return result.replayed ? nothingErased : erased
}

export function closedError(what: string): MemoryError {
  return new MemoryError('closed', {
    message: `${what} is closed.`,
    fix: 'Open a new one; close it only when all work with it is done.',
  })
}
