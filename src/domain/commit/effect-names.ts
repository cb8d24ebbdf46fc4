/** Finds the records that an effect belongs to, replaces and refers to, from its marks. */

import type { Seq } from '../id.ts'
import { isJsonObject, type Json } from '../json.ts'
import type { Displaced, Effect } from './effect.ts'
import { declarationOf, keptFieldOf } from './effect-marks.ts'
import type { Mark, Marks, Noun } from './marks.ts'
import { recordNouns } from './record-nouns.ts'

/** A record, by noun and name. The name of a `record` includes its noun; see {@link recordName}. */
export interface Named {
  readonly noun: Noun
  readonly key: string
}

/** A record that an effect replaced, with the version that it had. */
interface Replaced extends Named {
  readonly version: Seq
  /** The field of the effect that names it; null for the effect's own record. */
  readonly field: string | null
}

/** The name of a record among those of all nouns. Keys hold no line breaks. */
export function recordName(noun: string, key: string): string {
  return `${noun}\n${key}`
}

/** The noun and the key in a record's name. */
export function splitRecordName(name: string): { readonly noun: string; readonly key: string } {
  const border = name.indexOf('\n')
  return { noun: name.slice(0, border), key: name.slice(border + 1) }
}

const erasedMarks: Marks = {
  key: { name: 'entry' },
  factId: { name: 'fact' },
  runId: { name: 'run' },
  prev: 'version',
  pruned: { displaced: 'entry' },
  expired: { displaced: 'entry' },
  superseded: { displaced: 'fact' },
  conflicts: { displaced: 'fact' },
  resolved: { displaced: 'fact' },
}

/** The marked fields of an effect, and the marks. */
function marked(effect: Effect): { readonly holder: object; readonly marks: Marks } {
  if (effect.kind === 'erased') return { holder: effect, marks: erasedMarks }
  const { marks } = declarationOf(effect)
  if (effect.kind !== 'kept') return { holder: effect, marks }
  return { holder: (effect as unknown as Record<string, object>)[keptFieldOf(effect)] as object, marks }
}

/** The fields of marks that name records. */
interface Naming {
  readonly names: readonly (readonly [field: string, noun: Noun])[]
  readonly displaced: readonly (readonly [field: string, noun: Noun])[]
  readonly hasContent: boolean
}

/** Cached by marks: every commit needs them, for each of its effects. */
const namings = new WeakMap<Marks, Naming>()

function namingOf(marks: Marks): Naming {
  const known = namings.get(marks)
  if (known !== undefined) return known
  const all = Object.entries(marks)
  const naming: Naming = {
    names: all.flatMap(([field, mark]) => (typeof mark === 'object' && 'name' in mark ? [[field, mark.name]] : [])),
    displaced: all.flatMap(([field, mark]) => {
      return typeof mark === 'object' && 'displaced' in mark ? [[field, mark.displaced]] : []
    }),
    hasContent: all.some(([, mark]) => isContent(mark)),
  }
  namings.set(marks, naming)
  return naming
}

/** The record that an effect states, changes or ends; null if it has no name, or the name was erased. */
export function ownRecord(effect: Effect): Named | null {
  const { holder, marks } = marked(effect)
  for (const [field, noun] of namingOf(marks).names) {
    const value = (holder as Record<string, unknown>)[field]
    if (typeof value !== 'string') continue
    if ('noun' in holder) return { noun: 'record', key: recordName(String(holder.noun), value) }
    return { noun, key: value }
  }
  return null
}

/** Whether an effect states, changes or ends that record. */
export function isOf(effect: Effect, record: Named): boolean {
  const own = ownRecord(effect)
  return own !== null && own.noun === record.noun && own.key === record.key
}

/** The version that an effect's own record had before it; 0 if there was none, or the effect does not say. */
export function versionReplaced(effect: Effect): Seq {
  return 'prev' in effect && typeof effect.prev === 'number' ? effect.prev : 0
}

/** Other records that an effect replaced or pruned. */
export function displacedBy(effect: Effect): readonly Replaced[] {
  const { holder, marks } = marked(effect)
  const found: Replaced[] = []
  for (const [field, noun] of namingOf(marks).displaced) {
    const gone = (holder as Record<string, readonly Displaced[] | undefined>)[field]
    if (gone !== undefined) for (const { key, version } of gone) found.push({ noun, key, version, field })
  }
  return found
}

const nothing: readonly Replaced[] = []

/** Every record that an effect replaced: its own first, if it was there. */
export function replacedBy(effect: Effect): readonly Replaced[] {
  // Every commit asks this for each of its effects. Most are about messages, which name no record, or about a new
  // record.
  const { names, displaced } = namingOf(marked(effect).marks)
  const version = names.length === 0 ? 0 : versionReplaced(effect)
  if (version === 0 && displaced.length === 0) return nothing
  const own = version === 0 ? null : ownRecord(effect)
  const others = displaced.length === 0 ? nothing : displacedBy(effect)
  return own === null ? others : [{ ...own, version, field: null }, ...others]
}

/** Whether a text occurs anywhere in a value, as a whole string. */
function holds(value: unknown, text: string): boolean {
  if (value === text) return true
  if (Array.isArray(value)) return value.some((item) => holds(item, text))
  return isJsonObject(value) && Object.values(value).some((item) => holds(item, text))
}

function namesIn(value: unknown, marks: Marks, noun: Noun | null, id: string, isStrict: boolean): boolean {
  if (!isJsonObject(value)) return false
  return Object.entries(value).some(([field, inner]: [string, Json]) => {
    const mark = Object.hasOwn(marks, field) ? marks[field] : undefined
    // Without a mark it may be an undeclared reference.
    if (mark === undefined) return !isStrict && holds(inner, id)
    if (typeof mark !== 'object') return false
    if ('ref' in mark) return (noun === null || mark.ref === noun) && holds(inner, id)
    return 'fields' in mark && namesIn(inner, mark.fields, noun, id, isStrict)
  })
}

/** The fields of the record in an effect, and the marks of its noun; null for other effects. */
function recordFields(effect: Effect): { readonly values: readonly unknown[]; readonly marks: Marks } | null {
  if (effect.kind === 'kept') {
    if (!('record' in effect)) return null
    return { values: [effect.record.value], marks: recordNouns[effect.record.noun]?.marks ?? {} }
  }
  if (effect.kind !== 'record-put' && effect.kind !== 'record-patch') return null
  const values = effect.kind === 'record-put' ? [effect.value] : [effect.patch, effect.full]
  return { values, marks: recordNouns[effect.noun]?.marks ?? {} }
}

/**
 * Whether an effect refers to a record by its id. In a record's field without a mark, any text that equals the id
 * counts as a reference.
 *
 * @param noun The noun of the id; null if it may be of any noun.
 */
export function refersTo(effect: Effect, noun: Noun | null, id: string): boolean {
  const record = recordFields(effect)
  if (record !== null) return record.values.some((value) => namesIn(value, record.marks, noun, id, false))
  const { holder, marks } = marked(effect)
  return namesIn(holder, marks, noun, id, true)
}

/** Whether an effect of this kind has content. One that only ended its record, or was erased, has none. */
export function holdsContent(effect: Effect): boolean {
  if (effect.kind === 'erased') return false
  return effect.kind === 'kept' || namingOf(marked(effect).marks).hasContent
}

function isContent(mark: Mark): boolean {
  return mark === 'content' || (typeof mark === 'object' && 'fields' in mark)
}
