// Every regular expression of a source file, from its syntax tree.
import type { SourceFile, SyntaxNode } from '../tidy/source-file.ts'

/** A regular expression that stands in the source as it is. */
export interface LiteralPattern {
  readonly place: string
  readonly source: string
  readonly flags: string
}

export interface FoundPatterns {
  readonly literals: readonly LiteralPattern[]
  /** Places where one is put together when the program runs. */
  readonly dynamic: readonly string[]
}

/** Methods of a text that make a regular expression of a text they are given. */
const compilingMethods = new Set(['match', 'matchAll', 'search'])

function isText(node: SyntaxNode | undefined): boolean {
  return node?.type === 'TemplateLiteral' || (node?.type === 'Literal' && typeof node.value === 'string')
}

function isDynamic(node: SyntaxNode): boolean {
  if (node.type !== 'NewExpression' && node.type !== 'CallExpression') return false
  const callee = node.callee as SyntaxNode
  if (callee.type === 'Identifier') return callee.name === 'RegExp'
  if (callee.type !== 'MemberExpression') return false
  const name = (callee.property as SyntaxNode).name
  return name === 'RegExp' || (compilingMethods.has(String(name)) && isText((node.arguments as SyntaxNode[])[0]))
}

/** The regular expressions of one file. */
export function findPatterns(file: SourceFile): FoundPatterns {
  const literals: LiteralPattern[] = []
  const dynamic: string[] = []
  file.walk((node) => {
    const place = `${file.path}:${file.lineAt(node.start)}`
    const regex = node.type === 'Literal' ? (node.regex as { pattern: string; flags: string } | undefined) : undefined
    if (regex !== undefined) literals.push({ place, source: regex.pattern, flags: regex.flags })
    if (isDynamic(node)) dynamic.push(place)
  })
  return { literals, dynamic }
}
