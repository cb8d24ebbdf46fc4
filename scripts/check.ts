/**
 * `npm run check`: what a change must pass before it is committed, in less than a minute on two idle cores. Types, style, the
 * commits since `origin/main`, the tidy rules, and the tests that are nearest to what changed: by imports, as far as there is
 * time. It says what it ran, and what is left for `npm test`.
 *
 *   --since COMMIT   compares with that commit; default: where this branch left `origin/main`, or else the last commit
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import manifest from '../package.json' with { type: 'json' }
import { isCode, readRepository } from '../test/tidy/repository.ts'
import { commitFormat, commitProblems, parseCommits } from './commit-rules.ts'
import { chooseTests, relatedTests } from './related-tests.ts'
import { run } from './run.ts'
import { readDurations } from './test-durations.ts'
import { counted, duration } from './test-summary.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (path: string) => join(root, 'node_modules', path)
/** The beginning of the paths of all tidy tests. */
const tidy = 'test/tidy'
/** What the tests of a check may take together: some 25 s on two cores, where types and style take 15 s. */
const time = { usualMs: 1_000, mostMs: 45_000 }

const { values: options } = parseArgs({ options: { since: { type: 'string' } } })

const git = (...args: string[]) => run('git', args, { cwd: root })
const linesOf = (text: string) => text.split('\n').filter((line) => line !== '')

/** The commit that this work is compared with, and how it is called in words. */
function base(): { readonly commit: string; readonly name: string } {
  if (options.since !== undefined) return { commit: options.since, name: options.since }
  const isKnown = (name: string) =>
    spawnSync('git', ['rev-parse', '--verify', '--quiet', name], { cwd: root }).status === 0
  if (isKnown('origin/main')) return { commit: git('merge-base', 'origin/main', 'HEAD').trim(), name: 'origin/main' }
  return isKnown('HEAD~1') ? { commit: 'HEAD~1', name: 'the last commit' } : { commit: 'HEAD', name: 'HEAD' }
}

const { commit, name } = base()
const changed = [
  ...linesOf(git('diff', '--name-only', '--no-renames', commit)),
  ...linesOf(git('ls-files', '--others', '--exclude-standard')),
]
const commits = parseCommits(git('log', `--format=${commitFormat}`, `${commit}..HEAD`))
console.log(`Compared with ${name}: ${counted(changed.length, 'changed file')}, ${counted(commits.length, 'commit')}.`)

const failed: string[] = []
/** Runs a part, and says how it ended; its output is shown if it failed. */
function part(what: string, work: () => string | null): void {
  const started = performance.now()
  const output = work()
  console.log(`  ${output === null ? 'ok     ' : 'FAILED '} ${what} (${duration(performance.now() - started)})`)
  if (output === null) return
  failed.push(what)
  console.log(output)
}

/** Null if the command ends well, else what it printed. */
function outputOf(args: readonly string[]): string | null {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  return status === 0 ? null : `${stdout}${stderr}`
}

part('types: npm run typecheck', () => outputOf([bin('typescript/bin/tsc'), '--noEmit']))
part('style: npm run lint', () => outputOf([bin('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.']))
part('commits: subjects of at most 72 characters, no merges', () => {
  const problems = commitProblems(commits)
  return problems.length === 0 ? null : problems.map((problem) => `    ${problem}`).join('\n')
})

const texts = new Map(
  readRepository()
    .filter(isCode)
    .map(({ path, text }) => [path, text]),
)
const entries = Object.fromEntries(
  Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === 'string' ? [] : [[`aquifer${path.slice(1)}`, target['aquifer-source'].slice(2)]],
  ),
)
const related = relatedTests(texts, changed, entries)
const { run: chosen, left } = chooseTests(related, readDurations(), time)
const files = chosen.filter((path) => existsSync(join(root, path)) && !path.startsWith(tidy))
const dependent =
  related.length === 0
    ? 'no test file depends on the changes'
    : `${chosen.length} of the ${counted(related.length, 'test file')} that depend on the changes`
console.log(`  Next: the tidy rules; ${dependent}.`)
const started = performance.now()
const { status } = spawnSync(process.execPath, [bin('vitest/vitest.mjs'), 'run', tidy, ...files], {
  cwd: root,
  stdio: 'inherit',
})
const tests = `tests: the tidy rules and ${counted(files.length, 'file')}`
console.log(`\n  ${status === 0 ? 'ok     ' : 'FAILED '} ${tests} (${duration(performance.now() - started)})`)
if (status !== 0) failed.push(tests)

if (left.length > 0)
  console.log(
    `Not run, for they are further from the changes or take long: ${counted(left.length, 'test file')}. npm test runs all.`,
  )
console.log(failed.length === 0 ? 'The check passed.' : `The check FAILED: ${failed.join('; ')}.`)
process.exitCode = failed.length === 0 ? 0 : 1
