// Peers are loaded late and through `withPeers`, so that a missing one is reported with the line that installs it.
import { join } from 'node:path/posix'
import { isTestFile, type SourceFile, type SyntaxNode } from './source-file.ts'

function specifierOf(node: SyntaxNode): string | null {
  const { value } = (node.source ?? {}) as { readonly value?: unknown }
  return typeof value === 'string' ? value : null
}

/** What a file imports as soon as it is loaded: types are gone by then. */
function staticImports(file: SourceFile): string[] {
  const specifiers: string[] = []
  file.walk((node) => {
    const isStatic = /^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type)
    if (!isStatic || node.importKind === 'type' || node.exportKind === 'type') return
    specifiers.push(specifierOf(node) ?? '')
  })
  return specifiers
}

function targetOf(file: SourceFile, specifier: string): string {
  return specifier.startsWith('.') ? join(file.path, '..', specifier) : specifier
}

/** The files that load a peer as soon as they are loaded themselves, directly or through others. */
function filesThatLoad(files: readonly SourceFile[], peers: readonly string[]): Set<string> {
  const imports = new Map(files.map((file) => [file.path, staticImports(file).map((name) => targetOf(file, name))]))
  const loading = new Set(peers)
  for (let before = -1; before !== loading.size; ) {
    before = loading.size
    for (const [path, targets] of imports) if (targets.some((target) => loading.has(target))) loading.add(path)
  }
  return loading
}

function isWithPeers(node: SyntaxNode): boolean {
  return node.type === 'CallExpression' && (node.callee as { readonly name?: unknown }).name === 'withPeers'
}

/** Imports of a peer that do not go through `withPeers`, and entry points that load one when they are imported. */
export function checkPeers(
  files: readonly SourceFile[],
  peers: readonly string[],
  entryPoints: readonly string[],
): string[] {
  const sources = files.filter(({ path }) => path.startsWith('src/') && !isTestFile(path))
  const loading = filesThatLoad(sources, peers)
  const eager = entryPoints.filter((path) => loading.has(path)).map((path) => `${path}: importing it loads a peer`)
  const unguarded = sources.flatMap((file) => {
    const problems: string[] = []
    file.walk((node, ancestors) => {
      if (node.type !== 'ImportExpression' || ancestors.some(isWithPeers)) return
      const specifier = specifierOf(node) ?? ''
      if (!loading.has(targetOf(file, specifier))) return
      problems.push(`${file.path}:${file.lineAt(node.start)}: load '${specifier}' through withPeers`)
    })
    return problems
  })
  return [...eager, ...unguarded]
}
