/** Operations on the memory that a team shares: keys and JSON values. */
import { z } from 'zod'
import type { Duration } from '../domain/limits.ts'
import { pastEvents } from '../domain/replay/history.ts'
import { appendToEntry, deleteEntry, incrementEntry, mergeEntry, writeEntry } from '../memory/team/entries.ts'
import { entryAt, entryHistory, getEntry, listEntries } from '../memory/team/read-entries.ts'
import { watchEntries } from '../memory/team/watch.ts'
import {
  actor,
  commitId,
  cursor,
  historyLimit,
  id,
  ifAbsent,
  ifVersion,
  json,
  limit,
  optional,
  optionalTime,
  prefix,
  recordTime,
  seq,
  version,
} from './fields.ts'
import { ofTeam, operation } from './operation.ts'

const duration: z.ZodType<Duration, Duration> = z.string() as never
const ttl = optional(z.union([duration, z.number(), z.null()])).describe(
  "Time to live: a text such as '1h' (units: ms, s, m, h, d, w), a bare number of milliseconds, or null for ever.",
)
const key = { teamId: id, key: id }

const entry = z.strictObject({
  key: z.string(),
  value: json,
  version,
  writtenBy: actor,
  createdAt: recordTime,
  updatedAt: recordTime,
  expiresAt: recordTime.nullable(),
})
const written = z.strictObject({
  status: z.literal('written'),
  key: z.string(),
  value: json,
  version,
  expiresAt: recordTime.nullable(),
  pruned: z.array(z.string()),
})
const conflict = z.strictObject({ status: z.literal('conflict'), current: entry.nullable() })
const pastEntry = z.strictObject({
  version,
  at: recordTime,
  by: actor,
  event: z.enum(pastEvents),
  value: json,
  expiresAt: recordTime.nullable(),
})
const event = z.strictObject({
  seq,
  at: recordTime,
  by: actor,
  changes: z.array(z.strictObject({ key: z.string(), event: z.enum(pastEvents), value: json })),
})

export const teamOperations = [
  operation({
    name: 'team.get',
    title: 'Read from team memory',
    description: 'The entry under a key of a team, with its version and who wrote it, or null if there is none.',
    effect: 'read',
    input: z.strictObject(key),
    output: entry.nullable(),
    space: ofTeam,
    run: getEntry,
  }),
  operation({
    name: 'team.list',
    title: 'List team memory',
    description: 'A page of the entries of a team, in the order of their keys, 100 unless asked otherwise.',
    effect: 'read',
    input: z.strictObject({ teamId: id, prefix, limit, cursor }),
    output: z.strictObject({ entries: z.array(entry), asOf: seq, nextCursor: cursor }),
    space: ofTeam,
    run: listEntries,
  }),
  operation({
    name: 'team.write',
    title: 'Write to team memory',
    description: 'Stores a JSON value under a key that the whole team can read. Replaces any earlier value.',
    effect: 'write',
    input: z.strictObject({ ...key, value: json, ttl, ifVersion, ifAbsent, commitId }),
    output: z.discriminatedUnion('status', [written, conflict]),
    space: ofTeam,
    run: writeEntry,
  }),
  operation({
    name: 'team.merge',
    title: 'Merge into team memory',
    description:
      'Deep-merges an object into the value under a key: objects recurse, lists replace, null deletes. Parallel merges are all kept.',
    effect: 'write',
    input: z.strictObject({ ...key, patch: json, ttl, commitId }),
    output: written,
    space: ofTeam,
    run: mergeEntry,
  }),
  operation({
    name: 'team.append',
    title: 'Append to a list in team memory',
    description: 'Adds an item to the end of the list under a key, which begins empty. Parallel appends are all kept.',
    effect: 'write',
    input: z.strictObject({ ...key, item: json, ttl, commitId }),
    output: written,
    space: ofTeam,
    run: appendToEntry,
  }),
  operation({
    name: 'team.increment',
    title: 'Add to a number in team memory',
    description: 'Adds to the number under a key, which begins at 0. Parallel increments are all counted.',
    effect: 'write',
    input: z.strictObject({ ...key, by: optional(z.number()), ttl, commitId }),
    output: written,
    space: ofTeam,
    run: incrementEntry,
  }),
  operation({
    name: 'team.delete',
    title: 'Delete from team memory',
    description: 'Removes the entry under a key. Answers deleted: false if there is none.',
    effect: 'write',
    input: z.strictObject({ ...key, ifVersion, commitId }),
    output: z.discriminatedUnion('status', [
      z.strictObject({ status: z.literal('deleted'), deleted: z.boolean() }),
      conflict,
    ]),
    space: ofTeam,
    run: deleteEntry,
  }),
  operation({
    name: 'team.history',
    title: 'History of an entry',
    description: 'The versions of the entry under a key, newest first: what was written when and by whom.',
    effect: 'read',
    input: z.strictObject({ ...key, limit: historyLimit }),
    output: z.array(pastEntry),
    space: ofTeam,
    run: entryHistory,
  }),
  operation({
    name: 'team.readAt',
    title: 'Read an earlier value',
    description: 'The version of an entry that was current at a seq or a time, or null if there was none.',
    effect: 'read',
    input: z.strictObject({ ...key, seq: optional(seq), at: optionalTime }),
    output: pastEntry.nullable(),
    space: ofTeam,
    run: entryAt,
  }),
  operation({
    name: 'team.watch',
    title: 'Follow team memory',
    description: 'Answers each commit that touches entries of a team, in order, and then those to come.',
    effect: 'read',
    streams: true,
    input: z.strictObject({ teamId: id, prefix, after: optional(seq) }),
    output: event,
    space: ofTeam,
    run: (core, input, { signal }) => watchEntries(core, input, signal),
  }),
] as const
