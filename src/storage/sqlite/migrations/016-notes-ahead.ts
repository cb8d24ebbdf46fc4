/**
 * The sixteenth schema: the head of an observed thread tells which notes were made ahead. The tables stay as they are; a version that
 * does not know of such notes would show neither them nor their messages, so it must not open the file.
 */
import type { Migration } from '../../migrate.ts'

export const notesAhead: Migration = {
  name: 'notes-ahead',
  sql: '',
}
