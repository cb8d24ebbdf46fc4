// A storage whose process dies: after some commits every call fails for ever, while what was committed stays for the next one.
import type { Storage } from 'aquifer'

export interface DyingStorage {
  readonly storage: Storage
  /** Dies after so many more commits: instead of the next one, or once that is stored and before its answer comes. */
  dieAfter(commits: number, nextIsStored?: boolean): void
  /** Dies now. */
  die(): void
  /** Dies no more, unless it is dead. */
  live(): void
  readonly isDead: boolean
}

/** A view of a storage that can die, and then tells. Closing it leaves the storage open. */
export function dyingStorage(inner: Storage, onDeath: () => void = () => {}): DyingStorage {
  let left = Number.POSITIVE_INFINITY
  let isStored = false
  const die = () => {
    const wasAlive = left >= 0
    left = -1
    if (wasAlive) onDeath()
  }
  const died = () => Promise.reject(new Error('The process is dead.'))
  const alive = (target: object, name: string | symbol) => {
    const value = Reflect.get(target, name) as unknown
    // It answers at once, and wakes nobody any more.
    if (name === 'subscribe') return left < 0 ? () => () => {} : (value as Storage['log']['subscribe']).bind(target)
    if (typeof value === 'function') {
      // What a dead process subscribes to never tells it anything.
      const refused = name === 'subscribe' ? () => () => {} : died
      return (...given: readonly unknown[]) => (left < 0 ? refused() : Reflect.apply(value, target, given))
    }
    return typeof value === 'object' && value !== null ? new Proxy(value, { get: alive }) : value
  }
  const commit: Storage['commit'] = (...given) => {
    if (left >= 1) {
      left -= 1
      return inner.commit(...given)
    }
    if (left < 0 || !isStored) {
      die()
      return died()
    }
    left = -1
    return inner
      .commit(...given)
      .finally(onDeath)
      .then(died)
  }
  const own: Readonly<Record<string | symbol, unknown>> = { commit, close: async () => {} }
  return {
    storage: new Proxy(inner, { get: (target, name) => own[name] ?? alive(target, name) }),
    dieAfter: (commits, nextIsStored = false) => {
      left = commits
      isStored = nextIsStored
    },
    die,
    live: () => {
      if (left >= 0) left = Number.POSITIVE_INFINITY
    },
    get isDead() {
      return left < 0
    },
  }
}
