/** Receipts of erasures in SQLite: written with the erasure, completed once the bytes are gone. */
import { hash, randomBytes } from 'node:crypto'
import type { ResultOf } from '../../domain/commit/commit.ts'
import {
  completedReceipt,
  newReceipt,
  type ReceiptNote,
  type StoredReceipt,
  tookAnything,
  withErased,
} from '../../domain/erase/receipt.ts'
import { isoTime } from '../../domain/time.ts'
import type { ReceiptReader } from '../../ports/storage.ts'
import { storedJson } from '../stored-json.ts'
import { receiptShape } from '../stored-shapes.ts'
import type { SqliteDatabase } from './database.ts'

/** Counted up where rows are removed without a receipt: then a file may hold bytes that no receipt is pending for. */
const uncleanMark = 'unclean'

function receiptOf(columns: readonly [json: string]): StoredReceipt {
  return storedJson(columns[0], 'receipt', receiptShape)
}

/** The request as a salted hash: it reveals nothing, but the same request finds the receipt. */
function hashed(question: string, salt = randomBytes(16).toString('base64url')): string {
  return `${salt} ${hash('sha256', `${salt} ${question}`, 'base64url')}`
}

export function receiptReader(database: SqliteDatabase): ReceiptReader {
  return {
    get: (_, id) =>
      database.read(() => {
        const columns = database.statements.receipt.get(id)
        return columns === undefined ? null : receiptOf(columns)
      }),
    list: (_, { state, limit }) =>
      database.read(() => {
        const { receipts, pendingReceipts, completeReceipts } = database.statements
        const inState = { pending: pendingReceipts, complete: completeReceipts }
        return (state === null ? receipts : inState[state]).all(limit).map(receiptOf)
      }),
    asked: (_, question) =>
      database.read(() => {
        const found = database.statements.askedReceipts.all().find(([, asked]) => {
          return asked !== null && hashed(question, asked.split(' ')[0]) === asked
        })
        return found === undefined ? null : receiptOf([found[0]])
      }),
  }
}

/** Notes that rows were removed for which there is no receipt. */
export function markUnclean(database: SqliteDatabase): void {
  database.statements.setMeta.run(uncleanMark, unclean(database) + 1)
}

function unclean(database: SqliteDatabase): number {
  return database.statements.meta.get(uncleanMark)?.[0] ?? 0
}

/** Whether every byte that was ever erased is gone from the files. */
function isClean(database: SqliteDatabase): boolean {
  const { pendingReceipts, erasedSpace } = database.statements
  return unclean(database) === 0 && pendingReceipts.get(1) === undefined && erasedSpace.get() === undefined
}

/** Writes or adds to the receipt of an erasure, in its transaction. */
export function putReceipt(database: SqliteDatabase, note: ReceiptNote, result: ResultOf<'erase'>): StoredReceipt {
  const { statements, clock } = database
  const columns = statements.receipt.get(note.id)
  const now = clock.now()
  const before = columns === undefined ? newReceipt(note, isoTime(now)) : receiptOf(columns)
  const after = withErased(before, result, note)
  const isDone = columns === undefined && note.left.length === 0 && !tookAnything(after) && isClean(database)
  const receipt = isDone ? completedReceipt(after, isoTime(now)) : after
  const asked = isDone ? null : (statements.askedOfReceipt.get(note.id)?.[0] ?? hashed(note.asked))
  statements.putReceipt.run(note.id, now, isDone ? now : null, asked, JSON.stringify(receipt))
  return receipt
}

/** The erasures that a reclaim covers, read before it begins: later ones wait for the next. */
interface Reclaim {
  readonly ids: readonly string[]
  readonly unclean: number
}

/** The receipts to complete and the mark to clear; null if there is nothing to reclaim. */
export function dueReclaim(database: SqliteDatabase): Reclaim | null {
  const ids = database.statements.pendingReceipts
    .all(Number.MAX_SAFE_INTEGER)
    .map(receiptOf)
    .filter(({ left }) => left.length === 0)
    .map(({ id }) => id)
  const mark = unclean(database)
  return ids.length === 0 && mark === 0 ? null : { ids, unclean: mark }
}

/** Completes the receipts of a finished reclaim. Runs inside a transaction. */
export function completeReclaim(database: SqliteDatabase, reclaim: Reclaim): void {
  const { statements, clock } = database
  const now = clock.now()
  for (const id of reclaim.ids) {
    const columns = statements.receipt.get(id)
    if (columns === undefined) continue
    const receipt = receiptOf(columns)
    if (receipt.state === 'pending') {
      statements.completeReceipt.run(now, JSON.stringify(completedReceipt(receipt, isoTime(now))), id)
    }
  }
  if (reclaim.unclean > 0 && unclean(database) === reclaim.unclean) statements.setMeta.run(uncleanMark, 0)
}
