/** The sections of a prompt, in their order: the order in which they are shown, and in which each takes its share. */
import { facts } from './facts.ts'
import { history } from './history.ts'
import { recalled } from './recalled.ts'
import { workingMemory } from './working-memory.ts'

/**
 * Working memory first, then at most half of the rest to facts, at most half of what is left to recall unless the history does
 * not need it, and the history takes the rest, from the newest on.
 */
export const sections = [workingMemory, facts, recalled, history] as const

/** The names of the sections, as the record of a run has them. */
export type SectionName = (typeof sections)[number]['name']

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never

/** What the sections say of themselves in the record of a run. */
export type SeenInSections = Intersection<ReturnType<(typeof sections)[number]['seen']>>
