/** The thirteenth schema: runs of workflows are told apart from those of agents, and found when nobody works on them. */
import type { Migration } from '../../migrate.ts'

/**
 * `run.workflow`: 1 for the run of a workflow, 0 for that of an agent, which may have the same name. The index of the runs
 * that wait has the status before the time: those that are pending (7) are found without a look at those that are suspended
 * (1) or interrupted (5). `lease_of_run` has the leases of runs, whose names begin with `run/`, by their deadline.
 */
export const workflows: Migration = {
  name: 'workflows',
  sql: `
ALTER TABLE run ADD COLUMN workflow INTEGER NOT NULL DEFAULT 0;
UPDATE run SET workflow = 1 WHERE json_extract(json, '$.kind') = 'workflow';
DROP INDEX run_waiting;
CREATE INDEX run_waiting ON run (workflow, name, status, started) WHERE deleted = 0 AND status IN (1, 5, 7);
CREATE INDEX lease_of_run ON lease (until) WHERE name >= 'run/' AND name < 'run0';
`,
}
