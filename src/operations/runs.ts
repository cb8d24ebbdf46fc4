/** Operations on runs of agents and workflows. */
import { z } from 'zod'
import { runKinds, runStatuses } from '../domain/records/run.ts'
import { spaceId } from '../domain/space.ts'
import { getRun, listRuns } from '../memory/conversation/runs.ts'
import { actor, cursor, id, json, jsonFields, limit, optional, optionalId, recordTime, seq, version } from './fields.ts'
import { operation } from './operation.ts'
import { place } from './records.ts'

const status = z.enum(runStatuses)

const run = z.strictObject({
  id: z.string(),
  kind: z.enum(runKinds),
  agentId: z.string(),
  ...place,
  actor,
  status,
  threadId: optional(z.string()),
  turnId: optional(z.string()),
  parentRunId: optional(z.string()),
  details: jsonFields,
  continuation: json,
  startedAt: recordTime,
  updatedAt: recordTime,
  endedAt: recordTime.nullable(),
  expiresAt: recordTime.nullable(),
  version,
})

export const runOperations = [
  operation({
    name: 'runs.get',
    title: 'Read a run',
    description: 'The run of that id, or null: what an agent did, what it used, and how that ended.',
    effect: 'read',
    input: z.strictObject({ runId: id }),
    output: run.nullable(),
    space: ({ runId }) => ({ issuedIds: [runId] }),
    run: getRun,
  }),
  operation({
    name: 'runs.list',
    title: 'List runs',
    description: 'A page of the runs of a resource or an agent, the newest first, 100 unless asked otherwise.',
    effect: 'read',
    input: z.strictObject({
      resourceId: optionalId,
      agentId: optionalId,
      threadId: optionalId,
      status: optional(z.union([status, z.array(status).min(1)])),
      cursor,
      limit,
    }),
    output: z.strictObject({ runs: z.array(run), asOf: seq, nextCursor: cursor }),
    space: ({ resourceId, agentId }) => {
      if (resourceId !== undefined) return [spaceId('resource', resourceId)]
      return agentId === undefined ? [] : [spaceId('agent', agentId)]
    },
    run: listRuns,
  }),
] as const
