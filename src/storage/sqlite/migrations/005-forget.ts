/** Forgetting: receipts outside all spaces, spaces whose rows are still to be deleted, and where copies came from. */
import type { Migration } from '../../migrate.ts'

/**
 * Column notes. `receipt.asked`: a salted hash of the question, null once the receipt is complete. `erased_space.n`:
 * the number of a space whose own row is gone, so that nothing reads its others; they are deleted a few at a time.
 */
export const forgetTables: Migration = {
  name: 'forget',
  sql: `
CREATE TABLE receipt (
  id TEXT PRIMARY KEY, requested INTEGER NOT NULL, completed INTEGER, asked TEXT, json TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_by_time ON receipt (requested);
CREATE INDEX receipt_pending ON receipt (requested) WHERE completed IS NULL;

CREATE TABLE erased_space (n INTEGER PRIMARY KEY) STRICT;

CREATE INDEX thread_by_source ON thread (json_extract(json, '$.source.space'), json_extract(json, '$.source.threadId'))
  WHERE json_extract(json, '$.source.space') IS NOT NULL;
`,
}
