/** The sections of a prompt, in the order in which they are shown and get their share of tokens. */
import { facts } from './facts.ts'
import { history } from './history.ts'
import { observations } from './observations.ts'
import { pinned } from './pinned.ts'
import { recalled } from './recalled.ts'
import { workingMemory } from './working-memory.ts'

/**
 * Working memory comes first, then pinned facts in a budget of their own. Notes of older messages get at most half of what is left
 * then, or more if the others do not need it; facts at most half of the rest; recall at most half of what is left after them, or more
 * if the history does not need it. The history takes the rest, newest messages first.
 */
export const sections = [workingMemory, pinned, observations, facts, recalled, history] as const

/** The names of the sections, as the record of a run has them. */
export type SectionName = (typeof sections)[number]['name']

type Intersection<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never

/** The entries of the sections in the record of a run. */
export type SeenInSections = Intersection<ReturnType<(typeof sections)[number]['seen']>>
