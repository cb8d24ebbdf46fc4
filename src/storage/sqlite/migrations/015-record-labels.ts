/**
 * The fifteenth schema: records are found by labels. Open proposals have some: who made them, and what they are about. Notes that were
 * observed are found by their version, from which the tail of the words of a space is read. Pinned facts have an index, since
 * every prompt reads them.
 */
import type { Migration } from '../../migrate.ts'

export const recordLabels: Migration = {
  name: 'record-labels',
  sql: `
CREATE TABLE record_label (
  space INTEGER NOT NULL, noun TEXT NOT NULL, label TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (space, noun, label, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_label_by_key ON record_label (space, noun, key);
CREATE INDEX fact_pinned ON fact (space, ord) WHERE deleted = 0 AND json_extract(json, '$.pinned') = 1;
CREATE INDEX record_of_note ON record (space, version) WHERE noun = 'observation' AND deleted = 0;
`,
}
