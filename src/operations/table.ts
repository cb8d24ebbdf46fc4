/** Every operation, by its name. Holds zod schemas, so the facade loads it at its first call and not at import. */
import { invariant } from '../domain/error.ts'
import { factOperations } from './facts.ts'
import { forgetOperations } from './forget.ts'
import { messageOperations } from './messages.ts'
import { observationOperations } from './observations.ts'
import type { Operation } from './operation.ts'
import { proposalOperations } from './proposals.ts'
import { recallOperations } from './recall.ts'
import { runOperations } from './runs.ts'
import { spaceOperations } from './spaces.ts'
import { teamOperations } from './team.ts'
import { threadOperations } from './threads.ts'
import { workingMemoryOperations } from './working-memory.ts'

const all = [
  ...threadOperations,
  ...messageOperations,
  ...recallOperations,
  ...workingMemoryOperations,
  ...teamOperations,
  ...factOperations,
  ...proposalOperations,
  ...runOperations,
  ...observationOperations,
  ...spaceOperations,
  ...forgetOperations,
] as const

type Stated = (typeof all)[number]

/** The names of all operations. */
export type OperationName = Stated['name']

/** The operation of that name. */
type OperationOf<Name extends OperationName> = Extract<Stated, { readonly name: Name }>

/** What an operation answers: a promise, or an async iterable if it streams. */
export type AnswerOf<Name extends OperationName> = ReturnType<OperationOf<Name>['run']>

/** All operations, in the order in which they are stated. */
export const operations: readonly Operation[] = all

const byName: ReadonlyMap<string, Operation> = new Map(all.map((one) => [one.name, one]))

/** The operation of that name. */
export function operationOf(name: OperationName): Operation {
  const found = byName.get(name)
  invariant(found !== undefined, 'every name of an operation has its record')
  return found
}
