/** How many tokens notes take in a prompt. */
import { estimateTokenCount } from 'tokenx'
import { notesText } from '../../recall/text/notes-text.ts'

/** The tokens of notes as a prompt shows them, estimated. */
export function tokensOfNotes(notes: Parameters<typeof notesText>[0]): number {
  return estimateTokenCount(notesText(notes))
}
