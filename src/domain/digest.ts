/** Digests of texts. */

type Encoding = 'hex' | 'base64' | 'base64url'

let loaded: ((algorithm: string, text: string, encoding: Encoding) => string) | null = null

/**
 * The digest of a text, in UTF-8. `node:crypto` is loaded by the first digest, because importing it costs more than many a program
 * that imports the memory ever needs of it.
 */
export function digestOf(algorithm: 'sha1' | 'sha256', text: string, encoding: Encoding): string {
  loaded ??= process.getBuiltinModule('node:crypto').hash
  return loaded(algorithm, text, encoding)
}
