/** The eighth schema: an index of the runs that wait, across spaces. */
import type { Migration } from '../../migrate.ts'

/** Of statuses 1 (suspended) and 5 (interrupted): few runs wait, so the index is small and most puts leave it alone. */
export const waitingRuns: Migration = {
  name: 'waiting runs',
  sql: `
CREATE INDEX run_waiting ON run (name, started) WHERE deleted = 0 AND status IN (1, 5);
`,
}
