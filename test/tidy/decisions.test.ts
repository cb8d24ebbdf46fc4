// Decisions are numbered one after the other, each number once, and the title of a file says its number.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const folder = `${import.meta.dirname}/../../docs/decisions`

/** What is wrong with the names and the first lines of decisions. */
function problemsOf(decisions: readonly { readonly file: string; readonly title: string }[]): string[] {
  return decisions.flatMap(({ file, title }, index) => {
    const number = String(index + 1)
    const isNamed = file.startsWith(`${number.padStart(3, '0')}-`)
    if (!isNamed) return [`${file} is decision ${number} in the order of names`]
    return title.startsWith(`# ${number}. `) ? [] : [`${file} is called "${title}"`]
  })
}

it('holds', () => {
  const files = readdirSync(folder).filter((file) => file.endsWith('.md') && file !== 'README.md')
  const read = (file: string) => readFileSync(`${folder}/${file}`, 'utf8').split('\n')[0] ?? ''
  expect(problemsOf(files.toSorted().map((file) => ({ file, title: read(file) })))).toEqual([])
})

it('has no drawing that belongs to no decision', () => {
  const names = readdirSync(folder)
  const others = names.filter((name) => !name.endsWith('.md'))
  expect(others.filter((name) => !names.includes(name.replace(/\.svg$/, '.md')))).toEqual([])
})

it('refuses a number that is taken, a gap, and another number in the title', () => {
  const decision = (file: string, title: string) => ({ file, title })
  const [one, two] = [decision('001-a.md', '# 1. A'), decision('002-b.md', '# 2. B')]
  expect(problemsOf([one, two])).toEqual([])
  expect(problemsOf([one, decision('001-b.md', '# 1. B')])).toEqual(['001-b.md is decision 2 in the order of names'])
  expect(problemsOf([one, decision('003-b.md', '# 3. B')])).toHaveLength(1)
  expect(problemsOf([one, decision('002-b.md', '# 3. B')])).toEqual(['002-b.md is called "# 3. B"'])
})
