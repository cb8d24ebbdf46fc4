// What is left of a database, read from its tables as they are: text, terms of words, and records that have vectors.
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { unpackVectors, vectorRecordAt } from '../../src/domain/index/vector-segment.ts'
import { unpackWords } from '../../src/domain/index/word-segment.ts'
import { analyse } from '../../src/domain/index/words.ts'

type Row = Readonly<Record<string, SQLOutputValue>>

function rowsOf(path: string, sql: string): Row[] {
  const database = new DatabaseSync(path)
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

/** All text in all tables. */
export function textIn(path: string): string {
  const tables = rowsOf(path, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
  return tables.map(({ name }) => JSON.stringify(rowsOf(path, `SELECT * FROM "${name}"`), withoutBlobs)).join('\n')
}

const withoutBlobs = (_: string, value: unknown) => (value instanceof Uint8Array ? null : value)

/** Every term in the segments of words. */
export function termsIn(path: string): Set<number> {
  return new Set(
    rowsOf(path, 'SELECT data FROM words').flatMap(({ data }) => [...unpackWords(data as Uint8Array).terms]),
  )
}

export function termsOf(texts: readonly string[]): Set<number> {
  return new Set(texts.flatMap((text) => analyse(text, 'english').terms))
}

/** The records that have vectors, as `space kind ref`; `null` where their space is gone. */
export function embeddedIn(path: string): string[] {
  const sql = 'SELECT space.id AS id, vectors.data AS data FROM vectors LEFT JOIN space ON space.n = vectors.space'
  return rowsOf(path, sql).flatMap(({ id, data }) => {
    const segment = unpackVectors(data as Uint8Array)
    return Array.from({ length: segment.count }, (_, i) => {
      const { kind, ref } = vectorRecordAt(segment, i)
      return `${id} ${kind} ${ref}`
    })
  })
}

/** Rows of small tables that belong to no space that is there, and spaces whose rows wait to be deleted. */
export function orphansIn(path: string): Row[] {
  const tables = ['fact_source', 'work', 'words', 'vectors', 'fact', 'run', 'entry', 'block', 'message_id', 'thread']
  const orphans = tables.flatMap((table) =>
    rowsOf(
      path,
      `SELECT '${table}' AS name, count(*) AS count FROM ${table} WHERE space NOT IN (SELECT n FROM space) HAVING count > 0`,
    ),
  )
  const sourceless = `SELECT 'source' AS name, fact FROM fact_source WHERE fact NOT IN (SELECT n FROM fact WHERE deleted = 0)`
  return [...orphans, ...rowsOf(path, sourceless), ...rowsOf(path, 'SELECT n FROM erased_space')]
}
