/** Options of recall: how long it waits for vectors that are not there yet, and whether it compares sentences. */
import { invalidInput } from '../../domain/error.ts'
import { fieldsOf } from '../../domain/option-checks.ts'
import { withCommas } from '../../domain/with-commas.ts'

/** The waits of a recall, in milliseconds; and what it compares. */
export interface RecallWaits {
  /** For a model that is being loaded, from the first question of this process. */
  readonly loadMs: number
  /** For the vectors of a few records that were written a moment ago; with 0 they are not made. */
  readonly freshMs: number
  /** Whether the sentences of messages have vectors too; undefined: where they are there already, or the embedder is quick. */
  readonly sentences?: boolean
}

const usual = { loadMs: 3_000, freshMs: 500 } as const
const mostMs = 60_000

/** @throws MemoryError `invalid-input` for anything but whole milliseconds from 0 to 60,000. */
export function parseRecallWaits(given: unknown): RecallWaits {
  if (given === undefined) return usual
  const fields = fieldsOf(given, 'recall', [...Object.keys(usual), 'sentences'])
  const read = (name: keyof typeof usual): number => {
    const value = fields[name]
    if (value === undefined) return usual[name]
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > mostMs) {
      const fix = `Leave it out for ${withCommas(usual[name])}.`
      throw invalidInput(`recall.${name}`, 'must be whole milliseconds from 0 to 60,000', value, fix)
    }
    return value
  }
  const { sentences } = fields
  if (sentences !== undefined && typeof sentences !== 'boolean')
    throw invalidInput(
      'recall.sentences',
      'must be true or false',
      sentences,
      'Leave it out to decide by the embedder.',
    )
  return {
    loadMs: read('loadMs'),
    freshMs: read('freshMs'),
    ...(sentences === undefined ? {} : { sentences }),
  }
}
