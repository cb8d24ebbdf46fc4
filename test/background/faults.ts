// Errors of SQLite's, answered at the border of the runtime to statements of one's choice.
import { DatabaseSync, StatementSync } from 'node:sqlite'

/** Primary result codes of SQLite. */
export const codes = { busy: 5, ioError: 10, corrupt: 11, constraint: 19 } as const

interface Fault {
  readonly sql: RegExp
  readonly errcode: number
}

let faults: readonly Fault[] = []
const opened: DatabaseSync[] = []
/** How many statements were answered an error. */
export let answered = 0

type Method = (...values: never[]) => unknown
const statements = StatementSync.prototype as unknown as Record<string, Method> & { readonly sourceSQL: string }
for (const name of ['get', 'all', 'run', 'iterate']) {
  const original = statements[name] as Method
  statements[name] = function (this: { readonly sourceSQL: string }, ...values: never[]) {
    const fault = faults.find(({ sql }) => sql.test(this.sourceSQL))
    if (fault === undefined) return original.apply(this, values)
    answered += 1
    const { errcode } = fault
    throw Object.assign(new Error(`SQLite's error ${errcode}`), { code: 'ERR_SQLITE_ERROR', errcode })
  }
}
const databases = DatabaseSync.prototype
const exec = databases.exec
databases.exec = function (this: DatabaseSync, sql: string) {
  if (!opened.includes(this)) opened.push(this)
  exec.call(this, sql)
}

/** From now on, statements that match are answered that error. */
export function fail(sql: RegExp, errcode: number): void {
  faults = [...faults, { sql, errcode }]
}

export function mend(): void {
  faults = []
}

/** Closes the connections beneath whoever uses them. */
export function closeBeneath(): void {
  for (const database of opened.splice(0)) if (database.isOpen) database.close()
}
