/** Exports of what is held on a person. */
import { Agent, createStep, createWorkflow, Memory, RequestContext } from 'aquifer'
import { say, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const ann = { resourceId: 'ann' }

/** A memory with something of every kind on ann, and something on bob. */
async function filled(): Promise<Memory> {
  const memory = new Memory({ storage: ':memory:', embedder: false })
  const agent = new Agent({ name: 'helper', model: scriptedModel({ script: [say('I am well.')] }), memory })
  await agent.generate('How are you? MARK-MESSAGE', { memory: { resource: 'ann', thread: 'first' } })
  await memory.updateWorkingMemory({ ...ann, threadId: 'first', workingMemory: 'MARK-BLOCK' })
  await memory.add('MARK-FACT: Ann likes tea.', { userId: 'ann', infer: false })
  await memory.space('resource/ann').commit([{ kind: 'entry-write', key: 'k', value: { of: 'MARK-ENTRY' } }])
  await memory.space('resource/ann/agent/scout').commit([{ kind: 'entry-write', key: 'k', value: 'MARK-CHILD' }])
  await memory.space('resource/ann').commit([{ kind: 'entry-write', key: 'k', value: { of: 'MARK-ENTRY', n: 2 } }])
  const wait = createStep({
    id: 'wait',
    inputSchema: z.string(),
    outputSchema: z.string(),
    execute: ({ suspend }) => suspend({ asks: 'MARK-STEP' }),
  })
  const options = { id: 'asks', inputSchema: z.string(), outputSchema: z.string(), memory }
  const workflow = createWorkflow(options).then(wait).commit()
  const requestContext = new RequestContext({ token: 'MARK-SECRET' })
  await (await workflow.createRun(ann)).start({ inputData: 'MARK-INPUT', requestContext })
  await memory.cloneThread({ ...ann, threadId: 'first', to: { resourceId: 'bob' } })
  await memory.add('MARK-BOB: Bob likes coffee.', { userId: 'bob', infer: false })
  return memory
}

const held = ['MESSAGE', 'BLOCK', 'FACT', 'ENTRY', 'CHILD', 'STEP', 'INPUT'].map((kind) => `MARK-${kind}`)

describe('an export', () => {
  it('has everything that is held on a person, and nothing of anybody else', async () => {
    await using memory = await filled()
    const exported = await memory.exportOf(ann)
    const json = JSON.stringify(exported)
    expect(held.filter((mark) => !json.includes(mark))).toEqual([])
    expect(['MARK-BOB', 'MARK-SECRET'].filter((mark) => json.includes(mark))).toEqual([])
    expect(exported.spaces.map(({ space }) => space.id)).toEqual(['resource/ann', 'resource/ann/agent/scout'])
    expect(exported.copies).toMatchObject([{ space: 'resource/bob' }])
    const [{ log, threads }] = exported.spaces as [(typeof exported.spaces)[number]]
    expect(log.length).toBe(log.at(-1)?.seq)
    expect(threads.map(({ messages }) => messages.length)).toEqual([2])
  })

  it('can be read by people', async () => {
    await using memory = await filled()
    const { markdown } = await memory.exportOf(ann)
    const present = held.filter((mark) => !['MARK-STEP', 'MARK-INPUT'].includes(mark))
    expect(present.filter((mark) => !markdown.includes(mark))).toEqual([])
    expect(markdown.split('\n').filter((line) => line.startsWith('#'))).toEqual([
      '# resource/ann',
      '## Conversations',
      '### first',
      '## Working memory',
      '## Facts',
      '## Entries',
      '## What agents and workflows did',
      '# resource/ann/agent/scout',
      '## Entries',
      '# Copies elsewhere',
    ])
  })

  it('keeps its form whatever the texts say', async () => {
    await using memory = new Memory({ storage: ':memory:', embedder: false })
    const texts = ['# heading', 'a\n# heading', '```\n# out', '````\n# out\u2028# line', '<b>**x**']
    for (const text of texts) {
      await memory.saveMessages({ ...ann, threadId: text.slice(0, 1), messages: [text] })
      await memory.add(`${text} fact`, { userId: 'ann', infer: false })
      await memory.space('resource/ann').commit([{ kind: 'entry-write', key: '# key', value: text }])
    }
    const { markdown } = await memory.exportOf(ann)
    const headings = markdown.split(/\n|\u2028/).filter((line) => line.startsWith('#'))
    expect(headings.filter((line) => !/^#{1,3} (resource|Conv|Facts|Entries|[\\#a`<])/.test(line))).toEqual([])
    expect(headings.filter((line) => line === '# heading' || line === '# out' || line === '# line')).toEqual([])
  })

  it('says that nothing is held', async () => {
    await using memory = new Memory({ storage: ':memory:', embedder: false })
    expect(await memory.exportOf(ann)).toMatchObject({ resourceId: 'ann', spaces: [], copies: [] })
    expect((await memory.exportOf(ann)).markdown).toContain('Nothing is held.')
    await expect(memory.exportOf({} as never)).rejects.toMatchObject({ code: 'invalid-input' })
  })

  it('reads page by page', async () => {
    await using memory = new Memory({ storage: ':memory:', embedder: false })
    const messages = Array.from({ length: 700 }, (_, index) => `number ${index}`)
    await memory.saveMessages({ ...ann, threadId: 't', messages })
    const changes = messages.map((value, index) => ({ kind: 'entry-write', key: `k${index}`, value }) as const)
    await memory.space('resource/ann').commit(changes)
    const [space] = (await memory.exportOf(ann)).spaces
    expect([space?.threads[0]?.messages.length, space?.entries.length]).toEqual([700, 700])
  })
})
