import { type Change, childSpaceId, parseSpaceId, spaceId } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { openMemory, refused, textsOf } from './opened.ts'

const entry = (key: string, value: number): Change => ({ kind: 'entry-write', key, value })
const where = { resourceId: 'alice', threadId: 't' }

describe('commit', () => {
  it('applies changes of all kinds whole, with a result for each', async () => {
    const space = openMemory().space('team/acme')
    const result = await space.commit([
      { kind: 'thread-put', threadId: 't', title: 'Plan' },
      { kind: 'message-append', threadId: 't', messages: [{ role: 'user', parts: [{ type: 'text', text: 'go' }] }] },
      { kind: 'block-merge', name: 'main', patch: { a: 1 } },
      { kind: 'entry-increment', key: 'count', by: 2 },
    ])
    expect(result).toMatchObject({
      status: 'committed',
      seq: 1,
      replayed: false,
      results: [
        { kind: 'thread-put', version: 1, created: true },
        { kind: 'message-append', messages: [{ stored: true }] },
        { kind: 'block-merge', value: { a: 1 }, replaced: null },
        { kind: 'entry-increment', value: 2 },
      ],
    })
    expect((await space.threads.get('t')).record?.messageCount).toBe(1)
    expect((await space.entries.get('count')).record?.value).toBe(2)
    expect((await space.log.read({ after: 0, limit: 9 })).items).toHaveLength(1)
  })

  it('applies none where one cannot', async () => {
    const space = openMemory().space('team/acme')
    await space.commit([{ kind: 'entry-write', key: 'text', value: 'x' }])
    const changes: Change[] = [entry('a', 1), { kind: 'entry-increment', key: 'text', by: 1 }]
    await refused('invalid-input', () => space.commit(changes))
    expect((await space.entries.get('a')).record).toBeNull()
    expect((await space.state())?.seq).toBe(1)
  })

  it('answers expectations that do not hold with what stands there', async () => {
    const space = openMemory().space('team/acme')
    await space.commit([entry('a', 1)])
    const late = await space.commit([entry('a', 2)], { expect: [{ absent: { entry: 'a' } }, { seq: 1 }] })
    expect(late).toMatchObject({ status: 'conflict', reason: 'expectation', seq: 1 })
    expect(late.status === 'conflict' && late.failed).toMatchObject([{ expectation: { absent: { entry: 'a' } } }])
    const held = await space.commit([entry('a', 2)], { expect: [{ version: 1, of: { entry: 'a' } }, { seq: 1 }] })
    expect(held).toMatchObject({ status: 'committed', seq: 2 })
    expect(await space.commit([entry('a', 3)], { expect: [{ seq: 1 }] })).toMatchObject({ status: 'conflict' })
  })

  it('applies an id once, answers its retry the same, and refuses it for other content or another actor', async () => {
    const memory = openMemory()
    const space = memory.space('team/acme')
    const changes: Change[] = [{ kind: 'entry-append', key: 'list', item: 'x' }]
    const first = await space.commit(changes, { id: 'order-1' })
    await space.commit(changes)
    expect(await space.commit(changes, { id: 'order-1' })).toEqual({ ...first, replayed: true })
    expect((await space.entries.get('list')).record?.value).toEqual(['x', 'x'])
    const other = await space.commit([{ kind: 'entry-append', key: 'list', item: 'y' }], { id: 'order-1' })
    expect(other).toMatchObject({ status: 'conflict', reason: 'commit-id-reused' })
    const stranger = memory.as({ kind: 'agent', id: 'sales' }).space('team/acme')
    expect(await stranger.commit(changes, { id: 'order-1' })).toMatchObject({ reason: 'commit-id-reused' })
    expect(await memory.space('team/other').commit(changes, { id: 'order-1' })).toMatchObject({ replayed: false })
  })

  it('evaluates an id afresh after a conflict', async () => {
    const space = openMemory().space('team/acme')
    const commit = () => space.commit([entry('a', 1)], { id: 'c', expect: [{ seq: 1 }] })
    expect(await commit()).toMatchObject({ status: 'conflict' })
    await space.commit([entry('b', 1)])
    expect(await commit()).toMatchObject({ status: 'committed', replayed: false, seq: 2 })
    expect(await commit()).toMatchObject({ status: 'committed', replayed: true, seq: 2 })
  })

  it('changes at most one thread, and a record once', async () => {
    const space = openMemory().space('team/acme')
    const put = (threadId: string): Change => ({ kind: 'thread-put', threadId })
    await refused('invalid-input', () => space.commit([put('t'), put('u')]))
    await refused('invalid-input', () => space.commit([entry('a', 1), entry('a', 2)]))
    expect(await space.state()).toBeNull()
  })
})

describe('configure', () => {
  it('changes settings that live with the space, by a commit', async () => {
    const memory = openMemory({ limits: { entriesPerSpace: 5 } })
    const space = memory.space('team/acme')
    await space.commit([entry('a', 1)])
    expect((await space.state())?.settings).toEqual({
      entriesPerSpace: 5,
      entryTtlMs: 30 * 86_400_000,
      logDays: 0,
      language: 'english',
    })
    expect(await space.configure({ entriesPerSpace: 2 }, { ifVersion: 0 })).toMatchObject({
      status: 'committed',
      seq: 2,
    })
    expect(await space.configure({ logDays: 3 }, { ifVersion: 0 })).toMatchObject({ status: 'conflict' })
    expect((await space.state())?.settings).toMatchObject({ entriesPerSpace: 2, logDays: 0 })
    await memory.team('acme').write('b', 1)
    expect(await memory.team('acme').write('c', 1)).toMatchObject({ pruned: ['a'] })
  })

  it('leaves other spaces with the defaults of the memory', async () => {
    const memory = openMemory()
    await memory.space('team/acme').configure({ entryTtlMs: null })
    await memory.team('other').write('a', 1)
    expect((await memory.team('other').space.state())?.settings.entryTtlMs).toBe(30 * 86_400_000)
  })
})

describe('names of spaces', () => {
  it('keeps ids apart, whatever is in them', async () => {
    const memory = openMemory()
    const ids = ['a/b', 'a%2Fb', 'a', 'a/thread/b', 'resource/a', 'ä', 'a b', "a'b", '../a']
    for (const resourceId of ids) await memory.saveMessages({ resourceId, threadId: 't', messages: resourceId })
    for (const resourceId of ids) {
      expect(textsOf((await memory.listMessages({ resourceId, threadId: 't' })).messages)).toEqual([resourceId])
      expect((await memory.getThreadById({ resourceId, threadId: 't' }))?.resourceId).toBe(resourceId)
    }
  })

  it('does not let a resourceId name a child space', async () => {
    const memory = openMemory()
    const child = childSpaceId(spaceId('resource', 'alice'), 'agent', 'writer')
    expect(child).toBe('resource/alice/agent/writer')
    const put: Change = { kind: 'thread-put', threadId: 't', title: 'hidden' }
    await memory.space(child).commit([put])
    for (const resourceId of ['alice/agent/writer', 'alice%2Fagent%2Fwriter', 'alice', 'writer']) {
      expect(await memory.getThreadById({ resourceId, threadId: 't' })).toBeNull()
      await memory.saveMessages({ resourceId, threadId: 't', messages: 'mine' })
    }
    expect((await memory.space(child).state())?.seq).toBe(1)
    expect(await memory.space(child).threads.get('t')).toMatchObject({ record: { title: 'hidden', messageCount: 0 } })
  })

  it('does not find the threads of a child space as if its id were a resource', async () => {
    const memory = openMemory()
    await memory.space('resource/alice/resource/bob').commit([{ kind: 'thread-put', threadId: 't' }])
    expect(await memory.getThreadById({ threadId: 't' })).toBeNull()
  })

  it('parses ids to one form', () => {
    expect(spaceId('resource', 'a/b')).toBe('resource/a%2Fb')
    expect(parseSpaceId('resource/a%2fb').id).toBe('resource/a%2Fb')
    expect(openMemory().space('team/%61cme').id).toBe('team/acme')
  })
})

describe('listSpaces', () => {
  it('lists by kind and prefix, page by page', async () => {
    const memory = openMemory()
    for (const id of ['acme', 'acme-corp', 'ac/me', 'beta']) await memory.team(id).write('a', 1)
    await memory.createThread(where)
    const list = async (prefix?: string) => {
      const { spaces } = await memory.listSpaces({ kind: 'team', ...(prefix === undefined ? {} : { prefix }) })
      return spaces.map(({ id }) => id)
    }
    expect(await list()).toEqual(['team/ac%2Fme', 'team/acme', 'team/acme-corp', 'team/beta'])
    expect(await list('acme')).toEqual(['team/acme', 'team/acme-corp'])
    expect(await list('ac/')).toEqual(['team/ac%2Fme'])
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await memory.listSpaces({ kind: 'team', limit: 3, ...(cursor === undefined ? {} : { cursor }) })
      seen.push(...page.spaces.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(seen).toEqual(await list())
    const { spaces } = await memory.listSpaces({ kind: 'resource' })
    expect(spaces).toMatchObject([{ id: 'resource/alice', seq: 1, threads: 1 }])
    const { nextCursor = '' } = await memory.listSpaces({ kind: 'team', limit: 1 })
    await refused('invalid-input', () => memory.listSpaces({ kind: 'resource', cursor: nextCursor }))
  })

  it('takes a prefix as it stands in the id', async () => {
    const memory = openMemory()
    await memory.team('acme (north)').write('a', 1)
    expect((await memory.listSpaces({ kind: 'team', prefix: 'acme (' })).spaces).toHaveLength(1)
  })
})

describe('actors', () => {
  const agent = { kind: 'agent', id: 'writer', name: 'Writer' } as const
  const user = { kind: 'user', id: 'ada' } as const
  const both = [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: 'hello' },
  ] as const

  it.each([
    ['the application', null, { kind: 'user', id: 'alice' }, { kind: 'agent', id: 'assistant' }],
    ['an agent', agent, { kind: 'user', id: 'alice' }, agent],
    ['a user', user, user, { kind: 'agent', id: 'assistant' }],
    ['a tool', { kind: 'tool', id: 'x' } as const, { kind: 'user', id: 'alice' }, { kind: 'agent', id: 'assistant' }],
  ])('authors of what %s saves', async (_, actor, ofUser, ofAssistant) => {
    const plain = openMemory()
    const memory = actor === null ? plain : plain.as(actor)
    const saved = await memory.saveMessages({ ...where, messages: both })
    expect(saved.messages.map(({ author }) => author)).toEqual([ofUser, ofAssistant])
    expect((await plain.listMessages(where)).messages).toEqual(saved.messages)
  })

  it('marks an author whom somebody else states as claimed', async () => {
    const memory = openMemory().as(agent)
    const messages = [
      { role: 'user', content: 'a', author: user },
      { role: 'assistant', content: 'b', author: agent },
    ] as const
    const saved = await memory.saveMessages({ ...where, messages })
    expect(saved.messages.map(({ author }) => author)).toEqual([{ ...user, claimed: true }, agent])
    const listed = (await memory.listMessages(where)).messages
    expect(listed).toEqual(saved.messages)
    const again = await memory.saveMessages({
      resourceId: 'bob',
      threadId: 't',
      messages: [{ ...both[0], author: user }],
    })
    expect(again.messages[0]?.author.claimed).toBe(true)
  })

  it('signs everything that is written, and nothing of the memory it came from', async () => {
    const memory = openMemory()
    const acting = memory.as(agent)
    await acting.team('acme').write('a', 1)
    await memory.team('acme').write('b', 1)
    expect((await memory.team('acme').get('a'))?.writtenBy).toEqual(agent)
    expect((await memory.team('acme').get('b'))?.writtenBy).toEqual({ kind: 'system', id: 'app' })
    await acting.updateWorkingMemory({ resourceId: 'alice', workingMemory: 'x' })
    expect((await memory.getWorkingMemory({ resourceId: 'alice' }))?.updatedBy).toEqual(agent)
    const { items } = await memory.space('team/acme').log.read({ after: 0, limit: 9 })
    expect(items.map(({ actor }) => actor.id)).toEqual(['writer', 'app'])
  })

  it('lets the last as() decide', async () => {
    const memory = openMemory().as(agent).as(user)
    await memory.team('acme').write('a', 1)
    expect((await memory.team('acme').get('a'))?.writtenBy).toEqual(user)
  })
})

describe('erasing a space', () => {
  it('leaves nothing of it and of its children, and starts above every seq it had', async () => {
    const memory = openMemory()
    const space = memory.space('resource/alice')
    const { messages } = await memory.saveMessages({ ...where, messages: 'secret' })
    await memory.updateWorkingMemory({ ...where, workingMemory: 'secret' })
    await memory.space('resource/alice/agent/a').commit([entry('secret', 1)])
    await memory.space('resource/alice2').commit([entry('other', 1)])
    const key = (await space.state())?.key
    const erased = await space.commit([{ kind: 'erase' }])
    expect(erased).toMatchObject({ status: 'committed', results: [{ kind: 'erase', spaces: 2, commits: 3 }] })
    expect([await space.state(), await memory.space('resource/alice/agent/a').state()]).toEqual([null, null])
    expect(await memory.getThreadById({ threadId: 't' })).toBeNull()
    expect(await memory.getWorkingMemory(where)).toBeNull()
    expect(await memory.deleteMessages(messages[0]?.id ?? '')).toEqual({ deleted: [] })
    expect((await memory.space('resource/alice2').state())?.seq).toBe(1)
    await memory.createThread(where)
    const state = await space.state()
    expect(state?.key).not.toBe(key)
    expect(state?.seq).toBeGreaterThan(2)
    const late = await memory.updateThread({ ...where, title: 'x', ifVersion: 1 })
    expect(late).toMatchObject({ status: 'conflict' })
  })
})
