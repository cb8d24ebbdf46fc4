// The public methods against the table: each calls an operation, and each operation is called by one.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { operations } from '../../src/operations/table.ts'
import { publicMethods } from '../attacks/public-methods.ts'
import { parseSource, type SyntaxNode } from '../tidy/source-file.ts'

const reader = 'reads records as drivers keep them, one argument at a time; each argument has a schema of its own'

/** Methods that call no operation, and why. */
const exceptions: Readonly<Record<string, string>> = {
  'Memory.as': 'answers a memory: who acts comes from a credential and never from an input',
  'Memory.space': 'answers a Space',
  'Memory.team': 'answers a Team',
  'Memory.proposals': 'the class of proposals',
  'Memory.facts': 'answers the Facts',
  'Memory.add': 'the same as Facts.add',
  'Memory.search': 'the same as Facts.search',
  'Memory.settled': 'waits for this process: whoever calls over a wire asks for a receipt, or for pending of a recall',
  'Memory.warmUp': 'loads a model into this process',
  'Memory.stats': 'figures of this process',
  'Memory.close': 'ends this memory',
  'Team.space': 'answers a Space',
  'Team.update': 'takes a function, which cannot cross a wire; it calls team.get and team.write by their methods',
  'Space.threads': reader,
  'Space.messages': reader,
  'Space.blocks': reader,
  'Space.entries': reader,
  'Space.facts': reader,
  'Space.runs': reader,
  'Space.log': reader,
}

function textOf(node: unknown): string {
  const { name, value } = (node ?? {}) as { name?: unknown; value?: unknown }
  return String(name ?? value ?? '')
}

/** The names of operations that each method of the classes of a file calls. */
function calledIn(path: string): Map<string, Set<string>> {
  const called = new Map<string, Set<string>>()
  parseSource(path, readFileSync(path, 'utf8')).walk((node: SyntaxNode, ancestors: readonly SyntaxNode[]) => {
    if (node.type !== 'CallExpression' || !['call', 'follow'].includes(textOf(node.callee))) return
    const method = ancestors.find(({ type }) => type === 'MethodDefinition')
    const owner = ancestors.find(({ type }) => type === 'ClassDeclaration')
    if (method === undefined || owner === undefined) return
    const className = textOf(owner.id) === 'Conversations' ? 'Memory' : textOf(owner.id)
    const key = `${className}.${textOf(method.key)}`
    const [, name] = node.arguments as readonly unknown[]
    called.set(key, (called.get(key) ?? new Set()).add(textOf(name)))
  })
  return called
}

const files = ['memory', 'conversations', 'team', 'facts', 'proposals', 'space'].map((name) => `src/facade/${name}.ts`)
const called = new Map(files.flatMap((path) => [...calledIn(path)]))
const methods = publicMethods.filter((method) => /^(Memory|Team|Facts|Proposals|Space)\./.test(method))

describe('the table of operations', () => {
  it('has what every public method does, but for exceptions', () => {
    expect(methods.filter((method) => !called.has(method) && exceptions[method] === undefined)).toEqual([])
  })

  it('has no exception that calls an operation by now, or that is no method', () => {
    const healed = Object.keys(exceptions).filter((method) => called.has(method) || !methods.includes(method))
    expect(healed).toEqual([])
  })

  it('has nothing that no method does', () => {
    const names = new Set([...called.values()].flatMap((all) => [...all]))
    expect(operations.map(({ name }) => name).filter((name) => !names.has(name))).toEqual([])
    expect([...names].toSorted()).toEqual(operations.map(({ name }) => name).toSorted())
  })
})
