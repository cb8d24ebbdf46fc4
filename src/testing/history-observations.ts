/** What the log of a space must say of observations: nothing observed is lost, doubled, or goes back. */
import type { LoggedCommit } from '../domain/commit/effect.ts'
import { comparePlaces, type HeadFields, headNoun, headOf, observationNoun } from '../domain/records/observation.ts'

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
  const numbers = after.reflections.map(({ generation }) => generation)
  const isOrdered = numbers.every((number, at) => at === 0 || number > (numbers[at - 1] as number))
  return isOrdered && (numbers.at(-1) ?? 0) <= after.generation ? null : 'the order of generations'
}

/** Problems in words: heads that go back, and notes that were stored twice. */
export function checkObservations(commits: readonly LoggedCommit[]): string[] {
  const problems: string[] = []
  const heads = new Map<string, HeadFields>()
  const notes = new Set<string>()
  for (const { seq, rows } of commits) {
    for (const effect of rows.flatMap(({ effects }) => effects)) {
      if (!('noun' in effect) || effect.key === undefined) continue
      const { key } = effect
      if (effect.kind === 'record-remove' && effect.noun === headNoun) heads.delete(key)
      if (effect.kind !== 'record-put') continue
      if (effect.noun === observationNoun) {
        if (notes.has(key)) problems.push(`commit ${seq} stores the note ${key} for the second time`)
        notes.add(key)
      } else if (effect.noun === headNoun) {
        const after = headOf(effect.value)
        const before = heads.get(key)
        const what = before === undefined ? null : goesBack(before, after)
        if (what !== null) problems.push(`commit ${seq} is wrong about ${what} of the thread observed as ${key}`)
        heads.set(key, after)
      }
    }
  }
  return problems
}
