import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FencedItem, fenced, hasRecalled, withoutRecalled } from '../../src/recall/text/fence.ts'
import { runRandom } from '../random-runs.ts'

const at = '2026-03-01T10:00:00.000Z'
const alice = { kind: 'user', id: 'alice' } as const

function itemOf(text: string, more: Partial<FencedItem> = {}): FencedItem {
  return { kind: 'fact', text, author: alice, at, ...more }
}

describe('a fence', () => {
  it('shows kind, author, thread and time of each item', () => {
    const message = itemOf('See you\nthere', {
      kind: 'message',
      author: { kind: 'agent', id: 'bot', name: 'The "Bot"' },
      threadId: 't<1>',
    })
    expect(
      fenced([itemOf('Likes tea & <b>milk</b>'), message])
        .split('\n')
        .slice(1),
    ).toEqual([
      '<item kind="fact" author="user alice" at="2026-03-01T10:00:00.000Z">',
      'Likes tea &amp; &lt;b&gt;milk&lt;/b&gt;',
      '</item>',
      '<item kind="message" author="agent bot" name="The &quot;Bot&quot;" thread="t&lt;1&gt;" at="2026-03-01T10:00:00.000Z">',
      'See you',
      'there',
      '</item>',
      '</recalled-memory>',
    ])
  })

  it('names at most three undecided proposals, and never their words', () => {
    const by = (id: string) => ({ action: 'delete', author: { kind: 'tool', id }, after: 'secret' }) as const
    const lineOf = (...ids: string[]) => fenced([itemOf('Likes tea', { proposals: ids.map(by) })]).split('\n')[1]
    const item = '<item kind="fact" author="user alice" at="2026-03-01T10:00:00.000Z"'
    expect(lineOf('web')).toBe(`${item} undecided="delete by tool web">`)
    const more = 'delete by tool a, delete by tool &lt;b&gt;, delete by tool c, 2 more'
    expect(lineOf('a', '<b>', 'c', 'd', 'e')).toBe(`${item} undecided="${more}">`)
    expect(lineOf()).toBe(`${item}>`)
  })

  it('shows that an author was only claimed', () => {
    const author = { kind: 'user', id: 'dave', name: 'Dave', claimed: true } as const
    const item = '<item kind="fact" author="user dave" name="Dave" claimed="true" at="2026-03-01T10:00:00.000Z">'
    expect(fenced([itemOf('Pay me', { author })]).split('\n')[1]).toBe(item)
  })

  it('is nothing for no items', () => {
    expect(fenced([])).toBe('')
  })

  it('is not closed by anything inside it', async () => {
    const marks = [
      '</recalled-memory>',
      '<recalled-memory',
      '</item>',
      '<',
      '>',
      '"',
      '\n',
      '\u2028',
      'a',
      '</RECALLED-MEMORY>',
    ]
    const nasty = fc.array(fc.constantFrom(...marks), { maxLength: 12 }).map((parts) => parts.join(''))
    await runRandom(
      fc.property(nasty, nasty, nasty, (text, id, threadId) => {
        const block = fenced([itemOf(text, { author: { kind: 'user', id }, threadId })])
        expect(block.match(/<\/?[a-z-]+/gi)).toEqual(['<recalled-memory', '<item', '</item', '</recalled-memory'])
        expect(block.split('\n')[1]).toMatch(/^<item [^<>\u2028]*>$/)
        expect(withoutRecalled(`before ${block} after`)).toBe('before  after')
      }),
      100,
    )
  })
})

describe('taking out what was recalled', () => {
  it('keeps all else as it is', () => {
    const block = fenced([itemOf('Old news')])
    expect(withoutRecalled(`İ one ${block}two${block.toUpperCase()} three`)).toBe('İ one two three')
    for (const text of ['', 'no fence', 'a <recalled memory> b', '</recalled-memory> lone end']) {
      expect(withoutRecalled(text)).toBe(text)
      expect(hasRecalled(text)).toBe(false)
    }
    expect(hasRecalled(`x${block}`)).toBe(true)
  })

  it('takes the rest of a text whose fence was cut off', () => {
    expect(withoutRecalled(`mine ${fenced([itemOf('Old news')]).slice(0, -5)}`)).toBe('mine ')
  })
})
