/** One message in few words, without a model. */
import { condense } from './condense.ts'

/** What a message says in few words; empty if there is nothing to note of it. */
export function inFewWords(message: Parameters<typeof condense>[0][number]): string {
  return condense([message])
    .map(({ text }) => text)
    .join('; ')
}
