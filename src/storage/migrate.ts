/** Migrations: numbered, applied in order under a lock, raced safely; a newer schema is refused in words. */
import { MemoryError } from '../domain/error.ts'

/** One step of the schema. Its number is its place in the list, from 1; a published step never changes. */
export interface Migration {
  readonly name: string
  readonly sql: string
}

/** What {@link migrate} needs from a driver. */
interface MigrationTarget {
  /** Runs `work` while no other process can migrate or write; undone if it throws. */
  locked<Result>(work: () => Result): Promise<Result>
  version(): number
  run(sql: string): void
  setVersion(version: number): void
}

/**
 * Brings a database up to the last migration. Reads the version without a lock first, so that opening a current
 * database never waits; reads it again under the lock, so that of twenty processes one migrates and the rest see it done.
 *
 * @throws MemoryError `schema-newer` if the database was written by a later version of this package.
 */
export async function migrate(target: MigrationTarget, migrations: readonly Migration[]): Promise<void> {
  refuseNewer(target.version(), migrations.length)
  if (target.version() === migrations.length) return
  await target.locked(() => {
    const from = target.version()
    refuseNewer(from, migrations.length)
    for (const migration of migrations.slice(from)) target.run(migration.sql)
    target.setVersion(migrations.length)
  })
}

function refuseNewer(version: number, known: number): void {
  if (version <= known) return
  throw new MemoryError('schema-newer', {
    message: `The database has schema version ${version}; this version of aquifer knows versions up to ${known}.`,
    fix: 'Upgrade aquifer, or open a database that this version wrote.',
    details: { version, known },
  })
}
