// Files and functions that fit a head. There is no list of exceptions.
import { isTestFile, type SourceFile, type SyntaxNode } from './source-file.ts'

const FILE_LINES = 500
const FUNCTION_LINES = 70

const FUNCTION_TYPES = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']
/** Calls whose callbacks are a list of tests, not a function that anyone has to hold in the head. */
const TEST_CALLS = ['describe', 'it', 'test']

/** Files over 500 lines and functions over 70. */
export function checkSizes(file: SourceFile): string[] {
  const problems: string[] = []
  if (file.lineCount > FILE_LINES) problems.push(`${file.path}: ${file.lineCount} lines; the limit is ${FILE_LINES}`)
  file.walk((node, ancestors) => {
    if (!FUNCTION_TYPES.includes(node.type)) return
    if (isTestFile(file.path) && isTestCallback(ancestors.at(-1))) return
    const line = file.lineAt(node.start)
    const lines = file.lineAt(node.end) - line + 1
    if (lines <= FUNCTION_LINES) return
    problems.push(`${file.path}:${line}: a function of ${lines} lines; the limit is ${FUNCTION_LINES}`)
  })
  return problems
}

function isTestCallback(parent: SyntaxNode | undefined): boolean {
  return parent?.type === 'CallExpression' && TEST_CALLS.includes(rootName(parent.callee as SyntaxNode))
}

/** `it.each(cases)('…')` → `it`. */
function rootName(callee: SyntaxNode): string {
  if (callee.type === 'Identifier') return String(callee.name)
  const next =
    callee.type === 'MemberExpression' ? callee.object : callee.type === 'CallExpression' ? callee.callee : null
  return next === null ? '' : rootName(next as SyntaxNode)
}
