// What `npm test` says of a run.
import { expect, it } from 'vitest'
import { duration, progressLine, summaryLines, type TestFileOutcome } from '../../scripts/test-summary.ts'

const file = (path: string, outcome: Partial<TestFileOutcome> = {}): TestFileOutcome => {
  return { path, passed: 2, failed: [], skipped: 0, isBroken: false, ms: 1_000, ...outcome }
}

it('says how far it is', () => {
  expect(progressLine(file('test/a.test.ts'), 7, 188)).toBe('[  7/188] ok     test/a.test.ts (2 tests, 1.0 s)')
  const outcome = { passed: 0, failed: ['a'], skipped: 3, ms: 125_000 }
  const line = progressLine(file('test/b.test.ts', outcome), 188, 188)
  expect(line).toBe('[188/188] FAILED test/b.test.ts (1 test, 3 skipped, 2 min 5 s)')
})

it('says what passed, and what took long', () => {
  const files = [1, 2, 3, 4, 5, 6].map((n) => file(`${n}`, { passed: 1_000, ms: n * 1_000 }))
  expect(summaryLines(files, 0, 61_000)).toEqual([
    '6,000 tests passed in 6 files, in 1 min 1 s.',
    'Slowest: 6 6.0 s, 5 5.0 s, 4 4.0 s, 3 3.0 s, 2 2.0 s.',
  ])
})

it('says what failed, and how to run it again', () => {
  const files = [file('a'), file('b', { failed: ['x', 'y'], skipped: 1 }), file('c', { passed: 0, isBroken: true })]
  expect(summaryLines(files, 1, 59_940)).toEqual([
    '4 tests passed in 3 files, in 59.9 s.',
    '1 test did not run.',
    '1 error came outside of any test; see above.',
    '3 failures:',
    '  b: x',
    '  b: y',
    '  c: could not be loaded or set up',
    'What went wrong is above, after FAIL. To run a file again: npm test -- b',
  ])
})

it('names no more failures than can be read', () => {
  const failed = Array.from({ length: 25 }, (_, n) => `test ${n}`)
  const lines = summaryLines([file('a', { failed })], 0, 1)
  expect(lines).toContain('25 failures:')
  expect(lines).toContain('  and 5 more')
  expect(lines.filter((line) => line.startsWith('  a: '))).toHaveLength(20)
})

it.each([
  [0, '0.0 s'],
  [59_949, '59.9 s'],
  [59_950, '1 min 0 s'],
  [119_600, '2 min 0 s'],
])('says %d ms as %s', (ms, words) => expect(duration(ms)).toBe(words))
