// Work that nobody awaits is started in one way, which cannot leak an error; every place that does so is listed.
import type { SourceFile, SyntaxNode } from './source-file.ts'

/** The file of the starters, which alone may use what they are made of. */
const home = 'src/domain/detached.ts'
const starters = new Set(['detach', 'every', 'after', 'nextTurn', 'afterThis', 'whenAborted', 'listenTo'])
/** Runtime calls that a starter stands for. Those of `node:timers/promises` are awaited, and imported under other names. */
const rawFunctions = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'])
const rawMethods = new Set(['nextTick', 'addEventListener', 'on', 'once', 'addListener', 'prependListener'])
/** Others call what is passed to these: a channel of Node's, or whoever wakes the followers of a log. */
const callers = new Set(['subscribe', 'bindStore'])

const textOf = (node: unknown) => String((node as { name?: unknown } | null)?.name ?? '')

function calledName(node: SyntaxNode): { readonly name: string; readonly isMethod: boolean } | null {
  if (node.type !== 'CallExpression') return null
  const callee = node.callee as SyntaxNode
  if (callee.type === 'Identifier') return { name: textOf(callee), isMethod: false }
  return callee.type === 'MemberExpression' ? { name: textOf(callee.property), isMethod: true } : null
}

/** Timers, listeners and promises let go that go round the starters. */
export function checkDetached(file: SourceFile): string[] {
  if (!file.path.startsWith('src/') || file.path === home) return []
  const problems: string[] = []
  const refuse = (node: SyntaxNode, what: string) => {
    problems.push(`${file.path}:${file.lineAt(node.start)}: ${what}; start it by domain/detached.ts`)
  }
  file.walk((node) => {
    const called = calledName(node)
    const raw = called?.isMethod === true ? rawMethods : rawFunctions
    if (called !== null && raw.has(called.name)) refuse(node, `${called.name} may leak an error`)
    if (node.type === 'UnaryExpression' && node.operator === 'void') refuse(node, 'a promise is let go')
    if (
      node.type === 'AssignmentExpression' &&
      /^on(message|messageerror|error|abort|close)$/.test(textOf((node.left as SyntaxNode).property))
    ) {
      refuse(node, 'a listener may leak an error')
    }
  })
  for (const { specifier, line } of file.references) {
    if (specifier === 'node:timers') problems.push(`${file.path}:${line}: start timers by domain/detached.ts`)
  }
  return problems
}

function nameOf(node: SyntaxNode): string | null {
  if (node.type === 'ClassDeclaration' || node.type === 'FunctionDeclaration') return textOf(node.id)
  if (node.type === 'MethodDefinition' || node.type === 'Property' || node.type === 'PropertyDefinition') {
    return textOf(node.key)
  }
  return node.type === 'VariableDeclarator' ? textOf(node.id) : null
}

/** Where detached work is started: the file, the names around it, and the starter; `2` for the second of a place. */
export function detachedPlaces(file: SourceFile): string[] {
  if (!file.path.startsWith('src/') || file.path === home || file.path.endsWith('.test.ts')) return []
  const places: string[] = []
  file.walk((node, ancestors) => {
    const called = calledName(node)
    if (called === null || !(called.isMethod ? callers : starters).has(called.name)) return
    const around = ancestors.flatMap((one) => nameOf(one) ?? [])
    const place = `${file.path.slice('src/'.length)} ${[...around, called.name].join(' ')}`
    const before = places.filter((other) => other === place || other.startsWith(`${place} #`)).length
    places.push(before === 0 ? place : `${place} #${before + 1}`)
  })
  return places
}
