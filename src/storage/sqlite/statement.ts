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

  // SQLite would take a value that is left out for NULL.
  #check(valueCount: number): void {
    invariant(valueCount === this.#valueCount, 'a statement gets as many values as it has parameters')
  }

  /** The values in the order of the `?` of the statement. */
  #inOrder(values: readonly SQLInputValue[], order: readonly number[]): SQLInputValue[] {
    const bound = new Array<SQLInputValue>(order.length)
    for (let i = 0; i < order.length; i++) bound[i] = values[order[i] as number] as SQLInputValue
    return bound
  }

  // Each method passes its values on itself: an array that goes through a function of ours is made twice.

  get(...values: SQLInputValue[]): Row | undefined {
    this.#check(values.length)
    const order = this.#order
    try {
      const found =
        order === null ? this.#statement.get(...values) : this.#statement.get(...this.#inOrder(values, order))
      return found as unknown as Row | undefined
    } catch (error) {
      throw toMemoryError(error, this.#file)
    }
  }

  all(...values: SQLInputValue[]): Row[] {
    this.#check(values.length)
    const order = this.#order
    try {
      const found =
        order === null ? this.#statement.all(...values) : this.#statement.all(...this.#inOrder(values, order))
      return found as unknown as Row[]
    } catch (error) {
      throw toMemoryError(error, this.#file)
    }
  }

  /** Steps through the rows; finish before any await, an open statement holds back checkpoints. */
  iterate(...values: SQLInputValue[]): IterableIterator<Row> {
    this.#check(values.length)
    return this.#steps(this.#order === null ? values : this.#inOrder(values, this.#order))
  }

  *#steps(bound: SQLInputValue[]): Generator<Row> {
    try {
      yield* this.#statement.iterate(...bound) as unknown as IterableIterator<Row>
    } catch (error) {
      throw toMemoryError(error, this.#file)
    }
  }

  run(...values: SQLInputValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint } {
    this.#check(values.length)
    const order = this.#order
    try {
      return order === null ? this.#statement.run(...values) : this.#statement.run(...this.#inOrder(values, order))
    } catch (error) {
      throw toMemoryError(error, this.#file)
    }
  }
}
