/** Parameters of SQL: turns numbered ones into the plain ones that every version of `node:sqlite` binds. */
import { invariant } from '../../domain/error.ts'

/** SQL whose parameters are all plain (`?`), and which value each takes. */
interface PlainSql {
  readonly sql: string
  /** How many values the statement takes. */
  readonly valueCount: number
  /** For each `?`, the index of its value; null where each takes the next one. */
  readonly order: readonly number[] | null
}

/**
 * Strings, quoted names and comments, in which a question mark is not a parameter; then every form of parameter. An
 * unclosed one reaches to the end, so the pattern is linear; a doubled quote counts as two strings, which is the same
 * here.
 */
const tokens = /'[^']*'?|"[^"]*"?|`[^`]*`?|\[[^\]]*\]?|--.*|\/\*[\s\S]*?(?:\*\/|$)|\?(\d*)|[:@$]\w+/g

/**
 * Rewrites `?1`, `?2`, … as `?`. Before Node 22.20 and 24.7, `node:sqlite` treats a numbered parameter as a named one and
 * refuses its value with "column index out of range"; every version binds plain parameters alike. Named parameters are
 * refused: they would need a second way to pass values.
 */
export function plainParameters(sql: string): PlainSql {
  const numbers: number[] = []
  let plainCount = 0
  const rewritten = sql.replace(tokens, (token: string, number: string | undefined) => {
    invariant(!/^[:@$]/.test(token), `SQL parameters are written ? or ?1, not ${token}`)
    if (number === undefined) return token
    if (number === '') plainCount += 1
    else numbers.push(Number(number))
    return '?'
  })
  if (numbers.length === 0) return { sql: rewritten, valueCount: plainCount, order: null }
  invariant(plainCount === 0, 'a statement numbers all of its parameters or none')
  const valueCount = Math.max(...numbers)
  // SQLite numbers from 1; a number that no parameter has would be a value that nothing takes.
  invariant(
    numbers.every((number) => number > 0) && new Set(numbers).size === valueCount,
    'the numbers of parameters start at 1 and leave none out',
  )
  const isInOrder = numbers.every((number, index) => number === index + 1)
  return { sql: rewritten, valueCount, order: isInOrder ? null : numbers.map((number) => number - 1) }
}
