/** The index of words: packed segments of each space. */
import type { Migration } from '../../migrate.ts'

/**
 * `space.folded`: records written up to this seq are in segments; later ones are found in the log's tail. A changed
 * segment gets a new number, so that a number names its content.
 */
export const words: Migration = {
  name: 'words',
  sql: `
ALTER TABLE space ADD COLUMN folded INTEGER NOT NULL DEFAULT 0;

CREATE TABLE words (
  k INTEGER PRIMARY KEY AUTOINCREMENT, space INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX words_by_seq ON words (space, last, first);
`,
}
