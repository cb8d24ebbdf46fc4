/** Ranges of texts that share a prefix, as SQLite orders values. */

/** The first value after all texts that begin with a prefix: for blobs sort after texts, and texts by code point. */
export function textAfter(prefix: string): string | Uint8Array {
  const points = [...prefix]
  while (points.length > 0) {
    const last = (points.pop() as string).codePointAt(0) as number
    // Surrogates are no code points of a text, and nothing comes after the last one.
    if (last < 0x10ffff) return points.join('') + String.fromCodePoint(last === 0xd7ff ? 0xe000 : last + 1)
  }
  return new Uint8Array(1)
}

/**
 * The condition on texts of a page: those that begin with a prefix and come after another text. With two lower bounds, SQLite
 * looks for one of them in its index and reads all rows from there to the other: the more pages, the more for each.
 *
 * @param column The column, in whose order the page is.
 * @param first The number of the parameter that is the prefix; the next two are the text before the page, and the end of the
 * prefix's range ({@link textAfter}).
 */
export function isInPage(column: string, first: number): string {
  const [prefix, before, end] = [`?${first}`, `?${first + 1}`, `?${first + 2}`]
  return `${column} >= max(${prefix}, ${before}) AND ${column} <> ${before} AND ${column} < ${end}`
}
