/** Judges a patch by what it touches: what was wrong before, elsewhere, is no reason to refuse it. */

import { equalJson, isJsonObject, type Json, type JsonObject, mergeJson } from '../../domain/json.ts'
import { type KeyedIssue, type StandardSchema, schemaReport } from '../../domain/standard-schema.ts'

/** What a patch does to the field of an issue: it writes all of it, something inside of it, or nothing there. */
type Touch = 'whole' | 'inside' | 'nothing'

function touchOf(patch: Json, keys: readonly string[]): Touch {
  let written = patch
  for (const key of keys) {
    if (!isJsonObject(written)) return 'whole'
    if (!Object.hasOwn(written, key)) return 'nothing'
    written = written[key] as Json
  }
  return isJsonObject(written) ? 'inside' : 'whole'
}

const isAt = (keys: readonly string[]) => (issue: KeyedIssue) =>
  issue.keys.length === keys.length && issue.keys.every((key, index) => key === keys[index])

const isSame =
  ({ keys, message }: KeyedIssue) =>
  (issue: KeyedIssue) =>
    issue.message === message && isAt(keys)(issue)

/** Whether keys lead to a field that was taken out, or into one. */
const isIn =
  (keys: readonly string[]) =>
  (removed: readonly string[]): boolean =>
    removed.every((key, index) => key === keys[index])

/** A value without the field that the keys lead to; without the whole list, if they lead into one. */
function without(value: Json, [key, ...rest]: readonly string[]): Json {
  if (key === undefined || !isJsonObject(value) || !Object.hasOwn(value, key)) return value
  const { [key]: field, ...others } = value
  if (rest.length === 0 || !isJsonObject(field as Json)) return others
  return { ...others, [key]: without(field as Json, rest) }
}

async function failuresOf(schema: StandardSchema, value: Json): Promise<readonly KeyedIssue[]> {
  return (await schemaReport(schema, value)).failures
}

/** All issues of a value, those included that others hide: many libraries check rules about several fields last. */
async function allFailures(schema: StandardSchema, value: Json): Promise<readonly KeyedIssue[]> {
  const failures = await failuresOf(schema, value)
  const rest = failures.reduce<Json>((left, { keys }) => without(left, keys), value)
  if (equalJson(rest, value)) return failures
  return [...failures, ...(await allFailures(schema, rest))]
}

/** What a schema says about a value that a patch is merged into. */
interface Judgment {
  /** The issues that the patch is at fault for; empty if it may be written. */
  readonly faults: readonly KeyedIssue[]
  /** All that the schema says about the merged value. */
  readonly issues: readonly KeyedIssue[]
}

/**
 * Judges a patch by the value that it is merged into. At fault is
 *
 * - a patch that writes the field of an issue;
 * - a patch that writes inside of that field, if the field had no issue before or has more now, or if the patch alone has one;
 * - any other patch, if the issue is new: rules about several fields are named by one of them.
 *
 * What is wrong elsewhere is taken out, and the rest judged again, so that an old fault does not hide a new one.
 *
 * @param base null: nothing stands there, so that the patch has to be a whole value.
 */
export async function judgePatch(
  schema: StandardSchema,
  base: JsonObject | null,
  patch: JsonObject,
): Promise<Judgment> {
  const { failures, unknown } = await schemaReport(schema, mergeJson(base ?? {}, patch))
  const issues = [...failures, ...unknown]
  if (failures.length === 0 || base === null) return { faults: failures, issues }
  return { faults: await judged(schema, base, patch, []), issues }
}

async function judged(
  schema: StandardSchema,
  base: Json,
  patch: JsonObject,
  removed: readonly (readonly string[])[],
): Promise<readonly KeyedIssue[]> {
  const merged = await failuresOf(schema, mergeJson(base, patch))
  const failures = merged.filter(({ keys }) => !removed.some(isIn(keys)))
  if (failures.length === 0) return []
  const before = await allFailures(schema, base)
  const alone = await failuresOf(schema, mergeJson({}, patch))
  const empty = await failuresOf(schema, {})
  const isFault = (issue: KeyedIssue): boolean => {
    const touch = touchOf(patch, issue.keys)
    if (touch === 'whole') return true
    if (before.some(isSame(issue))) return false
    if (touch === 'nothing') return true
    const [there, then] = [failures, before].map((issues) => issues.filter(isAt(issue.keys)).length)
    const isOfPatch = (one: KeyedIssue) => isAt(issue.keys)(one) && !empty.some(isSame(one))
    return then === 0 || Number(there) > Number(then) || alone.some(isOfPatch)
  }
  const faults = failures.filter(isFault)
  if (faults.length > 0) return faults
  const elsewhere = failures.map(({ keys }) => keys).filter((keys) => touchOf(patch, keys) === 'nothing')
  const rest = elsewhere.reduce<Json>(without, base)
  if (equalJson(rest, base)) return []
  return judged(schema, rest, patch, [...removed, ...elsewhere])
}
