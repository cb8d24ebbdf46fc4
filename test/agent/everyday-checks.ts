// What must hold of a conversation after everything that people do in it.
import type { StoredMessage } from 'aquifer'
import { type PromptMessage, promptProblems, threadProblems } from 'aquifer/testing'

const named = new Set(['replacing', 'complete', 'failed', 'aborted', 'interrupted', 'suspended'])

/** What a message says. */
export const wordsOf = ({ parts }: Pick<StoredMessage, 'parts'>) =>
  parts
    .flatMap((part) => (part.type === 'text' ? [String(part.text)] : []))
    .join('')
    .trim()

/** What an action may take away: anything for a deletion; for a call, only if one of its answers stands there instead. */
export interface MayGo {
  readonly words: readonly string[]
  readonly answers: readonly string[] | null
}

interface Step {
  /** The words of each message before it. */
  readonly before: readonly string[]
  readonly mayGo: MayGo
  readonly deleted: ReadonlySet<string>
}

/** Messages that are lost, doubled or back, and turns in no named state. */
export function problemsOf(stored: readonly StoredMessage[], { before, mayGo, deleted }: Step): string[] {
  const problems = [...threadProblems(stored)]
  const after = stored.map(wordsOf)
  const { words: gone, answers } = mayGo
  const isAnswered =
    answers === null || after.some((words) => answers.some((answer) => words !== '' && answer.startsWith(words)))
  const replaced = new Set(isAnswered ? gone : [])
  for (const words of before) {
    if (!after.includes(words) && !replaced.has(words)) problems.push(`${words} is lost: ${before} became ${after}`)
  }
  for (const words of new Set(after)) {
    if (after.indexOf(words) !== after.lastIndexOf(words)) problems.push(`${words} stands twice in ${after}`)
    if (deleted.has(words)) problems.push(`${words} is back in ${after}`)
  }
  for (const { turnStatus } of stored) if (!named.has(turnStatus)) problems.push(`a turn is ${turnStatus}`)
  return problems
}

/** What a strict provider would refuse in a prompt, and what was deleted and is in it. */
export function problemsOfPrompt(prompt: readonly PromptMessage[], deleted: ReadonlySet<string>): string[] {
  const said = JSON.stringify(prompt)
  const back = [...deleted].filter((words) => new RegExp(`${words}\\b`).test(said))
  return [...promptProblems(prompt), ...back.map((words) => `${words} is in a prompt`)]
}
