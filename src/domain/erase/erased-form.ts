/** Makes the form of an effect without its content, from its marks. */
import type { Displaced, Effect, EffectOf } from '../commit/effect.ts'
import { declarationOf } from '../commit/effect-marks.ts'
import { displacedBy, type Named, ownRecord, splitRecordName, versionReplaced } from '../commit/effect-names.ts'

type Erased = EffectOf<'erased'>

function shellOf(effect: Effect): Erased {
  const was = effect.kind === 'erased' ? effect.was : effect.kind
  return { kind: 'erased', was, ...(effect.of === undefined ? {} : { of: effect.of }) }
}

/** The lists of replaced or pruned records, without one of them. */
function displacedWithout(effect: Effect, gone: Named | null): Partial<Erased> {
  const left = displacedBy(effect).filter(({ noun, key }) => noun !== gone?.noun || key !== gone.key)
  const lists: Record<string, Displaced[]> = {}
  const links = effect as unknown as Record<string, readonly Displaced[]>
  for (const { field, key } of left) {
    if (field === null) continue
    const link = links[field]?.find((candidate) => candidate.key === key)
    if (link !== undefined) lists[field] = [...(lists[field] ?? []), link]
  }
  return lists
}

/** How an erased effect names its record. Nouns without history have no name there. */
function namePart({ noun, key }: Named): Partial<Erased> {
  if (noun === 'entry') return { key }
  if (noun === 'fact') return { factId: key as never }
  if (noun === 'run') return { runId: key as never }
  if (noun !== 'record') return {}
  return splitRecordName(key)
}

/** The form of an effect whose content expired or was discarded. The versions of its record stay a chain. */
export function emptied(effect: Effect): Effect {
  if (effect.kind === 'erased') return effect
  const shell = shellOf(effect)
  const own = ownRecord(effect)
  if (own === null) return shell
  const prev = effect.kind === 'kept' ? {} : { prev: versionReplaced(effect) }
  return { ...shell, ...namePart(own), ...prev, ...displacedWithout(effect, null) }
}

/** The form of an erased effect: only the event, and its effect on records that are not erased. */
export function erasedEffect(effect: Effect, gone: Named | null = null): Effect {
  const isOfThread = declarationOf(effect).scope === 'thread'
  return { ...shellOf(effect), ...(isOfThread ? {} : displacedWithout(effect, gone)) }
}

/**
 * The effect without a record: without its content, its name, and its place in lists of displaced records. The same
 * effect if it does not name the record.
 */
export function withoutRecord(effect: Effect, record: Named): Effect {
  const own = ownRecord(effect)
  if (own?.noun === record.noun && own.key === record.key) return erasedEffect(effect, record)
  const gone = displacedBy(effect).find(({ noun, key }) => noun === record.noun && key === record.key)
  if (gone?.field === undefined || gone.field === null) return effect
  const { [gone.field]: _, ...rest } = effect as unknown as Record<string, unknown>
  const left = displacedWithout(effect, record) as Record<string, unknown>
  const list = left[gone.field]
  return { ...rest, ...(list === undefined ? {} : { [gone.field]: list }) } as unknown as Effect
}
