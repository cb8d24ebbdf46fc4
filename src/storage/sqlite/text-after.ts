/** The end of a range of texts that share a prefix, as SQLite orders values. */

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
