/** The SQL statements of facts. Those whose text depends on the query are made by read-facts.ts. */

import type { DueIssuedColumns } from '../rows/due-rows.ts'
import { type FactColumns, factColumns, factStored } from '../rows/fact-rows.ts'
import type { Connection } from './connection.ts'

export function factStatements(connection: Connection) {
  const select = `SELECT ${factColumns} FROM fact`
  const live = '(expires IS NULL OR expires > ?)'
  return {
    fact: connection.prepare<FactColumns>(`${select} WHERE space = ? AND id = ?`),
    putFact: connection.prepare<[number]>(
      `INSERT INTO fact (space, ${factStored.join(', ')}) VALUES (?, ${factStored.map(() => '?').join(', ')})
       ON CONFLICT (space, id) DO UPDATE SET ${factStored.map((column) => `${column} = excluded.${column}`).join(', ')}
       RETURNING n`,
    ),
    factsSince: connection.prepare<FactColumns>(
      `${select} WHERE space = ? AND version > ? AND deleted = 0 ORDER BY version`,
    ),
    /** The index is named: unasked, the planner takes the one by order, and reads all facts of the space. */
    factsByText: connection.prepare<FactColumns>(
      `${select} INDEXED BY fact_by_text WHERE space = ? AND textKey = ? AND deleted = 0 AND status = 0 ORDER BY ord`,
    ),
    countFacts: connection.prepare<[number]>('SELECT count(*) FROM fact WHERE space = ? AND deleted = 0'),
    lastFactSeq: connection.prepare<[number | null]>('SELECT max(version) FROM fact WHERE space = ?'),
    factsInConflict: connection.prepare<FactColumns>(
      `${select} WHERE space = ? AND conflicts > 0 AND ord > ? AND ${live} ORDER BY ord LIMIT ?`,
    ),
    /** Rows are found by their source first; `+` keeps the order from being taken for the better way. */
    factsFromSources: connection.prepare<FactColumns>(
      `${select} WHERE n IN (SELECT fact FROM fact_source WHERE space = ?1 AND source IN (SELECT value FROM json_each(?2)))
         AND +space = ?1 AND ord > ?3 AND (expires IS NULL OR expires > ?4) ORDER BY ord LIMIT ?5`,
    ),
    addFactSource: connection.prepare('INSERT INTO fact_source VALUES (?, ?, ?)'),
    deleteFactSource: connection.prepare('DELETE FROM fact_source WHERE space = ? AND source = ? AND fact = ?'),
    dueFacts: connection.prepare<DueIssuedColumns>(
      `SELECT space.id, space.key, fact.id, fact.version FROM fact JOIN space ON space.n = fact.space
       WHERE expires IS NOT NULL AND expires <= ? LIMIT ?`,
    ),
  }
}
