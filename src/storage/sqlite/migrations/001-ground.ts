/** The first schema: spaces, threads, the log that is the store, and small tables of current records. */
import type { Migration } from '../../migrate.ts'

/**
 * Column notes. `space.n` and `thread.n` stand for the texts in all other tables and are never given out twice. `thread.state`: 0 live, 1 archived,
 * 2 deleted. `thread.ord`: the seq of the last save, as far as `space.ordered`; later saves are in the log's tail, which a
 * commit folds into the threads when it has grown long: saving then seldom dirties a second page. `thread.stat`: the seq at which `messages` and `lastAt` were true; a later last row of the thread overrides
 * them. `log.k`: space and seq in one, so that a commit's row is found and
 * appended without an index; the further rows of a commit that has several count down from -1 and are found by `part`,
 * which is null where there is one row and 0 in the first of several. `log.turn`: packed place, 0 for none. `log.upto`: messages of the thread after this row, if it saved any.
 * `entry.due`: the expiry rounded down, so that renewing an entry seldom moves its place in the index.
 */
export const ground: Migration = {
  name: 'ground',
  sql: `
CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;

CREATE TABLE space (
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL UNIQUE, parent TEXT,
  created INTEGER NOT NULL, floor INTEGER NOT NULL, horizon INTEGER NOT NULL, ordered INTEGER NOT NULL,
  settings TEXT NOT NULL, settingsVersion INTEGER NOT NULL,
  threads INTEGER NOT NULL, archived INTEGER NOT NULL, entries INTEGER NOT NULL
) STRICT;

CREATE TABLE thread (
  n INTEGER PRIMARY KEY AUTOINCREMENT, space INTEGER NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL, ord INTEGER NOT NULL,
  created INTEGER NOT NULL, version INTEGER NOT NULL, messages INTEGER NOT NULL, lastAt INTEGER, stat INTEGER NOT NULL,
  json TEXT NOT NULL, UNIQUE (space, id)
) STRICT;
CREATE INDEX thread_by_order ON thread (space, state, ord);
CREATE INDEX thread_by_creation ON thread (space, state, created);
CREATE INDEX thread_by_id ON thread (id);

CREATE TABLE log (
  k INTEGER PRIMARY KEY, space INTEGER NOT NULL, seq INTEGER NOT NULL, part INTEGER, at INTEGER NOT NULL,
  thread INTEGER, turn INTEGER NOT NULL, actor TEXT NOT NULL, status TEXT, upto INTEGER, commitId TEXT, hash TEXT,
  json TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX log_by_part ON log (space, seq, part) WHERE part > 0;
CREATE UNIQUE INDEX log_by_thread ON log (thread, turn, seq) WHERE thread IS NOT NULL;
CREATE UNIQUE INDEX log_by_commit ON log (commitId, space) WHERE commitId IS NOT NULL;

CREATE TABLE message_id (
  space INTEGER NOT NULL, id TEXT NOT NULL, thread INTEGER NOT NULL, turn INTEGER NOT NULL, i INTEGER NOT NULL,
  PRIMARY KEY (space, id, thread)
) STRICT, WITHOUT ROWID;

CREATE TABLE block (
  n INTEGER PRIMARY KEY, space INTEGER NOT NULL, thread INTEGER NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,
  deleted INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, format TEXT NOT NULL, patchBytes INTEGER NOT NULL,
  json TEXT NOT NULL, UNIQUE (space, thread, name)
) STRICT;

CREATE TABLE entry (
  n INTEGER PRIMARY KEY, space INTEGER NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, deleted INTEGER NOT NULL,
  created INTEGER NOT NULL, at INTEGER NOT NULL, actor TEXT NOT NULL, expires INTEGER, due INTEGER,
  patchBytes INTEGER NOT NULL, json TEXT NOT NULL, UNIQUE (space, key)
) STRICT;
CREATE INDEX entry_by_due ON entry (due) WHERE due IS NOT NULL;

CREATE TABLE lease (
  space INTEGER NOT NULL, name TEXT NOT NULL, token INTEGER NOT NULL, actor TEXT NOT NULL, until INTEGER NOT NULL,
  thread INTEGER, PRIMARY KEY (space, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_by_thread ON lease (thread) WHERE thread IS NOT NULL;
`,
}
