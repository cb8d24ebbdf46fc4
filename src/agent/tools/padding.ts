/** What a model fills in without meaning it: empty texts and empty lists over something that stands there. Pure. */
import { isJsonObject, type Json, type JsonObject, setField } from '../../domain/json.ts'

/** A patch without what means nothing, and where it was. */
interface Meant {
  readonly patch: JsonObject
  /** Paths of fields that are kept, such as `address.city`. */
  readonly kept: readonly string[]
}

const isEmpty = (value: Json | undefined): boolean => value === '' || (Array.isArray(value) && value.length === 0)

/** Whether a patch holds something whose meaning depends on what stands there. */
export function dependsOnStanding(patch: JsonObject): boolean {
  return Object.values(patch).some((value) => {
    return value === null || isEmpty(value) || (isJsonObject(value) && dependsOnStanding(value))
  })
}

/**
 * The patch that is meant over a value: an empty text or list keeps what is there, and null removes only what is there.
 * Null inside a list stays.
 */
export function withoutPadding(patch: JsonObject, standing: Json | undefined, path = ''): Meant {
  const meant: Record<string, Json> = {}
  const kept: string[] = []
  const fields = isJsonObject(standing) ? standing : {}
  for (const [name, value] of Object.entries(patch)) {
    const there = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (value === null && there === undefined) continue
    if (isEmpty(value) && there !== undefined && there !== null && !isEmpty(there)) {
      kept.push(`${path}${name}`)
      continue
    }
    if (!isJsonObject(value)) {
      setField(meant, name, value)
      continue
    }
    const inside = withoutPadding(value, there, `${path}${name}.`)
    kept.push(...inside.kept)
    // An object of which nothing is left says nothing, unless it was sent empty where nothing stands.
    const isNothing = Object.keys(inside.patch).length === 0 && (Object.keys(value).length > 0 || there !== undefined)
    if (!isNothing) setField(meant, name, inside.patch)
  }
  return { patch: meant, kept }
}
