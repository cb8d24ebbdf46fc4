/** The SQL of the index of words: packed segments, in order of the last seq they hold. */
import type { Connection } from './connection.ts'

export type WordsColumns = readonly [k: number, first: number, last: number, data: Uint8Array]

export function indexStatements(connection: Connection) {
  const select = 'SELECT k, first, last, data FROM words'
  return {
    setFolded: connection.prepare('UPDATE space SET folded = ? WHERE n = ?'),
    insertWords: connection.prepare('INSERT INTO words (space, first, last, data) VALUES (?, ?, ?, ?)'),
    deleteWords: connection.prepare('DELETE FROM words WHERE k = ?'),
    deleteAllWords: connection.prepare('DELETE FROM words WHERE space = ?'),
    /** Segments that hold a seq. */
    wordsAt: connection.prepare<WordsColumns>(
      `${select} WHERE space = ? AND last >= ? AND first <= ? ORDER BY last, first`,
    ),
    wordsFrom: connection.prepare<WordsColumns>(`${select} WHERE space = ? AND last >= ? ORDER BY last, first`),
    /** Numbers of a space's segments, in order. A number is never given out twice, so it names the content. */
    wordNumbers: connection.prepare<[number]>('SELECT k FROM words WHERE space = ? ORDER BY last, first'),
    wordsByNumber: connection.prepare<[Uint8Array]>('SELECT data FROM words WHERE k = ?'),
  }
}
