/** The sixth schema: the current runs. */
import type { Migration } from '../../migrate.ts'

/**
 * Column notes. `run.id`: the last part of the id, the space's key being the rest. `run.ord`: packed place of its first
 * put. `run.thread`: the id as text, for the thread may be gone. `run.status`: 0 running, 1 suspended, then as it ended.
 * `run.due`: the expiry rounded down, so that a put shortly after another leaves its index alone.
 */
export const runs: Migration = {
  name: 'runs',
  sql: `
CREATE TABLE run (
  n INTEGER PRIMARY KEY, space INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, deleted INTEGER NOT NULL,
  ord INTEGER NOT NULL, name TEXT NOT NULL, thread TEXT, status INTEGER NOT NULL, started INTEGER NOT NULL,
  at INTEGER NOT NULL, expires INTEGER, json TEXT NOT NULL, continuation TEXT, due INTEGER, UNIQUE (space, id)
) STRICT;
CREATE INDEX run_by_order ON run (space, ord) WHERE deleted = 0;
CREATE INDEX run_by_thread ON run (space, thread, ord) WHERE thread IS NOT NULL;
CREATE INDEX run_by_due ON run (due) WHERE due IS NOT NULL;
`,
}
