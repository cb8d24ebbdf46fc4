// The three-way merge of texts: right for whatever two writers did, and never long at it.
// Own process: it measures how processor time grows.
import fc from 'fast-check'
import { diffPatch } from 'node-diff3'
import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../../src/domain/limits.ts'
import { mergeTexts } from '../../src/memory/working-memory/text-merge.ts'
import { growth, mostGrowth } from '../processor-time.ts'
import { runRandom } from '../random-runs.ts'

const merge = (base: string, ours: string, theirs: string) => mergeTexts(base, ours, theirs, defaultLimits)

interface Hunk {
  readonly at: number
  readonly removed: number
  readonly lines: readonly string[]
}

/** The same merge in the plainest way: every hunk against every other, on the differences of another library. */
function plainMerge(base: string[], ours: string[], theirs: string[]): string[] | null {
  const hunks = (changed: string[]): Hunk[] =>
    diffPatch(base, changed).map(({ buffer1, buffer2 }) => {
      return { at: buffer1.offset, removed: buffer1.length, lines: buffer2.chunk }
    })
  const same = (left: Hunk, right: Hunk) => JSON.stringify(left) === JSON.stringify(right)
  const collide = (left: Hunk, right: Hunk) =>
    left.removed === 0 && right.removed === 0
      ? left.at === right.at
      : left.at < right.at + right.removed && right.at < left.at + left.removed
  const others = hunks(theirs)
  const news = hunks(ours).filter((hunk) => !others.some((other) => same(hunk, other)))
  if (news.some((hunk) => others.some((other) => collide(hunk, other)))) return null
  const merged = [...base]
  const backwards = [...others, ...news].sort((left, right) => right.at - left.at || right.removed - left.removed)
  for (const { at, removed, lines } of backwards) merged.splice(at, removed, ...lines)
  return merged
}

/** What a writer does to each line of the base: keep it, delete it, put lines before it, or put lines in its place. */
const edit = fc.record({
  kind: fc.oneof({ weight: 5, arbitrary: fc.constant('keep') }, fc.constantFrom('delete', 'before', 'instead')),
  lines: fc.array(fc.constantFrom('own', 'both'), { minLength: 1, maxLength: 2 }),
})
const edits = fc.array(edit, { minLength: 12, maxLength: 12 })
type Edits = typeof edits extends fc.Arbitrary<infer Value> ? Value : never

function edited(base: readonly string[], all: Edits, writer: string): string[] {
  return base.flatMap((line, at) => {
    const { kind, lines } = all[at] as Edits[number]
    // Both writers may put the same line in the same place; a line of one writer's own stands nowhere else.
    const added = lines.map((word, i) => (word === 'own' ? `${writer} ${at}.${i}` : `both ${at}.${i}`))
    if (kind === 'keep') return [line]
    if (kind === 'delete') return []
    return kind === 'before' ? [...added, line] : added
  })
}

const count = (lines: readonly string[], line: string) => lines.filter((one) => one === line).length

describe('merged texts', () => {
  const distinct = fc.integer({ min: 0, max: 12 }).map((length) => Array.from({ length }, (_, i) => `line ${i}`))

  it('are those of another library, where every line is another', async () => {
    let merges = 0
    await runRandom(
      fc.asyncProperty(distinct, edits, edits, async (base, one, other) => {
        const [ours, theirs] = [edited(base, one, 'ours'), edited(base, other, 'theirs')]
        const texts = [base, ours, theirs].map((lines) => lines.join('\n')) as [string, string, string]
        // A text without lines is one empty line.
        const lists = texts.map((text) => text.split('\n')) as [string[], string[], string[]]
        const merged = await merge(...texts)
        expect(merged).toEqual(plainMerge(...lists)?.join('\n') ?? null)
        if (merged !== null) merges += 1
      }),
      1_000,
    )
    expect(merges).toBeGreaterThan(100)
  })

  it('lose no line that either added and bring back none that either deleted, also where lines are alike', async () => {
    const alike = fc.array(fc.constantFrom('', '-', 'a', 'b'), { maxLength: 12 })
    let merges = 0
    await runRandom(
      fc.asyncProperty(alike, edits, edits, async (base, one, other) => {
        const [ours, theirs] = [edited(base, one, 'ours'), edited(base, other, 'theirs')]
        const texts = [base, ours, theirs].map((lines) => lines.join('\n')) as [string, string, string]
        const text = await merge(...texts)
        if (text === null) return
        merges += 1
        const [old, left, right] = texts.map((each) => each.split('\n')) as [string[], string[], string[]]
        const merged = text.split('\n')
        for (const line of new Set([...old, ...left, ...right])) {
          // A text without lines is one empty line: how many empty ones there are then says nothing.
          if (line === '' && [merged, old, left, right].some((lines) => lines.length === 1)) continue
          const [mine, yours] = [left, right].map((lines) => count(lines, line) - count(old, line)) as [number, number]
          const change = count(merged, line) - count(old, line)
          // What both did alike counts once or twice.
          const bounds = [mine, yours, mine + yours]
          expect(change).toBeGreaterThanOrEqual(Math.min(...bounds))
          expect(change).toBeLessThanOrEqual(Math.max(...bounds))
        }
        const own = (lines: readonly string[], writer: string) => lines.filter((line) => line.startsWith(writer))
        expect(own(merged, 'ours')).toEqual(own(left, 'ours'))
        expect(own(merged, 'theirs')).toEqual(own(right, 'theirs'))
      }),
      1_000,
    )
    expect(merges).toBeGreaterThan(100)
  })

  it.each([
    ['nothing else', 'a\nb', 'a', 'b', ''],
    ['the first and the last line', 'h\na\nb\nt', 'h\na\nt', 'h\nb\nt', 'h\nt'],
    ['the last line', 'a\nb\nt', 'a\nt', 'b\nt', 't'],
    ['the first line', 'h\na\nb', 'h\na', 'h\nb', 'h'],
    ['empty lines', '\n\n\nx', '\n\n\ny', '\n\n\n\nx', '\n\n\n\ny'],
    ['a line break at the beginning', '\na\nb\nc', '\nA\nb\nc', '\na\nb\nC', '\nA\nb\nC'],
  ])('keep %s', async (_, base, ours, theirs, merged) => {
    expect(await merge(base, ours, theirs)).toBe(merged)
  })
})

describe('the work of a merge', () => {
  const lines = (length: number, line: (at: number) => string) => Array.from({ length }, (_, at) => line(at)).join('\n')
  /** Two lines over and over, as nothing tells one place from another. */
  const repeated = (size: number, mark: string, at: number) =>
    lines(size / 2, (i) => (i % 4 === at ? mark : i % 2 ? 'a' : 'b'))
  const shuffled = (size: number, step: number) => lines(size / 16, (i) => `- note ${(i * step) % (size / 16)}`)
  const hostile: Record<string, (size: number) => [base: string, ours: string, theirs: string]> = {
    'empty lines': (size) => {
      const empty = '\n'.repeat(size)
      return [`a${empty}z`, `A${empty}z`, `a${empty}Z`]
    },
    'empty lines that become fewer': (size) => {
      return [`a${'\n'.repeat(size)}z`, `A${'\n'.repeat(size / 2)}z`, `a${'\n'.repeat(size / 4)}Z`]
    },
    'repeated lines': (size) => [repeated(size, '', -1), repeated(size, 'X', 0), repeated(size, 'Y', 2)],
    'moved lines': (size) => [shuffled(size, 1), shuffled(size, 5), shuffled(size, 7)],
    'lines that are all replaced': (size) => [lines(size / 16, String), lines(size / 16, (i) => `o${i}`), 'x'],
    'one line': (size) => ['x'.repeat(size), `y${'x'.repeat(size)}`, `${'x'.repeat(size)}y`],
  }

  it.each(Object.entries(hostile))('does not grow faster than the texts: %s', async (_, texts) => {
    const sizes = [16_384, 65_536, 262_144]
    const runs = sizes.map((size) => {
      const [base, ours, theirs] = texts(size)
      return () => merge(base, ours, theirs)
    })
    expect(await growth(runs)).toBeLessThanOrEqual(mostGrowth)
  })

  it('ends in a conflict at its bounds, whatever the texts are', async () => {
    const note = (name: string) => lines(2_000, (i) => (i % 2 ? '' : `- ${name} ${i}`))
    expect(await merge(note('a'), `x\n${note('a')}`, `${note('a')}\ny`)).toBe(`x\n${note('a')}\ny`)
    expect(await merge(shuffled(65_536, 1), shuffled(65_536, 5), `${shuffled(65_536, 1)}\ny`)).toBeNull()
    const long = lines(8_192, String)
    expect(await merge(long, `x\n${long}`, `${long}\ny`)).toBeNull()
    expect(await merge(long, `${long}\nx`, long)).toBe(`${long}\nx`)
  })
})
