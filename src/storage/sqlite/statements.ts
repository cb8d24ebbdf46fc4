/** Every SQL statement of the driver, prepared once: preparing each time costs four times as much. */
import { type BlockColumns, blockColumns } from '../rows/block-rows.ts'
import type { DueEntryColumns, DueLeaseColumns } from '../rows/due-rows.ts'
import { type EntryColumns, entryColumns } from '../rows/entry-rows.ts'
import type { LeaseColumns } from '../rows/lease-rows.ts'
import { type LogColumns, logColumns } from '../rows/log-rows.ts'
import { type LastCommit, newSpaceColumns, type SpaceColumns, spaceColumns } from '../rows/space-rows.ts'
import { type LastRow, type ThreadColumns, threadColumns } from '../rows/thread-rows.ts'
import type { Connection } from './connection.ts'
import { factStatements } from './statements-facts.ts'
import { indexStatements } from './statements-index.ts'
import { nounRecordStatements } from './statements-records.ts'
import { runStatements } from './statements-runs.ts'
import { isInPage } from './text-after.ts'

const leaseSelect = 'SELECT name, token, actor, until, (SELECT id FROM thread WHERE n = lease.thread) FROM lease'

/** Where a commit's row lies: the space in the high bits, the seq in the low 32. */
function place(space: string, seq: string): string {
  return `((${space} << 32) | ${seq})`
}

/** A mark for each of some columns. */
function marks(columns: string): string {
  return columns.replace(/\w+/g, '?')
}

const inSpace = `k >= ${place('?1', '0')} AND k < ${place('?1 + 1', '0')}`

/** A row of the log with the number of its thread, and its part in a commit that has several. */
export type CommitColumns = readonly [...LogColumns, thread: number | null, part: number | null]
/** The places of the last two: both are numbers, so that the compiler would not tell them from other columns. */
export const threadColumn = 9
export const partColumn = 10

function spaceStatements(connection: Connection) {
  return {
    spaceById: connection.prepare<SpaceColumns>(`SELECT ${spaceColumns} FROM space WHERE id = ?`),
    spaceByNumber: connection.prepare<SpaceColumns>(`SELECT ${spaceColumns} FROM space WHERE n = ?`),
    spaceByKey: connection.prepare<[string]>('SELECT id FROM space WHERE key = ?'),
    /** Ids in a range, as text order has it: a prefix is `[prefix, prefix + U+10FFFF)`. */
    spacesInRange: connection.prepare<SpaceColumns>(
      `SELECT ${spaceColumns} FROM space WHERE ${isInPage('id', 1)} ORDER BY id LIMIT ?4`,
    ),
    insertSpace: connection.prepare(
      `INSERT INTO space (${newSpaceColumns}, settingsVersion, threads, archived, entries, secret)
       VALUES (${marks(newSpaceColumns)}, 0, 0, 0, 0, randomblob(16))`,
    ),
    spaceSecret: connection.prepare<[Uint8Array]>('SELECT secret FROM space WHERE n = ?'),
    updateSpace: connection.prepare(
      'UPDATE space SET settings = ?, settingsVersion = ?, threads = ?, archived = ?, entries = ? WHERE n = ?',
    ),
    setOrdered: connection.prepare('UPDATE space SET ordered = ? WHERE n = ?'),
    setHorizon: connection.prepare('UPDATE space SET horizon = ? WHERE n = ?'),
    spacesKeepingDays: connection.prepare<[number, number, number]>(
      `SELECT n, horizon, json_extract(settings, '$.logDays') FROM space WHERE json_extract(settings, '$.logDays') > 0`,
    ),
    /** Rows that this connection has changed, undone ones included. */
    changes: connection.prepare<[number]>('SELECT total_changes()'),
    meta: connection.prepare<[number]>('SELECT value FROM meta WHERE key = ?'),
    setMeta: connection.prepare(
      'INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    ),
  }
}

/** Number of its space, part, number of its thread, messages up to it; then its values, and those of its place. */
function insertLog(k: string): string {
  return `INSERT INTO log (space, part, thread, upto, ${logColumns}, k)
    VALUES (?, ?, ?, ?, ${marks(logColumns)}, ${k})`
}

function logStatements(connection: Connection) {
  const select = `SELECT ${logColumns}`
  return {
    lastCommit: connection.prepare<LastCommit>(`SELECT seq, at FROM log WHERE ${inSpace} ORDER BY k DESC LIMIT 1`),
    /** Whether a space is unchanged: seq of its last commit, and its horizon. */
    spaceMark: connection.prepare<[number, number | null]>(
      `SELECT horizon, (SELECT seq FROM log WHERE ${inSpace} ORDER BY k DESC LIMIT 1) FROM space WHERE n = ?1`,
    ),
    /** After the row's values: the number of its space and its seq once more. */
    insertRow: connection.prepare(insertLog(place('?', '?'))),
    insertPart: connection.prepare(insertLog('min((SELECT min(k) FROM log), 0) - 1')),
    replaceRow: connection.prepare(`UPDATE log SET hash = ?4, json = ?5 WHERE k = ${place('?1', '?2')} AND turn = ?3`),
    replacePart: connection.prepare(
      'UPDATE log SET hash = ?4, json = ?5 WHERE space = ?1 AND seq = ?2 AND turn = ?3 AND part > 0',
    ),
    seqOfCommit: connection.prepare<[number]>('SELECT seq FROM log WHERE commitId = ? AND space = ?'),
    rowAt: connection.prepare<CommitColumns>(`${select}, thread, part FROM log WHERE k = ${place('?1', '?2')}`),
    /** The thread of a turn that is one of several of its commit, without reading what was said. */
    threadOfPart: connection.prepare<[number | null]>(
      'SELECT thread FROM log WHERE space = ? AND seq = ? AND part > 0 AND turn = ?',
    ),
    /** All rows of turns, each the first of a commit: pairs of its seq and the turn, as JSON. With the id of their thread. */
    rowsOfTurns: connection.prepare<readonly [...LogColumns, threadId: string]>(
      `SELECT ${logColumns.replace(/\w+/g, 'log.$&')}, thread.id FROM json_each(?2) AS wanted
       CROSS JOIN log AS began ON began.k = ${place('?1', '(wanted.value ->> 0)')} AND began.turn = wanted.value ->> 1
       JOIN log ON log.thread = began.thread AND log.turn = began.turn JOIN thread ON thread.n = began.thread
       ORDER BY log.turn, log.seq`,
    ),
    rowsBetween: connection.prepare<CommitColumns>(
      `${select}, thread, part FROM log WHERE k > ${place('?1', '?2')} AND k <= ${place('?1', '?3')} ORDER BY k`,
    ),
    partsBetween: connection.prepare<CommitColumns>(
      `${select}, thread, part FROM log WHERE space = ?1 AND seq > ?2 AND seq <= ?3 AND part > 0 ORDER BY seq, part`,
    ),
    jsonAfter: connection.prepare<[number, string]>(
      `SELECT seq, json FROM log WHERE k > ${place('?1', '?2')} AND k <= ${place('?1', '?3')} ORDER BY k`,
    ),
    partsJson: connection.prepare<[number, string]>(
      'SELECT seq, json FROM log WHERE space = ?1 AND seq > ?2 AND seq <= ?3 AND part > 0',
    ),
    deleteBetween: connection.prepare(`DELETE FROM log WHERE k > ${place('?1', '?2')} AND k <= ${place('?1', '?3')}`),
    deletePartsBetween: connection.prepare('DELETE FROM log WHERE space = ? AND seq > ? AND seq <= ? AND part > 0'),
    /** Rows of no turn: what compaction keeps of all other records. */
    keptBetween: connection.prepare<CommitColumns>(
      `${select}, thread, part FROM log WHERE k > ${place('?1', '?2')} AND k <= ${place('?1', '?3')} AND turn = 0`,
    ),
    keptPartsBetween: connection.prepare<CommitColumns>(
      `${select}, thread, part FROM log WHERE space = ?1 AND seq > ?2 AND seq <= ?3 AND part > 0 AND turn = 0`,
    ),
    /** The first row of a stretch whose commit was later than a time, by a clock that was not ahead of another time. */
    firstLater: connection.prepare<[number]>(
      `SELECT seq FROM log WHERE k > ${place('?1', '?2')} AND k <= ${place('?1', '?3')} AND coalesce(clock, at) > ?4
         AND coalesce(clock, at) <= ?5 ORDER BY k LIMIT 1`,
    ),
    /** The last row of a stretch whose commit was not later than a time, by its clock. */
    lastNotLater: connection.prepare<[number]>(
      `SELECT seq FROM log WHERE k > ${place('?1', '?2')} AND k <= ${place('?1', '?3')} AND coalesce(clock, at) <= ?4
       ORDER BY k DESC LIMIT 1`,
    ),
    timeAt: connection.prepare<[number]>(`SELECT at FROM log WHERE k = ${place('?1', '?2')}`),
  }
}

/** Rows of turns, and of the threads they are in. */
function turnStatements(connection: Connection) {
  const select = `SELECT ${logColumns}`
  return {
    turnRows: connection.prepare<LogColumns>(`${select} FROM log WHERE thread = ? AND turn = ? ORDER BY seq`),
    seqsOfThread: connection.prepare<[number]>('SELECT DISTINCT seq FROM log WHERE thread = ? AND seq <= ?'),
    threadRows: connection.prepare<LogColumns>(`${select} FROM log WHERE thread = ? ORDER BY seq, turn`),
    /** Rows of a thread's turns, newest turn first, from a turn downwards. */
    rowsDown: connection.prepare<LogColumns>(
      `${select} FROM log WHERE thread = ? AND turn >= ? AND turn <= ? ORDER BY turn DESC, seq DESC LIMIT ?`,
    ),
    rowsUp: connection.prepare<LogColumns>(
      `${select} FROM log WHERE thread = ? AND turn >= ? AND turn <= ? ORDER BY turn, seq LIMIT ?`,
    ),
    lastRowOfThread: connection.prepare<LastRow>(
      'SELECT seq, coalesce(clock, at), upto FROM log WHERE thread = ? ORDER BY turn DESC, seq DESC LIMIT 1',
    ),
    /** Threads saved to after a seq, with the seq of their last save. */
    savedAfter: connection.prepare<[number, number]>(
      `SELECT thread.n, max(log.seq) FROM log JOIN thread ON thread.n = log.thread
       WHERE k > ${place('?1', '?2')} AND k < ${place('?1 + 1', '0')} AND log.upto IS NOT NULL GROUP BY thread.n HAVING max(log.seq) > thread.ord
       ORDER BY max(log.seq)`,
    ),
    lastSaveUpTo: connection.prepare<[number | null]>(
      'SELECT max(seq) FROM log WHERE thread = ? AND seq <= ? AND upto IS NOT NULL',
    ),
  }
}

/** As the index of copies has them. */
const sourceSpace = `json_extract(json, '$.source.space')`
const sourceThread = `json_extract(json, '$.source.threadId')`

function threadStatements(connection: Connection) {
  return {
    threadById: connection.prepare<ThreadColumns>(`SELECT ${threadColumns} FROM thread WHERE space = ? AND id = ?`),
    threadIdByNumber: connection.prepare<[string]>('SELECT id FROM thread WHERE n = ?'),
    threadsById: connection.prepare<readonly [...ThreadColumns, number]>(
      `SELECT ${threadColumns}, space FROM thread WHERE id = ? AND state < 2 AND space IN (SELECT n FROM space) LIMIT ?`,
    ),
    homesOfThread: connection.prepare<[string]>(
      'SELECT space.id FROM thread JOIN space ON space.n = thread.space WHERE thread.id = ? ORDER BY space.id LIMIT ?',
    ),
    copiesOfThread: connection.prepare<[string, string]>(
      `SELECT space.id, thread.id FROM thread JOIN space ON space.n = thread.space
       WHERE ${sourceSpace} = ? AND ${sourceThread} = ? AND state < 2 LIMIT ?`,
    ),
    copiesOfSpace: connection.prepare<[string, string]>(
      `SELECT space.id, thread.id FROM thread JOIN space ON space.n = thread.space
       WHERE (${sourceSpace} = ?1 OR (${sourceSpace} > ?1 || '/' AND ${sourceSpace} < ?1 || '0')) AND state < 2 LIMIT ?2`,
    ),
    threadByNumber: connection.prepare<ThreadColumns>(`SELECT ${threadColumns} FROM thread WHERE n = ?`),
    insertThread: connection.prepare(
      `INSERT INTO thread (space, ${threadColumns.replace('n, ', '')}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    updateThread: connection.prepare(
      `UPDATE thread SET state = ?, ord = ?, created = ?, version = ?, messages = ?, lastAt = ?, stat = ?, json = ?
       WHERE n = ?`,
    ),
    /** Order, and the counts of the thread's last row if they are newer than its own. */
    foldThread: connection.prepare(
      `UPDATE thread SET ord = ?1, lastAt = iif(?2 > stat AND ?4 IS NOT NULL, ?3, lastAt),
         messages = iif(?2 > stat AND ?4 IS NOT NULL, ?4, messages), stat = max(stat, ?2) WHERE n = ?5`,
    ),
    setThreadStat: connection.prepare('UPDATE thread SET ord = ?, messages = ?, lastAt = ?, stat = ? WHERE n = ?'),
    allThreads: connection.prepare<ThreadColumns>(`SELECT ${threadColumns} FROM thread WHERE space = ? AND state < 2`),
    messageId: connection.prepare<[number, number, number]>(
      'SELECT thread, turn, i FROM message_id WHERE space = ? AND id = ? AND thread = ? ORDER BY turn DESC, i DESC',
    ),
    messageIds: connection.prepare<[number, number, number]>(
      'SELECT thread, turn, i FROM message_id WHERE space = ? AND id = ? ORDER BY thread, turn DESC, i DESC',
    ),
    messageIdsOfThread: connection.prepare<[string]>('SELECT DISTINCT id FROM message_id WHERE thread = ? ORDER BY id'),
    putMessageId: connection.prepare('INSERT INTO message_id VALUES (?, ?, ?, ?, ?)'),
    deleteMessageIdsOfTurn: connection.prepare('DELETE FROM message_id WHERE thread = ? AND turn = ?'),
    deleteMessageIds: connection.prepare('DELETE FROM message_id WHERE thread = ?'),
  }
}

function recordStatements(connection: Connection) {
  return {
    block: connection.prepare<BlockColumns>(
      `SELECT ${blockColumns} FROM block WHERE space = ? AND thread = ? AND name = ?`,
    ),
    blocks: connection.prepare<BlockColumns>(
      `SELECT ${blockColumns} FROM block WHERE space = ? AND thread = ? AND deleted = 0 ORDER BY name`,
    ),
    putBlock: connection.prepare(
      `INSERT INTO block (space, thread, ${blockColumns}) VALUES (?, ?, ${marks(blockColumns)})
       ON CONFLICT (space, thread, name) DO UPDATE SET version = excluded.version, deleted = excluded.deleted,
         at = excluded.at, actor = excluded.actor, format = excluded.format, patchBytes = excluded.patchBytes,
         json = excluded.json`,
    ),
    entry: connection.prepare<EntryColumns>(`SELECT ${entryColumns} FROM entry WHERE space = ? AND key = ?`),
    entriesInRange: connection.prepare<EntryColumns>(
      `SELECT ${entryColumns} FROM entry WHERE space = ?1 AND ${isInPage('key', 2)} AND deleted = 0
         AND (expires IS NULL OR expires > ?5) ORDER BY key LIMIT ?6`,
    ),
    expiredEntries: connection.prepare<EntryColumns>(
      `SELECT ${entryColumns} FROM entry INDEXED BY entry_by_due
       WHERE due IS NOT NULL AND due <= ? AND expires <= ? AND space = ? AND deleted = 0 ORDER BY version, key`,
    ),
    oldestEntries: connection.prepare<readonly [string, number]>(
      `SELECT key, version FROM entry
       WHERE space = ? AND deleted = 0 AND (version, key) > (?, ?) ORDER BY version, key LIMIT ?`,
    ),
    dueEntries: connection.prepare<DueEntryColumns>(
      `SELECT space.id, entry.key, entry.version FROM entry JOIN space ON space.n = entry.space
       WHERE due IS NOT NULL AND due <= ? AND expires <= ? LIMIT ?`,
    ),
    insertEntry: connection.prepare(
      `INSERT INTO entry (space, ${entryColumns}, due) VALUES (?, ${marks(entryColumns)}, ?)`,
    ),
    updateEntry: connection.prepare(
      `UPDATE entry SET version = ?3, deleted = ?4, created = ?5, at = ?6, actor = ?7, expires = ?8, patchBytes = ?9,
         json = ?10 WHERE space = ?1 AND key = ?2`,
    ),
    updateEntryDue: connection.prepare(
      `UPDATE entry SET version = ?3, deleted = ?4, created = ?5, at = ?6, actor = ?7, expires = ?8, patchBytes = ?9,
         json = ?10, due = ?11 WHERE space = ?1 AND key = ?2`,
    ),
    lease: connection.prepare<LeaseColumns>(`${leaseSelect} WHERE space = ? AND name = ?`),
    leasesOfThread: connection.prepare<LeaseColumns>(`${leaseSelect} WHERE thread = ? ORDER BY token`),
    dueTurns: connection.prepare<readonly [...LeaseColumns, string]>(
      `${leaseSelect.replace(' FROM lease', ', (SELECT id FROM space WHERE n = lease.space) FROM lease')}
       WHERE thread IS NOT NULL AND until <= ? LIMIT ?`,
    ),
    /** Of runs of workflows that are running (0). The condition on the name is the index's own, word for word. */
    dueLeases: connection.prepare<DueLeaseColumns>(
      `SELECT space.id, lease.name, lease.token FROM lease JOIN space ON space.n = lease.space
         JOIN run ON run.space = lease.space AND run.id = substr(lease.name, length('run/run__' || space.key) + 1)
       WHERE lease.name >= 'run/' AND lease.name < 'run0' AND lease.until <= ? AND run.status = 0 AND run.deleted = 0 LIMIT ?`,
    ),
    putLease: connection.prepare(
      `INSERT INTO lease VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (space, name) DO UPDATE SET token = excluded.token, actor = excluded.actor, until = excluded.until,
         thread = excluded.thread`,
    ),
    renewLease: connection.prepare('UPDATE lease SET until = ? WHERE space = ? AND name = ? AND token = ?'),
    deleteLease: connection.prepare('DELETE FROM lease WHERE space = ? AND name = ?'),
  }
}

/** Tables whose rows belong to a space, with what tells their rows apart. */
const tablesOfSpaces = [
  ['thread', 'n'],
  ['message_id', 'space, id, thread, turn, i'],
  ['block', 'n'],
  ['entry', 'n'],
  ['record', 'n'],
  ['record_label', 'space, noun, label, key'],
  ['fact', 'n'],
  ['fact_source', 'space, source, fact'],
  ['run', 'n'],
  ['words', 'k'],
  ['vectors', 'k'],
  ['work', 'space'],
] as const

function deleteSome(connection: Connection, table: string, key: string, where: string) {
  return connection.prepare(
    `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} FROM ${table} WHERE ${where} LIMIT ?2)`,
  )
}

function erasureStatements(connection: Connection) {
  return {
    /** Each deletes some rows of an erased space: its number, and how many at most. */
    deleteSomeRows: [
      deleteSome(connection, 'log', 'k', inSpace),
      deleteSome(connection, 'log', 'k', 'space = ?1 AND part > 0'),
      ...tablesOfSpaces.map(([table, key]) => deleteSome(connection, table, key, 'space = ?1')),
    ],
    erasedSpace: connection.prepare<[number]>('SELECT n FROM erased_space LIMIT 1'),
    putErasedSpace: connection.prepare('INSERT INTO erased_space VALUES (?)'),
    deleteErasedSpace: connection.prepare('DELETE FROM erased_space WHERE n = ?'),
    deleteLeases: connection.prepare('DELETE FROM lease WHERE space = ?'),
    deleteSpace: connection.prepare('DELETE FROM space WHERE n = ?'),
    deleteThread: connection.prepare('DELETE FROM thread WHERE n = ?'),
    deleteBlock: connection.prepare('DELETE FROM block WHERE space = ? AND thread = ? AND name = ?'),
    deleteBlocksOfThread: connection.prepare('DELETE FROM block WHERE space = ? AND thread = ?'),
    deleteLeasesOfThread: connection.prepare('DELETE FROM lease WHERE thread = ?'),
    deleteMessageIdAt: connection.prepare(
      'DELETE FROM message_id WHERE space = ? AND id = ? AND thread = ? AND turn = ? AND i = ?',
    ),
    deleteEntry: connection.prepare('DELETE FROM entry WHERE space = ? AND key = ?'),
    countBlocks: connection.prepare<[number]>('SELECT count(*) FROM block WHERE space = ? AND deleted = 0'),
    deleteTombstones: ['thread', 'block', 'entry', 'fact', 'run', 'record'].map((table) =>
      connection.prepare(
        `DELETE FROM ${table} WHERE space = ? AND version <= ? AND ${table === 'thread' ? 'state = 2' : 'deleted = 1'}`,
      ),
    ),
  }
}

function receiptStatements(connection: Connection) {
  const newest = 'ORDER BY requested DESC, id LIMIT ?'
  return {
    receipt: connection.prepare<[string]>('SELECT json FROM receipt WHERE id = ?'),
    askedOfReceipt: connection.prepare<[string | null]>('SELECT asked FROM receipt WHERE id = ?'),
    receipts: connection.prepare<[string]>(`SELECT json FROM receipt ${newest}`),
    pendingReceipts: connection.prepare<[string]>(`SELECT json FROM receipt WHERE completed IS NULL ${newest}`),
    completeReceipts: connection.prepare<[string]>(`SELECT json FROM receipt WHERE completed IS NOT NULL ${newest}`),
    askedReceipts: connection.prepare<[string, string | null]>(
      'SELECT json, asked FROM receipt WHERE completed IS NULL ORDER BY requested, id',
    ),
    putReceipt: connection.prepare(
      `INSERT INTO receipt (id, requested, completed, asked, json) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET completed = excluded.completed, asked = excluded.asked, json = excluded.json`,
    ),
    completeReceipt: connection.prepare('UPDATE receipt SET completed = ?, asked = NULL, json = ? WHERE id = ?'),
  }
}

/** Prepares all statements on one connection. */
export function prepareStatements(connection: Connection) {
  return {
    ...spaceStatements(connection),
    ...logStatements(connection),
    ...turnStatements(connection),
    ...threadStatements(connection),
    ...recordStatements(connection),
    ...factStatements(connection),
    ...runStatements(connection),
    ...nounRecordStatements(connection),
    ...erasureStatements(connection),
    ...indexStatements(connection),
    ...receiptStatements(connection),
  }
}

export type Statements = ReturnType<typeof prepareStatements>
