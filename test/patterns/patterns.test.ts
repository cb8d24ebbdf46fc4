// No regular expression of the library takes time in more than the length of its text, whatever the text is.
// Own process: it replaces RegExp, loads modules again and measures how processor time grows.
import { analyse } from 'scslre'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { growth, mostGrowth, processorMs } from '../processor-time.ts'
import { isCode, readRepository } from '../tidy/repository.ts'
import { parseSource } from '../tidy/source-file.ts'
import { attackStrings, ofLength } from './attack-strings.ts'
import { builders, caught } from './built-patterns.ts'
import { findPatterns } from './find-patterns.ts'

/** Up to 256 KB, and from so short that even what is exponential or cubic comes to its end. */
const lengths = [256, 1_024, 4_096, 16_384, 65_536, 262_144]
const shortLength = 1_024
/** How many of the candidates are tried with long texts: those that take longest over short ones. */
const worstTried = 3

const files = readRepository()
  .filter((file) => isCode(file) && file.path.startsWith('src/'))
  .map(({ path, text }) => findPatterns(parseSource(path, text)))
const literals = files.flatMap((found) => found.literals)
const dynamic = files.flatMap((found) => found.dynamic)

/** Ways in which a pattern can take more time than a text has characters, found in its syntax. */
function superLinear(source: string, flags: string): string[] {
  const { reports } = analyse(new RegExp(source, flags))
  return reports.map(({ type, exponential, character }) => {
    return `${exponential ? 'exponential' : 'polynomial'} (${type}) on ${JSON.stringify(character.pick)} over and over`
  })
}

/** All of a text is searched, as `replace`, `split` and `matchAll` do. */
function searchAll(source: string, flags: string, text: string): () => void {
  const pattern = new RegExp(source, flags.includes('g') ? flags : `${flags}g`)
  return () => {
    pattern.lastIndex = 0
    text.replace(pattern, '')
  }
}

/** How much longer the pattern takes over the worst of its texts than over the same text with a sixteenth of its length. */
async function worstGrowth(source: string, flags: string): Promise<number> {
  const tried = []
  for (const attack of attackStrings(source, flags)) {
    tried.push({ attack, ms: await processorMs(searchAll(source, flags, ofLength(attack, shortLength))) })
  }
  const worst = tried.sort((left, right) => right.ms - left.ms).slice(0, worstTried)
  let most = 0
  for (const { attack } of worst) {
    const runs = lengths.map((length) => searchAll(source, flags, ofLength(attack, length)))
    most = Math.max(most, await growth(runs))
    if (most > mostGrowth) break
  }
  return most
}

async function expectLinear(source: string, flags: string): Promise<void> {
  expect(superLinear(source, flags)).toEqual([])
  expect(await worstGrowth(source, flags)).toBeLessThanOrEqual(mostGrowth)
}

describe('patterns that stand in the sources', () => {
  it('are found', () => expect(literals.length).toBeGreaterThan(50))

  it.each(literals)('$place /$source/$flags is linear', ({ source, flags }) => expectLinear(source, flags))
})

describe('patterns that are put together', () => {
  it('are listed with what makes them', () => {
    const places = Object.groupBy(dynamic, (place) => place.slice(0, place.lastIndexOf(':')))
    const counts = Object.entries(places).map(([path, own = []]) => [path, own.length])
    expect(Object.fromEntries(counts)).toEqual(
      Object.fromEntries(Object.entries(builders).map(([path, { places: count }]) => [path, count])),
    )
  })

  describe.each(Object.entries(builders))('in %s', (path, { places, build }) => {
    let found: Awaited<ReturnType<typeof caught>> = []

    beforeAll(async () => {
      vi.resetModules()
      found = await caught(path, build)
    })

    it('are linear', async () => {
      expect(new Set(found.map(({ place }) => place)).size).toBe(places)
      for (const { source, flags } of found) await expectLinear(source, flags)
    })
  })
})

describe('the checks', () => {
  it.each([
    ['<(?=\\s*\\/?\\s*(?:recalled-memory|working-memory))', 'gi'],
    ['[\\s.]+$', ''],
    ['^\\s*```(?:json)?\\s*\\n([\\s\\S]*?)\\n?\\s*```\\s*$', 'i'],
    ['\\s*\\S+\\s*', 'gu'],
    ['^[^\\p{L}\\p{N}]+|[^\\p{L}\\p{N}\\p{M}]+$', 'gu'],
  ])('refuse /%s/%s by its syntax', (source, flags) => expect(superLinear(source, flags)).not.toEqual([]))

  it.each([
    ['\\s*\\S+\\s*', 'gu'],
    ['^[^\\p{L}\\p{N}]+|[^\\p{L}\\p{N}\\p{M}]+$', 'gu'],
  ])('refuse /%s/%s by its time', async (source, flags) => {
    expect(await worstGrowth(source, flags)).toBeGreaterThan(mostGrowth)
  })

  it('refuse by its syntax what would never end', () => {
    expect(superLinear('^(a+)+b', '')).toEqual([expect.stringContaining('exponential')])
  })

  it('find patterns of every form', () => {
    const text = "new RegExp(a); RegExp(`a`); globalThis.RegExp('a'); x.match('a+'); x.search(y); /b/g.test(x)"
    const { literals: found, dynamic: built } = findPatterns(parseSource('src/a.ts', text))
    expect(found).toEqual([{ place: 'src/a.ts:1', source: 'b', flags: 'g' }])
    expect(built).toHaveLength(4)
  })
})
