/** The seventh schema: the current records of all nouns. */
import type { Migration } from '../../migrate.ts'

/** Column notes. `record.due`: the expiry rounded down, so that a write shortly after another leaves its index alone. */
export const records: Migration = {
  name: 'records',
  sql: `
CREATE TABLE record (
  n INTEGER PRIMARY KEY, space INTEGER NOT NULL, noun TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL,
  deleted INTEGER NOT NULL, created INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, expires INTEGER,
  due INTEGER, patchBytes INTEGER NOT NULL, json TEXT NOT NULL, UNIQUE (space, noun, key)
) STRICT;
CREATE INDEX record_by_due ON record (due) WHERE due IS NOT NULL;
`,
}
