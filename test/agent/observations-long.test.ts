// A conversation of 5,000 messages: the prompt stays small at every turn, and keeps each planted fact once.
import { expect, it } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { agentSpace } from '../../src/memory/agent-memory.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import { mergeBehaviour } from '../../src/memory/options/behaviour.ts'
import { openMemory } from '../memory/opened.ts'
import { assemble, resourceId, threadId } from './context-scene.ts'

const count = 5_000
const batch = 100
const planted = 100
const options = {
  model: false,
  observation: { messageTokens: 2_000, bufferActivation: 0.8 },
  reflection: { observationTokens: 3_000 },
} as const
const behaviour = { semanticRecall: false, observationalMemory: options } as const
/** Messages without notes until they are due, one batch of them, and notes until they are due. */
const most = 2_000 + batch * 25 + 3_000 + 500

const filler = [
  'The weather stayed nice outside.',
  'Everybody enjoyed the long walk.',
  'People were talking about music again.',
]
const messageAt = (at: number) =>
  at % (count / planted) === 0
    ? `We booked room ${at}q in Hotel${at}q for Monday.`
    : `${filler[at % filler.length]} ${'Nothing else happened around here. '.repeat(at % 2)}`

it('stays under its budget at every turn, and keeps what matters', async () => {
  const memory = openMemory()
  const space = agentSpace(resourceSpace(coreOf(memory), resourceId))
  const { observationalMemory } = mergeBehaviour(behaviour)
  const totals: number[] = []
  let shown = ''
  for (let start = 0; start < count; start += batch) {
    const messages = Array.from({ length: batch }, (_, at) => messageAt(start + at))
    await memory.saveMessages({ resourceId, threadId, messages })
    if (observationalMemory !== null) await space.observe(threadId, observationalMemory, null, () => {})
    const { instructions, messages: prompt, seen } = await assemble(memory, 'Which rooms?', { behaviour })
    totals.push(seen.tokens.total)
    shown = `${JSON.stringify(instructions)} ${JSON.stringify(prompt)}`
  }
  expect(Math.max(...totals)).toBeLessThan(most)
  const times = Array.from({ length: planted }, (_, at) => shown.split(`Hotel${(at * count) / planted}q `).length - 1)
  expect(times).toEqual(Array.from({ length: planted }, () => 1))
  expect((await memory.getObservationHistory({ resourceId, threadId })).generations.length).toBeGreaterThan(0)
  expect((await memory.getThreadById({ resourceId, threadId }))?.messageCount).toBe(count)
})
