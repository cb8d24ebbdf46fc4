/** Writes notes that were observed in few words, grouped by day and speaker. Pure. */

/** The fields of a note in a text. */
interface WrittenNote {
  readonly text: string
  /** ISO time at which it was said. */
  readonly saidAt: string
  readonly refersTo?: string
  /** Who said it; absent if several did. */
  readonly speaker?: string
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const isoDate = /^(\d{4})(?:-(\d\d))?(?:-(\d\d))?$/

/** A day, month or year in few tokens; the year only if it is another one. Other texts as they are. */
function shortDate(date: string, year: string): string {
  const match = isoDate.exec(date)
  if (match === null) return date
  const [, ownYear = '', month, day] = match
  if (month === undefined) return ownYear
  const name = `${day === undefined ? '' : `${Number(day)} `}${months[Number(month) - 1] ?? month}`
  return ownYear === year ? name : `${name} ${ownYear}`
}

/** Most texts have nothing but single spaces, which are not looked at one by one. */
const onOneLine = (text: string) => text.replace(/\s{2,}|[^\S ]/g, ' ').trim()

/**
 * The notes in their order: a line for each year, a line for each day, and below it a line for each speaker. Words, names and times
 * never hold the end of a line, so nothing that was said begins a line: it cannot pass for another day, another speaker or a section.
 */
export function notesText(notes: readonly WrittenNote[]): string {
  const lines: string[] = []
  let year = ''
  let day = ''
  /** null at the start of a day. */
  let speaker: string | null = null
  for (const note of notes) {
    const date = note.saidAt.slice(0, 10)
    if (date !== day) {
      if (date.slice(0, 4) !== year) lines.push(date.slice(0, 4))
      year = date.slice(0, 4)
      day = date
      speaker = null
      lines.push(shortDate(date, year))
    }
    const who = onOneLine(note.speaker ?? 'Noted')
    const about = note.refersTo === undefined ? '' : ` (${onOneLine(shortDate(note.refersTo, year))})`
    const text = `${onOneLine(note.text)}${about}`
    if (who === speaker) lines[lines.length - 1] += `; ${text}`
    else lines.push(`${who}: ${text}`)
    speaker = who
  }
  return lines.join('\n')
}
