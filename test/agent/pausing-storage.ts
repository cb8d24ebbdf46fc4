// A storage whose process falls asleep before one of its commits: that commit and all after it wait until it is woken.
import type { Storage } from 'aquifer'

export interface PausingStorage {
  readonly storage: Storage
  /** Resolves when the process stands still. */
  readonly reached: Promise<void>
  goOn(): void
}

/** A view of a storage that stands still before its nth commit, from 0. Closing it leaves the storage open. */
export function pausingStorage(inner: Storage, before: number): PausingStorage {
  const reached = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  let commits = 0
  const commit: Storage['commit'] = async (...given) => {
    commits += 1
    if (before >= 0 && commits > before) {
      reached.resolve()
      await gate.promise
    }
    return inner.commit(...given)
  }
  const storage = new Proxy(inner, {
    get: (target, name) => {
      if (name === 'commit') return commit
      if (name === 'close') return async () => {}
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { storage, reached: reached.promise, goOn: () => gate.resolve() }
}
