/** Marks: what each field of an effect or a stored record is. From them follows what erasure, history and indexes do with it. */

/** Nouns whose records effects name. `record` stands for every noun of `record-nouns.ts`. */
export type Noun = 'thread' | 'turn' | 'message' | 'block' | 'entry' | 'fact' | 'run' | 'lease' | 'record'

export type Mark =
  /** Numbers, times and flags of a record's life. They are nobody's words, and stay. */
  | 'structure'
  /** What somebody said or stored. It goes. A text in it that equals an id does not name the record of that id. */
  | 'content'
  /** The version that the effect replaced; 0 for none. */
  | 'version'
  /** Places of messages in the turn of the row. */
  | 'index'
  /** The record's own name. It stays when content expires, so that versions stay a chain, and goes with erasure. */
  | { readonly name: Noun }
  /** The id of another record, or a list of ids. It goes; erasing that record erases the one that holds the id. */
  | { readonly ref: Noun }
  /** Records that gave way, each with the version that it had: `{ key, version }`. They stay until they are erased themselves. */
  | { readonly displaced: Noun }
  /** An object whose fields have marks of their own. */
  | { readonly fields: Marks }

/**
 * Marks by field. A field without a mark is content, and an id that stands anywhere in it names that record: forgetting a
 * mark erases too much, never too little.
 */
export type Marks = { readonly [field: string]: Mark }

export const name = (noun: Noun): Mark => ({ name: noun })
export const ref = (noun: Noun): Mark => ({ ref: noun })
export const displaced = (noun: Noun): Mark => ({ displaced: noun })
export const fields = (marks: Marks): Mark => ({ fields: marks })
