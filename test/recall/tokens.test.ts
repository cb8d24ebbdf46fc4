// The estimate of tokens is that of the library, whatever the text.
import fc from 'fast-check'
import { estimateTokenCount } from 'tokenx'
import { expect, it } from 'vitest'
import { estimateTokens } from '../../src/recall/tokens.ts'

const pieces = [
  fc.constantFrom(' ', '\n', '\n  ', '\r\n', '\t', '.\n', '\n\n', ', ', '...', '-------', '"', "'", '\u007f', '\u000b'),
  fc.stringMatching(/^[a-z]{1,20}$/),
  fc.stringMatching(/^[A-Za-z0-9']{1,20}$/),
  fc.stringMatching(/^[0-9]{1,12}$/),
  fc.stringMatching(/^[!-~]{1,20}$/),
]
const asciiParts = fc.array(fc.oneof(...pieces), { maxLength: 40 })
const anyParts = fc.array(
  fc.oneof(...pieces, fc.string({ unit: 'grapheme' }), fc.constantFrom('é', '日本語', '。', '🙂')),
  {
    maxLength: 20,
  },
)

const check = (parts: readonly string[]) => {
  const text = parts.join('')
  expect(estimateTokens(text)).toBe(estimateTokenCount(text))
}

it('is that of the library for ASCII', () => {
  fc.assert(fc.property(asciiParts, check), { numRuns: 3_000 })
})

it('is that of the library for any text', () => {
  fc.assert(fc.property(anyParts, check), { numRuns: 1_000 })
})
