// Test files that share a process must leave it as they found it.
import { needsOwnProcess } from '../own-process.ts'
import { isTestFile, type SourceFile, type SyntaxNode } from './source-file.ts'

/** Calls of `vi` that change modules or globals for those who come after. */
const lasting = new Set(['mock', 'doMock', 'unmock', 'resetModules', 'stubGlobal', 'stubEnv', 'useFakeTimers'])
/** Modules that look at the whole process: what other files left would be in their figures. */
const measures = /\/(processor-time|superlinear|uncaught)\.ts$/

/** What changes or measures the whole process, in a test file that does not ask for one of its own. */
export function checkSharedProcesses(file: SourceFile): string[] {
  if (!isTestFile(file.path) || needsOwnProcess(file.text)) return []
  const problems: string[] = []
  const refuse = (line: number, what: string) =>
    problems.push(`${file.path}:${line}: ${what}; write "// Own process: …" with the reason into the first lines`)
  for (const { specifier, line } of file.references) {
    if (measures.test(specifier ?? '')) refuse(line, 'it measures the whole process')
  }
  file.walk((node) => {
    const changed = changedBy(node)
    if (changed !== null) refuse(file.lineAt(node.start), `it changes ${changed} for other test files`)
  })
  return problems
}

function changedBy(node: SyntaxNode): string | null {
  if (node.type === 'AssignmentExpression') {
    const [object] = namesOf(node.left)
    return object === 'globalThis' || object === 'env' ? object : null
  }
  if (node.type !== 'CallExpression') return null
  const [object, member] = namesOf(node.callee)
  if (object === 'vi' && lasting.has(member)) return 'modules or globals'
  if (object === 'process' && ['on', 'once', 'chdir'].includes(member)) return 'the process'
  return member === 'setGlobalTracerProvider' || member === 'setGlobalContextManager' ? 'the tracer' : null
}

/** `globalThis.fetch` → `['globalThis', 'fetch']`; `process.env.KEY` → `['env', 'KEY']`. */
function namesOf(node: unknown): readonly [object: string, member: string] {
  const { type, object, property } = (node ?? {}) as { type?: string; object?: SyntaxNode; property?: unknown }
  if (type !== 'MemberExpression') return ['', '']
  return [nameOf(object?.type === 'MemberExpression' ? object.property : object), nameOf(property)]
}

function nameOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { name?: unknown; value?: unknown }
  return String(name ?? value ?? '')
}
