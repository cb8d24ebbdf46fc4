/** Divides a prompt's budget between the sections, after the instructions and the input. */
import type { RecordKind } from '../../domain/index/word-segment.ts'
import type { AnySection, FittedPart, Fitting } from './section.ts'

/** The part of each section that is in the prompt, in their order. */
export type Parts = readonly FittedPart[]

const recordKey = (kind: RecordKind, id: string) => `${kind} ${id}`

/** Whether a record is in a section. Its names are collected by the first question: most sections are asked nothing. */
function heldBy(section: AnySection, part: FittedPart): (name: string) => boolean {
  let names: ReadonlySet<string> | null = null
  return (name) => {
    names ??= new Set(section.holds?.(part).map(({ kind, id }) => recordKey(kind, id)))
    return names.has(name)
  }
}

/**
 * Divides what the instructions and the input leave. Each section takes its share of what is left. A section that takes
 * the rest also gets, in the end, what the others did not use.
 */
export async function shareOut(
  sections: readonly AnySection[],
  found: readonly unknown[],
  fitting: Omit<Fitting, 'holds'>,
  budget: number,
): Promise<Parts> {
  const parts: FittedPart[] = []
  const held: ((name: string) => boolean)[] = []
  const fitted = (section: AnySection, at: number, most: number) => {
    const before = held.slice(0, at)
    const holds = (kind: RecordKind, id: string) => before.some((has) => has(recordKey(kind, id)))
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
