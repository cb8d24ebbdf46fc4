/** What models are shown of results, as texts, and large ones by their beginning and end. Pure. */
import type { ToolResultPart } from 'ai'
import { withCommas } from '../../domain/with-commas.ts'

/** A result in the form in which a model is given it. */
export type ModelOutput = ToolResultPart['output']

/** What the AI SDK makes of a result whose tool does not say. */
export function plainOutput(output: unknown): ModelOutput {
  if (typeof output === 'string') return { type: 'text', value: output }
  const text = output === undefined ? undefined : JSON.stringify(output)
  return { type: 'json', value: text === undefined ? null : JSON.parse(text) }
}

/** The words of a result. Files in it have none. */
export function wordsOf({ type, value }: { readonly type: string; readonly value?: unknown }): string {
  if (typeof value === 'string') return value
  if (type !== 'content' || !Array.isArray(value)) return JSON.stringify(value) ?? ''
  const items = value as readonly { readonly type?: unknown; readonly text?: unknown }[]
  return items.flatMap((item) => (item.type === 'text' ? [String(item.text)] : [])).join('\n')
}

/** The result with other words. Its files, and whether it is an error, stay. */
export function withWords(output: ModelOutput, words: string): ModelOutput {
  if (output.type === 'content') {
    return { ...output, value: [{ type: 'text', text: words }, ...output.value.filter(({ type }) => type !== 'text')] }
  }
  const type = output.type === 'error-text' || output.type === 'error-json' ? 'error-text' : 'text'
  return { type, value: words }
}

/** The share of what is shown that is the beginning. */
const shareOfHead = 3 / 4

/** Where a text may be cut near a place: not inside of a character. */
function cutAt(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit < 0xe000 ? at - 1 : at
}

/** A piece of a text, from a place on. */
export function pieceOf(text: string, from: number, length: number): { readonly text: string; readonly end: number } {
  const start = cutAt(text, Math.min(from, text.length))
  const end = Math.min(text.length, start + length)
  // A piece holds at least one character, so that reading goes on.
  const cut = end === text.length || cutAt(text, end) > start ? cutAt(text, end) : end + 1
  return { text: text.slice(start, cut), end: cut }
}

/**
 * The beginning and the end of a text that is too long to be shown; null for a shorter one.
 *
 * @param rest Says how the rest is read, which begins at that character.
 */
export function headAndTail(text: string, length: number, rest: (from: number) => string): string | null {
  if (text.length <= length) return null
  const head = cutAt(text, Math.floor(length * shareOfHead))
  const tail = cutAt(text, text.length - (length - head))
  const count = withCommas(tail - head)
  return `${text.slice(0, head)}\n[… ${count} characters are left out here${rest(head)} …]\n${text.slice(tail)}`
}
