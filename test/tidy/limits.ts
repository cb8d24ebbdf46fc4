// One limit for every test, which no busy machine reaches; one place that starts processes, and one that says how many random cases there are.
import { isTestFile, type SourceFile, type SyntaxNode } from './source-file.ts'

/** The files that may do what others do through them. */
const processes = 'test/processes.ts'
const randomRuns = 'test/random-runs.ts'

const tests = new Set(['it', 'test', 'describe'])
const hooks = new Set(['beforeAll', 'beforeEach', 'afterAll', 'afterEach'])
/** Parts of a test's name that take cases or a condition, not the test. */
const modifiers = new Set(['each', 'for', 'skipIf', 'runIf', 'extend'])
/** Waits of vitest's with a limit of their own. */
const waits = new Set(['waitFor', 'waitUntil', 'setConfig'])
const startModules = /^(node:)?(child_process|worker_threads|cluster)$/
/** What a thread imports that was started elsewhere. */
const inside = new Set(['parentPort', 'workerData', 'isMainThread', 'threadId'])

/** Limits of time that a test states, processes that it starts itself, and a number of random cases that it states. */
export function checkLimits(file: SourceFile): string[] {
  if (!file.path.startsWith('test/') && !isTestFile(file.path)) return []
  const problems: string[] = []
  const refuse = (line: number, why: string) => problems.push(`${file.path}:${line}: ${why}`)
  file.walk((node) => {
    const line = file.lineAt(node.start)
    if (file.path !== processes && startsProcesses(node))
      refuse(line, `start processes by ${processes}, where none has a limit of its own`)
    if (statesLimit(node))
      refuse(line, 'a busy machine reaches any limit; the one of all tests is in test/run-lengths.ts')
    if (file.path !== randomRuns && statesRuns(node)) refuse(line, `run random cases by ${randomRuns}`)
  })
  return problems
}

function statesLimit(node: SyntaxNode): boolean {
  if (node.type !== 'CallExpression') return false
  const callee = node.callee as SyntaxNode
  const given = node.arguments as readonly SyntaxNode[]
  const [object, member] = namesOf(callee)
  if (object === 'vi' && waits.has(member)) return true
  if (object === 'AbortSignal' && member === 'timeout') return true
  if (object === 'expect' && member === 'poll') return given.some(hasTimeout)
  const root = rootOf(callee)
  if (hooks.has(root)) return given.length > 1
  if (!tests.has(root) || modifiers.has(member)) return false
  return given.some(hasTimeout) || (isFunction(given[1]) && given.length > 2) || given.some(isNumber)
}

function startsProcesses(node: SyntaxNode): boolean {
  const isImport = node.type === 'ImportDeclaration' || node.type === 'ImportExpression'
  if (!isImport || node.importKind === 'type' || !startModules.test(nameOf(node.source))) return false
  const specifiers = (node.specifiers ?? []) as readonly SyntaxNode[]
  const types = specifiers.filter(({ importKind }) => importKind === 'type')
  const names = specifiers.filter((one) => !types.includes(one)).map(({ imported }) => nameOf(imported))
  return specifiers.length === 0 || names.some((name) => !inside.has(name))
}

function statesRuns(node: SyntaxNode): boolean {
  if (node.type === 'Property') return nameOf(node.key) === 'numRuns'
  if (node.type !== 'CallExpression') return false
  const [object, member] = namesOf(node.callee as SyntaxNode)
  return object === 'fc' && ['assert', 'check', 'configureGlobal'].includes(member)
}

/** `vi.waitFor` → `['vi', 'waitFor']`; empty names for anything else. */
function namesOf(callee: SyntaxNode): readonly [object: string, member: string] {
  if (callee.type !== 'MemberExpression') return ['', '']
  return [nameOf(callee.object), nameOf(callee.property)]
}

/** `it.each(cases)('…')` → `it`. */
function rootOf(callee: SyntaxNode): string {
  if (callee.type === 'Identifier') return nameOf(callee)
  if (callee.type === 'MemberExpression') return rootOf(callee.object as SyntaxNode)
  return callee.type === 'CallExpression' ? rootOf(callee.callee as SyntaxNode) : ''
}

function hasTimeout(node: SyntaxNode): boolean {
  return (
    node.type === 'ObjectExpression' && (node.properties as SyntaxNode[]).some(({ key }) => nameOf(key) === 'timeout')
  )
}

const isFunction = (node: SyntaxNode | undefined) => node?.type.endsWith('FunctionExpression') ?? false
const isNumber = (node: SyntaxNode) => node.type === 'Literal' && typeof node.value === 'number'

function nameOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { name?: unknown; value?: unknown }
  return String(name ?? value ?? '')
}
