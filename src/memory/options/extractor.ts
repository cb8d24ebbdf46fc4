/** An extractor, as an application makes one. */
import type { ExtractorTarget, NoteExtractor } from '../../ports/observational-memory.ts'
import { checkExtractor } from './observational.ts'

/**
 * Something of its own that a model reads out of messages, or of notes, whenever they are condensed: decisions, for example, or open
 * questions. What it finds becomes facts of the resource, or goes to working memory. Pass it to `observation.extract` or
 * `reflection.extract` of the option `observationalMemory`.
 */
export class Extractor implements NoteExtractor {
  /** Tells it from others. Facts have it in `metadata.extractor`. */
  readonly name: string
  /** What to look for, in words for a model. */
  readonly instructions: string
  /** The shape of its result. Without one, it finds statements. */
  declare readonly schema?: NonNullable<NoteExtractor['schema']>
  /** Where its result goes. */
  readonly to: ExtractorTarget

  /**
   * Makes an extractor of its options.
   *
   * @throws MemoryError `invalid-input` for an unknown or wrong option.
   */
  constructor(options: NoteExtractor) {
    checkExtractor(options, 'Extractor')
    const { name, instructions, schema, to = 'facts' } = options
    this.name = name
    this.instructions = instructions
    if (schema !== undefined) this.schema = schema
    this.to = to
  }
}
