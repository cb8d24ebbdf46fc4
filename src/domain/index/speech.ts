/** What a message does besides its words: does it ask, tell when, name things, speak of its author. Kept for the ranking. */

/** What the index keeps of how something was said. */
export interface Speech {
  /** It has a question mark anywhere. */
  readonly asks: boolean
  /** It begins as answers to somebody begin: thanks, yes, great. */
  readonly isReply: boolean
  /** Words that say a time, such as `yesterday`; 3 for more. */
  readonly times: number
  /** Capitalised words inside sentences, and quoted titles; 3 for more. */
  readonly names: number
  /** All of its words; 1 for none. */
  readonly words: number
  /** How many of them are `I`, `my`, `we` and the like. */
  readonly firstPerson: number
  /** How many of them are `you` and the like. */
  readonly secondPerson: number
}

const time =
  /\b(yesterday|today|tonight|tomorrow|last (?:night|week|month|year|weekend|fri|sat|sun|mon|tue|wed|thu)\w*|next (?:week|month|year|weekend)\w*|ago|weekend|week|month|year|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|june|july|august|september|october|november|december|recently|morning|evening|day|days|summer|winter|spring|fall|20\d\d)\b/gi
const name = /(?<=[a-z,;] )[A-Z][A-Za-z]+|"[^"]+"/g
const first = /\b(i|i'm|i've|i'd|i'll|my|me|we|our|we're|we've)\b/gi
const second = /\b(you|your|you're|you've)\b/gi
const reply =
  /^\s*(thanks|thank you|wow|yeah|yes|no|sure|absolutely|definitely|cool|awesome|that's|sounds|great|haha|lol|ok|okay|nice|hey|hi|bye|congrats|glad|good)\b/i

/** More of a text than this says no more of how it was said, and the patterns are tried at every character. */
const longestRead = 4_000
const mostCounted = 3

function countOf(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0
}

/** How a message was said. The first 4,000 characters of its text are looked at. */
export function speechOf(text: string): Speech {
  const read = text.length > longestRead ? text.slice(0, longestRead) : text
  return {
    asks: read.includes('?'),
    isReply: reply.test(read),
    times: Math.min(mostCounted, countOf(read, time)),
    names: Math.min(mostCounted, countOf(read, name)),
    words: Math.max(1, countOf(read, /\S+/g)),
    firstPerson: countOf(read, first),
    secondPerson: countOf(read, second),
  }
}

/** {@link Speech} but for its counts, as one number below 64. */
export function marksOf({ asks, isReply, times, names }: Speech): number {
  return (asks ? 1 : 0) + (isReply ? 2 : 0) + 4 * times + 16 * names
}

export const asksMark = 1
export const replyMark = 2

/** The times of {@link marksOf}, up to 3. */
export function timesIn(marks: number): number {
  return (marks >> 2) & 3
}

/** The names of {@link marksOf}, up to 3. */
export function namesIn(marks: number): number {
  return (marks >> 4) & 3
}
