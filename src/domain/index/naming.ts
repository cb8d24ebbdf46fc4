/** Names that people give themselves in what they say, and questions for a name. Kept in the index, so that recall knows them. */

/**
 * `given`: "my name is Ann", whatever stands around it. `introduced`: "I'm Ann", which is a name only as an answer to a
 * question for one. `asked`: it asks for a name.
 */
export const namingKinds = ['given', 'introduced', 'asked'] as const

export interface Naming {
  readonly kind: (typeof namingKinds)[number]
  /** As it was written; empty for a question. */
  readonly name: string
}

const name =
  /^(?<name>\p{Lu}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)?(?: (?:(?:de|van|von|da|di) )?\p{Lu}[\p{L}\p{M}]+)?)/u
const given =
  /\b(?:my name is|my name['’]s|(?:please |just )?call me|i go by|my friends call me|mein name ist|ich hei(?:ß|ss)e|nenn(?:t|en sie)? mich|je m['’]appelle|mon nom est|appelle[sz]?-moi|me llamo|mi nombre es|ll[aá]m[ae]me) /i
const introduced =
  /(?:^|[.!?,] ?|\b(?:hi|hello|hey|yes|well|oh) )(?:i['’]m|i am|it['’]s|ich bin|je suis|soy) (?=\p{Lu})/iu
const asked =
  /\b(?:what(?:['’]s| is| was) your name|who are you|may i (?:ask|know) your name|your name(?:, please)?\?|what (?:should|can|do) (?:i|we) call you|wie hei(?:ß|ss)(?:t du|en sie)|wer (?:bist du|sind sie)|comment (?:tu t['’]appelles|t['’]appelles|vous appelez)|qui (?:es-tu|êtes-vous)|c[oó]mo (?:te llamas|se llama)|qui[eé]n eres)/i

/** What every naming has: without it the patterns need not be tried. */
const mayName =
  /name|call|i['’]m |i am |it['’]s |who|go by|hei(?:ß|ss)|mich|ich bin|wer |appel|nom |je suis|qui |llam|nombre|soy /i
/** A longer message is no answer to a question for a name, and names are given at the beginning of it. */
const longestRead = 1_000
const longestIntroduction = 120
const longestName = 60

/** A name that begins at a place of a text; null if no name does. */
function nameAt(text: string, place: number): string | null {
  const found = name.exec(text.slice(place, place + longestName))?.groups?.name ?? null
  return found === null || found.length < 2 ? null : found
}

/** What a text says of its author's name; null if nothing. */
export function namingOf(text: string): Naming | null {
  const read = text.slice(0, longestRead)
  if (!mayName.test(read)) return null
  const sure = given.exec(read)
  const own = sure === null ? null : nameAt(read, sure.index + sure[0].length)
  if (own !== null) return { kind: 'given', name: own }
  const perhaps = read.length > longestIntroduction ? null : introduced.exec(read)
  const answer = perhaps === null ? null : nameAt(read, perhaps.index + perhaps[0].length)
  if (answer !== null) return { kind: 'introduced', name: answer }
  return asked.test(read) ? { kind: 'asked', name: '' } : null
}
