// Two processes that observe threads while everything happens to these: what a model and hooks fail with, processes that die at any
// commit, and what must hold after each action.
import { Memory, MemoryError, type Storage, type StoredMessage } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import fc from 'fast-check'
import type { SpaceId } from '../../src/domain/id.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { type DyingStorage, dyingStorage } from '../agent/dying-storage.ts'
import { observedProblems } from './observed-prompt.ts'
import { allMessages, noteAround, observedWhere, townsIn } from './observed-thread.ts'
import { observerAnswer } from './observer-answers.ts'
import { hour, ManualClock, minute } from './opened.ts'

const resourceId = observedWhere.resourceId
const hookNames = ['beforeObservation', 'afterObservation', 'beforeReflection', 'afterReflection'] as const
type HookName = (typeof hookNames)[number]
const failures = [...hookNames, ...(['garbage', 'garbage', 'repeats', 'down'] as const)] as const
type Failure = (typeof failures)[number]

const pick = fc.nat(30)
const by = fc.nat(1)
const cycle = fc.constantFrom('observe' as const, 'observe' as const, 'turn' as const, 'reflect' as const)
const is = <Kind extends string>(...kinds: readonly Kind[]) => fc.constantFrom(...kinds)
const one = <Kind>(weight: number, arbitrary: fc.Arbitrary<Kind>) => ({ weight, arbitrary })
const few = (max: number) => fc.integer({ min: 1, max })

const changes = ['edit', 'edit', 'delete', 'delete', 'forget', 'replace', 'restore'] as const

const action = fc.oneof(
  one(8, fc.record({ kind: is('say'), count: few(4) })),
  one(17, fc.record({ kind: is('observe', 'observe', 'turn', 'turn', 'turn', 'reflect'), many: few(3), by })),
  one(13, fc.record({ kind: is(...changes), pick })),
  one(4, fc.record({ kind: is('open', 'close') })),
  one(1, fc.record({ kind: is('delete-thread') })),
  one(2, fc.record({ kind: is('clone'), pick, goesOn: fc.boolean() })),
  one(3, fc.record({ kind: is('pass'), ms: fc.constantFrom(minute, 5 * minute, hour) })),
  one(
    7,
    fc.record({
      kind: is('meanwhile'),
      hook: is(...hookNames),
      change: is(...changes),
      doing: cycle,
      pick: fc.nat(3),
      by,
    }),
  ),
  one(7, fc.record({ kind: is('fail'), what: is(...failures), doing: cycle, by })),
  one(4, fc.record({ kind: is('kill'), after: fc.nat(5), isStored: fc.boolean(), doing: cycle, by })),
)
type Action = typeof action extends fc.Arbitrary<infer One> ? One : never

/** What happens to the threads, in order. */
export const observationPlans = fc.record({
  actions: fc.array(action, { minLength: 4, maxLength: 30, size: 'max' }),
})

class Down extends Error {}

interface Process {
  readonly life: DyingStorage
  readonly memory: Memory
}

const bounds = {
  observation: {
    messageTokens: 80,
    bufferTokens: 0.3,
    bufferActivation: 0.6,
    maxTokensPerBatch: 30,
    blockAfter: 10_000,
  },
  reflection: { observationTokens: 150 },
  activateAfterIdle: '30m',
} as const

export class ObservationsWorld {
  readonly problems: string[] = []
  /** What happened, by its kind. */
  readonly #seen: Record<string, number>
  readonly #clock = new ManualClock()
  readonly #storage: Storage
  readonly #processes: Process[]
  readonly #all: Memory[] = []
  /** The threads, the one that is at work last. */
  #threads: readonly string[] = [observedWhere.threadId]
  /** The open turns, by thread. */
  readonly #opened = new Map<string, string>()
  #failing: Failure | null = null
  /** What happens while a cycle is at work. */
  #meanwhile: ((hook: HookName) => Promise<void>) | null = null
  #said = 0

  private constructor(storage: Storage, clock: ManualClock, seen: Record<string, number>) {
    this.#storage = storage
    this.#clock = clock
    this.#seen = seen
    this.#processes = [this.#start(0), this.#start(1)]
  }

  static async open(seen: Record<string, number>): Promise<ObservationsWorld> {
    const clock = new ManualClock()
    const options = { id: 'observed', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 } as const
    return new ObservationsWorld(await SqliteStorage.open(options), clock, seen)
  }

  /** Rules make the notes of one process, a model those of the other. */
  #optionsOf(at: number) {
    const hook = (name: HookName) => async () => {
      if (this.#failing === name) throw new Down(`${name} is down.`)
      await this.#meanwhile?.(name)
      return undefined
    }
    const hooks = {
      beforeObservation: hook('beforeObservation'),
      afterObservation: hook('afterObservation'),
      beforeReflection: hook('beforeReflection'),
      afterReflection: hook('afterReflection'),
    }
    return { ...bounds, hooks, model: at === 0 ? (false as const) : this.#model }
  }

  readonly #model = scriptedModel({
    answer: ({ prompt }) => {
      const failing = this.#failing
      if (failing === 'down') throw new Error('The model is down.')
      if (failing === 'garbage' || failing === 'repeats') this.#failing = null
      if (failing === 'garbage') return 'Not what was asked for.'
      const noted = (text: string) => (failing === 'repeats' ? 'and so on '.repeat(60) : `Noted: ${text}`)
      return observerAnswer(prompt, { noted, condensed: (texts) => `All: ${townsIn(texts.join(' ')).join(' ')}.` })
    },
  })

  #start(at: number): Process {
    const life = dyingStorage(this.#storage)
    const options = { observationalMemory: this.#optionsOf(at) }
    const memory = new Memory({
      storage: life.storage,
      clock: this.#clock,
      background: false,
      embedder: false,
      options,
    })
    this.#all.push(memory)
    return { life, memory }
  }

  get #memory(): Memory {
    return (this.#processes[0] as Process).memory
  }

  get #where() {
    return { resourceId, threadId: this.#threads.at(-1) as string }
  }

  #count(what: string): void {
    this.#seen[what] = (this.#seen[what] ?? 0) + 1
  }

  #words(): string {
    this.#said += 1
    return `Friend visited Town${this.#said}x with 2 dogs.`
  }

  #message(role: 'user' | 'assistant' = 'user') {
    return { role, parts: [{ type: 'text', text: this.#words() }] }
  }

  async #messages(): Promise<readonly StoredMessage[]> {
    const thread = await this.#memory.getThreadById(this.#where)
    return thread === null ? [] : allMessages(this.#memory, this.#where)
  }

  begin(): Promise<void> {
    return this.#say(2)
  }

  async step(action: Action): Promise<void> {
    if (action.kind === 'say') await this.#say(action.count)
    else if (action.kind === 'pass') this.#clock.pass(action.ms)
    else if (action.kind === 'fail') await this.#fail(action)
    else if (action.kind === 'kill') await this.#kill(action)
    else if (action.kind === 'meanwhile') await this.#changeMeanwhile(action)
    else if (action.kind === 'open' || action.kind === 'close') await this.#turn(action.kind)
    else if (action.kind === 'delete-thread') await this.#deleteThread()
    else if (action.kind === 'clone') await this.#clone(action)
    else if ('many' in action) {
      const all = Array.from({ length: action.many }, (_, at) => this.#cycle(action.kind, action.by + at))
      await Promise.all(all)
    } else if ('pick' in action) await this.#change(action)
    await this.#check()
  }

  async #say(count: number): Promise<void> {
    for (let at = 0; at < count; at++) await this.#memory.saveMessages({ ...this.#where, messages: [this.#words()] })
  }

  /** Makes or shows notes in one of the processes. */
  async #cycle(kind: 'observe' | 'turn' | 'reflect', by: number): Promise<void> {
    const at = by % 2
    const { memory } = this.#processes[at] as Process
    if ((await memory.getThreadById(this.#where)) === null) return
    if (kind === 'turn') {
      await noteAround(memory, this.#optionsOf(at), at === 0 ? null : this.#model, this.#where.threadId)
      return
    }
    const { status } = kind === 'observe' ? await memory.observe(this.#where) : await memory.reflect(this.#where)
    this.#count(`${kind} ${status}`)
  }

  async #fail({ what, doing, by }: Extract<Action, { readonly kind: 'fail' }>): Promise<void> {
    await this.#say(2)
    this.#failing = what
    try {
      await this.#cycle(doing, by)
    } catch (error) {
      const isModel = error instanceof MemoryError && error.code === 'unavailable'
      if (!(isModel || error instanceof Down)) throw error
      this.#count(error instanceof Down ? `failed ${what}` : 'failed model')
    }
    this.#failing = null
  }

  async #changeMeanwhile({ hook, change, doing, pick, by }: Extract<Action, { readonly kind: 'meanwhile' }>) {
    await this.#say(2)
    this.#meanwhile = async (name) => {
      if (name !== hook) return
      this.#meanwhile = null
      this.#count(`changed in ${hook}`)
      await this.#change({ kind: change, pick })
    }
    await this.#cycle(doing, by)
    this.#meanwhile = null
  }

  async #kill({ after, isStored, doing, by }: Extract<Action, { readonly kind: 'kill' }>): Promise<void> {
    await this.#say(2)
    const { life } = this.#processes[by % 2] as Process
    life.dieAfter(after, isStored)
    try {
      await this.#cycle(doing, by)
    } catch (error) {
      if (!life.isDead) throw error
    }
    if (life.isDead) this.#count('killed in a cycle')
    life.die()
    this.#processes[by % 2] = this.#start(by % 2)
  }

  async #turn(kind: 'open' | 'close'): Promise<void> {
    const { threadId } = this.#where
    const space = this.#memory.space(`resource/${resourceId}`)
    const turnId = this.#opened.get(threadId)
    if (kind === 'open' && turnId === undefined) {
      const change = { kind: 'turn-open', threadId, createThread: true, leaseMs: 24 * hour } as const
      const append = { kind: 'message-append', threadId, opened: 0, messages: [this.#message()] } as const
      const result = await space.commit([change, { ...append, messages: [...append.messages] }])
      const [turn] = result.status === 'committed' ? result.results : []
      if (turn?.kind === 'turn-open') this.#opened.set(threadId, turn.turnId)
    } else if (kind === 'close' && turnId !== undefined) {
      this.#opened.delete(threadId)
      const closing = space.commit([
        { kind: 'message-append', threadId, turnId, messages: [this.#message()] },
        { kind: 'turn-close', threadId, turnId, status: 'complete' },
      ])
      await refusedOnlyBy('conflict', closing)
    }
  }

  async #deleteThread(): Promise<void> {
    this.#opened.delete(this.#where.threadId)
    await this.#memory.deleteThread(this.#where)
  }

  async #clone({ pick, goesOn }: Extract<Action, { readonly kind: 'clone' }>): Promise<void> {
    const all = await this.#messages()
    const upTo = all[pick % Math.max(1, all.length)]
    if (upTo === undefined || this.#threads.length >= 3) return
    const { thread } = await this.#memory.cloneThread({ ...this.#where, upTo: upTo.id })
    this.#count('cloned')
    this.#threads = goesOn ? [...this.#threads, thread.id] : [thread.id, ...this.#threads]
  }

  async #change({ kind, pick }: Extract<Action, { readonly kind: (typeof changes)[number] }>): Promise<void> {
    const all = await this.#messages()
    const chosen = all.at(-1 - (pick % Math.max(1, all.length)))
    if (chosen === undefined || chosen.turnStatus === 'open') return
    const memory = this.#memory
    const { id, turnId } = chosen
    const { threadId } = this.#where
    if (kind === 'edit') await memory.updateMessages({ resourceId, messages: [{ id, content: this.#words() }] })
    else if (kind === 'delete') await memory.deleteMessages([id], { resourceId })
    else if (kind === 'forget') await memory.forget({ resourceId, messageIds: [id] })
    else if (kind === 'replace') {
      await memory.space(`resource/${resourceId}`).commit([
        { kind: 'turn-open', threadId, replaces: [turnId] },
        { kind: 'message-append', threadId, opened: 0, messages: [this.#message('assistant')] },
        { kind: 'turn-close', threadId, opened: 0, status: 'complete' },
      ])
    } else {
      const { messages } = await memory.listMessages({ ...this.#where, include: 'replaced', perPage: false } as never)
      const replaced = messages.find((message) => (message.replacedBy ?? null) !== null)
      if (replaced !== undefined)
        await refusedOnlyBy('conflict', memory.restoreTurn({ ...this.#where, turnId: replaced.turnId }))
    }
    this.#count(kind)
  }

  async #check(): Promise<void> {
    for (const threadId of this.#threads)
      this.problems.push(...(await observedProblems(this.#memory, threadId, bounds)))
  }

  async finish(): Promise<void> {
    const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
    const id = `resource/${resourceId}` as SpaceId
    this.problems.push(...(await checkHistory(this.#storage, access, id, { clock: this.#clock })))
    if ((await this.#storage.spaces.get(access, id)) !== null) await checkIndex(this.#storage, access, id)
  }

  async close(): Promise<void> {
    for (const memory of this.#all) await memory.close()
    await this.#storage.close()
  }
}

/** What was restored in the meantime may have replaced what is changed. */
async function refusedOnlyBy(code: string, work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof MemoryError && error.code === code)) throw error
  }
}
