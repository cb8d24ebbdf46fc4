/** Remembers the terms of tokens met before, which most of a text is; a token is looked up where it stands in its text. */

/** Numbers that are remembered: the terms of each token, and how many these are. */
const memoLimit = 60_000
/** Twice as many as tokens at most, so that looking up takes few steps. */
const slots = 65_536
const longestRemembered = 32

/** About 2 MB when full; then it is emptied. */
export class TokenMemo {
  /** For each slot the place of a token's terms, plus 1; a slot that is taken is passed on to the next. */
  readonly #table = new Int32Array(slots)
  /** Tokens by their slots. */
  #tokens: string[] = new Array(slots)
  /** For each place how many terms a token has, and the terms. */
  readonly #remembered = new Uint32Array(memoLimit)
  #used = 0

  /** The slot of a token: its own if it is known, else the one to put it into. */
  #slotOf(text: string, start: number, end: number): number {
    let hash = end - start
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x9e3779b1)
    let slot = (hash ^ (hash >>> 16)) & (slots - 1)
    for (;;) {
      if (this.#table[slot] === 0) return slot
      const known = this.#tokens[slot] as string
      if (known.length === end - start && text.startsWith(known, start)) return slot
      slot = (slot + 1) & (slots - 1)
    }
  }

  /** Adds the terms of the token between two places of a text to a list; false if it is not known. */
  take(text: string, start: number, end: number, into: number[]): boolean {
    if (end - start > longestRemembered) return false
    const place = (this.#table[this.#slotOf(text, start, end)] as number) - 1
    if (place === -1) return false
    const last = place + (this.#remembered[place] as number)
    for (let at = place + 1; at <= last; at++) into.push(this.#remembered[at] as number)
    return true
  }

  /** Remembers a token that is not known. */
  add(token: string, terms: readonly number[]): void {
    if (token.length > longestRemembered) return
    if (this.#used + terms.length >= memoLimit) {
      this.#table.fill(0)
      this.#tokens = new Array(slots)
      this.#used = 0
    }
    const place = this.#used
    const slot = this.#slotOf(token, 0, token.length)
    this.#table[slot] = place + 1
    // A slice would keep the whole text alive; this is a string of its own.
    this.#tokens[slot] = ` ${token}`.slice(1)
    this.#remembered[place] = terms.length
    this.#remembered.set(terms, place + 1)
    this.#used += terms.length + 1
  }
}
