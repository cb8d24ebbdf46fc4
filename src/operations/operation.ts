/**
 * An operation: one thing that the facade can do, stated once. The facade, tracing, adapters and every face are projections of
 * the records that `table.ts` joins. Times are ISO 8601 texts here and below; only the facade knows `Date`.
 */

import type { z } from 'zod'
import type { ReindexProgress } from '../derive/reindex.ts'
import type { SpaceId } from '../domain/id.ts'
import { spaceId } from '../domain/space.ts'
import type { Core } from '../memory/door/core.ts'
import type { MemoryEvent } from '../memory/tracing.ts'

/** The effect of an operation. `administer` is for settings and for reads beyond one space. */
type OperationEffect = 'read' | 'write' | 'erase' | 'administer'

/**
 * What an operation touches: spaces by their ids, all spaces, or the spaces that issued some ids. An issued id names its space
 * by a key, which only the database can resolve.
 */
export type Touched = readonly SpaceId[] | 'all' | { readonly issuedIds: readonly string[] }

/** The space of the resource that an input names. */
export const ofResource = ({ resourceId }: { readonly resourceId: string }): Touched => [
  spaceId('resource', resourceId),
]

/** The space of the team that an input names. */
export const ofTeam = ({ teamId }: { readonly teamId: string }): Touched => [spaceId('team', teamId)]

/** Values of a call that are not input, because they cannot cross a wire. */
export interface Invocation {
  /** Ends a feed. */
  readonly signal?: AbortSignal
  /** Called with the progress of a long operation. */
  readonly onProgress?: (progress: ReindexProgress) => void
}

/** One operation. `run` gets the parsed input, and trusts it. */
export interface Operation<
  Name extends string = string,
  Input extends z.ZodObject = z.ZodObject,
  Answer = Promise<unknown> | AsyncIterable<unknown>,
> {
  /** Its noun and its verb, such as `team.write`. */
  readonly name: Name
  /** A few words for a list of operations. */
  readonly title: string
  /** One or two sentences for people and models who choose among operations. */
  readonly description: string
  readonly effect: OperationEffect
  /** It answers an async iterable; `output` is then the schema of one item. */
  readonly streams?: true
  /** The schema of its input. Convertible to JSON Schema, like `output`. */
  readonly input: Input
  /** The schema of its answer. Answers are not checked at run time: a test parses a real answer of each operation. */
  readonly output: z.ZodType
  /** What {@link memoryChannel} publishes about each call; absent for operations that are not traced. */
  readonly event?: MemoryEvent['operation']
  space(input: z.output<Input>): Touched
  run(core: Core, input: z.output<Input>, invocation: Invocation): Answer
}

/** Declares an operation, and infers the types of its input and answer. */
export function operation<const Name extends string, Input extends z.ZodObject, Answer>(
  stated: Operation<Name, Input, Answer>,
): Operation<Name, Input, Answer> {
  return stated
}
