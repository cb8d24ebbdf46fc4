/** Operations on spaces themselves: listing, state, settings, raw commits, and the log. */
import { z } from 'zod'
import { allSettingsSchema, changeSchema, expectationSchema, settingsSchema } from '../domain/commit/schema.ts'
import { turnStatuses } from '../domain/records/turn.ts'
import { parseSpaceId, spaceKinds } from '../domain/space.ts'
import { childSpaces, commitChanges, configureSpace, followSpace, getSpace, listSpaces } from '../memory/spaces.ts'
import { changeResult } from './change-results.ts'
import { actor, commitId, cursor, json, jsonFields, limit, optional, prefix, recordTime, seq } from './fields.ts'
import { operation, type Touched } from './operation.ts'

const spaceId = z.string().describe("Such as 'resource/alice' or 'team/acme'; ids in it are percent-encoded.")
const named = { space: spaceId }

const counter = z.int().min(0)
const spaceState = z.strictObject({
  id: z.string(),
  key: z.string(),
  createdAt: recordTime,
  seq,
  at: recordTime,
  floor: seq,
  horizon: seq,
  settingsVersion: seq,
  settings: allSettingsSchema,
  threads: counter,
  archivedThreads: counter,
  entries: counter,
})

/** An effect of a change, as the log keeps it: a value of a closed union, told apart by its kind. */
const effect = jsonFields.meta({
  type: 'object',
  properties: { kind: { type: 'string' } },
  required: ['kind'],
})

const commitResult = z.discriminatedUnion('status', [
  z.strictObject({
    status: z.literal('committed'),
    seq,
    at: recordTime,
    replayed: z.boolean(),
    results: z.array(changeResult),
  }),
  z.strictObject({
    status: z.literal('conflict'),
    reason: z.enum(['expectation', 'commit-id-reused']),
    failed: z.array(z.strictObject({ expectation: expectationSchema, actual: json })),
    seq,
    first: optional(seq),
  }),
])

const loggedCommit = z.strictObject({
  seq,
  at: recordTime,
  actor,
  commitId: z.string().nullable(),
  rows: z.array(
    z.strictObject({
      seq,
      at: recordTime,
      actor,
      commitId: z.string().nullable(),
      hash: z.string().nullable(),
      threadId: z.string().nullable(),
      turn: z.int(),
      status: z.enum(turnStatuses).nullable(),
      effects: z.array(effect),
    }),
  ),
})

const space = ({ space }: { readonly space: string }): Touched => [parseSpaceId(space).id]

export const spaceOperations = [
  operation({
    name: 'spaces.list',
    title: 'List spaces',
    description: 'A page of the spaces of a kind, by id, 100 unless asked otherwise. Needs the right to administer.',
    effect: 'administer',
    input: z.strictObject({ kind: z.enum(spaceKinds), prefix, cursor, limit }),
    output: z.strictObject({ spaces: z.array(spaceState), nextCursor: cursor }),
    space: () => 'all',
    run: listSpaces,
  }),
  operation({
    name: 'spaces.children',
    title: 'List child spaces',
    description:
      'A page of the spaces right below a space, by id, 100 unless asked otherwise. Needs a grant that reaches the children.',
    effect: 'read',
    input: z.strictObject({ ...named, cursor, limit }),
    output: z.strictObject({ spaces: z.array(spaceState), nextCursor: cursor }),
    space,
    run: childSpaces,
  }),
  operation({
    name: 'spaces.get',
    title: 'State of a space',
    description: 'The seq, the settings and the counters of a space, or null if nothing was ever written to it.',
    effect: 'read',
    input: z.strictObject(named),
    output: spaceState.nullable(),
    space,
    run: getSpace,
  }),
  operation({
    name: 'spaces.commit',
    title: 'Commit changes',
    description: 'Applies a list of changes to one space if all expectations hold: all of them or none.',
    effect: 'write',
    input: z.strictObject({
      ...named,
      changes: z.array(changeSchema).min(1),
      expect: optional(z.array(expectationSchema)),
      commitId,
    }),
    output: commitResult,
    space,
    run: commitChanges,
  }),
  operation({
    name: 'spaces.configure',
    title: 'Change the settings of a space',
    description: 'Changes the settings that are stored with a space. Those left out stay as they are.',
    effect: 'administer',
    input: z.strictObject({
      ...named,
      settings: settingsSchema,
      ifVersion: optional(z.int().min(0)),
      commitId,
    }),
    output: commitResult,
    space,
    run: configureSpace,
  }),
  operation({
    name: 'spaces.changes',
    title: 'Follow a space',
    description: 'Answers every commit of a space after a seq, once and in order, and then those to come.',
    effect: 'read',
    streams: true,
    input: z.strictObject({ ...named, after: optional(seq) }),
    output: loggedCommit,
    space,
    run: (core, input, { signal }) => followSpace(core, input, signal),
  }),
] as const
