// Agents know a memory by their port alone, so that another one can stand under them.
import { dirname, join } from 'node:path/posix'
import type { SourceFile, SyntaxNode } from './source-file.ts'

/** What agents may name of the rooms that a memory is made of: the type that users hand over. */
const NAMED_BY_USERS = { file: 'src/facade/memory.ts', name: 'Memory' }

function isOfUsers(node: SyntaxNode, target: string): boolean {
  if (target !== NAMED_BY_USERS.file || node.importKind !== 'type') return false
  const specifiers = (node.specifiers ?? []) as readonly { readonly imported?: { readonly name?: string } }[]
  return specifiers.every(({ imported }) => imported?.name === NAMED_BY_USERS.name)
}

/** Imports of the agents' room from memory and its facade; what agents need of a memory is in `ports/agent-memory.ts`. */
export function checkAgentImports(file: SourceFile): string[] {
  if (!file.path.startsWith('src/agent/')) return []
  const problems: string[] = []
  file.walk((node) => {
    const { source } = node as { readonly source?: SyntaxNode | null }
    if (source == null || typeof source.value !== 'string' || !source.value.startsWith('.')) return
    const target = join(dirname(file.path), source.value)
    if (!/^src\/(memory|facade)\//.test(target) || isOfUsers(node, target)) return
    problems.push(
      `${file.path}:${file.lineAt(node.start)}: agents know memory by ports/agent-memory.ts, not by ${target}`,
    )
  })
  return problems
}
