// The door is closed: what a program can reach from what the package exports is a list, and nothing inside it is on it.
import * as aquifer from 'aquifer'
import * as mem0 from 'aquifer/mem0'
import * as otel from 'aquifer/otel'
import * as testing from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { doorOf } from '../../src/facade/space.ts'
import { Door } from '../../src/memory/door/door.ts'
import { HeldWork } from '../../src/memory/storage/held-work.ts'
import { LateChoice } from '../../src/memory/storage/late-storage.ts'
import { MemoryStorage } from '../../src/memory/storage/memory-storage.ts'
import { openMemory } from '../memory/opened.ts'

type Class = abstract new (...args: never[]) => object

const isClass = (value: unknown): value is Class => typeof value === 'function' && /^class\b/.test(String(value))
const exported = [aquifer, mem0, otel, testing].flatMap((entry) => Object.values(entry).filter(isClass))

/** An instance of each class that a program can get hold of. */
async function instances(): Promise<object[]> {
  const memory = openMemory()
  const application = new aquifer.Aquifer({ storage: ':memory:' })
  onTestFinished(() => application.close())
  // None of zod: its properties are read below, and some of them are made when they are.
  const any = { '~standard': { version: 1 as const, vendor: 'own', validate: (value: unknown) => ({ value }) } }
  const options = { id: 'copy', inputSchema: any, outputSchema: any, stateSchema: any, memory }
  const building = aquifer.createWorkflow({ ...options, description: 'Copies a text.' })
  const run = await aquifer.createWorkflow(options).sleep(0).commit().createRun()
  return [
    building,
    run,
    memory,
    memory.space('team/acme'),
    memory.team('acme'),
    memory.facts,
    memory.proposals,
    new aquifer.Agent({ name: 'bot', memory }),
    application,
    new aquifer.RequestContext(),
    new aquifer.TokenLimiter(1),
    new aquifer.ToolCallFilter(),
    new aquifer.SQLiteStore({ url: ':memory:' }),
    new aquifer.MemoryError('bug', { message: 'It broke.', fix: 'Tell us.' }),
    new aquifer.Extractor({ name: 'decisions', instructions: 'What was decided.', schema: any }),
    new mem0.Memory(memory),
  ]
}

/** What is on an object and on all that it inherits from, up to the language's own. */
function membersOf(object: object): string[] {
  const names = new Set<string>()
  const ends: unknown[] = [Object.prototype, Error.prototype, null]
  for (let at: object | null = object; !ends.includes(at); at = Object.getPrototypeOf(at) as object | null) {
    for (const name of Reflect.ownKeys(at as object)) names.add(String(name))
  }
  return [...names].filter((name) => name !== 'constructor').sort()
}

const disposal = 'Symbol(Symbol.asyncDispose)'
const spaceReaders = ['threads', 'messages', 'blocks', 'entries', 'facts', 'runs', 'log']

/** By class: all that its instances have. A name is added here when it is documented for users, and not before. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'aquifer Memory': [
    ...['as', 'space', 'team', 'facts', 'proposals', 'add', 'search', 'listSpaces', 'createThread', 'getThreadById'],
    ...['getThreadsByResourceId', 'listThreads', 'updateThread', 'archiveThread', 'unarchiveThread', 'deleteThread'],
    ...[
      'cloneThread',
      'saveMessages',
      'listMessages',
      'updateMessages',
      'deleteMessages',
      'restoreTurn',
      'recall',
      'explain',
      'settled',
      'warmUp',
      'stats',
    ],
    ...['observe', 'getObservations', 'getObservationHistory', 'reflect', 'summarizeThread'],
    ...['reindex', 'getRun', 'listRuns', 'getWorkingMemory', 'updateWorkingMemory', 'getWorkingMemoryHistory'],
    ...['restoreWorkingMemory', 'forget', 'exportOf', 'getReceipt', 'receipts', 'close', disposal],
  ],
  'aquifer Space': ['id', 'commit', 'state', 'children', 'configure', 'changes', 'recall', ...spaceReaders],
  'aquifer Team': [
    ...['space', 'write', 'read', 'get', 'merge', 'append', 'increment', 'update', 'delete', 'list', 'history'],
    ...['readAt', 'watch'],
  ],
  'aquifer Facts': ['add', 'search', 'get', 'getAll', 'update', 'delete', 'deleteAll', 'history', 'conflicts'],
  'aquifer Proposals': ['list', 'get', 'accept', 'reject'],
  'aquifer Agent': [
    ...['approveToolCall', 'approveToolCallGenerate', 'declineToolCall', 'declineToolCallGenerate', 'resumeStream'],
    ...['resumeGenerate', 'recover', 'network', 'approveNetworkToolCall', 'declineNetworkToolCall', 'resumeNetwork'],
    'id',
    'name',
    'description',
    'attach',
    'generate',
    'stream',
    'reconnectToStream',
    'listSuspendedRuns',
    'cancelRun',
  ],
  'aquifer Aquifer': [
    ...[
      'logger',
      'telemetry',
      'bind',
      'getAgent',
      'getAgentById',
      'listAgents',
      'getWorkflow',
      'getWorkflowById',
      'listWorkflows',
    ],
    ...['getMemory', 'getStorage', 'recover', 'recovers', 'close', disposal],
  ],
  'aquifer Workflow': [
    ...['id', 'description', 'inputSchema', 'outputSchema', 'stateSchema', 'retries', 'nodes', 'isCommitted', 'attach'],
    ...['then', 'parallel', 'branch', 'map', 'foreach', 'dountil', 'dowhile', 'sleep', 'sleepUntil', 'commit'],
    ...['createRun', 'getRun', 'listRuns', 'recover'],
  ],
  'aquifer WorkflowRun': [
    ...['runId', 'start', 'stream', 'resume', 'resumeStream', 'cancel', 'restart', 'state', 'watch'],
  ],
  'aquifer RequestContext': [
    ...['size', 'get', 'set', 'has', 'delete', 'keys', 'values', 'entries', 'Symbol(Symbol.iterator)', 'toJSON'],
  ],
  'aquifer Extractor': ['name', 'instructions', 'schema', 'to'],
  'aquifer TokenLimiter': ['id', 'limit', 'processContext'],
  'aquifer ToolCallFilter': ['id', 'processContext'],
  'aquifer SQLiteStore': ['id', 'url', 'durability', 'file'],
  'aquifer MemoryError': ['stack', 'message', 'name', 'code', 'fix', 'details', 'retryable', 'toJSON'],
  'mem0 Memory': [
    ...[
      'shared',
      'add',
      'search',
      'get',
      'getAll',
      'get_all',
      'update',
      'delete',
      'deleteAll',
      'delete_all',
      'history',
    ],
    ...['reset', 'close', disposal],
  ],
}

const nameOf = (object: object) =>
  object instanceof mem0.Memory ? 'mem0 Memory' : `aquifer ${(object.constructor as Class).name}`

describe('what a program can reach', () => {
  it('of each exported class is listed', async () => {
    const all = await instances()
    const classes = new Set(all.map((object) => object.constructor))
    expect(exported.filter((one) => !classes.has(one as never)).map(({ name }) => name)).toEqual([])
    const members = Object.fromEntries(all.map((object) => [nameOf(object), membersOf(object)]))
    const sorted = Object.entries(allowed).map(([name, names]) => [name, names.toSorted()])
    expect(members).toEqual(Object.fromEntries(sorted))
  })

  it('of each exported class is all on its instances', async () => {
    for (const { constructor: own } of await instances()) {
      const statics = Reflect.ownKeys(own).filter((name) => !['length', 'name', 'prototype'].includes(String(name)))
      expect(statics, own.name).toEqual([])
    }
  })

  it('is no door, no storage and no function that leads to one', async () => {
    const inner = [Door, MemoryStorage, HeldWork, LateChoice]
    const seen = new Set<unknown>([Object.prototype, Function.prototype, Error.prototype])
    const found: string[] = []
    const visit = (value: unknown, path: string): void => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return
      seen.add(value)
      const isDriver = 'vectors' in value && 'commit' in value
      if (isDriver || inner.some((one) => value instanceof one) || inner.includes(value as never)) found.push(path)
      for (let at: object | null = value; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
        for (const name of Reflect.ownKeys(at)) visit(held(value, at, name), `${path}.${String(name)}`)
      }
    }
    for (const object of await instances()) visit(object, nameOf(object))
    for (const [name, entry] of Object.entries({ aquifer, mem0, otel, testing })) visit({ ...entry }, name)
    expect(found).toEqual([])
    expect(seen.size).toBeGreaterThan(200)
  })

  it('does not hold what the library itself goes through', () => {
    const memory = openMemory()
    const space = memory.space('team/acme')
    expect([doorOf(space).core, doorOf(memory.team('acme').space).core]).toEqual([coreOf(memory), coreOf(memory)])
    for (const name of ['core', 'submit', 'apply', 'storage']) expect(space).not.toHaveProperty(name)
    expect(space.log).not.toHaveProperty('subscribe')
  })
})

/** What a property holds, as read from an object: a getter is called. */
function held(object: object, owner: object, name: string | symbol): unknown {
  try {
    return Reflect.get(owner, name, object)
  } catch {
    // A getter of the language's own that wants another object than a prototype.
    return undefined
  }
}
