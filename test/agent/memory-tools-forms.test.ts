// updateWorkingMemory after a deployment changed the form of working memory, or its schema.
import type { Memory, MemoryBehaviour } from 'aquifer'
import { Agent } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openMemory } from '../memory/opened.ts'
import { callAll, callOnce, toolsOf, where } from './called-tools.ts'

const template = '# User\n- Name:\n- Plan:\n'
const named = '# User\n- Name: Ann\n- Plan: free\n'
const schema = z.object({
  name: z.string().optional(),
  pets: z.array(z.string()).optional(),
  plan: z.string().optional(),
})
const asText: MemoryBehaviour = { workingMemory: { template } }
const asJson: MemoryBehaviour = { workingMemory: { schema } }
const standing = async (memory: Memory) => (await memory.getWorkingMemory(where))?.value

async function holding(workingMemory: string | Record<string, unknown>): Promise<Memory> {
  const memory = openMemory()
  await memory.updateWorkingMemory({ ...where, workingMemory })
  return memory
}

async function shownTo(memory: Memory, options: MemoryBehaviour): Promise<string> {
  const model = scriptedModel({ script: ['ok'] })
  await new Agent({ name: 'A', memory, model }).generate('Hello', { ...where, memory: { options } })
  return model.calls[0]?.instructions ?? ''
}

describe('a schema over a text', () => {
  it('asks the model for the whole object, shows it text and schema, and writes what it replaces it by', async () => {
    const memory = await holding(named)
    const { outputs } = await callAll(
      await toolsOf(memory, asJson),
      ['updateWorkingMemory', { plan: 'gold' }],
      ['updateWorkingMemory', { name: 'Ann', plan: 'gold', replace: true }],
      ['updateWorkingMemory', { pets: ['cat'] }],
    )
    expect(outputs).toEqual([
      {
        status: 'refused',
        reason: expect.stringContaining('with replace: true'),
        text: named,
        schema: expect.objectContaining({ properties: expect.objectContaining({ plan: { type: 'string' } }) }),
      },
      { status: 'written', version: 2 },
      { status: 'written', version: 3 },
    ])
    expect(await standing(memory)).toEqual({ name: 'Ann', plan: 'gold', pets: ['cat'] })
    const past = await memory.getWorkingMemoryHistory(where)
    expect(past.map(({ value }) => value)).toContain(named)
    expect(await memory.getWorkingMemory({ ...where, version: 1 })).toMatchObject({ value: named, format: 'text' })
  })

  it('asks once: what the model sends after it was shown the text is the whole object', async () => {
    const memory = await holding(named)
    const { outputs } = await callAll(
      await toolsOf(memory, asJson),
      [
        ['updateWorkingMemory', { plan: 'gold' }],
        ['updateWorkingMemory', { name: 'Ann' }],
      ],
      ['updateWorkingMemory', { name: 'Ann', plan: 'gold' }],
    )
    expect(outputs).toMatchObject([{ status: 'refused' }, { status: 'refused' }, { status: 'written', version: 2 }])
    expect(await standing(memory)).toEqual({ name: 'Ann', plan: 'gold' })
  })

  it('asks again if the text changed after the model was asked', async () => {
    const memory = await holding(named)
    const { updateWorkingMemory } = await toolsOf(memory, asJson)
    const call = (seen: number) => {
      const messages = Array.from({ length: seen }, () => ({ role: 'user' as const, content: 'x' }))
      return updateWorkingMemory?.execute?.({ plan: 'gold' }, { toolCallId: 'c', messages, context: {} })
    }
    expect(await call(1)).toMatchObject({ status: 'refused', text: named })
    const later = named.replace('free', 'silver')
    await memory.updateWorkingMemory({ ...where, workingMemory: later })
    expect(await call(2)).toMatchObject({ status: 'refused', text: later })
    expect(await call(3)).toMatchObject({ status: 'written' })
    expect(await standing(memory)).toEqual({ plan: 'gold' })
  })

  it.each([
    ['', {}],
    [' \n', {}],
    ['{"name":"Ann"}', { name: 'Ann' }],
  ])('takes a text that loses nothing as it is: %j', async (text, before) => {
    const memory = await holding(text)
    const tools = await toolsOf(memory, asJson)
    expect(await callOnce(tools, 'updateWorkingMemory', { plan: 'gold' })).toEqual({ status: 'written', version: 2 })
    expect(await standing(memory)).toEqual({ ...before, plan: 'gold' })
  })
})

describe('a template over JSON', () => {
  const value = { name: 'Ann', pets: ['cat', 'dog'], home: { city: 'Rome' } }
  const lines = '- name: Ann\n- pets:\n  - cat\n  - dog\n- home:\n  - city: Rome'

  it('shows it as lines, and takes the text that was made of them', async () => {
    const memory = await holding(value)
    expect(await shownTo(await holding(value), asText)).toContain(lines)
    const tools = await toolsOf(memory, asText)
    const text = lines.replace('Rome', 'Oslo')
    expect(await callOnce(tools, 'updateWorkingMemory', { text })).toMatchObject({
      status: 'conflict',
      text: lines,
      version: 1,
    })
    expect(await callOnce(tools, 'updateWorkingMemory', { text, version: 1 })).toEqual({
      status: 'written',
      version: 2,
    })
    expect(await memory.getWorkingMemory(where)).toMatchObject({ value: text, format: 'text' })
    expect(await memory.getWorkingMemory({ ...where, version: 1 })).toMatchObject({ value, format: 'json' })
  })

  it('merges it line by line with what was written as JSON since', async () => {
    const memory = await holding(value)
    await memory.updateWorkingMemory({ ...where, workingMemory: { home: { city: 'Oslo' } } })
    const tools = await toolsOf(memory, asText)
    const text = lines.replace('Ann', 'Anna')
    expect(await callOnce(tools, 'updateWorkingMemory', { text, version: 1 })).toMatchObject({
      status: 'written',
      text: text.replace('Rome', 'Oslo'),
    })
  })

  it('refuses the bare template over it', async () => {
    const memory = await holding(value)
    const answer = await callOnce(await toolsOf(memory, asText), 'updateWorkingMemory', { text: template, version: 1 })
    expect(answer).toMatchObject({ status: 'refused', text: lines })
  })
})

describe('a schema that changed', () => {
  const stored = { name: 'Ann', pets: ['cat'], plan: 'free' }
  const forms = {
    'a field was dropped': z.strictObject({ name: z.string().optional(), plan: z.string().optional() }),
    'a field has another type': z.object({ pets: z.record(z.string(), z.string()).optional(), plan: z.string() }),
    'a choice became narrower': z.object({ pets: z.array(z.enum(['dog'])).optional(), plan: z.string().optional() }),
    'a field became required': z.object({ age: z.number(), plan: z.string() }),
  }

  it.each(Object.entries(forms))('does not stand in the way of a patch elsewhere: %s', async (_, changed) => {
    const memory = await holding(stored)
    const tools = await toolsOf(memory, { workingMemory: { schema: changed } })
    expect(await callOnce(tools, 'updateWorkingMemory', { plan: 'gold' })).toEqual({ status: 'written', version: 2 })
    expect(await callOnce(tools, 'updateWorkingMemory', { remove: ['pets'] })).toMatchObject({ status: 'written' })
    expect(await standing(memory)).toEqual({ name: 'Ann', plan: 'gold' })
    expect(await callOnce(tools, 'updateWorkingMemory', { plan: 7 })).toMatchObject({ status: 'refused' })
  })

  it('takes a value of the new type over one of the old', async () => {
    const memory = await holding(stored)
    const tools = await toolsOf(memory, { workingMemory: { schema: forms['a field has another type'] } })
    const answer = await callOnce(tools, 'updateWorkingMemory', { pets: { Rex: 'dog' } })
    expect(answer).toEqual({ status: 'written', version: 2 })
    expect(await standing(memory)).toEqual({ ...stored, pets: { Rex: 'dog' } })
  })
})
