/** Turns calls of programs for Mem0 into the options of `memory.facts`. */
import { invalidInput, MemoryError } from '../../domain/error.ts'
import { checkTaskId } from '../../domain/issued-id.ts'
import { isJsonObject, type Json, type JsonObject, setField } from '../../domain/json.ts'
import { readPlain } from '../../domain/read-plain.ts'
import type { MessageLike } from '../../domain/records/message-input.ts'

/** The owners of the memories of a call, in either spelling. They may also be inside `filters`. */
export interface Mem0Ids {
  /** The user whose memory it is. */
  readonly user_id?: string | null
  /** Another spelling of `user_id`. */
  readonly userId?: string | null
  /** The agent whose memory it is. */
  readonly agent_id?: string | null
  /** Another spelling of `agent_id`. */
  readonly agentId?: string | null
  /** The piece of work that it belongs to; `taskId` in `aquifer`. */
  readonly run_id?: string | null
  /** Another spelling of `run_id`. */
  readonly runId?: string | null
  /** The team whose memory it is. */
  readonly team_id?: string | null
  /** Another spelling of `team_id`. */
  readonly teamId?: string | null
}

type Fields = Readonly<Record<string, unknown>>

/** Mem0's names of ids, and ours. Mem0's run is a piece of work, called a task here. */
const ownNames = { userId: 'userId', agentId: 'agentId', runId: 'taskId', teamId: 'teamId' } as const
const idNames: ReadonlyMap<string, string> = new Map(
  Object.entries(ownNames).flatMap(([name, own]) => [
    [name, own],
    [name.replace('Id', '_id'), own],
  ]),
)

/** Options that change nothing here: answers have one form, and a call is done when its promise is. */
const withoutEffect = new Set(['version', 'outputFormat', 'asyncMode'])
const renamed = new Map([['expirationDate', 'expiresAt']])

const joined = new Map(Object.entries({ AND: '$and', OR: '$or', $and: '$and', $or: '$or' } as const))
const operators = new Set(['eq', 'ne', 'gt', 'gte', 'lt', 'lte', 'in', 'nin', 'contains'])
/** Fields that Mem0 filters by in addition to metadata. Here they would match no metadata. */
const ownFields = new Set(['created_at', 'updated_at', 'memory_ids'])

function fieldsOf(value: unknown, field: string): Fields {
  if (isJsonObject(value)) return value
  throw invalidInput(field, 'must be an object', value, `Pass an object, such as { user_id: 'alice' }.`)
}

function camelCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Adds a caller's `field`. It may be set already if the value is the same. */
function put(options: Record<string, unknown>, name: string, value: unknown, field: string): void {
  const before = Object.hasOwn(options, name) ? options[name] : undefined
  if (before !== undefined && before !== value) {
    throw invalidInput(field, `must be given once, not also as ${JSON.stringify(before)}`, value, 'Pass it once.')
  }
  // Checked here, under the name that the caller knows it by.
  setField(options, name, name === 'taskId' ? checkTaskId(value, field) : value)
}

/** One condition on a field: operators without their sign get it, and `'*'` means that the field exists. */
function conditionOf(value: Json, field: string): Json {
  if (value === '*') return { $exists: true }
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value as JsonObject)
  if (entries.some(([name]) => name === 'icontains')) {
    throw new MemoryError('unsupported', {
      message: `"${field}.icontains" cannot be filtered by: texts are compared as they are written.`,
      fix: 'Use contains, and keep a lower-cased copy in the metadata.',
      details: { field: `${field}.icontains` },
    })
  }
  if (entries.length === 0 || !entries.every(([name]) => operators.has(name))) return value
  return Object.fromEntries(entries.map(([name, operand]) => [`$${name}`, operand]))
}

/** A filter in our form. Its ids go to `ids`, which is null where they would not apply to the whole call. */
function filterOf(filter: unknown, field: string, ids: Record<string, unknown> | null): JsonObject {
  const read: Record<string, Json> = {}
  for (const [name, value] of Object.entries(fieldsOf(filter, field))) {
    const at = `${field}.${name}`
    const id = idNames.get(name)
    const join = joined.get(name)
    if (id !== undefined) {
      if (ids === null) {
        const fix = 'Search the spaces that you mean by name: memory.search(query, { spaces }) of aquifer.'
        throw invalidInput(at, 'must not stand inside OR or NOT', value, fix)
      }
      if (value !== null) put(ids, id, value, name)
    } else if (join !== undefined || name === 'NOT' || name === '$not') {
      const list = Array.isArray(value) ? value : [value]
      const inner = list.map((one, index) => filterOf(one, `${at}[${index}]`, join === '$and' ? ids : null))
      const asked = inner.filter((one) => Object.keys(one).length > 0)
      if (join === '$and' && asked.length === 0) continue
      if (join !== undefined) read[join] = join === '$and' ? asked : inner
      else read.$not = { $or: inner }
    } else if (ownFields.has(name)) {
      const fix = 'Keep it in metadata and filter by that, or sort out the results.'
      throw new MemoryError('unsupported', { message: `"${at}" cannot be filtered by.`, fix, details: { field: at } })
    } else setField(read, name, conditionOf(value as Json, at))
  }
  return read
}

/** The options of a call in our form: camelCase, ids at the top, filters with our operators. */
export function readOptions(options: unknown, field: string): Record<string, unknown> {
  const read: Record<string, unknown> = {}
  const given = readPlain(options ?? {}, field)
  for (const [name, value] of Object.entries(fieldsOf(given, field))) {
    const camel = camelCase(name)
    if (value === undefined || value === null || name === 'filters' || withoutEffect.has(camel)) continue
    put(read, idNames.get(camel) ?? renamed.get(camel) ?? camel, value, name)
  }
  const { filters } = given as Fields
  if (filters === undefined || filters === null) return read
  const filter = filterOf(filters, 'filters', read)
  return Object.keys(filter).length === 0 ? read : { ...read, filters: filter }
}

/** A call with its first argument by position, or by one of these names in the only argument. */
export function readCall(first: unknown, options: unknown, names: readonly string[]): readonly [unknown, unknown] {
  const [call, more] = [readPlain(first, 'call'), readPlain(options, 'options')]
  const name = isJsonObject(call) ? names.find((known) => Object.hasOwn(call, known)) : undefined
  if (name === undefined) return [call, more]
  const { [name]: value, ...others } = call as Fields
  return [value, { ...others, ...fieldsOf(more ?? {}, 'options') }]
}

/** A message with the name of its speaker, if it has one, stored as `actor_id` in its metadata. */
function messageOf(message: unknown): MessageLike {
  if (!isJsonObject(message) || typeof message.name !== 'string') return message as MessageLike
  const { name, metadata, ...rest } = message
  return {
    ...rest,
    metadata: { actor_id: name, ...(isJsonObject(metadata) ? metadata : {}) },
  } as unknown as MessageLike
}

export function readMem0Messages(messages: unknown): MessageLike | readonly MessageLike[] {
  return Array.isArray(messages) ? messages.map(messageOf) : messageOf(messages)
}
