// Names that every object has, as ids and keys: they are names as any other, everywhere.
import { Agent, Aquifer, RequestContext } from 'aquifer'
import { Memory as Mem0Memory } from 'aquifer/mem0'
import { callTool, scriptedEmbedder, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { openMemory, refused, take, temporaryUrl } from './opened.ts'

const names = [
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'prototype',
  '__defineGetter__',
  'length',
  'then',
]

describe.each(names)('the name %s', (name) => {
  it('is an id of resources, threads, messages, blocks and runs', async () => {
    const memory = openMemory({ storage: temporaryUrl(), embedder: scriptedEmbedder() })
    const where = { resourceId: name, threadId: name }
    expect(await memory.getThreadById(where)).toBeNull()
    expect(await memory.getWorkingMemory({ resourceId: name, name })).toBeNull()
    expect((await memory.recall({ resourceId: name, query: 'weather' })).items).toEqual([])
    await memory.createThread({ ...where, metadata: { [name]: { [name]: 1 } } })
    const message = { id: name, role: 'user' as const, content: 'fine weather there', metadata: { [name]: name } }
    await memory.saveMessages({ ...where, messages: message, commitId: name })
    await memory.saveMessages({ ...where, messages: message, commitId: name })
    await memory.updateThread({ ...where, metadata: { [name]: { other: 2 } } })
    await memory.settled()
    expect((await memory.getThreadById(where))?.metadata).toEqual({ [name]: { [name]: 1, other: 2 } })
    expect((await memory.listMessages(where)).messages).toMatchObject([{ id: name, metadata: { [name]: name } }])
    const filter = { [name]: name }
    const found = await memory.recall({ resourceId: name, query: 'weather', filter })
    expect([found.messages.map(({ id }) => id), found.degraded]).toEqual([[name], []])
    const threads = await memory.listThreads({ resourceId: name, filter: { metadata: { [`${name}.${name}`]: 1 } } })
    expect(threads).toMatchObject({ threads: [{ id: name }], total: 1 })
    expect(
      (await memory.listThreads({ resourceId: name, filter: { metadata: { [`x.${name}`]: 1 } } })).threads,
    ).toEqual([])
    await memory.updateWorkingMemory({ resourceId: name, name, workingMemory: { [name]: 1 } })
    await memory.updateWorkingMemory({ resourceId: name, name, workingMemory: { other: 2 } })
    expect((await memory.getWorkingMemory({ resourceId: name, name }))?.value).toEqual({ [name]: 1, other: 2 })
    await memory.updateWorkingMemory({ resourceId: name, name, workingMemory: { [name]: null } })
    expect((await memory.getWorkingMemory({ resourceId: name, name }))?.value).toEqual({ other: 2 })
    await memory.cloneThread({ ...where, newThreadId: 'copy' })
    await memory.updateMessages({
      messages: [{ id: name, threadId: name, metadata: { [name]: null } }],
      resourceId: name,
    })
    expect((await memory.listMessages(where)).messages[0]?.metadata).toEqual({})
    await memory.deleteMessages([name], where)
    expect((await memory.listMessages(where)).messages).toEqual([])
    expect(await memory.deleteThread(where)).toEqual({ deleted: true })
    expect((await memory.forget({ resourceId: name })).state).toBeDefined()
    expect(await memory.getThreadsByResourceId({ resourceId: name })).toEqual([])
  })

  it('is an id of teams and a key of theirs', async () => {
    const memory = openMemory()
    const team = memory.team(name)
    const events = team.watch({ after: 0 })
    expect([await team.read(name), await team.get(name), await team.history(name)]).toEqual([null, null, []])
    await team.merge(name, { [name]: { a: 1 } })
    await team.merge(name, { [name]: { [name]: 2 } })
    expect(await team.read(name)).toEqual({ [name]: { a: 1, [name]: 2 } })
    await team.increment(`${name}.count`)
    await team.append(`${name}.list`, name)
    expect((await team.list({ prefix: name })).entries.map(({ key }) => key)).toEqual([
      name,
      `${name}.count`,
      `${name}.list`,
    ])
    expect((await take(events, 1))[0]).toMatchObject({ changes: [{ key: name, value: { [name]: { a: 1 } } }] })
    const recalled = await team.space.recall(name, { spaces: [`team/${name}`] })
    expect(Object.keys(recalled.asOf)).toEqual([`team/${name}`])
    expect(await team.delete(name)).toMatchObject({ deleted: true })
    expect(await team.history(name)).toHaveLength(3)
  })

  it('is an id of facts’ homes, and a field of their metadata', async () => {
    const memory = openMemory()
    const metadata = { [name]: name, deep: { [name]: 1 } }
    const { results } = await memory.facts.add('Ann lives in Rome', { userId: name, agentId: name, metadata })
    const id = results[0]?.id ?? ''
    expect(await memory.facts.get(id)).toMatchObject({ userId: name, agentId: name, metadata })
    const filters = { [name]: name }
    expect((await memory.facts.getAll({ userId: name, filters })).results).toHaveLength(1)
    expect((await memory.facts.search('Rome', { userId: name, filters })).results).toHaveLength(1)
    expect((await memory.facts.getAll({ userId: name, filters: { [name]: 'x' } })).results).toEqual([])
    const mem0 = new Mem0Memory(memory)
    expect((await mem0.getAll({ filters: { user_id: name, [name]: name } })).results).toHaveLength(1)
    expect((await mem0.getAll({ filters: { user_id: name, [name]: 'x' } })).results).toEqual([])
    await refused('invalid-input', () => mem0.getAll({ userId: name, [name]: 1 } as never))
  })

  it('is a name of agents and tools, and a key of a request', async () => {
    const memory = openMemory()
    const model = scriptedModel({ script: [callTool(name), 'No.', 'Yes.'] })
    const agent = new Agent({ id: name, name, model, memory })
    const aquifer = new Aquifer({ agents: { [name]: agent } })
    expect([aquifer.getAgent(name), aquifer.listAgents()]).toEqual([agent, { [name]: agent }])
    expect(() => new Aquifer({ agents: {} }).getAgent(name)).toThrow(name)
    const where = { resourceId: name, threadId: name }
    const at = { ...where, requestContext: new RequestContext({ [name]: 1 }) }
    // A tool that nobody gave it: an object has something of that name, the agent has not.
    expect((await agent.generate('Hello', at)).text).toBe('No.')
    const parts = JSON.stringify((await memory.listMessages(where)).messages.at(-1)?.parts)
    expect(parts).toContain('output-error')
    expect((await agent.generate('And now?', at)).text).toBe('Yes.')
  })

  it('is a type of a part', async () => {
    const memory = openMemory()
    const part = { type: name, providerOptions: { acme: { a: 1 } } }
    const where = { resourceId: 'ann', threadId: 't' }
    await memory.saveMessages({ ...where, messages: { role: 'user', parts: [part] } })
    const [saved] = (await memory.listMessages(where)).messages
    expect(saved?.parts).toEqual([{ type: name, providerMetadata: { acme: { a: 1 } } }])
  })
})
