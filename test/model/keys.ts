// Space keys are random, so two drivers never agree on them; here both are translated to one text of equal length.
/** Translates the keys of one driver to shared ones and back. */
export class KeyNames {
  readonly #shared = new Map<string, string>()
  readonly #own = new Map<string, string>()

  knows(own: string): boolean {
    return this.#shared.has(own)
  }

  learn(own: string, shared: string): void {
    this.#shared.set(own, shared)
    this.#own.set(shared, own)
  }

  /** The value as plain JSON with shared keys. Hashes that cover ids or that a random secret made become the word "hash". */
  toShared<Value>(value: Value): Value {
    const isHash = (field: string, inner: unknown) => (field === 'hash' && inner !== null) || /Hmac$/.test(field)
    let text = JSON.stringify(value, (field, inner) => (isHash(field, inner) ? 'hash' : inner)) ?? 'null'
    for (const [own, shared] of this.#shared) text = text.replaceAll(own, shared)
    // The key of a tombstone is a hash under a random secret.
    text = text.replace(/("noun":"tombstone","key":")[^"]+/g, '$1hash')
    // A refused commit may name an id with the key of a space that was not made.
    return JSON.parse(text.replace(/(turn|msg|fact|run|proposal)_(?!space\dlife)[0-9A-Za-z]{12}_/g, '$1_of-no-space_'))
  }

  toOwn<Value>(value: Value): Value {
    let text = JSON.stringify(value)
    for (const [shared, own] of this.#own) text = text.replaceAll(shared, own)
    return JSON.parse(text)
  }
}

/** A name for the key of a space's nth life, as long as a key. */
export function sharedKey(space: number, life: number): string {
  return `space${space}life${String(life).padStart(2, '0')}`
}
