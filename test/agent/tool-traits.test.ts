// What a tool says about its calls: who may decide, whether they may be repeated, and what data they wait for.
import { jsonSchema, type Tool, tool } from 'ai'
import { type CreateToolOptions, createTool, type ToolCall } from 'aquifer'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import {
  approversOf,
  isReadOnly,
  isRetrySafe,
  parseResumeData,
  parseSuspendPayload,
  resumeDataOf,
  resumeSchemaOf,
} from '../../src/agent/tools/tool-traits.ts'
import { openMemory, refused } from '../memory/opened.ts'
import { toolsOf } from './called-tools.ts'

const named = { id: 'delete-records', description: 'Deletes records.', inputSchema: z.object({}), execute: () => 1 }
const reviewer = { kind: 'agent', id: 'reviewer' } as const

/** A schema of a library that checks and cannot say itself as JSON Schema. */
const plain = {
  '~standard': {
    version: 1 as const,
    vendor: 'plain',
    validate: (value: unknown) =>
      value === 7 ? { value } : { issues: [{ message: 'must be seven', path: ['day', 'of'] }] },
  },
}

it('says nothing by default, and for tools of others', () => {
  for (const one of [createTool(named), tool({ inputSchema: z.object({}) }), undefined]) {
    expect([isReadOnly(one), isRetrySafe(one), approversOf(one)]).toEqual([false, false, []])
  }
})

it('says of the tools of memory which ones only read', async () => {
  const memory = openMemory()
  const tools = await toolsOf(memory, { team: 'acme', semanticRecall: true, workingMemory: { enabled: true } })
  const reading = Object.keys(tools).filter((name) => isReadOnly(tools[name]))
  expect(reading.toSorted()).toEqual(['memory_list', 'memory_read', 'recall'])
  expect(Object.keys(tools)).toHaveLength(6)
})

it('keeps what it says in copies of the tool', () => {
  const reads = { ...createTool({ ...named, readOnly: true, approvers: [reviewer] }) }
  expect([isReadOnly(reads), isRetrySafe(reads), approversOf(reads)]).toEqual([true, true, [reviewer]])
  const again = createTool({ ...named, retry: 'safe' })
  expect([isReadOnly(again), isRetrySafe(again)]).toEqual([false, true])
})

it('knows the types of what is suspended and resumed', () => {
  createTool({
    ...named,
    suspendSchema: z.object({ question: z.string() }),
    resumeSchema: z.object({ confirmed: z.boolean() }),
    execute: async (_, call) => {
      expectTypeOf(call).toEqualTypeOf<ToolCall<{ question: string }, { confirmed: boolean }>>()
      expectTypeOf(call.resumeData).toEqualTypeOf<{ confirmed: boolean } | undefined>()
      // @ts-expect-error A payload is needed.
      if (call.resumeData?.confirmed === false) return call.suspend()
      return call.resumeData === undefined ? call.suspend({ question: 'Sure?' }) : 'deleted'
    },
  })
  createTool({ ...named, execute: (_, { suspend }) => suspend() })
})

describe('the schema of the data that a call waits for', () => {
  it.each<[string, object, unknown]>([
    ['zod', { resumeSchema: z.object({ confirmed: z.boolean() }) }, { confirmed: { type: 'boolean' } }],
    ['the AI SDK', { resumeSchema: jsonSchema({ type: 'object', properties: { a: {} } }) }, { a: {} }],
  ])('is told as JSON Schema: %s', async (_, options, properties) => {
    expect(await resumeSchemaOf(createTool({ ...named, ...options }))).toMatchObject({ type: 'object', properties })
  })

  it('takes anything where JSON Schema cannot express it, and is none where the tool has none', async () => {
    for (const resumeSchema of [plain, z.date()]) {
      expect(await resumeSchemaOf(createTool({ ...named, resumeSchema: resumeSchema as never }))).toEqual({})
    }
    expect(await resumeSchemaOf(createTool(named))).toBeNull()
  })
})

describe('the data of a decision', () => {
  const asks = createTool({
    ...named,
    resumeSchema: z.object({ confirmed: z.boolean(), by: z.object({ name: z.string().trim() }) }),
  })

  it('is kept as it was given, and parsed for the tool', async () => {
    const data = { confirmed: false, by: { name: ' Ann ' } }
    expect(await parseResumeData('delete', asks, data)).toEqual(data)
    expect(await resumeDataOf('delete', asks, data)).toEqual({ confirmed: false, by: { name: 'Ann' } })
  })

  it('names each field that is wrong', async () => {
    const error = await refused('invalid-input', () => parseResumeData('delete', asks, { by: { name: 3 } }))
    expect(error.message).toContain('"delete"')
    expect(error.details.field).toBe('resumeData.confirmed')
    expect(error.details.issues).toMatchObject([{ field: 'resumeData.confirmed' }, { field: 'resumeData.by.name' }])
  })

  it.each<[string, unknown, unknown]>([
    ['another library', plain, 8],
    ['a JSON Schema', jsonSchema({ type: 'object', required: ['a'], properties: { a: { type: 'number' } } }), {}],
    ['a schema made when it is needed', () => jsonSchema({ type: 'number' }), 'seven'],
  ])('is checked by the schema of %s', async (_, resumeSchema, data) => {
    const one = createTool({ ...named, resumeSchema: resumeSchema as never })
    await refused('invalid-input', () => parseResumeData('delete', one, data))
  })

  it.each([[false], [0], [''], [null], [{ a: [1] }]])('may be anything without a schema: %j', async (data) => {
    expect(await parseResumeData('delete', createTool(named), data)).toEqual(data)
    expect(await parseResumeData('delete', undefined, data)).toEqual(data)
  })

  it.each([[undefined], [1n], [() => 1], [{ a: undefined }], [new Date()]])('must be JSON: %s', async (data) => {
    const error = await refused('invalid-input', () => parseResumeData('delete', createTool(named), data))
    expect(error.details.field).toMatch(/^resumeData/)
  })
})

describe('the payload of a suspension', () => {
  const payload = (suspendSchema: unknown, given: unknown) => {
    const options = suspendSchema === undefined ? {} : { suspendSchema }
    return parseSuspendPayload('delete', createTool({ ...named, ...(options as object) }), given)
  }

  it('is stored as its schema parses it, as JSON', async () => {
    const schema = z.object({ question: z.string().trim(), at: z.coerce.date() })
    const at = '2026-03-01T00:00:00.000Z'
    expect(await payload(schema, { question: ' Sure? ', at })).toEqual({ question: 'Sure?', at })
  })

  it.each([[false], [0], [''], [null], [{ a: 1 }]])('may be anything without a schema: %j', async (given) => {
    expect(await payload(undefined, given)).toEqual(given)
  })

  it('may be missing', async () => {
    expect(await payload(undefined, undefined)).toBeUndefined()
  })

  it.each<[string, unknown, unknown, string]>([
    ['the schema refuses it', z.object({ question: z.string() }), { question: 3 }, 'payload.question'],
    ['the schema asks for one', z.object({ question: z.string() }), undefined, 'payload'],
    ['JSON cannot hold it', undefined, { count: 1n }, 'payload'],
  ])('is refused: %s', async (_, schema, given, field) => {
    expect((await refused('invalid-input', () => payload(schema, given))).details.field).toBe(field)
  })
})

it.each<[string, object, string]>([
  ['two names for one approval', { requireApproval: true, needsApproval: true }, 'needsApproval'],
  ['an approval that is none', { requireApproval: 'always' }, 'requireApproval'],
  ['a schema for suspending that is none', { suspendSchema: {} }, 'suspendSchema'],
  ['a schema for resuming that is none', { resumeSchema: 'text' }, 'resumeSchema'],
  ['a tool of the client that suspends', { execute: undefined, suspendSchema: z.object({}) }, 'suspendSchema'],
  ['a tool of the client that is resumed', { execute: undefined, resumeSchema: z.object({}) }, 'resumeSchema'],
  ['approvers that are no list', { approvers: reviewer }, 'approvers'],
  ['approvers that are no actors', { approvers: [reviewer, 'ann'] }, 'approvers[1]'],
  ['readOnly that is a text', { readOnly: 'yes' }, 'readOnly'],
  ['another retry', { retry: 'always' }, 'retry'],
])('refuses %s', async (_, options, field) => {
  const given = { ...named, ...options } as unknown as CreateToolOptions<object, unknown>
  expect((await refused('invalid-input', () => createTool(given))).details.field).toBe(field)
})

it('cannot suspend without an agent', async () => {
  const asks = createTool({ ...named, execute: (_, { suspend }) => suspend() })
  const error = await refused('unsupported', () =>
    (asks as unknown as Tool<object, unknown>).execute?.({}, { toolCallId: 'c', messages: [] } as never),
  )
  expect(error.message).toContain('"delete-records"')
})

it('has the call’s id as its key without an agent', async () => {
  const keys: string[] = []
  const keyed = createTool({ ...named, execute: (_, { callId }) => keys.push(callId) })
  await keyed.execute?.({}, { toolCallId: 'c', messages: [] } as never)
  expect(keys).toEqual(['c'])
})
