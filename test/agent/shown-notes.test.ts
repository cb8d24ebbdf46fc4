// The notes in prompts are those that hold now, though a process keeps them between turns.
import { Agent, type Memory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { openMemory, temporaryUrl } from '../memory/opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }
const options = { observationalMemory: { model: false }, semanticRecall: false } as const

/** Says something and has it noted. */
async function note(memory: Memory, ...towns: readonly string[]): Promise<void> {
  const messages = towns.map((town) => `Anna visited ${town} with 7 dogs.`)
  await memory.saveMessages({ ...where, messages })
  await memory.observe(where)
}

/** The towns in the notes of a prompt. */
async function shown(memory: Memory): Promise<readonly string[]> {
  const model = scriptedModel({ script: ['Fine.'] })
  await new Agent({ name: 'Guide', model, memory }).generate('Hello', {
    ...where,
    memory: { options: { readOnly: true } },
  })
  const system = JSON.stringify(model.calls[0]?.messages.filter(({ role }) => role === 'system') ?? [])
  return system.match(/Porto|Rome|Oslo/g) ?? []
}

it('follow what is noted, edited and forgotten', async () => {
  const memory = openMemory({ options })
  await note(memory, 'Porto')
  expect(await shown(memory)).toEqual(['Porto'])
  expect(await shown(memory)).toEqual(['Porto'])
  await note(memory, 'Rome')
  expect(await shown(memory)).toEqual(['Porto', 'Rome'])
  const { messages } = await memory.listMessages({ ...where, perPage: false })
  const rome = messages.find(({ parts }) => JSON.stringify(parts).includes('Rome'))?.id ?? ''
  await memory.forget({ ...where, messageIds: [rome] })
  expect(await shown(memory)).toEqual(['Porto'])
})

it('are never those of a space that was forgotten and made again', async () => {
  const memory = openMemory({ options })
  await note(memory, 'Porto')
  expect(await shown(memory)).toEqual(['Porto'])
  await memory.forget({ resourceId: 'ann' })
  await note(memory, 'Oslo')
  expect(await shown(memory)).toEqual(['Oslo'])
})

it('follow what another process notes', async () => {
  const storage = temporaryUrl()
  const [memory, other] = [openMemory({ storage, options }), openMemory({ storage, options })]
  await note(memory, 'Porto')
  expect(await shown(memory)).toEqual(['Porto'])
  await note(other, 'Rome')
  expect(await shown(memory)).toEqual(['Porto', 'Rome'])
  await other.deleteThread(where)
  expect(await shown(memory)).toEqual([])
})
