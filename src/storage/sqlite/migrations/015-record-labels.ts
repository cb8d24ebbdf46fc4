/** The fifteenth schema: records are found by labels. Open proposals have some: who made them, and what they are about. */
import type { Migration } from '../../migrate.ts'

export const recordLabels: Migration = {
  name: 'record-labels',
  sql: `
CREATE TABLE record_label (
  space INTEGER NOT NULL, noun TEXT NOT NULL, label TEXT NOT NULL, key TEXT NOT NULL,
  PRIMARY KEY (space, noun, label, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_label_by_key ON record_label (space, noun, key);
`,
}
