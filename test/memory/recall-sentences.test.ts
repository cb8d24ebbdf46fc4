// Sentences with vectors of their own: made in the background, compared once they are there, and kept true to what was said.
import { describe, expect, it, onTestFinished } from 'vitest'
import { Memory, type MemoryOptions } from '../../src/index.ts'
import { type ScriptedEmbedder, scriptedEmbedder } from '../../src/testing/scripted-embedder.ts'
import { temporaryUrl } from './opened.ts'

const resourceId = 'alice'
const where = { resourceId, threadId: 't' }
const long =
  'The weather is fine today and the wind is mild. Bob bought an automobile. We had tea with lemon and a lot of cake.'
const messages = [long, 'Tea is ready', 'Nothing else happened. It was quiet.']
const recall = { sentences: true }

function open(options: MemoryOptions): Memory {
  const memory = new Memory({ storage: ':memory:', background: false, ...options })
  onTestFinished(() => memory.close())
  return memory
}

/** Texts that were embedded for records. */
function embedded({ calls }: ScriptedEmbedder): readonly string[] {
  return calls.flatMap(({ texts, purpose }) => (purpose === 'record' ? texts : []))
}

/** What the sentences of the first message add to its score for a question. */
async function bySentences(memory: Memory): Promise<number> {
  const { items, recallId } = await memory.recall({ resourceId, query: 'Who has a car?', gate: 'off' })
  const { items: traced } = await memory.explain(recallId)
  const place = items.findIndex(({ text }) => text === long)
  return traced[place]?.scores.vector ?? Number.NaN
}

describe('sentences', () => {
  it('are embedded after the messages; a single one is the message', async () => {
    const embedder = scriptedEmbedder({ meanings: { automobile: 'car' } })
    const memory = open({ embedder, recall })
    await memory.saveMessages({ ...where, messages })
    expect(await memory.settled()).toMatchObject({ pendingSpaces: 0, failed: 0, error: null })
    expect(embedded(embedder)).toEqual([
      ...messages,
      'The weather is fine today and the wind is mild.',
      'Bob bought an automobile.',
      'We had tea with lemon and a lot of cake.',
      'Nothing else happened.',
      'It was quiet.',
    ])
    await memory.settled()
    expect(embedded(embedder)).toHaveLength(8)
  })

  it('change how near a message is', async () => {
    const score = async (sentences: boolean) => {
      const memory = open({ embedder: scriptedEmbedder({ meanings: { automobile: 'car' } }), recall: { sentences } })
      await memory.saveMessages({ ...where, messages })
      await memory.settled()
      return bySentences(memory)
    }
    const [without, with_] = [await score(false), await score(true)]
    expect(Number.isFinite(without) && Number.isFinite(with_)).toBe(true)
    expect(with_).not.toBe(without)
  })

  it('are made of all that was said before, once the option is on; recall works meanwhile', async () => {
    const storage = temporaryUrl()
    const before = open({ storage, embedder: scriptedEmbedder() })
    await before.saveMessages({ ...where, messages })
    await before.settled()
    const usual = await bySentences(before)
    await before.close()
    const embedder = scriptedEmbedder()
    const memory = open({ storage, embedder, recall })
    expect(await bySentences(memory)).toBe(usual)
    await memory.settled()
    expect(embedded(embedder)).toHaveLength(5)
    expect(await bySentences(memory)).not.toBe(usual)
    await memory.close()
    // They are there, so another process without the option compares them, and makes those of what is new.
    const later = scriptedEmbedder()
    const after = open({ storage, embedder: later })
    expect(await bySentences(after)).not.toBe(usual)
    await after.saveMessages({ ...where, messages: ['One more thing. It rains.'] })
    await after.settled()
    expect(embedded(later)).toEqual(['One more thing. It rains.', 'One more thing.', 'It rains.'])
    const never = open({ storage, embedder: scriptedEmbedder(), recall: { sentences: false } })
    await never.settled()
    expect(Number.isFinite(await bySentences(never))).toBe(true)
  })

  it('follow an edit, and are made again after a re-index', async () => {
    const embedder = scriptedEmbedder()
    const memory = open({ embedder, recall })
    const { messages: saved } = await memory.saveMessages({ ...where, messages })
    await memory.settled()
    const made = embedded(embedder).length
    await memory.updateMessages({ messages: [{ id: saved[1]?.id ?? '', content: 'Tea is cold. Make some more.' }] })
    await memory.settled()
    expect(embedded(embedder).slice(made)).toEqual(['Tea is cold. Make some more.', 'Tea is cold.', 'Make some more.'])
    await memory.reindex()
    await memory.settled()
    const known = await bySentences(memory)
    expect(Number.isFinite(known)).toBe(true)
    expect(embedded(embedder).filter((text) => text === 'Make some more.').length).toBeGreaterThanOrEqual(1)
  })

  it('are refused as anything but true or false', () => {
    expect(() => open({ recall: { sentences: 'yes' as never } })).toThrow(
      expect.objectContaining({ code: 'invalid-input' }),
    )
  })
})
