// A conversation of 5,000 messages: at every turn the prompt stays under its budget, and each planted fact is in it once, in a note or as
// it was said.
import { Agent, type Memory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { observerAnswer } from '../memory/observer-answers.ts'
import { openMemory } from '../memory/opened.ts'
import { isUsual } from '../run-lengths.ts'

const where = { resourceId: 'ann', threadId: 'trip' }
/** Messages of a turn, the answer included. */
const perTurn = isUsual ? 8 : 2

const filler = [
  'The weather stayed nice outside.',
  'Everybody enjoyed the long walk.',
  'People were talking about music again. Nothing else happened around here.',
]
/** The same text twice would be the same message, sent again. */
const tune = (at: number) => [...at.toString()].map((digit) => 'abcdefghij'[Number(digit)]).join('')

/** Places of messages that state a fact: at uneven distances, some next to each other, some of the agent's. */
const isPlanted = (at: number) => (at * 37) % 101 < 3
const hotelAt = (at: number) => `Hotel${at}q`
const messageAt = (at: number) =>
  isPlanted(at)
    ? `We booked room ${at}q in ${hotelAt(at)} for Monday.`
    : `${filler[at % filler.length]} Somebody hummed ${tune(at)}.`
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)
const hotelsIn = (text: string): readonly string[] => text.match(/Hotel\d+q/g) ?? []

/** Notes each hotel, and condenses notes into one that names all of their hotels. */
const observer = scriptedModel({
  answer: ({ prompt }) =>
    observerAnswer(prompt, {
      noted: (text) => (hotelsIn(text).length === 0 ? null : `Booked: ${hotelsIn(text).join(' ')}`),
      condensed: (texts) => hotelsIn(texts.join(' ')).join(' '),
    }),
})

interface Seen {
  readonly tokens: { readonly total: number; readonly history: number; readonly observations: number }
  readonly observations: { readonly isTrimmed?: true } | null
}

/** What cycles of a run say that they did. */
async function seenIn(memory: Memory, runId: string | null | undefined) {
  const run = await memory.getRun(runId ?? '')
  const events = (run?.details.observationEvents ?? []) as { type: string; operation?: string; isBuffered?: boolean }[]
  return {
    seen: run?.details.seen as unknown as Seen,
    kinds: events.map(
      ({ type, operation, isBuffered }) => `${type} ${operation}${isBuffered === true ? ' ahead' : ''}`,
    ),
  }
}

const messageTokens = 600
/** Tokens of the instructions, of the guidance on notes, and of the new messages of one turn. */
const rest = 80 + perTurn * 40

it.each([
  { name: 'a model', model: observer, observationTokens: 600, count: 5_000 },
  { name: 'rules', model: false, observationTokens: 3_000, count: isUsual ? 1_600 : 5_000 },
] as const)('stays small with notes by $name, and keeps what matters', async ({ model, observationTokens, count }) => {
  const memory = openMemory()
  const observation = { messageTokens, maxTokensPerBatch: 200 }
  const observationalMemory = { model, observation, reflection: { observationTokens } }
  let turn = 0
  const speaker = scriptedModel({ answer: () => messageAt((turn + 1) * perTurn - 1) })
  const agent = new Agent({
    name: 'Guide',
    model: speaker,
    memory,
    defaultOptions: { memory: { options: { semanticRecall: false, observationalMemory } } },
  })
  const happened = new Set<string>()
  let largest = 0
  for (; turn < count / perTurn; turn++) {
    const said = range(0, (turn + 1) * perTurn - 1)
    const { runId } = await agent.generate(said.slice(turn * perTurn).map(messageAt), where)
    await memory.settled()
    const prompt = JSON.stringify(speaker.calls.at(-1)?.messages)
    const planted = said.filter(isPlanted).map(hotelAt)
    expect([turn, hotelsIn(prompt).toSorted()]).toEqual([turn, planted.toSorted()])
    const { seen, kinds } = await seenIn(memory, runId)
    expect([turn, seen.observations?.isTrimmed]).toEqual([turn, undefined])
    largest = Math.max(largest, seen.tokens.total)
    for (const kind of kinds) happened.add(kind)
  }
  // Messages until a turn waits for notes, and notes until they are condensed: those of one activation come on top.
  expect(largest).toBeLessThan(1.2 * messageTokens + observationTokens + messageTokens + rest)
  expect([...happened]).toEqual(
    expect.arrayContaining([
      'end observation ahead',
      'activation observation',
      'end reflection ahead',
      'activation reflection',
    ]),
  )
  expect((await memory.getObservationHistory(where)).generations.length).toBeGreaterThan(0)
  expect((await memory.getThreadById(where))?.messageCount).toBe(count)
})
