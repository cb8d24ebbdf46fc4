// Ways out of the type checker and out of the library into the process around it, and into tables that the runtime loads.
import { isTestFile, type SourceFile, type SyntaxNode } from './source-file.ts'

/**
 * `as any`, comments that switch the type checker off, `toLocaleString`, and `process.exit` or `process.env` in src/ outside
 * cli/.
 */
export function checkEscapes(file: SourceFile): string[] {
  if (!file.path.startsWith('src/')) return []
  const problems: string[] = []
  for (const { text, line } of file.comments) {
    if (/^[\s*/]*@ts-(ignore|nocheck)/.test(text))
      problems.push(`${file.path}:${line}: fix the type instead of hiding it`)
  }
  const mayUseProcess = file.path.startsWith('src/cli/') || isTestFile(file.path)
  file.walk((node) => {
    const line = file.lineAt(node.start)
    if (isAsAny(node))
      problems.push(`${file.path}:${line}: "as any" tells the type checker nothing; use unknown and parse`)
    if (node.type === 'MemberExpression' && memberName(node) === 'toLocaleString')
      problems.push(`${file.path}:${line}: toLocaleString loads the tables of all languages; use withCommas`)
    if (mayUseProcess) return
    for (const name of processAccess(node))
      problems.push(`${file.path}:${line}: process.${name} belongs to cli/; pass it in`)
  })
  return problems
}

function isAsAny(node: SyntaxNode): boolean {
  const isAssertion = node.type === 'TSAsExpression' || node.type === 'TSTypeAssertion'
  return isAssertion && (node.typeAnnotation as SyntaxNode).type === 'TSAnyKeyword'
}

/** The members `env` and `exit` of `process` that a node takes, in any spelling. */
function processAccess(node: SyntaxNode): string[] {
  let names: unknown[] = []
  if (node.type === 'MemberExpression' && isProcess(node.object as SyntaxNode)) names = [memberName(node)]
  if (node.type === 'VariableDeclarator' && node.init !== null && isProcess(node.init as SyntaxNode)) {
    const pattern = node.id as SyntaxNode
    if (pattern.type === 'ObjectPattern')
      names = (pattern.properties as SyntaxNode[]).map((property) => nameOf(property.key))
  }
  if (node.type === 'ImportDeclaration' && /^(node:)?process$/.test(String(nameOf(node.source)))) {
    // `import process from …` names the whole object: what is taken from it is found above.
    names = (node.specifiers as SyntaxNode[]).map((specifier) => nameOf(specifier.imported))
  }
  return names.filter((name) => name === 'env' || name === 'exit').map(String)
}

function isProcess(node: SyntaxNode): boolean {
  return node.type === 'Identifier'
    ? node.name === 'process'
    : node.type === 'MemberExpression' && memberName(node) === 'process'
}

function memberName(node: SyntaxNode): unknown {
  const property = node.property as SyntaxNode
  return node.computed && property.type === 'Identifier' ? undefined : nameOf(property)
}

function nameOf(node: unknown): unknown {
  const { name, value } = (node ?? {}) as { name?: unknown; value?: unknown }
  return name ?? value
}
