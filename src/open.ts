/** The composition root: a URL becomes a driver. Only this file, the entry and the command line name a concrete one. */

import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { invalidInput, MemoryError, shown } from './domain/error.ts'
import { checkId } from './domain/id.ts'
import { type Language, languages } from './domain/language.ts'
import { defaultLimits } from './domain/limits.ts'
import { reading } from './domain/read-plain.ts'
import { type Clock, systemClock } from './ports/clock.ts'
import type { StorageInUse } from './ports/late-storage.ts'
import type { Durability, Storage } from './ports/storage.ts'

/** Options of `new SQLiteStore()`. */
export interface SQLiteStoreOptions {
  /** A name for logs and for the container. Default: the URL. */
  readonly id?: string
  /** `file:./aquifer.db` for a file, `:memory:` for one that ends with the process. */
  readonly url: string
  /** Default `process`: an acknowledged write survives kill -9. `power`: also a power cut. */
  readonly durability?: Durability
  /** The largest size the file may grow to, bytes. Default: no limit. */
  readonly maxBytes?: number
  /**
   * How texts of spaces made from now on become words for recall: `english` (default) stems them and leaves stop words
   * out, `none` takes them as they are. It lives with each space; `space.configure({ language })` changes it there.
   */
  readonly language?: Language
}

interface Opened {
  readonly storage: Storage
  /** Whether its file was found to be gone or replaced. */
  isReplaced(): boolean
  setDurability(durability: Durability): void
  raiseCache(bytes: number): void
}

interface Shared {
  readonly opening: Promise<Opened>
  durability: Durability
  users: number
}

/** Drivers open in this process, by file and clock: equal files share one connection. */
const sharedByFile = new Map<string, Map<Clock, Shared>>()

/** The empty schema takes about this much. */
const smallestBytes = 131_072

const urlFix = `Pass 'file:./aquifer.db' for a file or ':memory:' for none.`

/** The path that a `file:` URL or `:memory:` names; relative ones from the working directory. */
function pathOf(url: unknown): string {
  if (typeof url !== 'string' || url.trim() === '') throw invalidInput('storage', 'must be a URL', url, urlFix)
  if (url === ':memory:') return url
  if (url.startsWith('postgres:') || url.startsWith('postgresql:')) {
    throw new MemoryError('unsupported', {
      message: 'PostgreSQL is not available in this version.',
      fix: urlFix,
      details: { field: 'storage' },
    })
  }
  if (!url.startsWith('file:')) throw invalidInput('storage', 'must be a file: URL', url, urlFix)
  const path = url.startsWith('file://') ? fileURLToPath(url) : url.slice('file:'.length)
  if (path.trim() === '' || path.includes('\0')) throw invalidInput('storage', 'must name a file', url, urlFix)
  return resolve(path)
}

const storeOptions = ['id', 'url', 'durability', 'maxBytes', 'language']

function checkStoreOptions(options: SQLiteStoreOptions): void {
  const fix = `The options are ${storeOptions.join(', ')}.`
  const extra = Object.keys(options).find((key) => !storeOptions.includes(key))
  if (extra !== undefined) throw invalidInput('SQLiteStore', `has an unknown option ${shown(extra)}`, options, fix)
  const { id, durability, maxBytes, language } = options
  if (id !== undefined) checkId(id, 'id')
  if (durability !== undefined && durability !== 'process' && durability !== 'power') {
    throw invalidInput('durability', `must be 'process' or 'power'`, durability, `Leave it out for 'process'.`)
  }
  if (language !== undefined && !languages.includes(language)) {
    throw invalidInput('language', `must be ${languages.join(' or ')}`, language, `Leave it out for 'english'.`)
  }
  if (maxBytes !== undefined && !(Number.isInteger(maxBytes) && maxBytes >= smallestBytes)) {
    throw invalidInput(
      'maxBytes',
      `must be a whole number from ${smallestBytes}`,
      maxBytes,
      'Leave it out for no limit.',
    )
  }
}

/** Makes a folder and those above it, one at a time: Node's recursive way never ends where a file system refuses. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another process may have been first.
    if (!existsSync(folder)) throw error
  }
}

/** The real path of a file, without links. Creates its folder. */
function canonicalPath(path: string): string {
  try {
    const folder = dirname(path)
    makeFolder(folder)
    return join(realpathSync(folder), basename(path))
  } catch (cause) {
    throw new MemoryError('unavailable', {
      message: `The folder of ${path} cannot be used.`,
      fix: 'Check that it exists, is a folder, and that this process may write to it.',
      retryable: false,
      details: { file: path },
      cause,
    })
  }
}

/** How a user of a file needs it opened. */
interface OpenUse {
  readonly clock?: Clock
  /** Bytes that the caches of the file may take, about. The largest of all users of one connection holds. */
  readonly cacheBytes?: number
}

async function openSqlite(options: SQLiteStoreOptions, path: string, { clock, cacheBytes }: Required<OpenUse>) {
  const { SqliteStorage } = await import('./storage/sqlite/sqlite-storage.ts')
  const { busyTimeoutMs } = defaultLimits
  const { id = options.url, durability = 'process', maxBytes, language = 'english' } = options
  const size = maxBytes === undefined ? {} : { maxBytes }
  const storage = await SqliteStorage.open({
    id,
    path,
    durability,
    clock,
    busyTimeoutMs,
    language,
    cacheBytes,
    ...size,
  })
  return {
    storage,
    isReplaced: () => storage.isReplaced,
    setDurability: (raised: Durability) => storage.setDurability(raised),
    raiseCache: (bytes: number) => storage.raiseCache(bytes),
  }
}

async function releaseShared(file: string, clock: Clock, shared: Shared): Promise<void> {
  shared.users -= 1
  if (shared.users > 0) return
  if (sharedByFile.get(file)?.get(clock) === shared) sharedByFile.get(file)?.delete(clock)
  const { storage } = await shared.opening
  await storage.close()
}

/** Whether the file of a driver was found to be gone or replaced. One that cannot be opened is found out by its users. */
async function wasReplaced({ opening }: Shared): Promise<boolean> {
  const opened = await opening.catch(() => null)
  return opened?.isReplaced() ?? false
}

async function openShared(options: SQLiteStoreOptions, file: string, use: Required<OpenUse>): Promise<StorageInUse> {
  const { clock, cacheBytes } = use
  const byClock = sharedByFile.get(file) ?? new Map<Clock, Shared>()
  sharedByFile.set(file, byClock)
  const { durability = 'process' } = options
  const before = byClock.get(clock)
  const isUsable = before !== undefined && !(await wasReplaced(before))
  // Another caller may have opened the new file meanwhile.
  const known = isUsable || byClock.get(clock) !== before ? byClock.get(clock) : undefined
  const shared: Shared = known ?? { opening: openSqlite(options, file, use), durability, users: 0 }
  byClock.set(clock, shared)
  shared.users += 1
  try {
    const { storage, setDurability, raiseCache } = await shared.opening
    raiseCache(cacheBytes)
    // The stronger durability of two users of one connection wins.
    if (durability === 'power' && shared.durability !== 'power') setDurability('power')
    if (durability === 'power') shared.durability = 'power'
    let isReleased = false
    const release = async () => {
      if (isReleased) return
      isReleased = true
      await releaseShared(file, clock, shared)
    }
    return { storage, release }
  } catch (error) {
    if (byClock.get(clock) === shared) byClock.delete(clock)
    throw error
  }
}

/**
 * Opens the file of a store, or shares it with other users in this process. Each `:memory:` is separate.
 *
 * Not a method: the returned storage accepts unchecked commits, so users must not reach it.
 */
export let openStore: (store: SQLiteStore, use?: OpenUse) => Promise<StorageInUse>

/** Names a SQLite file, or a database in memory, as the storage of a `Memory` or an `Aquifer`. Opened at first use. */
export class SQLiteStore {
  /** The given `id`, otherwise the URL. */
  readonly id: string
  /** The URL as it was given. */
  readonly url: string
  /** What an acknowledged write survives: `process` (default) a killed process, `power` also a power cut. */
  readonly durability: Durability
  readonly #path: string
  readonly #options: SQLiteStoreOptions

  static {
    openStore = (store, { clock = systemClock, cacheBytes = defaultLimits.cacheBytes } = {}) => {
      return store.#open({ clock, cacheBytes })
    }
  }

  /**
   * Checks the options. Nothing is opened yet.
   *
   * @throws MemoryError `invalid-input` for a URL that is neither `file:…` nor `:memory:`, or another wrong option.
   */
  constructor(given: SQLiteStoreOptions) {
    if (typeof given !== 'object' || given === null) {
      throw invalidInput('options', 'must be an object', given, `Pass { url: 'file:./aquifer.db' }.`)
    }
    const options = reading('options', () => ({ ...given }))
    checkStoreOptions(options)
    this.#path = pathOf(options.url)
    this.#options = options
    this.id = options.id ?? options.url
    this.url = options.url
    this.durability = options.durability ?? 'process'
  }

  /** The whole path of its file; null for `:memory:`. */
  get file(): string | null {
    return this.#path === ':memory:' ? null : this.#path
  }

  async #open(use: Required<OpenUse>): Promise<StorageInUse> {
    if (this.#path !== ':memory:') return openShared(this.#options, canonicalPath(this.#path), use)
    const { storage } = await openSqlite(this.#options, this.#path, use)
    return { storage, release: () => storage.close() }
  }
}
