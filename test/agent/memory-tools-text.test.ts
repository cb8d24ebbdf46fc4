// updateWorkingMemory for working memory kept as text: whole texts, made from the version that the model was shown.
import type { Memory, MemoryBehaviour } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { callAll, callOnce, toolsOf, where } from './called-tools.ts'

const template = '# About\n- Name:\n- City:\n- Job:'
const options: MemoryBehaviour = { workingMemory: { template } }
const named = '# About\n- Name: Ann\n- City:\n- Job:'

const write = (tools: Awaited<ReturnType<typeof toolsOf>>, text: string, version?: unknown) =>
  callOnce(tools, 'updateWorkingMemory', version === undefined ? { text } : { text, version })
const standing = async (memory: Memory) => (await memory.getWorkingMemory(where))?.value

describe('a tool for text', () => {
  it('is there if the agent keeps working memory', async () => {
    const memory = openMemory()
    const has = async (behaviour: MemoryBehaviour) => Object.keys(await toolsOf(memory, behaviour))
    expect(await has(options)).toEqual(['updateWorkingMemory'])
    expect(await has({ workingMemory: { enabled: true } })).toEqual(['updateWorkingMemory'])
    for (const off of [
      {},
      { workingMemory: { template, enabled: false } },
      { workingMemory: { template, agentManaged: false } },
      { workingMemory: { template, readOnly: true } },
      { workingMemory: { template }, readOnly: true },
    ]) {
      expect(await has(off)).toEqual([])
    }
  })

  it('marks its calls as internal, and acts as the agent', async () => {
    const memory = openMemory({ options })
    const { parts, model } = await callAll(await toolsOf(memory, options), ['updateWorkingMemory', { text: named }])
    expect(parts[0]).toMatchObject({ type: 'tool-call', toolMetadata: { aquifer: { internal: true } } })
    expect((await memory.getWorkingMemory(where))?.updatedBy).toEqual({ kind: 'agent', id: 'sales' })
    expect(model.calls[0]?.tools[0]).toMatchObject({
      inputSchema: { properties: { text: { type: 'string' } }, required: ['text'] },
    })
  })

  it('writes over the version that the model was shown, and what it wrote itself since', async () => {
    const memory = openMemory({ options })
    const tools = await toolsOf(memory, options)
    const texts = ['Ann', 'Anna', 'Annabel'].map((name) => template.replace('Name:', `Name: ${name}`))
    const { outputs } = await callAll(
      tools,
      ['updateWorkingMemory', { text: texts[0] }],
      ['updateWorkingMemory', { text: texts[1] }],
      [['updateWorkingMemory', ({ version }: { version: number }) => ({ text: texts[2], version })]],
    )
    expect(outputs).toEqual([1, 2, 3].map((version) => ({ status: 'written', version })))
    expect(await standing(memory)).toBe(texts[2])
  })

  it('merges the calls of one step, which know nothing of each other, whatever runs first', async () => {
    const memory = openMemory({ options })
    await memory.updateWorkingMemory({ ...where, workingMemory: template })
    const { updateWorkingMemory } = await toolsOf(memory, options)
    const call = (text: string) =>
      updateWorkingMemory?.execute?.({ text, version: 1 }, { toolCallId: 'c', messages: [], context: {} })
    expect(await call(named)).toEqual({ status: 'written', version: 2 })
    const text = '# About\n- Name: Ann\n- City:\n- Job: cook'
    expect(await call(template.replace('Job:', 'Job: cook'))).toMatchObject({ status: 'written', version: 3, text })
    expect(await call(template.replace('Name:', 'Name: Ben'))).toMatchObject({ status: 'conflict', text })
    expect(await standing(memory)).toBe(text)
  })

  it('takes a version as models write it', async () => {
    const memory = openMemory({ options })
    const versions = ['none', null, 0, '', '1']
    for (const version of versions) {
      const at = version === '1' ? memory : openMemory({ options })
      if (version === '1') await memory.updateWorkingMemory({ ...where, workingMemory: template })
      expect(await write(await toolsOf(at, options), named, version)).toMatchObject({ status: 'written' })
    }
  })

  it('merges what others wrote to other lines, and shows it', async () => {
    const memory = openMemory({ options })
    await memory.updateWorkingMemory({ ...where, workingMemory: template })
    const tools = await toolsOf(memory, options)
    await memory.updateWorkingMemory({ ...where, workingMemory: template.replace('Job:', 'Job: cook') })
    const merged = '# About\n- Name: Ann\n- City:\n- Job: cook'
    // The model was not shown the cook when it made the second text: what is missing there is no deletion.
    const [older, newer] = [named, merged].map((text) => text.replace('City:', 'City: Rome'))
    const { outputs } = await callAll(
      tools,
      ['updateWorkingMemory', { text: named, version: 1 }],
      ['updateWorkingMemory', { text: older, version: 1 }],
      ['updateWorkingMemory', { text: newer, version: 3 }],
    )
    expect(outputs).toMatchObject([
      { status: 'written', version: 3, text: merged },
      { status: 'conflict', version: 3, text: merged },
      { status: 'written', version: 4 },
    ])
    expect(await standing(memory)).toBe(newer)
  })

  it('answers the text as it stands where others wrote the same line, and takes the next try', async () => {
    const memory = openMemory({ options })
    const tools = await toolsOf(memory, options)
    await memory.updateWorkingMemory({ ...where, workingMemory: template.replace('Name:', 'Name: Ben') })
    const texts: unknown[] = []
    const { outputs } = await callAll(
      tools,
      ['updateWorkingMemory', { text: named }],
      [
        [
          'updateWorkingMemory',
          ({ text, version }: { text: string; version: number }) => {
            texts.push(text)
            return { text: text.replace('Ben', 'Ben and Ann'), version }
          },
        ],
      ],
    )
    expect(outputs).toMatchObject([
      { status: 'conflict', version: 1, note: expect.stringContaining('send it with this version') },
      { status: 'written', version: 2 },
    ])
    expect(texts).toEqual(['# About\n- Name: Ben\n- City:\n- Job:'])
    expect(await standing(memory)).toBe('# About\n- Name: Ben and Ann\n- City:\n- Job:')
  })

  it('does not write over content that it does not say it was shown, nor by a version that never was', async () => {
    const memory = openMemory()
    const free: MemoryBehaviour = { workingMemory: { enabled: true } }
    await memory.updateWorkingMemory({ ...where, workingMemory: 'likes tea' })
    const tools = await toolsOf(memory, free)
    expect(await write(tools, 'likes coffee')).toMatchObject({ status: 'conflict', text: 'likes tea', version: 1 })
    expect(await write(tools, 'likes coffee', 99)).toMatchObject({ status: 'conflict', text: 'likes tea', version: 1 })
    expect(await standing(memory)).toBe('likes tea')
    expect(await write(tools, 'likes coffee', 1)).toEqual({ status: 'written', version: 2 })
  })

  it('loses nothing of first writes at once', async () => {
    const memory = openMemory({ options })
    const lines = ['Name: Ann', 'City: Rome', 'Job: cook']
    const answers = await Promise.all(
      lines.map(async (line) => {
        const text = template.replace(line.replace(/ .*/, ''), line)
        return write(await toolsOf(memory, options, line.slice(0, 4).replace(':', '')), text)
      }),
    )
    const value = String(await standing(memory))
    for (const [index, answer] of answers.entries()) {
      const { status } = answer as { status: string }
      if (status === 'written') expect(value).toContain(lines[index])
      else expect(answer).toMatchObject({ status: 'conflict' })
    }
    expect(answers).toContainEqual(expect.objectContaining({ status: 'written' }))
    const stated = { ...where, workingMemory: '# About\n- Name: Eve\n- City:\n- Job:', ifAbsent: true }
    expect(await memory.updateWorkingMemory(stated)).toMatchObject({ status: 'conflict' })
  })

  it('refuses the bare template over content, in words, and takes it where nothing was known', async () => {
    const memory = openMemory({ options })
    const tools = await toolsOf(memory, options)
    expect(await write(tools, template)).toEqual({ status: 'written', version: 1 })
    expect(await write(tools, named, 1)).toEqual({ status: 'written', version: 2 })
    expect(await write(tools, `${template}\n`, 2)).toEqual({
      status: 'refused',
      reason: 'That is the empty template: it would forget all that is known. Send the whole text, filled in.',
      text: named,
      version: 2,
    })
    expect(await standing(memory)).toBe(named)
    expect(await write(tools, '', 2)).toEqual({ status: 'written', version: 3 })
    expect(await write(tools, template, 3)).toEqual({ status: 'written', version: 4 })
  })

  it('refuses a text that is too long, without words for programmers', async () => {
    const memory = openMemory({ options, limits: { blockBytes: 100 } })
    const answer = await write(await toolsOf(memory, options), 'x'.repeat(200))
    expect(answer).toEqual({ status: 'refused', reason: expect.stringMatching(/is the limit.*Store less/) })
    expect(JSON.stringify(answer)).not.toContain('limits.blockBytes')
    expect(await standing(memory)).toBeUndefined()
  })

  it('writes what the agent has, whatever the Memory says', async () => {
    const schema = z.object({ name: z.string() })
    const memory = openMemory({ options: { workingMemory: { schema } } })
    await memory.createThread(where)
    const own: MemoryBehaviour = { workingMemory: { template, scope: 'thread' } }
    expect(await write(await toolsOf(memory, own), named)).toMatchObject({ status: 'written' })
    expect((await memory.getWorkingMemory({ ...where, scope: 'thread' }))?.value).toBe(named)
    expect(await standing(memory)).toBeUndefined()
  })

  it('keeps JSON as JSON without a template: the whole of it, as the text of an object', async () => {
    const memory = openMemory()
    await memory.updateWorkingMemory({ ...where, workingMemory: { name: 'Ann', age: 7 } })
    const tools = await toolsOf(memory, { workingMemory: { enabled: true } })
    expect(await write(tools, 'Ann', 1)).toMatchObject({
      status: 'refused',
      reason: expect.stringContaining('the text of one JSON object'),
      text: '{"name":"Ann","age":7}',
      version: 1,
    })
    expect(await write(tools, '{"name":"Ben"}')).toMatchObject({ status: 'conflict', version: 1 })
    expect(await write(tools, '{"name":"Ben"}', 1)).toEqual({ status: 'written', version: 2 })
    expect(await standing(memory)).toEqual({ name: 'Ben' })
    await memory.updateWorkingMemory({ ...where, workingMemory: { age: 8 } })
    expect(await write(tools, '{"name":"Cat"}', 2)).toMatchObject({ status: 'conflict', version: 3 })
  })

  it('tells of what no model can help as an error, which stays an error of the tool', async () => {
    const memory = openMemory({ options })
    const tools = await toolsOf(memory, options)
    await memory.close()
    const { parts, outputs } = await callAll(tools, ['updateWorkingMemory', { text: named }])
    expect(outputs).toEqual([])
    expect(parts.find(({ type }) => type === 'tool-error')?.error).toMatchObject({ code: 'closed' })
  })
})

describe('ifAbsent', () => {
  it('writes text and JSON only where there is no block', async () => {
    for (const workingMemory of ['one', { one: 1 }]) {
      for (const mode of ['merge', 'replace'] as const) {
        const memory = openMemory()
        const first = { ...where, workingMemory, mode, ifAbsent: true }
        expect(await memory.updateWorkingMemory(first)).toMatchObject({ status: 'written', replaced: null })
        const other = typeof workingMemory === 'string' ? 'two' : { two: 2 }
        expect(await memory.updateWorkingMemory({ ...first, workingMemory: other })).toMatchObject({
          status: 'conflict',
          current: { value: workingMemory },
        })
      }
    }
  })
})
