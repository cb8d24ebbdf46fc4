/** The results of a commit: one form for each kind of change. */
import { z } from 'zod'
import type { ChangeResult } from '../domain/commit/commit.ts'
import { allSettingsSchema } from '../domain/commit/schema.ts'
import { factAdditions } from '../domain/records/fact-merge.ts'
import { actor, json, jsonFields, recordTime, seq } from './fields.ts'

const id = z.string()
const key = z.string()
const deleted = z.boolean()
const kind = <const Kind extends string>(...kinds: readonly Kind[]) => z.enum(kinds)
const count = z.int().min(0)

/** A union by kind, with one form for each kind of change. */
export const changeResult = z.union([
  z.strictObject({ kind: kind('thread-put'), threadId: id, version: seq, created: z.boolean() }),
  z.strictObject({ kind: kind('thread-delete'), threadId: id, deleted }),
  z.strictObject({ kind: kind('thread-clone'), threadId: id, version: seq, messageIds: z.array(z.array(id)) }),
  z.strictObject({ kind: kind('turn-open'), turnId: id, leaseToken: seq, createdThread: z.boolean() }),
  z.strictObject({ kind: kind('turn-close', 'turn-discard'), turnId: id }),
  z.strictObject({ kind: kind('turn-restore'), turnId: id, restored: z.array(id), replaced: z.array(id) }),
  z.strictObject({ kind: kind('turn-resume'), turnId: id, leaseToken: seq }),
  z.strictObject({
    kind: kind('message-append'),
    turnId: id,
    messages: z.array(z.strictObject({ id, stored: z.boolean() })),
    createdThread: z.boolean(),
  }),
  z.strictObject({ kind: kind('message-extend', 'message-edit'), messageId: id }),
  z.strictObject({ kind: kind('message-delete'), deleted: z.array(id) }),
  z.strictObject({
    kind: kind('block-write', 'block-merge'),
    name: z.string(),
    version: seq,
    value: json,
    replaced: z.strictObject({ version: seq, by: actor }).nullable(),
  }),
  z.strictObject({
    kind: kind('entry-write', 'entry-merge', 'entry-append', 'entry-increment'),
    key,
    version: seq,
    value: json,
    expiresAt: recordTime.nullable(),
    pruned: z.array(key),
  }),
  z.strictObject({ kind: kind('entry-delete', 'entry-expire'), key, deleted }),
  z.strictObject({
    kind: kind('fact-assert'),
    factId: id,
    version: seq,
    known: z.boolean(),
    added: z.exactOptional(z.array(z.enum(factAdditions))),
    endedBy: z.exactOptional(id),
    superseded: z.array(id),
    conflicts: z.array(id),
  }),
  z.strictObject({ kind: kind('fact-retire'), deleted: z.array(id), refused: z.exactOptional(z.array(id)) }),
  z.strictObject({ kind: kind('fact-expire'), factId: id, deleted }),
  z.strictObject({ kind: kind('run-put'), runId: id, version: seq, token: z.exactOptional(seq) }),
  z.strictObject({ kind: kind('run-interrupt'), runId: id, version: seq }),
  z.strictObject({ kind: kind('run-expire'), runId: id, deleted }),
  z.strictObject({
    kind: kind('record-put', 'record-patch'),
    noun: z.string(),
    key,
    version: seq,
    value: jsonFields,
    expiresAt: recordTime.nullable(),
  }),
  z.strictObject({ kind: kind('record-remove', 'record-expire'), noun: z.string(), key, deleted }),
  z.strictObject({ kind: kind('lease-take'), name: z.string(), token: seq, expiresAt: recordTime }),
  z.strictObject({ kind: kind('lease-release'), name: z.string(), released: z.boolean() }),
  z.strictObject({ kind: kind('configure'), settings: allSettingsSchema, version: seq }),
  z.strictObject({
    kind: kind('erase'),
    spaces: count,
    commits: count,
    threads: count,
    messages: count,
    entries: count,
    blocks: count,
    facts: count,
    runs: count,
    records: count,
  }),
])

type Declared = z.output<typeof changeResult>['kind']
/** Results without a form here. */
type Undeclared = Exclude<ChangeResult['kind'], Declared>
// Does not compile if a kind of change has no form above.
const undeclared: readonly Undeclared[] = []
undeclared satisfies readonly never[]
