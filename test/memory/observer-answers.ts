// What a scripted model answers that makes notes: one of each message, and one that stands for all notes.

interface Line {
  readonly text: string
  /** The number of a message; a note has none. */
  readonly message?: number
}

/** The notes that it makes. */
interface Answers {
  /** Of a message; null for none. */
  readonly noted: (text: string) => string | null
  /** Of all notes together. */
  readonly condensed: (texts: readonly string[]) => string
}

/** The answer to the question of an observer or a reflector. */
export function observerAnswer(prompt: string, { noted, condensed }: Answers) {
  const lines = prompt.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []))
  const about = { priority: 'medium', refersTo: null }
  const messages = lines.filter(({ message }) => message !== undefined)
  if (messages.length === 0) {
    const text = condensed(lines.map((line) => line.text))
    return { notes: [{ ...about, text, of: lines.map((_, at) => at + 1) }] }
  }
  const notes = messages.flatMap(({ text, message }) => {
    const note = noted(text)
    return note === null ? [] : [{ ...about, text: note, from: message, to: message }]
  })
  return { notes, task: null, suggestion: null, nothing: notes.length === 0 }
}
