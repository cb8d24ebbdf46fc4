/** How sure a recall must be that its question is about something that was said, before it answers anything. */

/** From none to the one that silences most. */
export const gateModes = ['off', 'mild', 'strict'] as const

/**
 * What a recall does with a question that is about nothing that was ever said.
 *
 * - `off`: it answers with what is nearest, however far away.
 * - `mild`: it answers nothing to a third of such questions, and loses 1 of 100 right answers.
 * - `strict`: it answers nothing to more than half of them, and loses 2 to 3 of 100.
 */
export type GateMode = (typeof gateModes)[number]

/** The gate where none is asked for. */
export const usualGate: GateMode = 'mild'
