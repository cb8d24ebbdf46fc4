/** The second schema: what is current of factTables, and what they were derived from. */
import type { Migration } from '../../migrate.ts'

/**
 * Column notes. `fact.id`: the last part of the id, the space's key being the rest. `fact.ord`: packed place of its
 * first statement. `fact.status`: 0 current, 1 superseded, 2 queued. `fact.textKey`: key of the text as compared.
 * `fact.conflicts`: how many factTables contradict it. The four ids are those that a fact has in addition to its space.
 */
export const factTables: Migration = {
  name: 'facts',
  sql: `
CREATE TABLE fact (
  n INTEGER PRIMARY KEY, space INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, deleted INTEGER NOT NULL,
  ord INTEGER NOT NULL, status INTEGER NOT NULL, textKey INTEGER NOT NULL, userId TEXT, agentId TEXT, runId TEXT,
  teamId TEXT, conflicts INTEGER NOT NULL, created INTEGER NOT NULL, at INTEGER NOT NULL, expires INTEGER,
  json TEXT NOT NULL, UNIQUE (space, id)
) STRICT;
CREATE INDEX fact_by_order ON fact (space, status, ord) WHERE deleted = 0;
CREATE INDEX fact_by_user ON fact (space, userId, status, ord) WHERE userId IS NOT NULL;
CREATE INDEX fact_by_agent ON fact (space, agentId, status, ord) WHERE agentId IS NOT NULL;
CREATE INDEX fact_by_run ON fact (space, runId, status, ord) WHERE runId IS NOT NULL;
CREATE INDEX fact_by_team ON fact (space, teamId, status, ord) WHERE teamId IS NOT NULL;
CREATE INDEX fact_by_text ON fact (space, textKey) WHERE deleted = 0 AND status = 0;
CREATE INDEX fact_by_version ON fact (space, version);
CREATE INDEX fact_in_conflict ON fact (space, ord) WHERE conflicts > 0;
CREATE INDEX fact_by_due ON fact (expires) WHERE expires IS NOT NULL;

CREATE TABLE fact_source (
  space INTEGER NOT NULL, source TEXT NOT NULL, fact INTEGER NOT NULL, PRIMARY KEY (space, source, fact)
) STRICT, WITHOUT ROWID;
`,
}
