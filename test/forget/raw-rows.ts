// Rows of random texts in plain SQLite, changed in every way that makes SQLite move, split and free pages.
import { randomBytes, randomInt } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

/** Lengths that fit a page many times, a few times, once, and not at all. */
const lengths = [0, 30, 300, 2_000, 9_000, 30_000]

/** Each occurs in no other place than where it was planted. */
function secret(): string {
  return `<${randomBytes(12).toString('hex')}>`
}

/** All secrets in some bytes. */
export function secretsIn(bytes: Buffer): Set<string> {
  return new Set(bytes.toString('latin1').match(/<[0-9a-f]{24}>/g))
}

/** Writes all pages of rows again, as far as possible as this connection has them in memory, and moves nothing in them. */
export function touchAll(database: DatabaseSync): void {
  database.exec('UPDATE plain SET n = 1 - n; UPDATE bare SET n = 1 - n')
}

interface Row {
  readonly key: number
  readonly name: string
  /** What stands at both ends of the text. */
  text: string
}

/** A table with an index, and one without rowids. The tables are there from the first one on. */
export class RawRows {
  readonly #database: DatabaseSync
  readonly #table: string
  readonly #rows: Row[] = []
  #next = 0

  constructor(database: DatabaseSync, table: string) {
    this.#database = database
    this.#table = table
    database.exec(`
      CREATE TABLE IF NOT EXISTS plain (k INTEGER PRIMARY KEY, name TEXT, text TEXT, n INTEGER NOT NULL);
      CREATE INDEX IF NOT EXISTS plain_name ON plain (name);
      CREATE TABLE IF NOT EXISTS bare (name TEXT, k INTEGER, text TEXT, n INTEGER NOT NULL, PRIMARY KEY (name, k)) WITHOUT ROWID;`)
  }

  /** The secrets that stand in rows. */
  get secrets(): string[] {
    return this.#rows.flatMap(({ name, text }) => [name, text])
  }

  /** One transaction of so many changes. */
  change(changes: number, kinds: readonly ('insert' | 'update' | 'move' | 'delete')[]): void {
    this.#database.exec('BEGIN IMMEDIATE')
    for (let i = 0; i < changes; i++) this[kinds[randomInt(kinds.length)] ?? 'insert']()
    this.#database.exec('COMMIT')
  }

  /** Deletes some of the rows, one in `n`. */
  deleteSome(n: number): void {
    for (const row of [...this.#rows]) if (randomInt(n) === 0) this.#remove(row)
  }

  #run(sql: string, ...values: (string | number)[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes)
  }

  #long(text: string): string {
    return `${text}${'x'.repeat(lengths[randomInt(lengths.length)] ?? 0)}${text}`
  }

  #any(): Row | undefined {
    return this.#rows[randomInt(Math.max(1, this.#rows.length))]
  }

  insert(): void {
    // Every other key is at a place between others.
    const key =
      (this.#table === 'plain' ? 0 : 1_000_000) + (this.#next % 2 === 0 ? this.#next : randomInt(100_000) * 10 + 1)
    this.#next += 1
    const row = { key, name: secret(), text: secret() }
    const values = this.#table === 'plain' ? [key, row.name] : [row.name, key]
    // The key may be another's, in this process or in one that writes next to it.
    const isNew =
      this.#run(`INSERT OR IGNORE INTO ${this.#table} VALUES (?, ?, ?, 0)`, ...values, this.#long(row.text)) > 0
    if (isNew) this.#rows.push(row)
  }

  update(): void {
    const row = this.#any()
    if (row === undefined) return
    row.text = secret()
    this.#run(`UPDATE ${this.#table} SET text = ? WHERE name = ? AND k = ?`, this.#long(row.text), row.name, row.key)
  }

  /** To another place of the index, or of the table. */
  move(): void {
    const row = this.#any()
    if (row === undefined) return
    const name = secret()
    this.#run(`UPDATE ${this.#table} SET name = ? WHERE name = ? AND k = ?`, name, row.name, row.key)
    this.#rows.splice(this.#rows.indexOf(row), 1, { ...row, name })
  }

  delete(): void {
    const row = this.#any()
    if (row !== undefined) this.#remove(row)
  }

  #remove(row: Row): void {
    this.#run(`DELETE FROM ${this.#table} WHERE name = ? AND k = ?`, row.name, row.key)
    this.#rows.splice(this.#rows.indexOf(row), 1)
  }
}
