// What a fixture of facts holds, and what the public readers answer about it.
import type { Memory } from 'aquifer'

export const ann = { userId: 'ann' }
const bot = { kind: 'agent', id: 'bot' } as const
const user = { kind: 'user', id: 'ann' } as const

export interface MovableClock {
  ms: number
}

const day = 86_400_000

/** Facts of every kind, entries, and one commit by a clock that was a year ahead. */
export async function writeFacts(memory: Memory, clock: MovableClock): Promise<void> {
  const { results } = await memory.as(bot).add('Ann lives in Berlin', { ...ann, validFrom: '2020-01-01T00:00:00Z' })
  clock.ms += day
  await memory.as(user).add('Ann lives in Lisbon', { ...ann, supersedes: results[0]?.id ?? '' })
  const { results: tea } = await memory.as(user).add('Ann likes tea', ann)
  await memory.as(bot).add('Ann likes rum', { ...ann, supersedes: tea[0]?.id ?? '' })
  await memory.add('The office is closed', { ...ann, expiresAt: clock.ms + 30 * day })
  await memory.saveMessages({ resourceId: 'ann', threadId: 't', messages: ['Ann has a cat', 'Ann has a dog'] })
  const { messages } = await memory.listMessages({ resourceId: 'ann', threadId: 't' })
  await memory.add(messages, ann)
  await memory.team('crew').write('plan', 1)
  clock.ms += 365 * day
  await memory.team('crew').write('plan', 2)
  clock.ms -= 364 * day
  await memory.team('crew').write('plan', 3)
}

export async function readFacts(memory: Memory) {
  const { results } = await memory.facts.getAll({ ...ann, includeSuperseded: true })
  return {
    facts: results,
    conflicts: (await memory.facts.conflicts(ann)).results,
    histories: await Promise.all(results.map(({ id }) => memory.facts.history(id))),
    found: (await memory.search('Where does Ann live?', ann)).results.map((fact) => fact.memory),
    before: (await memory.search('Where does Ann live?', { ...ann, asOf: '2021-01-01T00:00:00Z' })).results.map(
      (fact) => fact.memory,
    ),
    plan: await memory.team('crew').history('plan'),
    messages: (await memory.listMessages({ resourceId: 'ann', threadId: 't' })).messages,
  }
}
