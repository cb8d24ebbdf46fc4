/** What the log of a space must say of observations: nothing observed is lost, doubled, or goes back. */
import type { Effect, LoggedCommit } from '../domain/commit/effect.ts'
import {
  comparePlaces,
  type HeadFields,
  headKey,
  headNoun,
  headOf,
  joinSpans,
  noteNumbers,
  observationNoun,
  type Place,
  type Span,
} from '../domain/records/observation.ts'

/** Behind every place of a thread. */
const end: Place = { turn: Number.MAX_SAFE_INTEGER, index: 0 }

/** What is to be observed: all behind the cursor, and what was taken back. */
function unobserved({ cursor, again }: HeadFields): readonly Span[] {
  return joinSpans([...again, { after: cursor, to: end }])
}

/** The parts of spans that are in none of the others. */
function without(spans: readonly Span[], others: readonly Span[]): readonly Span[] {
  return others.reduce<readonly Span[]>(
    (left, other) =>
      left.flatMap(({ after, to }) => {
        const begin = comparePlaces(other.after, to) < 0 ? other.after : to
        const rest = comparePlaces(other.to, after) > 0 ? other.to : after
        const parts = [
          { after, to: begin },
          { after: rest, to },
        ]
        return parts.filter((part): part is Span => comparePlaces(part.after, part.to) < 0)
      }),
    spans,
  )
}

/** What may never fall while a thread lives, though messages in it change. */
function goesBack(before: HeadFields, after: HeadFields): string | null {
  if (after.chunk < before.chunk || after.chunk > before.chunk + 1) return 'chunks'
  if (after.active < before.active || after.active > after.chunk) return 'active chunks'
  if (after.generation < before.generation || after.generation > before.generation + 1) return 'generations'
  if (comparePlaces(after.cursor, before.cursor) < 0) return 'the cursor'
  const buffered = [after.active, ...(after.buffered ?? []).map(({ chunk }) => chunk)]
  if (buffered.some((chunk, at) => at > 0 && chunk <= (buffered[at - 1] as number))) return 'buffered chunks'
  if (after.ahead !== undefined && after.ahead.generation > after.generation)
    return 'the reflection that was made ahead'
  const isOrdered = after.reflections.every(({ generation, chunk }, at) => {
    const earlier = after.reflections[at - 1] ?? { generation: 0, chunk: 0 }
    return generation > earlier.generation && chunk >= earlier.chunk && chunk <= after.active
  })
  return isOrdered && (after.reflections.at(-1)?.generation ?? 0) <= after.generation
    ? null
    : 'the order of generations'
}

/** What is known of one thread by its heads and notes in the log so far. */
class ObservedLog {
  /** null before the first one, and where the log begins later. */
  #head: HeadFields | null = null
  /** The messages of each chunk: what its commit took from those that were to be observed. */
  readonly #spans = new Map<number, readonly Span[]>()
  /** The chunks of the notes that are there, by key. */
  readonly #notes = new Map<string, number>()
  /** Chunks and generations that lost notes in the commit at hand. */
  readonly #lost = { chunk: new Set<number>(), generation: new Set<number>() }

  put(key: string): void {
    const { lane, of } = noteNumbers(key)
    if (lane === 'chunk') this.#notes.set(key, of)
  }

  remove(key: string): void {
    const { lane, of } = noteNumbers(key)
    this.#lost[lane].add(of)
    this.#notes.delete(key)
  }

  /** Takes the head that a commit wrote, after the notes of that commit. Answers what is wrong. */
  putHead(after: HeadFields): readonly string[] {
    const before = this.#head
    this.#head = after
    const left = unobserved(after)
    const problems = before === null ? [] : [...this.#steps(before, after, left), ...this.#losses(after, left)]
    this.#lost.chunk.clear()
    this.#lost.generation.clear()
    return [...problems, ...this.#doubled(left)]
  }

  /** What is observed by a commit is one chunk, and nothing without one. */
  #steps(before: HeadFields, after: HeadFields, left: readonly Span[]): readonly string[] {
    const what = goesBack(before, after)
    if (what !== null) return [`is wrong about ${what}`]
    const taken = without(unobserved(before), left)
    const isChunk = after.chunk > before.chunk
    if (isChunk) this.#spans.set(after.chunk, taken)
    return taken.length > Number(isChunk) ? ['says that messages were observed of which no notes were made'] : []
  }

  /** Where notes of a chunk went, its messages are to be observed again, and no generation stands for them. */
  #losses({ reflections, ahead }: HeadFields, left: readonly Span[]): readonly string[] {
    const { chunk: chunks, generation: generations } = this.#lost
    const lost = [...chunks].filter((chunk) => without(this.#spans.get(chunk) ?? [], left).length > 0)
    const first = Math.min(...chunks)
    const current = ahead === undefined ? reflections : [...reflections, ahead]
    const kept = current.filter(({ generation, chunk }) => chunk >= first || generations.has(generation))
    return [
      ...lost.map((chunk) => `loses the messages of chunk ${chunk}`),
      ...kept.map(({ generation }) => `keeps the lost generation ${generation}`),
    ]
  }

  /** No notes are there of messages that are to be observed, or that the notes of another chunk stand for. */
  #doubled(left: readonly Span[]): readonly string[] {
    const all = [...left]
    const problems: string[] = []
    for (const chunk of new Set(this.#notes.values())) {
      const spans = this.#spans.get(chunk) ?? []
      if (without(spans, without(spans, all)).length > 0)
        problems.push(`has notes of the messages of chunk ${chunk} twice`)
      all.push(...spans)
    }
    return problems
  }
}

/** Problems in words: heads that go back, and notes that are lost or stored twice. */
export function checkObservations(commits: readonly LoggedCommit[]): string[] {
  const problems: string[] = []
  const threads = new Map<string, ObservedLog>()
  const stored = new Set<string>()
  for (const { seq, rows } of commits) {
    const effects = rows.flatMap(({ effects }) => effects)
    for (const effect of effects.toSorted((left, right) => Number(isHead(left)) - Number(isHead(right)))) {
      if (!('noun' in effect) || effect.key === undefined) continue
      const { kind, noun, key } = effect
      const name = headKey(noteNumbers(key).created)
      const log = threads.get(name) ?? new ObservedLog()
      if (noun === headNoun && kind === 'record-put') {
        const found = log.putHead(headOf(effect.value))
        problems.push(...found.map((what) => `commit ${seq} ${what}, in the thread observed as ${key}`))
      } else if (noun === observationNoun && kind === 'record-put') {
        if (stored.has(key)) problems.push(`commit ${seq} stores the note ${key} for the second time`)
        stored.add(key)
        log.put(key)
      } else if (noun === observationNoun && kind === 'record-remove') log.remove(key)
      else continue
      threads.set(name, log)
    }
  }
  return problems
}

const isHead = (effect: Effect) => 'noun' in effect && effect.noun === headNoun
