// A provider caches the beginning of a prompt: from turn to turn its bytes stay the same up to what is new, unless notes are shown or
// condensed.
import { Agent, type Memory, type ObservationalMemoryOptions } from 'aquifer'
import { callTool, type ModelCall, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { hour, ManualClock, minute, openMemory } from '../memory/opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }
const town = (at: number) => `Friend${at} visited Town${at} with ${at + 2} dogs.`
const turns = 40

interface NotesShown {
  readonly generation: number
  readonly chunk: number
}

/** What decides which notes a prompt shows. */
async function notesShown(memory: Memory, runId: string | null | undefined): Promise<NotesShown> {
  const run = await memory.getRun(runId ?? '')
  const seen = run?.details.seen as { readonly observations: NotesShown | null } | undefined
  return { generation: seen?.observations?.generation ?? 0, chunk: seen?.observations?.chunk ?? 0 }
}

/** The prompts of some turns: that of the first call of each, with the notes that it shows. */
async function promptsOf(memory: Memory, clock: ManualClock, agent: Agent, calls: () => readonly ModelCall[]) {
  const prompts: { readonly items: readonly string[]; readonly notes: NotesShown }[] = []
  for (let turn = 0; turn < turns; turn++) {
    clock.pass([minute, 11 * minute, 3 * hour][turn % 3] as number)
    const first = calls().length
    const { runId } = await agent.generate(town(turn), where)
    await memory.settled()
    const items = (calls()[first]?.messages ?? []).map((item) => JSON.stringify(item))
    prompts.push({ items, notes: await notesShown(memory, runId) })
  }
  return prompts
}

/** Where the notes of a prompt end, as JSON. */
const notesEnd = '\\n</observations>'

/** Checks the prompts of turns that follow each other; answers between how many of them the notes stayed the same, and changed. */
function checkPrompts(prompts: Awaited<ReturnType<typeof promptsOf>>) {
  let same = 0
  for (const [at, { items, notes }] of prompts.entries()) {
    const before = prompts[at - 1]
    if (before === undefined) continue
    const [first = ''] = before.items
    if (before.notes.generation === notes.generation && before.notes.chunk === notes.chunk) {
      same += 1
      expect([at, items.slice(0, before.items.length)]).toEqual([at, before.items])
    } else if (before.notes.generation === notes.generation && first.includes(notesEnd)) {
      // New notes come behind the others.
      const upToNotes = first.slice(0, first.indexOf(notesEnd))
      expect([at, items[0]?.slice(0, upToNotes.length)]).toEqual([at, upToNotes])
    }
  }
  return { same, changed: prompts.length - 1 - same }
}

const ways: readonly [string, ObservationalMemoryOptions][] = [
  ['without notes made ahead', { observation: { bufferTokens: false } }],
  ['with notes made ahead', {}],
  ['with times that passed', { temporalMarkers: true }],
  ['with reflections', { temporalMarkers: true, reflection: { observationTokens: 100 } }],
  ['with notes of other threads', { scope: 'resource' }],
  ['with the tool that reads behind notes', { retrieval: true }],
]

describe('the beginning of a prompt', () => {
  it.each(ways)('stays the same %s', async (_, way) => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const observation = { messageTokens: 200, bufferActivation: 0.6, maxTokensPerBatch: 40, ...way.observation }
    const observationalMemory = { ...way, model: false, maxWaitMs: hour, observation } as const
    const model = scriptedModel({ answer: ({ number }) => `Noted for the ${number}th time.` })
    const options = { semanticRecall: false, observationalMemory } as const
    const agent = new Agent({ name: 'Guide', model, memory, defaultOptions: { memory: { options } } })
    const { same, changed } = checkPrompts(await promptsOf(memory, clock, agent, () => model.calls))
    expect(same).toBeGreaterThan(turns / 3)
    expect(changed).toBeGreaterThan(2)
  })

  it('of a supervisor stays the same while it asks two subagents in each turn', async () => {
    const clock = new ManualClock()
    const memory = openMemory({ clock })
    const helper = (key: string) => {
      const model = scriptedModel({ answer: ({ number }) => `Done for the ${number}th time.` })
      return new Agent({ id: `${key}-id`, name: key, description: `Does ${key}.`, model })
    }
    const observation = { messageTokens: 200, bufferActivation: 0.6, maxTokensPerBatch: 80 }
    const observationalMemory = { model: false, temporalMarkers: true, maxWaitMs: hour, observation } as const
    const asks = ['one', 'two'].map((key) => callTool(`agent-${key}`, { prompt: `Look at ${key}.` }))
    const model = scriptedModel({ answer: ({ number }) => asks[(number - 1) % 3] ?? `Noted for the ${number}th time.` })
    const options = { semanticRecall: false, observationalMemory } as const
    const agents = { one: helper('one'), two: helper('two') }
    const agent = new Agent({
      id: 'lead',
      name: 'Lead',
      model,
      memory,
      agents,
      defaultOptions: { memory: { options } },
    })
    const { same, changed } = checkPrompts(await promptsOf(memory, clock, agent, () => model.calls))
    expect(same).toBeGreaterThan(turns / 3)
    expect(changed).toBeGreaterThan(2)
    expect(model.calls.length).toBe(3 * turns)
  })
})
