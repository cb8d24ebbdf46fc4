// What a run of tests came to, in words.

export interface TestFileOutcome {
  /** Path from the root of the repository. */
  readonly path: string
  readonly passed: number
  /** Names of the tests that failed. */
  readonly failed: readonly string[]
  readonly skipped: number
  /** True if the file failed outside its tests: it could not be loaded, or a hook failed. */
  readonly isBroken: boolean
  readonly ms: number
}

const listedFailures = 20
const listedSlow = 5

/** `1 test`, `2 tests`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** `0.4 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** One line for a file that has ended. `part` of `whole` files have. */
export function progressLine(
  { path, passed, failed, isBroken, skipped, ms }: TestFileOutcome,
  part: number,
  whole: number,
) {
  const count = counted(passed + failed.length, 'test')
  const skips = skipped === 0 ? '' : `, ${skipped} skipped`
  const state = isBroken || failed.length > 0 ? 'FAILED' : 'ok    '
  return `[${String(part).padStart(String(whole).length)}/${whole}] ${state} ${path} (${count}${skips}, ${duration(ms)})`
}

/** The lines at the end of a run. `errors` were thrown outside of any test. */
export function summaryLines(files: readonly TestFileOutcome[], errors: number, ms: number): string[] {
  const sum = (of: (file: TestFileOutcome) => number) => files.reduce((total, file) => total + of(file), 0)
  const failed = files.filter((file) => file.isBroken || file.failed.length > 0)
  const skipped = sum((file) => file.skipped)
  const lines = [
    `${counted(
      sum((file) => file.passed),
      'test',
    )} passed in ${counted(files.length, 'file')}, in ${duration(ms)}.`,
  ]
  if (skipped > 0) lines.push(`${counted(skipped, 'test')} did not run.`)
  if (errors > 0) lines.push(`${counted(errors, 'error')} came outside of any test; see above.`)
  if (failed.length > 0) lines.push(...failureLines(failed))
  else if (files.length > listedSlow) lines.push(slowLine(files))
  return lines
}

function failureLines(failed: readonly TestFileOutcome[]): string[] {
  const names = failed.flatMap((file) => [
    ...(file.isBroken ? [`  ${file.path}: could not be loaded or set up`] : []),
    ...file.failed.map((name) => `  ${file.path}: ${name}`),
  ])
  const more = names.length - listedFailures
  return [
    `${counted(names.length, 'failure')}:`,
    ...names.slice(0, listedFailures),
    ...(more > 0 ? [`  and ${more} more`] : []),
    `What went wrong is above, after FAIL. To run a file again: npm test -- ${failed[0]?.path}`,
  ]
}

function slowLine(files: readonly TestFileOutcome[]): string {
  const slowest = files.toSorted((left, right) => right.ms - left.ms).slice(0, listedSlow)
  return `Slowest: ${slowest.map(({ path, ms }) => `${path} ${duration(ms)}`).join(', ')}.`
}
