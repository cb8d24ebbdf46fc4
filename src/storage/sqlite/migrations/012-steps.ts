/** The twelfth schema: calls of runs have records, the steps. Those that wait for a decision are found by when they expire. */
import type { Migration } from '../../migrate.ts'

/** `record.wakes`: when the sweeper has work on a record that stays; null for most. */
export const steps: Migration = {
  name: 'steps',
  sql: `
ALTER TABLE record ADD COLUMN wakes INTEGER;
CREATE INDEX record_by_wakes ON record (wakes) WHERE wakes IS NOT NULL;
`,
}
