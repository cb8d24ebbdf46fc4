// The container: agents and workflows by name, and one storage for memories that have none of their own.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  Agent,
  Aquifer,
  type AquiferOptions,
  type Container,
  Memory,
  type MemoryError,
  type MemoryOptions,
  type RegisteredAgent,
  SQLiteStore,
} from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ContainerStorage } from '../../src/agent/container/container-storage.ts'
import { openStore } from '../../src/open.ts'
import { systemClock } from '../../src/ports/clock.ts'
import { ManualClock, openMemory, refused, temporaryFolder, temporaryUrl } from '../memory/opened.ts'

/** The least that an agent is: it binds its memory, takes the container's without one, and says who it is. */
class Member implements RegisteredAgent {
  readonly id: string
  readonly name: string
  readonly choose: Memory | (() => Memory) | undefined
  container: Container | null = null

  constructor(id: string, memory?: Memory | (() => Memory), name = id) {
    this.id = id
    this.name = name
    this.choose = memory
  }

  attach(container: Container): void {
    this.container = container
    if (this.choose instanceof Memory) container.bind(this.choose)
  }

  get memory(): Memory {
    const chosen = typeof this.choose === 'function' ? this.container?.bind(this.choose()) : this.choose
    const memory = chosen ?? this.container?.getMemory()
    if (memory === undefined || memory === null) throw new Error('There is no memory')
    return memory
  }
}

/** A memory without a storage of its own. */
function lateMemory(options: MemoryOptions = {}): Memory {
  const memory = new Memory({ background: false, embedder: false, ...options })
  onTestFinished(() => memory.close())
  return memory
}

function contain<AgentType extends RegisteredAgent>(options: AquiferOptions<AgentType>): Aquifer<AgentType> {
  const aquifer = new Aquifer(options)
  onTestFinished(() => aquifer.close())
  return aquifer
}

const write = (memory: Memory, key: string, value: unknown) => memory.team('acme').write(key, value)
const read = (memory: Memory, key: string) => memory.team('acme').read(key)

describe('late binding', () => {
  it('runs what people bring, with names changed at the import only', async () => {
    const [Mastra, LibSQLStore] = [Aquifer, SQLiteStore]
    const model = scriptedModel({ answer: ({ said }) => `heard ${said.length}` })
    const memoryAgent = new Agent({
      id: 'memory-agent',
      name: 'Memory Agent',
      model,
      memory: new Memory({
        embedder: false,
        options: {
          lastMessages: 20,
        },
      }),
    })
    const mastra = new Mastra({
      storage: new LibSQLStore({
        id: 'mastra-storage',
        url: ':memory:',
      }),
      agents: { memoryAgent },
    })
    onTestFinished(() => mastra.close())
    const memory = { resource: 'user-123', thread: 'conversation-123' }
    await mastra.getAgent('memoryAgent').generate('Remember my favorite color is blue.', { memory })
    const { text } = await mastra.getAgentById('memory-agent').generate("What's my favorite color?", { memory })
    expect(text).toBe('heard 3')
    expect(model.calls[1]?.said).toContain('Remember my favorite color is blue.')
  })

  it.each<[string, () => AquiferOptions['storage'] | Promise<AquiferOptions['storage']>]>([
    ['a file', () => temporaryUrl()],
    ['a store of a file', () => new SQLiteStore({ url: temporaryUrl() })],
    [':memory:', () => ':memory:'],
    ['a store in memory', () => new SQLiteStore({ url: ':memory:' })],
    [
      'a driver',
      async () => {
        const { storage, release } = await openStore(new SQLiteStore({ url: ':memory:' }))
        onTestFinished(release)
        return storage
      },
    ],
  ])('lets all memories meet in %s', async (_, make) => {
    const storage = (await make()) as SQLiteStore
    const [sales, support] = [new Member('sales', lateMemory()), new Member('support', lateMemory())]
    const shared = lateMemory()
    const chosen = lateMemory()
    const late = new Member('late', () => chosen)
    const bare = new Member('bare')
    contain({ storage, agents: [sales, support, late, bare], memory: shared })
    await write(sales.memory, 'lead', 'Acme')
    expect(await Promise.all([support, late, bare].map(({ memory }) => read(memory, 'lead')))).toEqual(
      Array(3).fill('Acme'),
    )
    expect(bare.memory).toBe(shared)
    expect(late.memory).toBe(chosen)
  })

  it('leaves a memory with a storage of its own where it is', async () => {
    const [own, other] = [temporaryUrl(), temporaryUrl()]
    const agent = new Member('sales', openMemory({ storage: own }))
    contain({ storage: other, agents: [agent] })
    contain({ storage: ':memory:', agents: [agent] })
    await write(agent.memory, 'lead', 'Acme')
    expect(await read(openMemory({ storage: own }), 'lead')).toBe('Acme')
    expect(await read(openMemory({ storage: other }), 'lead')).toBeNull()
  })

  it('binds what acts through a memory too', async () => {
    const memory = lateMemory()
    const acting = memory.as({ kind: 'agent', id: 'sales' })
    contain({ storage: ':memory:', memory })
    await write(acting, 'lead', 'Acme')
    expect(await read(memory, 'lead')).toBe('Acme')
  })

  it('opens nothing before the first use', async () => {
    const folder = temporaryFolder()
    const memory = lateMemory()
    contain({ storage: `file:${join(folder, 'team.db')}`, memory })
    expect(existsSync(join(folder, 'team.db'))).toBe(false)
    await write(memory, 'lead', 'Acme')
    expect(existsSync(join(folder, 'team.db'))).toBe(true)
  })
})

describe('a second storage', () => {
  const named = (error: MemoryError, ...urls: string[]) => {
    for (const url of urls) expect(error.message).toContain(url)
    expect(error.details).toEqual({ present: urls[0], second: urls[1] })
  }

  it('is refused after the memory was registered with another', async () => {
    const [first, second] = [temporaryUrl(), temporaryUrl()]
    const memory = lateMemory()
    contain({ storage: first, memory })
    named(await refused('conflict', () => new Aquifer({ storage: second, memory })), first, second)
    named(await refused('conflict', () => new Aquifer({ storage: ':memory:', memory })), first, ':memory:')
    await write(memory, 'lead', 'Acme')
    expect(await read(openMemory({ storage: first }), 'lead')).toBe('Acme')
  })

  it('is refused where another agent of the container brings a memory that lives elsewhere', async () => {
    const [first, second] = [temporaryUrl(), temporaryUrl()]
    const taken = lateMemory()
    contain({ storage: first, memory: taken })
    const agents = [new Member('sales', lateMemory()), new Member('support', taken)]
    named(await refused('conflict', () => new Aquifer({ storage: second, agents })), first, second)
  })

  it('is refused when a function chooses a memory that lives elsewhere', async () => {
    const taken = lateMemory()
    contain({ storage: ':memory:', memory: taken })
    const agent = new Member('sales', () => taken)
    contain({ storage: temporaryUrl(), agents: [agent] })
    await refused('conflict', () => agent.memory)
  })

  it('is none if it is the same file, or the same container', async () => {
    const url = temporaryUrl()
    const memory = lateMemory()
    const container = contain({ storage: url, memory })
    expect(container.bind(memory)).toBe(memory)
    contain({ storage: new SQLiteStore({ url }), memory })
    await write(memory, 'lead', 'Acme')
    expect(await read(memory, 'lead')).toBe('Acme')
  })

  it('is none in memory only for the same container', async () => {
    const memory = lateMemory()
    const container = contain({ storage: ':memory:', memory })
    expect(container.bind(memory)).toBe(memory)
    await refused('conflict', () => new Aquifer({ storage: ':memory:', memory }))
  })

  it('says that a durability goes with the storage, and does not drop it', async () => {
    const memory = lateMemory({ durability: 'power' })
    const error = await refused('invalid-input', () => new Aquifer({ storage: temporaryUrl(), memory }))
    expect(error.details.field).toBe('durability')
  })

  it('is refused where memories of one database in memory have several clocks', async () => {
    const [one, two] = [lateMemory({ clock: new ManualClock() }), lateMemory()]
    const agents = [new Member('one', one), new Member('two', two)]
    contain({ storage: ':memory:', agents })
    await write(one, 'lead', 'Acme')
    await refused('conflict', () => read(two, 'lead'))
  })
})

describe('looking up', () => {
  const sales = new Member('sales', undefined, 'Sales Specialist')
  const support = new Member('support-agent', undefined, 'Support')
  const other = new Member('other', undefined, 'Support')

  it('finds an agent by key, id and name, in that order', () => {
    const aquifer = contain({ agents: { salesAgent: sales, support } })
    for (const name of ['salesAgent', 'sales', 'Sales Specialist']) expect(aquifer.getAgent(name)).toBe(sales)
    expect(aquifer.getAgentById('support-agent')).toBe(support)
    expect(aquifer.listAgents()).toEqual({ salesAgent: sales, support })
    const crossed = contain({ agents: { sales: support, 'support-agent': sales } })
    expect([crossed.getAgent('sales'), crossed.getAgentById('sales')]).toEqual([support, sales])
    expect(contain({ agents: [sales, support] }).listAgents()).toEqual({ sales, 'support-agent': support })
  })

  it('attaches each agent once, whatever it is called', () => {
    const seen: string[] = []
    const agent: RegisteredAgent = { id: 'a', name: 'A', attach: () => void seen.push('a') }
    const attach = () => void seen.push('w')
    const aquifer = contain({ agents: { one: agent, two: agent }, workflows: [{ id: 'w', attach }, { id: 'plain' }] })
    expect(seen).toEqual(['a', 'w'])
    expect(aquifer.listAgents()).toEqual({ one: agent, two: agent })
    expect(aquifer.getWorkflow('w')).toMatchObject({ id: 'w' })
    expect(Object.keys(aquifer.listWorkflows())).toEqual(['w', 'plain'])
  })

  it('says which agents there are', async () => {
    const aquifer = contain({ agents: { salesAgent: sales } })
    for (const find of [() => aquifer.getAgent('marketing'), () => aquifer.getAgentById('salesAgent')]) {
      const error = await refused('not-found', find)
      expect(error.fix).toBe('There are "salesAgent" (id "sales").')
    }
    expect((await refused('not-found', () => aquifer.getAgent('constructor'))).message).toContain('agent "constructor"')
    expect((await refused('not-found', () => aquifer.getWorkflow('x'))).fix).toBe('None is registered.')
  })

  it('does not guess between agents of one name', async () => {
    const error = await refused('invalid-input', () => contain({ agents: [support, other] }).getAgent('Support'))
    expect(error.fix).toContain('"support-agent", "other"')
  })

  it('answers what it was given', () => {
    const store = new SQLiteStore({ url: ':memory:' })
    const memory = lateMemory()
    const telemetry = { functionId: 'team' }
    const aquifer = contain({ storage: store, memory, logger: console, telemetry })
    expect([aquifer.getStorage(), aquifer.getMemory(), aquifer.logger]).toEqual([store, memory, console])
    expect(aquifer.telemetry).toBe(telemetry)
    const url = temporaryUrl()
    expect(contain({ storage: url }).getStorage()).toMatchObject({ url })
    const bare = contain({})
    expect([bare.getStorage(), bare.getMemory(), bare.telemetry, bare.listAgents()]).toEqual([null, null, null, {}])
    expect(bare.logger.warn('unheard')).toBeUndefined()
  })
})

describe('bad input', () => {
  it.each<[string, unknown, string]>([
    ['no object', 7, 'Aquifer'],
    ['an unknown option', { agent: [] }, 'Aquifer'],
    ['an empty URL', { storage: '' }, 'storage'],
    ['an unknown URL', { storage: 'mysql://host' }, 'storage'],
    ['a storage that is none', { storage: {} }, 'storage'],
    ['agents that are none', { agents: 'sales' }, 'agents'],
    ['an agent that is none', { agents: { sales: { id: 'sales', name: 'Sales' } } }, 'agents.sales'],
    ['an agent that is undefined', { agents: { sales: undefined } }, 'agents.sales'],
    ['an agent without an id', { agents: [new Member('')] }, 'agents[0]'],
    ['two agents with one id', { agents: [new Member('a'), new Member('a')] }, 'agents[1]'],
    ['a workflow without an id', { workflows: [{}] }, 'workflows[0]'],
    ['a workflow that is none', { workflows: { city: null } }, 'workflows.city'],
    ['a memory that is options', { memory: { storage: ':memory:' } }, 'memory'],
    ['a logger without warnings', { logger: { info() {}, error() {}, debug() {} } }, 'logger'],
    ['telemetry that is true', { telemetry: true }, 'telemetry'],
    ['no telemetry', { telemetry: null }, 'telemetry'],
  ])('is refused: %s', async (_, options, field) => {
    const error = await refused('invalid-input', () => new Aquifer(options as AquiferOptions))
    expect(error.details).toEqual({ field, rule: expect.stringMatching(/\S/), got: expect.stringMatching(/\S/) })
  })
})

describe('closing', () => {
  it('closes the memories of its agents and what they live in', async () => {
    const folder = temporaryFolder()
    const own = openMemory()
    const memories = [lateMemory(), lateMemory()] as const
    const agents = [new Member('a', memories[0]), new Member('b', () => memories[1]), new Member('c', own)]
    const aquifer = contain({ storage: `file:${join(folder, 'team.db')}`, agents })
    for (const { memory } of agents) await write(memory, 'lead', 'Acme')
    await Promise.all([aquifer.close(), aquifer.close()])
    for (const memory of [...memories, own]) await refused('closed', () => read(memory, 'lead'))
    expect(existsSync(join(folder, 'team.db-wal'))).toBe(false)
    await refused('closed', () => aquifer.bind(lateMemory()))
  })

  it('ends a database in memory, and leaves a driver open that was passed', async () => {
    const inMemory = lateMemory()
    const store = new SQLiteStore({ url: ':memory:' })
    {
      await using aquifer = new Aquifer({ storage: store, memory: inMemory })
      await write(inMemory, 'lead', 'Acme')
      expect(aquifer.getStorage()).toBe(store)
    }
    const again = lateMemory()
    contain({ storage: store, memory: again })
    expect(await read(again, 'lead')).toBeNull()

    const kept = new ContainerStorage(':memory:')
    const opened = await kept.open(systemClock, 1_000_000)
    await opened.release()
    const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
    const { id } = again.space('team/acme')
    expect(await opened.storage.spaces.get(access, id)).toBeNull()
    await kept.close()
    await refused('closed', () => opened.storage.spaces.get(access, id))

    const { storage, release } = await openStore(store)
    const memory = lateMemory()
    const aquifer = new Aquifer({ storage, memory })
    await write(memory, 'lead', 'Acme')
    await aquifer.close()
    expect(await read(openMemory({ storage }), 'lead')).toBe('Acme')
    await release()
  })

  it('keeps a database in memory while one of its memories closes', async () => {
    const [first, second] = [lateMemory(), lateMemory()]
    contain({ storage: ':memory:', agents: [new Member('a', first), new Member('b', second)] })
    await write(first, 'lead', 'Acme')
    await first.close()
    expect(await read(second, 'lead')).toBe('Acme')
  })
})
