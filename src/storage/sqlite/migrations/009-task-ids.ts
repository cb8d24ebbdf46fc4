/** The ninth schema: the id of a task that a fact carries is named so, and no longer like an agent's run. */
import type { Migration } from '../../migrate.ts'

/** The JSON with what lies at one path moved to another. */
function moved(json: string, from: string, to: string): string {
  return `json_set(json_remove(${json}, '${from}'), '${to}', json_extract(${json}, '${from}'))`
}

/** The effect with its fact's attribute renamed, if it states one or was kept of one. */
function renamedEffect(effect: string): string {
  const cases = ['$.stated.attributes', '$.fact.attributes'].map((at) => {
    const isThere = `json_type(${effect}, '${at}.runId') IS NOT NULL`
    return `WHEN ${isThere} THEN ${moved(effect, `${at}.runId`, `${at}.taskId`)}`
  })
  return `CASE ${cases.join(' ')} ELSE ${effect} END`
}

/** Rows of the log are rewritten only where they hold such a fact: most hold none. */
export const taskIds: Migration = {
  name: 'task-ids',
  sql: `
DROP INDEX fact_by_run;
ALTER TABLE fact RENAME COLUMN runId TO taskId;
CREATE INDEX fact_by_task ON fact (space, taskId, status, ord) WHERE taskId IS NOT NULL;

UPDATE fact SET json = ${moved('json', '$.attributes.runId', '$.attributes.taskId')}
  WHERE json_type(json, '$.attributes.runId') IS NOT NULL;

UPDATE log SET json = (
    SELECT json_group_array(json(${renamedEffect('effect.value')}))
    FROM (SELECT value FROM json_each(log.json) ORDER BY key) AS effect
  )
  WHERE json LIKE '%"attributes":{%"runId":%';
`,
}
