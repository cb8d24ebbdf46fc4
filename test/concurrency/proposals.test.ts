// Two processes decide about the same proposals at once: of each, one wins, and the other hears who.
import { expect, it } from 'vitest'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { times } from '../run-lengths.ts'
import { startWorker } from './process.ts'
import type { Decided } from './proposals-shared.ts'

const count = times(30)

it(`decides about each of ${count} proposals once`, async () => {
  const url = temporaryUrl()
  const memory = openMemory({ storage: url })
  const ann = { userId: 'ann', infer: false }
  const facts = []
  for (let n = 0; n < count; n++) {
    const { results } = await memory.as({ kind: 'user', id: 'ann' }).add(`Statement ${n}`, ann)
    const options = { ...ann, supersedes: results[0]?.id ?? '' }
    const { results: stated } = await memory.as({ kind: 'agent', id: `bot-${n % 4}` }).add(`Denial ${n}`, options)
    facts.push({ proposalId: stated[0]?.proposalIds?.[0] ?? '', denial: stated[0]?.id ?? '' })
  }
  const proposalIds = facts.map(({ proposalId }) => proposalId)
  const workers = (['accept', 'reject'] as const).map((way) => {
    const order = way === 'accept' ? proposalIds : proposalIds.toReversed()
    return startWorker<Decided>(new URL('./proposals-worker.ts', import.meta.url), {
      ...{ url, name: way, way },
      proposalIds: order,
    })
  })
  for (const worker of workers) expect([await worker.ended, worker.errors()]).toEqual([0, ''])
  const said = workers.map(({ lines }) => new Map(lines.map((line) => [line.id, line])))
  for (const { proposalId, denial } of facts) {
    const [accepted, rejected] = said.map((lines) => lines.get(proposalId))
    const isAccepted = accepted?.status === 'accepted'
    const winner = isAccepted ? 'accepted' : 'rejected'
    expect([accepted?.status, rejected?.status]).toEqual(
      isAccepted ? ['accepted', 'conflict'] : ['conflict', 'rejected'],
    )
    for (const one of [accepted, rejected]) expect([one?.as, one?.by]).toEqual([winner, `${winner.slice(0, 6)}`])
    const fact = await memory.facts.get(denial)
    expect([fact !== null, fact?.trust]).toEqual(isAccepted ? [true, 'user'] : [false, undefined])
  }
})
