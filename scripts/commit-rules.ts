// What every commit must keep to.

export interface Commit {
  /** Short hash. */
  readonly hash: string
  readonly parents: number
  readonly subject: string
}

const longestSubject = 72

/** What is wrong with the commits; nothing if it is empty. */
export function commitProblems(commits: readonly Commit[]): string[] {
  return commits.flatMap(({ hash, parents, subject }) => {
    const shown = `${hash} "${subject}"`
    const problems: string[] = []
    const length = [...subject].length
    if (length > longestSubject)
      problems.push(`${shown}: ${length} characters; a subject has at most ${longestSubject}`)
    if (parents > 1) problems.push(`${shown}: a merge; rebase instead`)
    if (/^(fixup!|squash!|(wip|try)$)/i.test(subject))
      problems.push(`${shown}: not a commit to keep; squash or rename it`)
    return problems
  })
}

/** Reads what `git log --format=${commitFormat}` prints. */
export function parseCommits(printed: string): Commit[] {
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [hash = '', parents = '', ...subject] = line.split('\t')
      return { hash, parents: parents.split(' ').filter((one) => one !== '').length, subject: subject.join('\t') }
    })
}

export const commitFormat = '%h%x09%p%x09%s'
