/** A prepared statement: every one of the driver's runs through here, and fails with MemoryErrors only. */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { invariant } from '../../domain/error.ts'
import { plainParameters } from './parameters.ts'
import { toMemoryError } from './sqlite-error.ts'

/** A statement whose rows come as arrays, in the order of its columns: cheaper than objects. */
export class Statement<Row extends readonly unknown[]> {
  readonly #statement: StatementSync
  readonly #file: string
  readonly #valueCount: number
  readonly #order: readonly number[] | null

  /** @param file For errors. */
  constructor(database: DatabaseSync, numberedSql: string, file: string) {
    const { sql, valueCount, order } = plainParameters(numberedSql)
    this.#file = file
    try {
      this.#statement = database.prepare(sql)
    } catch (error) {
      throw toMemoryError(error, file)
    }
    this.#statement.setReturnArrays(true)
    this.#valueCount = valueCount
    this.#order = order
  }

  /** One value for each `?` of the statement. */
  #bound(values: SQLInputValue[]): SQLInputValue[] {
    // SQLite would take a value that is left out for NULL.
    invariant(values.length === this.#valueCount, 'a statement gets as many values as it has parameters')
    const order = this.#order
    if (order === null) return values
    const bound = new Array<SQLInputValue>(order.length)
    for (let i = 0; i < order.length; i++) bound[i] = values[order[i] as number] as SQLInputValue
    return bound
  }

  get(...values: SQLInputValue[]): Row | undefined {
    try {
      return this.#statement.get(...this.#bound(values)) as unknown as Row | undefined
    } catch (error) {
      throw toMemoryError(error, this.#file)
    }
  }

  all(...values: SQLInputValue[]): Row[] {
    try {
      return this.#statement.all(...this.#bound(values)) as unknown as Row[]
    } catch (error) {
      throw toMemoryError(error, this.#file)
    }
  }

  /** Steps through the rows; finish before any await, an open statement holds back checkpoints. */
  iterate(...values: SQLInputValue[]): IterableIterator<Row> {
    return this.#steps(this.#bound(values))
  }

  *#steps(bound: SQLInputValue[]): Generator<Row> {
    try {
      yield* this.#statement.iterate(...bound) as unknown as IterableIterator<Row>
    } catch (error) {
      throw toMemoryError(error, this.#file)
    }
  }

  run(...values: SQLInputValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint } {
    try {
      return this.#statement.run(...this.#bound(values))
    } catch (error) {
      throw toMemoryError(error, this.#file)
    }
  }
}
