/** The SQL of the index: packed segments of words and of vectors, in order of the last seq they hold. */
import type { Connection } from './connection.ts'

export type WordsColumns = readonly [k: number, first: number, last: number, data: Uint8Array]
export type VectorsColumns = readonly [...WordsColumns, embedding: number, size: number]
/** The number of a segment and the seqs it holds, without what it says of them. */
export type RangeColumns = readonly [k: number, first: number, last: number]
export type EmbeddingColumns = readonly [n: number, fingerprint: string, dimensions: number, state: string]

function wordStatements(connection: Connection) {
  const select = 'SELECT k, first, last, data FROM words'
  return {
    setFolded: connection.prepare('UPDATE space SET folded = ? WHERE n = ?'),
    insertWords: connection.prepare('INSERT INTO words (space, first, last, data) VALUES (?, ?, ?, ?)'),
    deleteWords: connection.prepare('DELETE FROM words WHERE k = ?'),
    dropWords: connection.prepare('DELETE FROM words'),
    unfold: connection.prepare('UPDATE space SET folded = 0'),
    deleteAllWords: connection.prepare('DELETE FROM words WHERE space = ?'),
    /** Segments that hold a seq. */
    wordsAt: connection.prepare<WordsColumns>(
      `${select} WHERE space = ? AND last >= ? AND first <= ? ORDER BY last, first`,
    ),
    wordRanges: connection.prepare<RangeColumns>(
      'SELECT k, first, last FROM words WHERE space = ? AND last >= ? AND first <= ?',
    ),
    wordsFrom: connection.prepare<WordsColumns>(`${select} WHERE space = ? AND last >= ? ORDER BY last, first`),
    /** Numbers of a space's segments, in order. A number is never given out twice, so it names the content. */
    wordNumbers: connection.prepare<[number]>('SELECT k FROM words WHERE space = ? ORDER BY last, first'),
    wordsByNumber: connection.prepare<[Uint8Array]>('SELECT data FROM words WHERE k = ?'),
  }
}

function vectorStatements(connection: Connection) {
  const select = 'SELECT k, first, last, data, embedding, size FROM vectors'
  return {
    embeddings: connection.prepare<EmbeddingColumns>('SELECT n, fingerprint, dimensions, state FROM embedding'),
    insertEmbedding: connection.prepare('INSERT INTO embedding (fingerprint, dimensions, state) VALUES (?, ?, ?)'),
    setEmbeddingState: connection.prepare('UPDATE embedding SET state = ? WHERE n = ?'),
    deleteEmbedding: connection.prepare('DELETE FROM embedding WHERE n = ?'),
    insertVectors: connection.prepare(
      'INSERT INTO vectors (space, embedding, first, last, size, data) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    deleteVectors: connection.prepare('DELETE FROM vectors WHERE k = ?'),
    deleteVectorsOf: connection.prepare('DELETE FROM vectors WHERE embedding = ?'),
    vectorsAt: connection.prepare<VectorsColumns>(`${select} WHERE space = ? AND last >= ? AND first <= ?`),
    vectorRanges: connection.prepare<RangeColumns>(
      'SELECT k, first, last FROM vectors WHERE space = ? AND last >= ? AND first <= ? AND embedding = ?',
    ),
    vectorsFrom: connection.prepare<VectorsColumns>(`${select} WHERE space = ? AND last >= ?`),
    smallVectors: connection.prepare<VectorsColumns>(`${select} WHERE space = ? AND embedding = ? AND size < ?`),
    countSmallVectors: connection.prepare<[number]>(
      'SELECT coalesce(sum(size), 0) FROM vectors WHERE space = ? AND embedding = ? AND size < ?',
    ),
    vectorNumbers: connection.prepare<[number]>(
      'SELECT k FROM vectors WHERE space = ? AND embedding = ? ORDER BY last, first',
    ),
    vectorsByNumber: connection.prepare<[Uint8Array]>('SELECT data FROM vectors WHERE k = ?'),
    anyVectors: connection.prepare<[number]>('SELECT 1 FROM vectors WHERE space = ? LIMIT 1'),
    turnsOfThread: connection.prepare<[number]>('SELECT DISTINCT turn FROM log WHERE thread = ? AND turn > 0'),
  }
}

function workStatements(connection: Connection) {
  return {
    openWork: connection.prepare('INSERT OR IGNORE INTO work (space) VALUES (?)'),
    closeWork: connection.prepare('DELETE FROM work WHERE space = ?'),
    releaseWork: connection.prepare('UPDATE work SET until = 0 WHERE owner = ?'),
    /** Not claimed, or by a claim that is over, the asker's own, or further off than any: its clock was ahead. */
    freeWork: connection.prepare<[number, string]>(
      `SELECT work.space, space.id FROM work JOIN space ON space.n = work.space
       WHERE work.until <= ?1 OR work.until > ?1 + ?2 OR work.owner = ?3 LIMIT ?4`,
    ),
    claimWork: connection.prepare('UPDATE work SET owner = ?, until = ? WHERE space = ?'),
    /** Of spaces that are there: nobody can claim any other. */
    countWork: connection.prepare<[number]>('SELECT count(*) FROM work JOIN space ON space.n = work.space'),
  }
}

export function indexStatements(connection: Connection) {
  return { ...wordStatements(connection), ...vectorStatements(connection), ...workStatements(connection) }
}
