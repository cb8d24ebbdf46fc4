// Where two answers differ, in few lines: whole readings are too long to print.

const shownDifferences = 6

function* walk(path: string, got: unknown, wanted: unknown): Generator<string> {
  const isNested = (value: unknown) => typeof value === 'object' && value !== null
  if (!isNested(got) || !isNested(wanted) || Array.isArray(got) !== Array.isArray(wanted)) {
    if (got !== wanted) yield `${path}: got ${JSON.stringify(got)}, the reference ${JSON.stringify(wanted)}`
    return
  }
  const [left, right] = [got as Record<string, unknown>, wanted as Record<string, unknown>]
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)]))
    yield* walk(`${path}.${key}`, left[key], right[key])
}

/** Throws with the first differences, if there are any. */
export function assertSame(what: string, got: unknown, wanted: unknown): void {
  const found: string[] = []
  for (const difference of walk('', got, wanted)) {
    if (found.push(difference.slice(0, 1_500)) === shownDifferences) break
  }
  if (found.length > 0) throw new Error(`${what} differs:\n${found.join('\n')}`)
}
