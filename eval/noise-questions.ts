// Questions about nothing that was said: those of other conversations, with the speakers' names put in.
import type { Conversation } from './questions.ts'

/** The first two people who speak. */
function speakersOf({ turns }: Conversation): readonly string[] {
  return [...new Set(turns.map(({ author }) => author))].slice(0, 2)
}

/** As many questions of other conversations as it has of its own, evenly spread. */
export function noiseFor(conversation: Conversation, all: readonly Conversation[]): readonly string[] {
  const names = speakersOf(conversation)
  const foreign = all.flatMap((other) => {
    if (other === conversation) return []
    const others = speakersOf(other)
    const swapped = (question: string) =>
      others.reduce((text, name, place) => text.replaceAll(name, names[place] ?? name), question)
    return other.questions.map(({ question }) => swapped(question))
  })
  const own = new Set(conversation.questions.map(({ question }) => question))
  const count = Math.min(foreign.length, conversation.questions.length)
  return Array.from({ length: count }, (_, i) => foreign[Math.floor((i * foreign.length) / count)] as string).filter(
    (question) => !own.has(question),
  )
}
