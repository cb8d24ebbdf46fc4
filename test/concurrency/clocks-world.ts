// What is known of deadlines and values while clocks jump.

/**
 * The deadlines of a case. Each is set by the clock of the process that sets it, and met by the clock of the one that looks:
 * it comes as much too early or too late as those two are off, and no more. What a sweep has met is over for everybody.
 */
export class Deadlines {
  /** Milliseconds of the clock that set it; null: it never comes. */
  readonly #due = new Map<string, number | null>()

  set(name: string, dueMs: number | null): void {
    this.#due.set(name, dueMs)
  }

  drop(name: string): void {
    this.#due.delete(name)
  }

  has(name: string): boolean {
    return this.#due.has(name)
  }

  /** Milliseconds until it comes, by that clock; 0 or less for one that has come, or is not there. */
  leftMs(name: string, clockMs: number): number {
    const due = this.#due.get(name)
    if (due === undefined) return 0
    return due === null ? Number.POSITIVE_INFINITY : due - clockMs
  }

  isOver(name: string, clockMs: number): boolean {
    return this.leftMs(name, clockMs) <= 0
  }

  /** Ends what has come by that clock, of names that begin so. Returns the names. */
  sweep(clockMs: number, prefixes: readonly string[]): readonly string[] {
    const over = [...this.#due.keys()].filter((name) => {
      return prefixes.some((prefix) => name.startsWith(prefix)) && this.isOver(name, clockMs)
    })
    for (const name of over) this.#due.delete(name)
    return over
  }
}

/** A value that a key had from a time on. */
interface Written {
  /** The true time. */
  readonly atMs: number
  /** How far the clock of its writer was off, milliseconds. */
  readonly offMs: number
  /** null: it was deleted, or had expired by that clock. */
  readonly value: number | null
  /** When it expires, by the clock of its writer, and as its writer was told. */
  readonly told: string | null
}

/** A commit, or a look, at a true time by a clock that was off by so many milliseconds. */
export interface Off {
  readonly atMs: number
  readonly offMs: number
}

const neverWritten: Written = { atMs: Number.NEGATIVE_INFINITY, offMs: 0, value: null, told: null }

/** What the keys of a case were worth at each time, as far as clocks that were off leave it open. */
export class Values {
  readonly #written = new Map<string, Written[]>()
  readonly #commits: Off[] = []

  write(key: string, written: Written): void {
    this.#written.set(key, [...(this.#written.get(key) ?? []), written])
  }

  committed(commit: Off): void {
    if (commit.offMs !== 0) this.#commits.push(commit)
  }

  /** What is wrong with what a process says a key was worth at a time; null if nothing is. */
  problemAt(key: string, askedMs: number, said: number | null, asking: Off): string | null {
    const all = this.#written.get(key) ?? []
    const told = all.find(({ value }) => value === said && said !== null)?.told ?? null
    if (told !== null && Date.parse(told) <= askedMs) return `${said} had expired at ${told}`
    const [low, high] = this.#around(askedMs, asking)
    const before = all.findLastIndex(({ atMs, offMs }) => offMs === 0 && atMs <= low)
    const since = all.slice(before + 1).filter(({ atMs, offMs }) => atMs + Math.min(0, offMs) <= high)
    const possible = [all[before] ?? neverWritten, ...since].map((one) => {
      return one.told !== null && Date.parse(one.told) <= askedMs ? null : one.value
    })
    return possible.includes(said) ? null : `it says ${said}, and may say ${possible.join(' or ')}`
  }

  /**
   * The true times that may be meant by a time that is asked about. A commit whose clock was ahead, and is not ahead of the clock
   * that asks, makes the time between the two look like the time of the commit. One whose clock was behind is seen too early.
   */
  #around(askedMs: number, { atMs, offMs }: Off): readonly [low: number, high: number] {
    const clockMs = atMs + offMs
    const near = this.#commits.filter((commit) => {
      const its = commit.atMs + commit.offMs
      const isBetween = Math.min(commit.atMs, its) <= askedMs && askedMs < Math.max(commit.atMs, its)
      return isBetween && its <= clockMs
    })
    const times = near.map((commit) => commit.atMs)
    // Who asks for the time of his own clock, or a later one, is told what is there now.
    const own = offMs < 0 && askedMs >= clockMs ? [atMs] : []
    return [Math.min(askedMs, ...times), Math.max(askedMs, ...times, ...own)]
  }
}
