// Where the domain may catch: nowhere that a decision reads its space, for that throws what was not read.
import type { SourceFile } from './source-file.ts'

/** Modules through which a decision reads its space, or is handed one that does. */
const readers = /(^|\/)(draft|history|erase[a-z-]*|edited-rows|apply[a-z-]*|[a-z-]+-changes)\.ts$|\/reads\//

/** `catch` in a file of src/domain that takes part in a decision: it could hold a `NotRead`, which only drivers catch. */
export function checkCatches(file: SourceFile): string[] {
  if (!file.path.startsWith('src/domain/')) return []
  const reads = file.path.includes('/reads/') || file.references.some(({ specifier }) => readers.test(specifier ?? ''))
  if (!reads) return []
  const problems: string[] = []
  file.walk((node) => {
    if (node.type !== 'CatchClause') return
    problems.push(`${file.path}:${file.lineAt(node.start)}: a catch here may hold a NotRead; let it pass`)
  })
  return problems
}
