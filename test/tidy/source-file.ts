// What the tidy rules need to know of one source file, parsed once. TypeScript 7 exposes no stable parser, so the parser inside vite does it.
import { parseSync } from 'vite'

/** A node of the syntax tree, as loosely as the rules need it. */
export interface SyntaxNode {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

/** Another module named by a file; `specifier` is `null` when it is computed and so hides where it leads. */
export interface ModuleReference {
  readonly kind: 'import' | 'export-from' | 'dynamic' | 'type'
  readonly specifier: string | null
  /** Whether nothing but types is imported, so that the module is not loaded for it. */
  readonly isType: boolean
  /** The names that are imported, as the module exports them; null where it is all of them, or is not known. */
  readonly names: readonly string[] | null
  readonly line: number
}

export interface SourceFile {
  /** Path from the root of the repository, with forward slashes. */
  readonly path: string
  readonly text: string
  readonly lineCount: number
  readonly references: readonly ModuleReference[]
  /** What is exported from elsewhere, by `export … from` or by exporting an imported name. */
  readonly reExports: readonly { readonly specifier: string; readonly line: number }[]
  readonly exportedNames: readonly string[]
  /** What is declared and exported at once, as by `export function`. */
  readonly exportedDeclarations: readonly { readonly name: string; readonly line: number }[]
  readonly comments: readonly { readonly text: string; readonly line: number }[]
  /** Calls `visit` on every node, parents first, with the nodes above it (nearest last). */
  walk(visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void): void
  lineAt(offset: number): number
}

/** Parses one TypeScript or JavaScript file; a syntax error throws. */
export function parseSource(path: string, text: string): SourceFile {
  const { program, comments, errors, module } = parseSync(path, text)
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`)
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), (match) => match.index + 1)]
  const lineAt = (offset: number) => lineStarts.findLastIndex((start) => start <= offset) + 1
  const walk: SourceFile['walk'] = (visit) => walkNode(program as unknown as SyntaxNode, [], visit)
  const entries = module.staticExports.flatMap((statement) => statement.entries)
  return {
    path,
    text,
    lineCount: text.endsWith('\n') ? lineStarts.length - 1 : lineStarts.length,
    references: collectReferences(walk, lineAt),
    reExports: entries.flatMap(({ moduleRequest, start }) =>
      moduleRequest === null ? [] : [{ specifier: moduleRequest.value, line: lineAt(start) }],
    ),
    exportedNames: entries.flatMap((entry) =>
      [entry.exportName.name, entry.localName.name].filter((name) => name !== null),
    ),
    exportedDeclarations: entries.flatMap(({ moduleRequest, localName, start }) =>
      moduleRequest !== null || localName.name === null ? [] : [{ name: localName.name, line: lineAt(start) }],
    ),
    comments: comments.map((comment) => ({ text: comment.value, line: lineAt(comment.start) })),
    walk,
    lineAt,
  }
}

/** True for a test file, by its name. */
export function isTestFile(path: string): boolean {
  return /\.test(-d)?\.[cm]?[jt]sx?$/.test(path)
}

function walkNode(
  node: SyntaxNode,
  ancestors: readonly SyntaxNode[],
  visit: (node: SyntaxNode, ancestors: readonly SyntaxNode[]) => void,
): void {
  visit(node, ancestors)
  const path = [...ancestors, node]
  for (const field of Object.values(node)) {
    for (const child of Array.isArray(field) ? field : [field]) {
      if (isNode(child)) walkNode(child, path, visit)
    }
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function collectReferences(walk: SourceFile['walk'], lineAt: (offset: number) => number): ModuleReference[] {
  const references: ModuleReference[] = []
  walk((node) => {
    const kind = REFERENCE_KINDS[node.type]
    if (kind === undefined || !isNode(node.source)) return
    const { type, value } = node.source
    const specifier = type === 'Literal' && typeof value === 'string' ? value : null
    const isType = kind === 'type' || importsTypes(node)
    references.push({ kind, specifier, isType, names: importedNames(node), line: lineAt(node.start) })
  })
  return references
}

/** `import type`, `export type`, or an import all of whose names are types. */
function importsTypes(node: SyntaxNode): boolean {
  const kindOf = ({ importKind, exportKind }: Record<string, unknown>) => importKind ?? exportKind
  if (kindOf(node) === 'type') return true
  const names = (node.specifiers ?? []) as readonly SyntaxNode[]
  return names.length > 0 && names.every((name) => kindOf(name) === 'type')
}

function importedNames(node: SyntaxNode): readonly string[] | null {
  if (node.type !== 'ImportDeclaration' && node.type !== 'ExportNamedDeclaration') return null
  const names = (node.specifiers as readonly SyntaxNode[]).map(({ imported, local, type }) => {
    if (type === 'ImportNamespaceSpecifier') return null
    if (type === 'ImportDefaultSpecifier') return 'default'
    const named = (imported ?? local) as { readonly name?: string; readonly value?: string }
    return named.name ?? String(named.value)
  })
  return names.includes(null) ? null : (names as readonly string[])
}

const REFERENCE_KINDS: Readonly<Record<string, ModuleReference['kind']>> = {
  ImportDeclaration: 'import',
  ExportNamedDeclaration: 'export-from',
  ExportAllDeclaration: 'export-from',
  ImportExpression: 'dynamic',
  TSImportType: 'type',
}
