// The repository's own rules on tests. Each is seen to refuse a bad sample before it is believed about the good files.
import { describe, expect, it } from 'vitest'
import { testLimitMs } from '../run-lengths.ts'
import { checkLimits } from './limits.ts'
import { isCode, readRepository } from './repository.ts'
import { checkSharedProcesses } from './shared-processes.ts'
import { isTestFile, parseSource } from './source-file.ts'

const files = readRepository()
  .filter((file) => isCode(file) && (file.path.startsWith('test/') || isTestFile(file.path)))
  .map(({ path, text }) => parseSource(path, text))

it('looks at the tests of this repository', () => {
  expect(files.map((file) => file.path)).toContain('test/tidy/tests.test.ts')
})

describe('limits', () => {
  const problems = (path: string, text: string) => checkLimits(parseSource(path, text))

  it('holds', () => expect(files.flatMap(checkLimits)).toEqual([]))

  it('has one limit for all tests, and one for all waits', ({ task }) => {
    expect(task.timeout).toBe(testLimitMs)
    expect(testLimitMs).toBeGreaterThanOrEqual(600_000)
  })

  it.each([
    ['test/x.test.ts', "it('a', () => {}); it.each([{ timeout: 1 }])('a', check); describe('a', { skip: true }, f)"],
    ['test/x.test.ts', "it.skipIf(mount === null)('a', () => {}); beforeAll(() => {}); test('a', f, g)"],
    ['test/x.test.ts', 'await expect.poll(read, { interval: 1 }).toBe(1); vi.spyOn(a, b); generate({ timeout: 5 })'],
    ['test/x.test.ts', "import { startNode } from './processes.ts'; await runRandom(fc.property(x, f), 100)"],
    [
      'test/worker.ts',
      "import { parentPort } from 'node:worker_threads'; import type { Worker } from 'worker_threads'",
    ],
    ['test/processes.ts', "import { spawn } from 'node:child_process'"],
    ['test/random-runs.ts', 'fc.assert(property, { numRuns: 5 })'],
    ['scripts/run.ts', "import { spawn } from 'node:child_process'"],
  ])('allows %s: %s', (path, text) => expect(problems(path, text)).toEqual([]))

  it.each([
    "it('a', { timeout: 5 }, () => {})",
    "it('a', () => {}, 5_000)",
    "it('a', () => {}, limit)",
    "it.each(rows)('a', check, 5_000)",
    "it.skipIf(isSlow)('a', { timeout }, () => {})",
    "describe.each(rows)('a', { timeout: 5 }, () => {})",
    'beforeAll(() => {}, limit)',
    'await expect.poll(read, { timeout: 5 }).toBe(1)',
    'await vi.waitFor(check)',
    'vi.setConfig({ testTimeout: 5 })',
    'read({ signal: AbortSignal.timeout(5) })',
    "import { execFile } from 'node:child_process'",
    "import { Worker } from 'node:worker_threads'",
    "const { fork } = await import('child_process')",
    'fc.assert(property)',
    'const settings = { numRuns: 5 }',
  ])('refuses %s', (text) => expect(problems('test/memory/x.test.ts', text)).toHaveLength(1))

  it('refuses them in what tests share', () => {
    expect(problems('test/memory/x.ts', "import { spawn } from 'child_process'")).toHaveLength(1)
  })
})

describe('shared processes', () => {
  const problems = (text: string) => checkSharedProcesses(parseSource('test/memory/x.test.ts', text))

  it('holds', () => expect(files.flatMap(checkSharedProcesses)).toEqual([]))

  it.each([
    "vi.spyOn(a, 'b'); const env = { ...process.env, KEY: 'k' }; worker.on('exit', f); process.off('warning', f)",
    "// Own process: it replaces a module.\nvi.mock('./x.ts')",
  ])('allows %s', (text) => expect(problems(text)).toEqual([]))

  it.each([
    "vi.mock('./x.ts')",
    'vi.resetModules()',
    "vi.stubGlobal('fetch', f)",
    'vi.useFakeTimers()',
    'globalThis.fetch = f',
    "process.env.KEY = 'k'",
    "process.on('warning', f)",
    "import { growth } from '../processor-time.ts'",
    "// Own process:\nvi.mock('./x.ts')",
  ])('refuses %s', (text) => expect(problems(text)).toHaveLength(1))
})
