/** Stores the facts that a commit changed: their rows, and their sources. */
import type { Draft } from '../../domain/apply/draft.ts'
import { factValues } from '../rows/fact-rows.ts'
import type { CachedSpace, SqliteDatabase } from './database.ts'

export function persistFacts(database: SqliteDatabase, space: CachedSpace, draft: Draft): void {
  const { putFact, addFactSource, deleteFactSource } = database.statements
  for (const { before, after } of draft.facts.values()) {
    const n = putFact.get(space.n, ...factValues(after, space.state.key))?.[0] as number
    const [old, now] = [before?.sources ?? [], after.sources]
    if (old === now) continue
    for (const source of old) deleteFactSource.run(space.n, source, n)
    for (const source of now) addFactSource.run(space.n, source, n)
  }
}
