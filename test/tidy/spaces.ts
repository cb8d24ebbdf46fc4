// A call works out once where it remembers; the rest of the agent's room is handed the space.
import type { SourceFile } from './source-file.ts'

/** What makes a space of an id. */
const MAKERS = ['Door', 'resourceSpace', 'spaceId', 'childSpaceId', 'parseSpaceId', 'spaceOf']

/** The file that settles a call. */
const SETTLES = 'src/agent/call.ts'

/** Imports, by value, of what makes a space, in files of the agent's room that are handed one. */
export function checkSpaces(file: SourceFile): string[] {
  if (!file.path.startsWith('src/agent/') || file.path === SETTLES) return []
  const problems: string[] = []
  file.walk((node, ancestors) => {
    if (node.type !== 'ImportSpecifier' || node.importKind === 'type') return
    if (ancestors.at(-1)?.importKind === 'type') return
    const { name } = node.imported as { readonly name?: string }
    if (name === undefined || !MAKERS.includes(name)) return
    problems.push(`${file.path}:${file.lineAt(node.start)}: ${name} makes a space anew; take the one of the call`)
  })
  return problems
}
