/**
 * The current notes of threads as prompts show them, kept in the process: a long thread has a thousand of them, and most turns show the
 * same ones. Each change of the notes of a thread writes its head, so notes count only for the version of the head that was read.
 */
import type { Seq, SpaceKey } from '../../domain/id.ts'
import { type HeadFields, headOf, noteIdOf, noteOf } from '../../domain/records/observation.ts'
import type { RecordState } from '../../domain/records/record.ts'
import type { AgentNote } from '../../ports/agent-notes.ts'
import type { Door } from '../door/door.ts'
import type { MemoryStorage } from '../storage/memory-storage.ts'
import { currentNotes } from './read-notes.ts'

/** Characters of the notes that are kept for one storage, and of what a note has besides its words. */
const mostCharacters = 4_000_000
const besidesWords = 200

interface Kept {
  readonly version: Seq
  readonly notes: readonly AgentNote[]
  readonly characters: number
}

/** Those that were shown last come last. */
class ShownNotes {
  readonly #kept = new Map<string, Kept>()
  #characters = 0

  get(name: string, version: Seq): readonly AgentNote[] | null {
    const found = this.#kept.get(name)
    if (found === undefined) return null
    this.#drop(name, found)
    if (found.version !== version) return null
    this.#keep(name, found)
    return found.notes
  }

  set(name: string, version: Seq, notes: readonly AgentNote[]): void {
    const before = this.#kept.get(name)
    if (before !== undefined) this.#drop(name, before)
    const characters = notes.reduce((sum, { text }) => sum + text.length + besidesWords, 0)
    if (characters > mostCharacters) return
    this.#keep(name, { version, notes, characters })
    for (const [oldest, kept] of this.#kept) {
      if (this.#characters <= mostCharacters) break
      this.#drop(oldest, kept)
    }
  }

  #keep(name: string, kept: Kept): void {
    this.#kept.set(name, kept)
    this.#characters += kept.characters
  }

  #drop(name: string, { characters }: Kept): void {
    this.#kept.delete(name)
    this.#characters -= characters
  }
}

const shown = new WeakMap<MemoryStorage, ShownNotes>()

function toNote({ key, value }: RecordState, space: SpaceKey): AgentNote {
  const { threadId, text, saidAt, refersTo, author } = noteOf(value)
  return {
    id: noteIdOf(space, key),
    threadId,
    text,
    saidAt,
    ...(refersTo === undefined ? {} : { refersTo }),
    ...(author === undefined ? {} : { speaker: author.name ?? author.id }),
  }
}

/** The current notes under a head that was just read, in their order. */
export async function shownNotes(
  door: Door,
  space: SpaceKey,
  { value, version }: RecordState,
): Promise<readonly AgentNote[]> {
  const { storage } = door.core
  const kept = shown.get(storage) ?? new ShownNotes()
  shown.set(storage, kept)
  const head: HeadFields = headOf(value)
  // A space that was forgotten and made again has another key.
  const name = `${space}/${head.created}`
  const known = kept.get(name, version)
  if (known !== null) return known
  const notes = (await currentNotes(door, head)).map((note) => toNote(note, space))
  kept.set(name, version, notes)
  return notes
}
