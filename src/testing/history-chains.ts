/** Each effect names the version that it replaced; this counts the versions again and compares them. */
import type { Displaced, Effect, EntryWriteEffect, LoggedCommit, LogRow } from '../domain/commit/effect.ts'
import { touchedRun } from '../domain/erase/erase-run.ts'
import type { Seq } from '../domain/id.ts'
import { touchedFacts } from '../domain/replay/fact-fold.ts'

interface Version {
  readonly version: Seq
  /**
   * The version before, as the first effect of the commit stated it; only for records that a commit may touch more than
   * once.
   */
  readonly before?: Seq
  readonly isLive: boolean
}

class Chains {
  readonly problems: string[] = []
  readonly #versions = new Map<string, Version>()
  readonly #horizon: Seq
  readonly #isWhole: boolean

  constructor(horizon: Seq, isWhole: boolean) {
    this.#horizon = horizon
    this.#isWhole = isWhole
  }

  /** A record's version must be the one stated; versions below the horizon are not checked. */
  expect(row: LogRow, record: string, stated: Seq, of: Seq): void {
    if (stated === of) return
    if (!this.#isWhole && !this.#versions.has(record) && stated <= this.#horizon) return
    this.problems.push(`seq ${row.seq}: ${record} replaced version ${of}; its effect says ${stated}`)
  }

  versionOf(record: string): Seq {
    return this.#versions.get(record)?.version ?? 0
  }

  liveVersionOf(record: string): Seq {
    const last = this.#versions.get(record)
    return last?.isLive ? last.version : 0
  }

  replace(row: LogRow, record: string, stated: Seq, isLive = true): void {
    this.expect(row, record, stated, this.versionOf(record))
    this.set(row, record, isLive)
  }

  set(row: LogRow, record: string, isLive: boolean): void {
    this.#versions.set(record, { version: row.seq, isLive })
  }

  /** For a record that one commit may touch more than once: each time it states the version from before the commit. */
  touch(row: LogRow, record: string, stated: Seq): void {
    const last = this.#versions.get(record)
    this.expect(row, record, stated, last?.version === row.seq ? (last.before ?? 0) : (last?.version ?? 0))
    this.#versions.set(record, { version: row.seq, before: stated, isLive: true })
  }

  remove(row: LogRow, kind: string, gone: readonly Displaced[] | undefined): void {
    for (const { key, version } of gone ?? []) {
      this.expect(row, `${kind} ${key}`, version, this.liveVersionOf(`${kind} ${key}`))
      this.set(row, `${kind} ${key}`, false)
    }
  }
}

function writesEntry(effect: Effect): effect is EntryWriteEffect {
  return ['entry-write', 'entry-merge', 'entry-append', 'entry-increment'].includes(effect.kind)
}

function followRecord(chains: Chains, row: LogRow, effect: Effect): void {
  if (!('noun' in effect) || effect.key === undefined) return
  const record = `record ${effect.noun} ${effect.key}`
  if (effect.kind === 'record-put' || effect.kind === 'record-patch' || effect.kind === 'erased') {
    chains.replace(row, record, effect.prev ?? 0)
  } else if (effect.prev > 0) {
    chains.remove(row, `record ${effect.noun}`, [{ key: effect.key, version: effect.prev }])
  }
}

function followEntry(chains: Chains, row: LogRow, effect: Effect): void {
  if (effect.kind.startsWith('record-') || (effect.kind === 'erased' && effect.noun !== undefined)) {
    followRecord(chains, row, effect)
  } else if (writesEntry(effect) || effect.kind === 'erased') {
    chains.remove(row, 'entry', effect.pruned)
    chains.remove(row, 'entry', effect.expired)
    if (effect.key !== undefined) chains.replace(row, `entry ${effect.key}`, effect.prev ?? 0)
  } else if ((effect.kind === 'entry-delete' || effect.kind === 'entry-expire') && effect.prev > 0) {
    chains.remove(row, 'entry', [{ key: effect.key, version: effect.prev }])
  }
}

function followFacts(chains: Chains, row: LogRow, effect: Effect): void {
  for (const { key, version } of touchedFacts(effect)) chains.touch(row, `fact ${key}`, version)
}

function followRun(chains: Chains, row: LogRow, effect: Effect): void {
  const touched = touchedRun(effect)
  if (touched !== null) chains.replace(row, `run ${touched.runId}`, touched.prev)
}

function follow(chains: Chains, row: LogRow, effect: Effect): void {
  const thread = `thread ${row.threadId}`
  followEntry(chains, row, effect)
  followFacts(chains, row, effect)
  followRun(chains, row, effect)
  if (effect.kind === 'thread-put') chains.replace(row, thread, effect.prev)
  else if (effect.kind === 'thread-clone') {
    chains.replace(row, thread, effect.prev)
    for (const { name } of effect.blocks) chains.set(row, `block of ${row.threadId} ${name}`, true)
  } else if (effect.kind === 'thread-delete') {
    chains.expect(row, thread, effect.prev, chains.liveVersionOf(thread))
    if (effect.prev > 0) chains.set(row, thread, false)
    chains.remove(row, `block of ${row.threadId}`, effect.blocks)
  } else if (effect.kind === 'block-write' || effect.kind === 'block-merge') {
    chains.replace(
      row,
      effect.inThread ? `block of ${row.threadId} ${effect.name}` : `block ${effect.name}`,
      effect.prev,
    )
  } else if (effect.kind === 'configure') chains.replace(row, 'settings', effect.prev)
  else if ('createdThread' in effect && effect.createdThread !== undefined) {
    chains.replace(row, thread, effect.createdThread)
  }
}

/** Problems of the chains of versions in a log above its horizon. `isWhole`: nothing was there before. */
export function checkChains(commits: readonly LoggedCommit[], horizon: Seq, isWhole: boolean): readonly string[] {
  const chains = new Chains(horizon, isWhole)
  for (const { rows } of commits) for (const row of rows) for (const effect of row.effects) follow(chains, row, effect)
  return chains.problems
}
