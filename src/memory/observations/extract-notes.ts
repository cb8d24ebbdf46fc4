/** The observer that needs no model: it condenses messages by rules. */
import { chooseNotes } from '../../derive/condense/choose-notes.ts'
import { condense } from '../../derive/condense/condense.ts'
import type { Author } from '../../domain/actor.ts'
import { type NoteInput, observationPriorities } from '../../domain/records/observation.ts'
import type { Trust } from '../../domain/trust.ts'
import { type ObservableMessage, placeOfMessage } from './unobserved.ts'

/** What a person stated through somebody else weighs no more than what an agent says. */
export function trustOfAuthor({ kind, claimed }: Author): Trust {
  if (kind === 'user') return claimed === true ? 'agent' : 'user'
  return kind === 'agent' ? 'agent' : 'tool'
}

export function plainAuthor({ kind, id, name, claimed }: Author): Author {
  return { kind, id, ...(name === undefined ? {} : { name }), ...(claimed === undefined ? {} : { claimed }) }
}

/** The notes of some messages, at most as many as one chunk may have: then the least important go. */
export function extractNotes(messages: readonly ObservableMessage[], most: number): readonly NoteInput[] {
  const heard = messages.map(({ text, message: { author, createdAt } }) => {
    return { text, speaker: `${author.kind} ${author.id}`, at: createdAt }
  })
  const notes = condense(heard)
  const cut = notes
    .map((note, place) => ({ place, rank: observationPriorities.indexOf(note.priority) }))
    .sort((left, right) => left.rank - right.rank || left.place - right.place)
    .slice(0, most)
  const kept = new Set(cut.map(({ place }) => place))
  return notes.flatMap(({ message: at, text, priority, refersTo }, place): NoteInput[] => {
    const source = messages[at]
    if (source === undefined || !kept.has(place)) return []
    const from = placeOfMessage(source)
    const { author, createdAt } = source.message
    return [
      {
        text,
        priority,
        made: 'extraction',
        saidAt: createdAt,
        ...(refersTo === undefined ? {} : { refersTo }),
        author: plainAuthor(author),
        trust: trustOfAuthor(author),
        from,
        until: from,
      },
    ]
  })
}

/**
 * The notes that say most for their tokens, at most as many as one chunk may have. Where not even one fits, the newest of those that
 * matter most: without any, a prompt would lose all that was noted.
 */
export function condenseNotes<Note extends NoteInput>(
  notes: readonly Note[],
  tokens: number,
  most: number,
): readonly Note[] {
  const chosen = chooseNotes(notes, tokens).slice(-most)
  return chosen.length > 0 ? chosen : mostImportant(notes).slice(-1)
}

/** The notes of the highest priority that there is. */
function mostImportant<Note extends NoteInput>(notes: readonly Note[]): readonly Note[] {
  const highest = observationPriorities.find((one) => notes.some(({ priority }) => priority === one))
  return notes.filter(({ priority }) => priority === highest)
}
