/** The tools with which the agents of a team share keys and values. */
import type { ToolSet } from 'ai'
import { z } from 'zod'
import type { Actor } from '../../domain/actor.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import { parseTtl } from '../../domain/limits.ts'
import { spaceId } from '../../domain/space.ts'
import type { Memory } from '../../facade/memory.ts'
import { internal, type MemoryScope, orRefusal, proposedAnswer } from './memory-scope.ts'
import { createTool } from './tool.ts'

const keysAPage = 100

type Team = ReturnType<Memory['team']>
type WrittenEntry = Awaited<ReturnType<Team['merge']>>
type WriteTtl = NonNullable<NonNullable<Parameters<Team['merge']>[2]>['ttl']>

const key = z.string().describe('The name it is stored under.')
const ttl = z
  .string()
  .nullable()
  .optional()
  .describe(
    'How long it lives: a number with its unit (ms, s, m, h, d, w), such as "30m", "1h" or "7d"; leave it out for the default of the team.',
  )

// Made once, so that their JSON Schema is too.
const reading = z.object({ key })
const listing = z.object({
  prefix: z.string().nullable().optional().describe('Only keys that begin with this.'),
  cursor: z.string().nullable().optional().describe('The cursor of the page before, for the next one.'),
})
const writing = z.object({ key, value: z.unknown().describe('Any JSON.'), ttl })
const merging = z.object({ key, patch: z.record(z.string(), z.unknown()).describe('The fields to change.'), ttl })

/** What the model says, which the write checks. */
function ttlOf(given: string | null | undefined): { readonly ttl?: WriteTtl } {
  return given === null || given === undefined ? {} : { ttl: given as WriteTtl }
}

function nameOf({ kind, id, name }: Actor): string {
  return name === undefined ? `${kind} ${id}` : `${kind} ${id} (${name})`
}

function written({ key: name, version, expiresAt, pruned }: WrittenEntry) {
  const expires = expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }
  return { status: 'written', key: name, version, ...expires, ...(pruned.length === 0 ? {} : { pruned }) } as const
}

function readingTools(team: Team): ToolSet {
  return {
    memory_read: createTool({
      id: 'memory_read',
      description: 'Reads a value from the memory that your team shares; null if there is none under that key.',
      inputSchema: reading,
      readOnly: true,
      metadata: internal,
      execute: ({ key: name }) => orRefusal(() => team.read(name)),
    }),
    memory_list: createTool({
      id: 'memory_list',
      description: 'Lists the keys in the memory that your team shares, with who wrote them and when.',
      inputSchema: listing,
      readOnly: true,
      metadata: internal,
      execute: ({ prefix, cursor }) =>
        orRefusal(async () => {
          const page = cursor === null || cursor === undefined ? {} : { cursor }
          const { entries, nextCursor } = await team.list({ prefix: prefix ?? '', limit: keysAPage, ...page })
          const keys = entries.map(({ key: name, writtenBy, updatedAt }) => {
            return { key: name, writtenBy: nameOf(writtenBy), updatedAt: updatedAt.toISOString() }
          })
          return nextCursor === undefined ? { keys } : { keys, cursor: nextCursor }
        }),
    }),
  }
}

/** The change of an entry, and how long it lives. */
type EntryWrite = ({ readonly value: Json } | { readonly patch: JsonObject }) & {
  readonly ttl: string | null | undefined
}

/** Proposes a write of an entry. */
function proposed({ space, shared }: MemoryScope, teamId: string, name: string, { ttl: given, ...write }: EntryWrite) {
  const lives = given === null || given === undefined ? {} : { ttlMs: parseTtl(given) }
  const kind = 'value' in write ? 'entry-write' : 'entry-merge'
  const change = { kind, key: name, ...write, ...lives } as Parameters<MemoryScope['space']['propose']>[1]
  return orRefusal(async () => {
    const answer = await space.propose(spaceId('team', teamId), change, shared?.entries?.deciders ?? [])
    return answer.status === 'proposed' ? proposedAnswer(answer) : answer
  })
}

/** The same names as for writing: who decides makes no difference to what a model asks for. */
function proposingTools(scope: MemoryScope, teamId: string): ToolSet {
  return {
    memory_write: createTool({
      id: 'memory_write',
      description: 'Proposes a value for the memory that your team shares, over what is under that key.',
      inputSchema: writing,
      metadata: internal,
      execute: ({ key: name, value, ttl: given }) =>
        proposed(scope, teamId, name, { value: value as Json, ttl: given }),
    }),
    memory_merge: createTool({
      id: 'memory_merge',
      description:
        'Proposes to merge an object into a value of the memory that your team shares; null removes a field.',
      inputSchema: merging,
      metadata: internal,
      execute: ({ key: name, patch, ttl: given }) =>
        proposed(scope, teamId, name, { patch: patch as JsonObject, ttl: given }),
    }),
  }
}

function writingTools(team: Team): ToolSet {
  return {
    memory_write: createTool({
      id: 'memory_write',
      description: 'Stores a value in the memory that your team shares, over what was under that key.',
      inputSchema: writing,
      metadata: internal,
      execute: ({ key: name, value, ttl: given }) =>
        orRefusal(async () => written((await team.write(name, value, ttlOf(given))) as WrittenEntry)),
    }),
    memory_merge: createTool({
      id: 'memory_merge',
      description:
        'Merges an object into a value of the memory that your team shares. Fields that you leave out stay, lists are replaced, null removes a field. Prefer it to memory_write where others write too.',
      inputSchema: merging,
      metadata: internal,
      execute: ({ key: name, patch, ttl: given }) =>
        orRefusal(async () => {
          const entry = await team.merge(name, patch, ttlOf(given))
          return { ...written(entry), value: entry.value }
        }),
    }),
  }
}

/**
 * `memory_write`, `memory_read`, `memory_list`, `memory_merge`, if the agent has a team; only the two that read, with
 * `readOnly` or where they are shared for reading. Where they are shared for proposing, writes are proposals.
 */
export function teamTools(scope: MemoryScope): ToolSet {
  const { memory, behaviour, shared } = scope
  const { team: teamId, readOnly } = behaviour
  if (teamId === null) return {}
  const team = memory.team(teamId)
  const access = readOnly ? 'read' : (shared?.entries?.access ?? 'write')
  if (access === 'read') return readingTools(team)
  return { ...(access === 'propose' ? proposingTools(scope, teamId) : writingTools(team)), ...readingTools(team) }
}
