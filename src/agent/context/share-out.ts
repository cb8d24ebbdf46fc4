/** How a prompt's budget is shared out between the sections, which give way to the instructions and the input. */
import type { RecordKind } from '../../domain/index/word-segment.ts'
import type { AnySection, FittedPart, Fitting } from './section.ts'

/** What of each section is in the prompt, in their order. */
export type Parts = readonly FittedPart[]

const recordKey = (kind: RecordKind, id: string) => `${kind} ${id}`

/** The names of the records that a section holds. */
function heldBy(section: AnySection, part: FittedPart): ReadonlySet<string> {
  return new Set(section.holds?.(part).map(({ kind, id }) => recordKey(kind, id)))
}

/**
 * Shares out what the instructions and the input leave: each section in its turn takes its share of what is left, and one that
 * takes the rest gets in the end what the others left.
 */
export async function shareOut(
  sections: readonly AnySection[],
  found: readonly unknown[],
  fitting: Omit<Fitting, 'holds'>,
  budget: number,
): Promise<Parts> {
  const parts: FittedPart[] = []
  const held: ReadonlySet<string>[] = []
  const fitted = (section: AnySection, at: number, most: number) => {
    const before = held.slice(0, at)
    const holds = (kind: RecordKind, id: string) => before.some((names) => names.has(recordKey(kind, id)))
    return section.fit(found[at], most, { ...fitting, holds })
  }
  let left = budget
  for (const [at, section] of sections.entries()) {
    left -= section.setAside ?? 0
    const part = await fitted(section, at, left * section.share)
    left -= part.tokens
    parts.push(part)
    held.push(heldBy(section, part))
  }
  for (const [at, section] of sections.entries()) {
    const part = parts[at] as FittedPart
    if (section.takesRest !== true || part.dropped.length === 0) continue
    parts[at] = await fitted(section, at, left + part.tokens)
    left += part.tokens - (parts[at] as FittedPart).tokens
  }
  return parts
}
