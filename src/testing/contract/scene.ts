/** A storage opened for one case, with the reads and writes that cases use often. */

import type { Access } from '../../domain/actor.ts'
import type { Change, ChangeKind, CommitResult, ResultOf } from '../../domain/commit/commit.ts'
import type { LoggedCommit } from '../../domain/commit/effect.ts'
import type { ErrorCode, MemoryError } from '../../domain/error.ts'
import type { FactId, Seq, SpaceId } from '../../domain/id.ts'
import type { Json } from '../../domain/json.ts'
import type { Limits } from '../../domain/limits.ts'
import type { EntryState } from '../../domain/records/entry.ts'
import type { FactState } from '../../domain/records/fact.ts'
import type { Message } from '../../domain/records/message.ts'
import type { RunState } from '../../domain/records/run.ts'
import type { ThreadState } from '../../domain/records/thread.ts'
import { type SpaceState, spaceId } from '../../domain/space.ts'
import { isoTime } from '../../domain/time.ts'
import type { FactQuery, MessageQuery, PlacedMessage, RunQuery, Storage, ThreadQuery } from '../../ports/storage.ts'
import { expectEqual, expectError, expectTrue } from './assert.ts'
import { checkSpace } from './check-space.ts'
import type { CaseCommitOptions, ContractEnvironment, ManualClock, StorageCase } from './contract-case.ts'
import { allRuns } from './queries.ts'

type Committed = Extract<CommitResult, { status: 'committed' }>
type Conflict = Extract<CommitResult, { status: 'conflict' }>

/** The space that a case works in unless it names another. */
export const home = spaceId('team', 'acme')

interface SceneOptions extends CaseCommitOptions {
  readonly space?: SpaceId
}

export class Scene {
  readonly storage: Storage
  readonly #environment: ContractEnvironment
  readonly #touched = new Set<SpaceId>()

  constructor(environment: ContractEnvironment, storage: Storage) {
    this.#environment = environment
    this.storage = storage
  }

  get clock(): ManualClock {
    return this.#environment.clock
  }

  /** The time of the case's clock, as records have it. */
  now(): string {
    return isoTime(this.clock.now())
  }

  get access(): Access {
    return this.#environment.access
  }

  get limits(): Limits {
    return this.#environment.limits
  }

  /** Commits as is; the answer may be a conflict. */
  commit(changes: Change | readonly Change[], options: SceneOptions = {}): Promise<CommitResult> {
    const { space = home, ...rest } = options
    this.#touched.add(space)
    const list = Array.isArray(changes) ? (changes as readonly Change[]) : [changes as Change]
    return this.#environment.commit(this.storage, space, list, rest)
  }

  /** Commits, and fails if the answer is a conflict. */
  async committed(changes: Change | readonly Change[], options: SceneOptions = {}): Promise<Committed> {
    const result = await this.commit(changes, options)
    if (result.status === 'committed') return result
    throw new Error(`the commit must be applied, but met a conflict: ${JSON.stringify(result)}`)
  }

  /** Commits, and answers the result of the first change of that kind. */
  async did<Kind extends ChangeKind>(
    kind: Kind,
    changes: Change | readonly Change[],
    options: SceneOptions = {},
  ): Promise<ResultOf<Kind>> {
    const { results } = await this.committed(changes, options)
    const found = results.find((result) => result.kind === kind)
    expectTrue(found !== undefined, `the answer holds a ${kind}`)
    return found as ResultOf<Kind>
  }

  /** Commits changes that must be refused with an error of that code, and must store nothing. */
  async refused(
    code: ErrorCode,
    changes: Change | readonly Change[],
    options: SceneOptions = {},
  ): Promise<MemoryError> {
    const { space = home } = options
    const before = await this.seq(space)
    const error = await expectError(code, 'the commit', () => this.commit(changes, options))
    expectEqual(await this.seq(space), before, `a commit refused as ${code} takes no seq`)
    return error
  }

  /** Commits changes that must be answered with a conflict, and must store nothing. */
  async conflict(changes: Change | readonly Change[], options: SceneOptions): Promise<Conflict> {
    const { space = home } = options
    const before = await this.seq(space)
    const result = await this.commit(changes, options)
    if (result.status === 'committed')
      throw new Error(`the commit must meet a conflict, but was applied at ${result.seq}`)
    expectEqual(result.seq, before, 'a conflict names the present seq')
    expectEqual(await this.seq(space), before, 'a conflict takes no seq')
    return result
  }

  state(space: SpaceId = home): Promise<SpaceState | null> {
    return this.storage.spaces.get(this.access, space)
  }

  async seq(space: SpaceId = home): Promise<Seq> {
    return (await this.state(space))?.seq ?? 0
  }

  async entry(key: string, space: SpaceId = home): Promise<EntryState | null> {
    return (await this.storage.entries.get(this.access, space, key)).record
  }

  /** The value of an entry; undefined if there is none. */
  async value(key: string, space: SpaceId = home): Promise<Json | undefined> {
    return (await this.entry(key, space))?.value
  }

  /** Existing keys, in order. */
  async keys(space: SpaceId = home, prefix = ''): Promise<readonly string[]> {
    const page = await this.storage.entries.list(this.access, space, { prefix, after: null, limit: 1_000 })
    return page.items.map((entry) => entry.key)
  }

  async block(name: string, threadId: string | null = null, space: SpaceId = home): Promise<Json | undefined> {
    return (await this.storage.blocks.get(this.access, space, threadId, name)).record?.value
  }

  async fact(factId: string, space: SpaceId = home): Promise<FactState | null> {
    return (await this.storage.facts.get(this.access, space, factId)).record
  }

  facts(query: Partial<FactQuery> = {}, space: SpaceId = home) {
    const all = { attributes: {}, statuses: ['current'], order: 'oldest', after: null, limit: 1_000 } as const
    return this.storage.facts.list(this.access, space, { ...all, ...query })
  }

  /** Asserts one fact, and answers its id. */
  async asserted(change: Change, options: SceneOptions = {}): Promise<FactId> {
    return (await this.did('fact-assert', change, options)).factId
  }

  async run(runId: string, space: SpaceId = home): Promise<RunState | null> {
    return (await this.storage.runs.get(this.access, space, runId)).record
  }

  runs(query: Partial<RunQuery> = {}, space: SpaceId = home) {
    return this.storage.runs.list(this.access, space, { ...allRuns, ...query })
  }

  async thread(threadId: string, space: SpaceId = home): Promise<ThreadState | null> {
    return (await this.storage.threads.get(this.access, space, threadId)).record
  }

  threads(query: Partial<ThreadQuery> = {}, space: SpaceId = home) {
    const all = { metadata: null, scanLimit: 1_000, limit: 1_000, offset: 0, after: null } as const
    const order = { orderBy: 'lastMessageAt', direction: 'desc', archived: false } as const
    return this.storage.threads.list(this.access, space, { ...all, ...order, ...query })
  }

  async threadIds(query: Partial<ThreadQuery> = {}, space: SpaceId = home): Promise<readonly string[]> {
    return (await this.threads(query, space)).items.map((thread) => thread.id)
  }

  page(threadId: string, query: Partial<MessageQuery> = {}, space: SpaceId = home) {
    const all = { after: null, asOf: null, limit: 1_000, offset: 0, from: null, to: null } as const
    return this.storage.messages.list(this.access, space, { threadId, direction: 'asc', ...all, ...query })
  }

  async messages(threadId: string, space: SpaceId = home): Promise<readonly Message[]> {
    return (await this.page(threadId, {}, space)).items.map((item) => item.message)
  }

  /** The texts of a thread's messages, in order. */
  async texts(threadId: string, space: SpaceId = home): Promise<readonly string[]> {
    return (await this.messages(threadId, space)).map(textOf)
  }

  /** Every commit of the log above its horizon, or after a seq. */
  async log(after?: Seq, space: SpaceId = home): Promise<readonly LoggedCommit[]> {
    const from = after ?? (await this.state(space))?.horizon ?? 0
    return (await this.storage.log.read(this.access, space, { after: from, limit: 1_000 })).items
  }

  /** The log as one text, to look for content in. */
  async logText(space: SpaceId = home): Promise<string> {
    return JSON.stringify(await this.log(undefined, space))
  }

  /** Compares the log of every written space with its readers. */
  async check(): Promise<void> {
    for (const space of this.#touched) await checkSpace(this.storage, this.access, space)
  }
}

export function textOf(message: Message): string {
  return message.parts.map((part) => (part.type === 'text' ? String(part.text) : `[${part.type}]`)).join('')
}

export function textsOf(items: readonly PlacedMessage[]): readonly string[] {
  return items.map((item) => textOf(item.message))
}

/** A case on one storage, whose log is compared with its state at the end. */
export function sceneCase(name: string, body: (scene: Scene) => Promise<void>, guarantee?: number): StorageCase {
  return {
    name,
    ...(guarantee === undefined ? {} : { guarantee }),
    run: async (environment) => {
      const scene = new Scene(environment, await environment.open())
      await body(scene)
      await scene.check()
    },
  }
}
