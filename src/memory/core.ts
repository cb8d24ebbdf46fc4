/** What all parts of one Memory share: its storage once open, who acts, the limits and the defaults. */
import { guardStorage } from '../access/guard.ts'
import type { Indexer } from '../derive/indexer.ts'
import type { LanguageModelObject } from '../derive/provider-model.ts'
import type { Access } from '../domain/actor.ts'
import type { Expectation } from '../domain/commit.ts'
import { invalidInput, MemoryError, shown } from '../domain/error.ts'
import type { SpaceId } from '../domain/id.ts'
import { defaultLimits, type Limits } from '../domain/limits.ts'
import { type OpenStorage, SQLiteStore } from '../open.ts'
import { type Clock, systemClock } from '../ports/clock.ts'
import type { Durability, Storage } from '../ports/storage.ts'
import type { MemoryModels } from './background.ts'
import type { MemoryBehaviour } from './behaviour.ts'
import { Eraser } from './erasure.ts'
import type { MemoryOptions } from './options.ts'
import type { Traces } from './recollection.ts'
import { Sweeper } from './sweeper.ts'

const defaultUrl = 'file:./aquifer.db'

/** Where memories live that were opened without saying so. A SQLiteStore is one. */
export interface LateStorage {
  /** What errors call it. */
  readonly url: string
  /** The whole path of its file, by which two of them are the same; null if it has none. */
  readonly file: string | null
  open(clock: Clock): Promise<OpenStorage>
}

/** The storage of a Memory: opened at first use, shared by all that act through it, closed with it. */
export class MemoryStorage {
  readonly #options: MemoryOptions
  readonly #closing = new AbortController()
  readonly #stopping = new AbortController()
  readonly #held = new Set<Promise<unknown>>()
  #ending: Promise<void> | null = null
  #opening: Promise<OpenStorage> | null = null
  #open: Storage | null = null
  #models: MemoryModels | null = null
  /** For a memory without a storage of its own: decided once, by a container or by the first use. */
  #late: LateStorage | null = null
  #sweeper: Sweeper | null = null
  #indexer: Indexer | null = null
  #eraser: Eraser | null = null

  constructor(options: MemoryOptions) {
    this.#options = options
  }

  /** Spaces with words that this process has queued and no model could learn from yet. */
  readonly waiting = new Set<SpaceId>()

  /** Aborted when the memory closes: feeds end then. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  /** Aborted when the memory closes and work that it held did not end in time: that work must end now. */
  get stopping(): AbortSignal {
    return this.#stopping.signal
  }

  /** Keeps the memory open for a piece of work, as an agent's turn: closing waits for it, however the work ends. */
  hold(work: Promise<unknown>): void {
    const over = () => {
      this.#held.delete(ended)
    }
    const ended: Promise<void> = work.then(over, over)
    this.#held.add(ended)
  }

  /**
   * Says where a memory lives that was opened without saying so; one with a storage of its own keeps it.
   *
   * @throws MemoryError `conflict` if it lives elsewhere already; `invalid-input` if it states a durability, which goes
   * with a storage of its own.
   */
  bind(late: LateStorage): void {
    const { storage, durability } = this.#options
    if (storage !== undefined) return
    if (this.#late === null) {
      if (durability !== undefined) throw durabilityElsewhere(durability, late)
      this.#late = late
      return
    }
    const isSame = this.#late === late || (this.#late.file !== null && this.#late.file === late.file)
    if (!isSame) throw secondStorage(this.#late, late)
  }

  /** The open storage at once if it is open, else as soon as it is. */
  get(): Storage | Promise<Storage> {
    if (this.#closing.signal.aborted) throw closedMemory()
    return this.#open ?? this.#openOnce()
  }

  async #openOnce(): Promise<Storage> {
    this.#opening ??= this.#start()
    try {
      const { storage } = await this.#opening
      const { startIndexer } = await import('./background.ts')
      if (this.#closing.signal.aborted) throw closedMemory()
      if (this.#open === null) {
        this.#open = guardStorage(storage)
        if (this.#options.background !== false) {
          this.#sweeper = new Sweeper(this.#open)
          this.#eraser = new Eraser(this.#open)
        }
        this.#indexer = startIndexer(this.#open, this.#models?.embedder ?? null, this.#options, randomId())
      }
      return this.#open
    } catch (error) {
      if (this.#open === null) this.#opening = null
      throw error
    }
  }

  /** Who makes vectors of what is written; null with `embedder: false`. */
  async indexer(): Promise<Indexer | null> {
    await this.get()
    return this.#indexer
  }

  /** Whether there is a model to extract facts with. */
  get hasModel(): boolean {
    return this.#options.model !== undefined
  }

  /** Who extracts facts; null without one. */
  async model(): Promise<LanguageModelObject | null> {
    await this.get()
    return this.#models?.model ?? null
  }

  /** Tells the background that something was written. */
  wrote(): void {
    this.#indexer?.poke()
  }

  /** Something was forgotten: its bytes are to be reclaimed in the background, if anything happens there. */
  wakeEraser(): void {
    this.#eraser?.wake()
  }

  get clock(): Clock {
    return this.#options.clock ?? systemClock
  }

  /** Opens the storage and looks up the models; a storage whose models are not there is released again. */
  async #start(): Promise<OpenStorage> {
    const opened = await this.#openStorage()
    try {
      const { modelsOf } = await import('./background.ts')
      this.#models ??= modelsOf(this.#options)
      return opened
    } catch (error) {
      await opened.release()
      throw error
    }
  }

  async #openStorage(): Promise<OpenStorage> {
    const { storage, durability } = this.#options
    if (storage === undefined) return this.#openLate()
    if (typeof storage === 'object' && !(storage instanceof SQLiteStore)) {
      return { storage, release: async () => {} }
    }
    const store = typeof storage === 'string' ? new SQLiteStore({ url: storage, ...stated(durability) }) : storage
    return store.open(this.clock)
  }

  async #openLate(): Promise<OpenStorage> {
    const bound = this.#late
    const late = bound ?? new SQLiteStore({ url: defaultUrl, ...stated(this.#options.durability) })
    this.#late = late
    try {
      return await late.open(this.clock)
    } catch (error) {
      // Nothing lives there yet: a container that comes now may still say where.
      this.#late = bound
      throw error
    }
  }

  /** Waits for work that is held, and makes it end if it does not by itself. */
  async #letEnd(): Promise<void> {
    const { closeWaitMs } = { ...defaultLimits, ...this.#options.limits }
    for (const [waitMs, isLast] of [[closeWaitMs, false] as const, [lastWaitMs, true] as const]) {
      const deadline = Promise.withResolvers<void>()
      const timer = setTimeout(deadline.resolve, waitMs)
      while (this.#held.size > 0 && !(await isOver(Promise.all(this.#held), deadline.promise)));
      clearTimeout(timer)
      if (this.#held.size === 0) return
      if (!isLast) this.#stopping.abort(closedMemory())
    }
  }

  close(): Promise<void> {
    this.#ending ??= this.#end()
    return this.#ending
  }

  async #end(): Promise<void> {
    if (this.#held.size > 0) await this.#letEnd()
    this.#closing.abort()
    this.#eraser?.stop()
    await this.#sweeper?.stop()
    await this.#indexer?.stop()
    const opened = await this.#opening?.catch(() => null)
    await opened?.release()
  }
}

/** How long work has to end once it was told to, milliseconds. */
const lastWaitMs = 2_000

/** Whether the deadline came before the work was done. */
function isOver(work: Promise<unknown>, deadline: Promise<void>): Promise<boolean> {
  return Promise.race([work.then(() => false), deadline.then(() => true)])
}

function stated(durability: Durability | undefined): { readonly durability?: Durability } {
  return durability === undefined ? {} : { durability }
}

function durabilityElsewhere(durability: Durability, { url }: LateStorage): MemoryError {
  const fix = `Pass it there: new SQLiteStore({ url: '${url}', durability: '${durability}' }).`
  return invalidInput('durability', 'must go with the storage that the memory is bound to', durability, fix)
}

function secondStorage(present: LateStorage, second: LateStorage): MemoryError {
  return new MemoryError('conflict', {
    message: `The memory lives in ${shown(present.url)} and cannot be bound to ${shown(second.url)} as well.`,
    fix: 'Register it before its first use, with one storage only; or give it its own: new Memory({ storage }).',
    details: { present: present.url, second: second.url },
  })
}

function closedMemory(): MemoryError {
  return new MemoryError('closed', {
    message: 'The memory is closed.',
    fix: 'Open a new Memory; close it only when all work with it is done.',
  })
}

/** One Memory as one actor uses it. */
export interface Core {
  readonly storage: MemoryStorage
  readonly access: Access
  readonly limits: Limits
  readonly behaviour: MemoryBehaviour
  readonly createId: () => string
  readonly traces: Traces
  /** What writes to one space expect beside what each expects itself: what a turn's tools write, that the turn is open. */
  readonly holding?: Holding
}

/** What must hold in a space for whatever is written to it. */
export interface Holding {
  readonly spaceId: SpaceId
  /** Asked for at each write. */
  readonly expectation: () => Expectation & { readonly lease: string }
}

const idBytes = 12
const idsAtOnce = 64
const random = Buffer.alloc(idBytes * idsAtOnce)
let used = random.length

export function randomId(): string {
  if (used === random.length) {
    // The runtime's own: importing node:crypto here would cost more memory than all of the package.
    globalThis.crypto.getRandomValues(random)
    used = 0
  }
  used += idBytes
  return random.toString('base64url', used - idBytes, used)
}
