// What `npm run check` refuses of commits.
import { expect, it } from 'vitest'
import { commitProblems, parseCommits } from '../../scripts/commit-rules.ts'

const problems = (line: string) => commitProblems(parseCommits(`${line}\n`))

it.each([
  'a1b2c3d\t0000000\tAdd a rule',
  `a1b2c3d\t0000000\t${'é'.repeat(72)}`,
  'a1b2c3d\t\tSeed',
  'a1b2c3d\t0000000\tTry a commit again after a lost answer',
])('allows %j', (line) => expect(problems(line)).toEqual([]))

it.each([
  [`a1b2c3d\t0000000\t${'x'.repeat(73)}`, '73 characters'],
  ["a1b2c3d\t0000000 1111111\tMerge branch 'x'", 'a merge'],
  ['a1b2c3d\t0000000\tfixup! Add a rule', 'squash'],
  ['a1b2c3d\t0000000\tWIP', 'squash'],
  ['a1b2c3d\t0000000\ttry', 'squash'],
])('refuses %j', (line, why) => {
  expect(problems(line)).toEqual([expect.stringContaining(why)])
})

it('reads several, with tabs in their subjects', () => {
  expect(parseCommits('a\tb\tone\ttwo\nc\td e\tthree\n')).toEqual([
    { hash: 'a', parents: 1, subject: 'one\ttwo' },
    { hash: 'c', parents: 2, subject: 'three' },
  ])
})
