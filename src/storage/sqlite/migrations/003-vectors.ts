/** The index of vectors: which embedders made them, their segments, and the spaces where some are to be made. */
import type { Migration } from '../../migrate.ts'

/**
 * `embedding.state`: `active` for the one that recall uses, `building` for one that will take its place. `vectors`: one
 * record or some hundred in a row; `size` counts vectors, so that small rows can be found and folded. `work`: spaces
 * with records that may lack vectors; `owner` works on it until `until`.
 */
export const vectors: Migration = {
  name: 'vectors',
  sql: `
CREATE TABLE embedding (
  n INTEGER PRIMARY KEY AUTOINCREMENT, fingerprint TEXT NOT NULL UNIQUE, dimensions INTEGER NOT NULL, state TEXT NOT NULL
) STRICT;

CREATE TABLE vectors (
  k INTEGER PRIMARY KEY AUTOINCREMENT, space INTEGER NOT NULL, embedding INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL, size INTEGER NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE INDEX vectors_by_seq ON vectors (space, last, first);

CREATE TABLE work (space INTEGER PRIMARY KEY, owner TEXT, until INTEGER NOT NULL DEFAULT 0) STRICT;
`,
}
