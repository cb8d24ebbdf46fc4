// Every method that users can call, read off the classes, so that none is left out of a table of attacks.
import { Agent, Memory, Workflow } from 'aquifer'
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { Facts } from '../../src/facade/facts.ts'
import { Proposals } from '../../src/facade/proposals.ts'
import { Space } from '../../src/facade/space.ts'
import { Team } from '../../src/facade/team.ts'
import { WorkflowRun } from '../../src/workflow/workflow-run.ts'

/** Not for callers: the container calls it. */
const internal = new Set(['Agent.attach', 'Workflow.attach'])

/** Of a class and of those it extends. */
function methodsOf(name: string, prototype: object): string[] {
  if (prototype === Object.prototype) return []
  const own = Object.getOwnPropertyNames(prototype).filter((method) => method !== 'constructor')
  return [...own.map((method) => `${name}.${method}`), ...methodsOf(name, Object.getPrototypeOf(prototype))]
}

/** Such as `Memory.createThread`. Getters count too. */
export const publicMethods: readonly string[] = [
  ...methodsOf('Memory', Memory.prototype),
  ...methodsOf('Team', Team.prototype),
  ...methodsOf('Facts', Facts.prototype),
  ...methodsOf('Proposals', Proposals.prototype),
  ...methodsOf('Space', Space.prototype),
  ...methodsOf('Agent', Agent.prototype),
  ...methodsOf('Workflow', Workflow.prototype),
  ...methodsOf('WorkflowRun', WorkflowRun.prototype),
  ...methodsOf('mem0', Mem0Memory.prototype),
].filter((method) => !internal.has(method))

/** Methods of which a table says nothing, and rows about methods that there are not. */
export function uncovered(rows: Iterable<string>, exempt: readonly string[]): string[] {
  const named = new Set([...rows, ...exempt])
  const missing = publicMethods.filter((method) => !named.has(method))
  const strange = [...named].filter((method) => !publicMethods.includes(method))
  return [...missing, ...strange]
}
