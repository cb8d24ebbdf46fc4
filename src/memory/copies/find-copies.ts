/**
 * Finds the copies that agents made of what is forgotten: records that a run wrote after it saw it, and that have words
 * which the run can have from there alone; then copies of those.
 */
import { setImmediate as oneTurn } from 'node:timers/promises'
import { isGranted } from '../../access/grants.ts'
import type { SpaceId, SpaceKey } from '../../domain/id.ts'
import type { Language } from '../../domain/language.ts'
import { addressText, type RecordAddress } from '../../domain/records/address.ts'
import type { Storage } from '../../ports/storage.ts'
import type { Core } from '../door/core.ts'
import { clonedMessages } from './cloned-messages.ts'
import { comparedSentences, copiedSentences, OtherWords } from './copied-words.ts'
import type { Forgotten } from './forgotten.ts'
import { RecordTexts } from './record-texts.ts'
import { forwardedBy, type RunTrace, traceOf, writtenBy } from './run-traces.ts'

/** Copies that are found at most. */
const mostCopies = 1_000
/** Runs that are looked through at most, and how many at once. */
const mostRuns = 200_000
const runsPerPage = 500
/** Copies of copies of copies: rounds at most. */
const mostRounds = 16
/** Sentences of one run that are compared at most. */
const mostSentences = 2_000

/** The copies, and whether there may be more: a limit ended the search. */
export interface FoundCopies {
  readonly copies: readonly RecordAddress[]
  readonly isCut: boolean
}

class CopyFinder {
  readonly #core: Core
  readonly #storage: Storage
  readonly #forgotten: Forgotten
  readonly #texts: RecordTexts
  readonly #runs = new Map<string, RunTrace>()
  /** By address, with the sentences of the forgotten that each has. */
  readonly #copies = new Map<string, { readonly address: RecordAddress; readonly sentences: readonly string[] }>()
  /** How much that is gone a run had seen when it was last looked at. */
  readonly #looked = new Map<string, number>()
  readonly #languages = new Map<SpaceId, Language>()
  readonly #spaces = new Map<SpaceKey, SpaceId>()
  #all: readonly RecordAddress[] | null = null
  #runsRead = 0
  isCut = false

  constructor(core: Core, storage: Storage, forgotten: Forgotten) {
    this.#core = core
    this.#storage = storage
    this.#forgotten = forgotten
    this.#texts = new RecordTexts(storage, core.access)
  }

  get copies(): readonly RecordAddress[] {
    return [...this.#copies.values()].map(({ address }) => address)
  }

  /** Takes messages of cloned threads for copies. */
  async addClones(): Promise<void> {
    const { access } = this.#core
    for (const { address, text } of await clonedMessages(this.#storage, access, this.#forgotten, this.#texts)) {
      this.#copies.set(addressText(address), { address, sentences: comparedSentences(text) })
    }
  }

  async find(): Promise<void> {
    const known = new Set<SpaceId>()
    let fresh: readonly SpaceId[] = this.#forgotten.spaces
    for (let round = 0; ; round += 1) {
      if (round === mostRounds) this.isCut = true
      if (round === mostRounds) return
      for (const space of fresh) known.add(space)
      if (fresh.length > 0) await this.#readRuns(fresh)
      const before = this.#copies.size
      const inOrder = [...this.#runs.values()].sort((left, right) => (left.startedAt < right.startedAt ? -1 : 1))
      for (const run of inOrder) await this.#look(run)
      fresh = [...new Set(this.copies.map(({ space }) => space))].filter((space) => !known.has(space))
      if (this.#copies.size === before || this.isCut) return
    }
  }

  /** Reads the runs of some spaces, and those of others that name something in them. */
  async #readRuns(spaces: readonly SpaceId[]): Promise<void> {
    const texts: string[] = []
    for (const space of spaces) {
      texts.push(space)
      const state = await this.#storage.spaces.get(this.#core.access, space)
      if (state === null) continue
      texts.push(state.key)
      this.#spaces.set(state.key, space)
    }
    const spaceOf = (key: SpaceKey) => this.#spaces.get(key) ?? null
    for (let after: number | null = null; ; ) {
      const query = { spaces, texts, after, limit: runsPerPage }
      const page = await this.#storage.runs.mentioning(this.#core.access, query)
      for (const one of page.items) {
        if (!this.#runs.has(one.run.id)) this.#runs.set(one.run.id, traceOf(one, spaceOf))
      }
      this.#runsRead += runsPerPage
      if (page.next === null) return
      if (this.#runsRead >= mostRuns) this.isCut = true
      if (this.isCut) return
      after = page.next
      // A long look must not hold the event loop.
      await oneTurn()
    }
  }

  #isGone(address: RecordAddress): boolean {
    return this.#forgotten.has(address) || this.#copies.has(addressText(address))
  }

  /** All that the run saw, by name. */
  #sawOf(run: RunTrace): readonly RecordAddress[] {
    const parent = run.parentRunId === undefined ? undefined : this.#runs.get(run.parentRunId)
    return parent === undefined ? run.saw : [...run.saw, ...forwardedBy(parent, run)]
  }

  /** Spaces of notes that the run saw and that are gone: nobody knows any more which messages they were made of. */
  async #spacesOfLostNotes(saw: readonly RecordAddress[]): Promise<readonly SpaceId[]> {
    const spaces = new Set<SpaceId>()
    for (const address of saw) {
      if (address.kind !== 'observation' || spaces.has(address.space) || !this.#mayRead(address)) continue
      if ((await this.#texts.of(address)).length === 0) spaces.add(address.space)
    }
    return [...spaces]
  }

  /** All that the run may have seen of what is gone. */
  async #goneFor(run: RunTrace): Promise<readonly RecordAddress[]> {
    const saw = this.#sawOf(run)
    const gone = saw.filter((address) => this.#isGone(address) && this.#mayRead(address))
    const sawAnyOf = new Set([...run.sawAnyOf, ...(await this.#spacesOfLostNotes(saw))])
    if (sawAnyOf.size === 0) return gone
    this.#all ??= await this.#forgotten.list()
    const any = [...this.#all, ...this.copies].filter(({ space }) => sawAnyOf.has(space))
    return [...gone, ...any]
  }

  async #look(run: RunTrace): Promise<void> {
    const gone = await this.#goneFor(run)
    if (gone.length === 0 || this.#looked.get(run.runId) === gone.length) return
    this.#looked.set(run.runId, gone.length)
    const written = (await writtenBy(this.#storage, this.#core.access, run)).filter((one) => this.#mayRead(one))
    const fresh = written.filter((address) => !this.#isGone(address))
    if (fresh.length === 0) return
    const language = await this.#languageOf(run.space)
    const sentences = await this.#sentencesIn(gone)
    const others = await this.#othersOf(run, written, language)
    for (const address of fresh) {
      const copied = new Set<string>()
      for (const text of await this.#texts.of(address)) {
        for (const sentence of copiedSentences(sentences, text, others, language)) copied.add(sentence)
      }
      if (copied.size === 0) continue
      if (this.#copies.size >= mostCopies) this.isCut = true
      if (this.isCut) return
      this.#copies.set(addressText(address), { address, sentences: [...copied] })
    }
  }

  #mayRead({ space }: { readonly space: SpaceId }): boolean {
    return isGranted(this.#core.access, 'read', space)
  }

  async #languageOf(space: SpaceId): Promise<Language> {
    const known = this.#languages.get(space)
    if (known !== undefined) return known
    const state = await this.#storage.spaces.get(this.#core.access, space)
    const language = state?.settings.language ?? 'english'
    this.#languages.set(space, language)
    return language
  }

  /** The sentences of what is forgotten, and of each copy those that it has. */
  async #sentencesIn(gone: readonly RecordAddress[]): Promise<readonly string[]> {
    const found = new Set<string>()
    for (const address of gone) {
      const copy = this.#copies.get(addressText(address))
      const texts = copy === undefined ? await this.#texts.of(address) : copy.sentences
      for (const text of texts) for (const sentence of comparedSentences(text)) found.add(sentence)
      if (found.size >= mostSentences) break
    }
    return [...found]
  }

  /** The words of all else that the run saw, as they were then, without what it wrote itself. */
  async #othersOf(run: RunTrace, written: readonly RecordAddress[], language: Language): Promise<OtherWords> {
    const own = new Set(written.map(addressText))
    const others = new OtherWords(language)
    for (const address of this.#sawOf(run)) {
      if (!this.#mayRead(address) || this.#isGone(address) || own.has(addressText(address))) continue
      for (const text of await this.#texts.until(run.until, address)) others.add(text)
    }
    return others
  }
}

/**
 * The copies that agents made of what is forgotten, in all spaces that the caller may read.
 *
 * @param withClones Whether messages of cloned threads count as well.
 */
export async function findCopies(
  core: Core,
  storage: Storage,
  forgotten: Forgotten,
  withClones: boolean,
): Promise<FoundCopies> {
  if (!forgotten.spaces.every((space) => isGranted(core.access, 'read', space))) return { copies: [], isCut: true }
  const finder = new CopyFinder(core, storage, forgotten)
  if (withClones) await finder.addClones()
  await finder.find()
  return { copies: finder.copies, isCut: finder.isCut }
}
