/**
 * Marks: what each field of an effect or a stored record is. Erasure, history and the indexes are derived from them.
 */

/** Nouns whose records effects name. `record` stands for every noun of `record-nouns.ts`. */
export type Noun = 'thread' | 'turn' | 'message' | 'block' | 'entry' | 'fact' | 'run' | 'lease' | 'record'

export type Mark =
  /** Numbers, times and flags of a record's life. They are not content, and stay. */
  | 'structure'
  /** Content that somebody wrote. It is erased. A text in it that equals an id does not refer to that record. */
  | 'content'
  /** The version that the effect replaced; 0 for none. */
  | 'version'
  /** Places of messages in the turn of the row. */
  | 'index'
  /** The record's own name. It stays when content expires, so that versions stay a chain, and goes with erasure. */
  | { readonly name: Noun }
  /**
   * The id of another record, or a list of ids. It is erased. Erasing that record also erases the record with this
   * field.
   */
  | { readonly ref: Noun }
  /**
   * Records that were replaced or pruned, each with its version: `{ key, version }`. They stay until they are erased
   * themselves.
   */
  | { readonly displaced: Noun }
  /** An object whose fields have marks of their own. */
  | { readonly fields: Marks }

/**
 * Marks by field. A field without a mark is content, and an id anywhere in it refers to that record: a forgotten mark
 * erases too much, never too little.
 */
export type Marks = { readonly [field: string]: Mark }

export const name = (noun: Noun): Mark => ({ name: noun })
export const ref = (noun: Noun): Mark => ({ ref: noun })
export const displaced = (noun: Noun): Mark => ({ displaced: noun })
export const fields = (marks: Marks): Mark => ({ fields: marks })
