/** Turns paths that a model wants removed, such as `address.city`, into a patch. Pure. */
import { isJsonObject, type Json, type JsonObject } from '../../domain/json.ts'

/** The patch, or an error text for the model. */
type RemovalPatch = { readonly patch: JsonObject } | { readonly problem: string }

/** The keys along a path. The longest existing key wins, so that dots in names do no harm. */
function keysOf(value: Json, path: string): readonly string[] | 'list' | null {
  if (Array.isArray(value)) return 'list'
  if (!isJsonObject(value)) return null
  if (Object.hasOwn(value, path)) return [path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const key = path.slice(0, dot)
    if (!Object.hasOwn(value, key)) continue
    const rest = keysOf(value[key] as Json, path.slice(dot + 1))
    return typeof rest === 'object' && rest !== null ? [key, ...rest] : rest
  }
  return null
}

/** Adds the removal to a patch; null if the patch writes there too. */
function removing(patch: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject | null {
  const written = Object.hasOwn(patch, key) ? (patch[key] as Json) : undefined
  if (rest.length === 0) return written === undefined || written === null ? { ...patch, [key]: null } : null
  // The whole value is removed already.
  if (written === null) return patch
  if (written !== undefined && !isJsonObject(written)) return null
  const inner = removing((written ?? {}) as JsonObject, rest)
  return inner === null ? null : { ...patch, [key]: inner }
}

/** The patch with the removals. A path that leads nowhere removes nothing. */
export function withRemovals(current: Json, patch: JsonObject, paths: readonly string[]): RemovalPatch {
  const found: { readonly path: string; readonly keys: readonly string[] }[] = []
  for (const path of paths) {
    const keys = keysOf(current, path)
    if (keys === 'list') {
      return { problem: `"${path}" is inside a list. Lists are written whole: send the list without that item.` }
    }
    if (keys !== null) found.push({ path, keys })
  }
  let whole = patch
  // Whole values are removed first: paths inside them then have nothing to do.
  for (const { path, keys } of found.sort((left, right) => left.keys.length - right.keys.length)) {
    const next = removing(whole, keys)
    if (next === null) return { problem: `"${path}" is both written and removed. Do one of the two, then the other.` }
    whole = next
  }
  return { patch: whole }
}
