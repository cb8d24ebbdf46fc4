// Proposals through the facade: what is kept of refused changes, who decides, and where they are shown.
import type { Memory, Proposal } from 'aquifer'
import { beforeEach, describe, expect, it } from 'vitest'
import { day, ManualClock, openMemory, refused } from '../memory/opened.ts'

const ann = { userId: 'ann', infer: false } as const
const home = { userId: 'ann' } as const

interface Scene {
  readonly clock: ManualClock
  readonly memory: Memory
  readonly user: Memory
  readonly agent: Memory
  readonly tool: Memory
  /** The user's fact. */
  readonly berlin: string
}

let scene: Scene
beforeEach(async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock, limits: { proposalDays: 2 } })
  const user = memory.as({ kind: 'user', id: 'ann' })
  const { results } = await user.add('Ann lives in Berlin', ann)
  const berlin = results[0]?.id ?? ''
  const as = (kind: 'agent' | 'tool', id: string) => memory.as({ kind, id })
  scene = { clock, memory, user, agent: as('agent', 'bot'), tool: as('tool', 'web'), berlin }
})

/** An agent's statement that was to replace the user's, and the proposal to. */
async function contested(): Promise<{ readonly rome: string; readonly proposalId: string }> {
  const { results } = await scene.agent.add('Ann lives in Rome', { ...ann, supersedes: scene.berlin })
  const [rome] = results
  return { rome: rome?.id ?? '', proposalId: rome?.proposalIds?.[0] ?? '' }
}

const open = async (): Promise<readonly Proposal[]> => (await scene.memory.proposals.list(home)).results

describe('a refused change is kept', () => {
  it('of a statement, which stays a marked fact', async () => {
    const { rome, proposalId } = await contested()
    const [proposal, ...others] = await open()
    expect(others).toEqual([])
    expect(proposal).toEqual({
      id: proposalId,
      space: 'resource/ann',
      author: { kind: 'agent', id: 'bot' },
      at: new Date(scene.clock.ms),
      expiresAt: new Date(scene.clock.ms + 2 * day),
      target: { kind: 'fact', id: scene.berlin },
      action: 'supersede',
      before: expect.objectContaining({ memory: 'Ann lives in Berlin', validTo: null }),
      after: expect.objectContaining({ memory: 'Ann lives in Rome', validTo: null }),
      statementId: rome,
      baseVersion: expect.any(Number),
      status: 'open',
    })
    expect(await scene.memory.facts.get(rome)).toMatchObject({ conflictsWith: [scene.berlin], trust: 'agent' })
  })

  it('of a deletion, of all deletions, and of an edit; the answer names it', async () => {
    const { agent, tool, user, berlin } = scene
    const removal = await tool.facts.delete(berlin)
    expect(removal).toEqual({ deleted: false, refused: true, proposalId: expect.stringMatching(/^proposal_/) })
    await user.add('Ann likes tea', ann)
    const { refused: count, proposalIds } = await tool.facts.deleteAll(home)
    expect([count, proposalIds?.length]).toEqual([2, 2])
    expect(proposalIds).toContain(removal.proposalId)
    const error = await refused('conflict', () =>
      agent.facts.update(berlin, { text: 'Ann lives in Bonn', expiresAt: '2031-01-01T00:00:00Z' }),
    )
    expect(error.message).toContain(`proposal "${error.details.proposalId}"`)
    const edit = await scene.memory.proposals.get(error.details.proposalId as string)
    expect(edit).toMatchObject({
      action: 'update',
      before: { memory: 'Ann lives in Berlin', expiresAt: null },
      after: { memory: 'Ann lives in Bonn', expiresAt: '2031-01-01T00:00:00.000Z' },
    })
    expect((await open()).map(({ action }) => action).toSorted()).toEqual(['delete', 'delete', 'update'])
    expect(await scene.memory.facts.get(berlin)).toMatchObject({ memory: 'Ann lives in Berlin', expiresAt: null })
  })

  it('once, however often it is tried, and the newest of its kind', async () => {
    const { tool, agent, berlin } = scene
    const first = await tool.facts.delete(berlin)
    expect(await tool.facts.delete(berlin)).toEqual(first)
    const edits = []
    for (const text of ['Ann lives in Bonn', 'Ann lives in Kiel']) {
      edits.push((await refused('conflict', () => agent.facts.update(berlin, text))).details.proposalId)
    }
    expect((await open()).map(({ id }) => id)).toEqual([first.proposalId, edits[1]])
    expect(await scene.memory.proposals.get(edits[0] as string)).toBeNull()
  })
})

describe('a decision', () => {
  it('to accept replaces the fact, with the trust of who accepted', async () => {
    const { user, agent, memory, berlin } = scene
    const { rome, proposalId } = await contested()
    const answer = await user.proposals.accept(proposalId, { reason: 'I moved.' })
    expect(answer).toMatchObject({
      status: 'accepted',
      proposal: { status: 'accepted', decidedBy: { kind: 'user', id: 'ann' }, decisionReason: 'I moved.' },
    })
    const { results } = await memory.search('Where does Ann live?', home)
    expect(results.map((fact) => [fact.id, fact.trust, fact.conflictsWith, fact.proposals])).toEqual([
      [rome, 'user', [], undefined],
    ])
    expect(await memory.facts.get(berlin, { includeSuperseded: true })).toMatchObject({ supersededBy: rome })
    expect(await agent.facts.delete(rome)).toMatchObject({ deleted: false, refused: true })
  })

  it('to reject removes the statement', async () => {
    const { memory, berlin } = scene
    const { rome, proposalId } = await contested()
    expect(await memory.proposals.reject(proposalId)).toMatchObject({ status: 'rejected' })
    expect(await memory.facts.get(rome)).toBeNull()
    expect(await memory.facts.get(berlin)).toMatchObject({ status: 'current', conflictsWith: [] })
    expect((await memory.proposals.list({ ...home, status: 'rejected' })).results).toHaveLength(1)
  })

  it('about an edit and about a deletion does what they say', async () => {
    const { user, agent, tool, berlin, memory } = scene
    const { details } = await refused('conflict', () => agent.facts.update(berlin, 'Ann lives in Bonn'))
    await user.proposals.accept(details.proposalId as string)
    expect(await memory.facts.get(berlin)).toMatchObject({ memory: 'Ann lives in Bonn', trust: 'user' })
    const { proposalId = '' } = await tool.facts.delete(berlin)
    await memory.proposals.accept(proposalId)
    expect(await memory.facts.get(berlin)).toBeNull()
  })

  it('is denied to its author and to those with less trust', async () => {
    const { agent, tool, memory } = scene
    const { proposalId } = await contested()
    for (const denied of [agent, tool, memory.as({ kind: 'agent', id: 'other' })]) {
      for (const way of ['accept', 'reject'] as const) {
        await refused('denied', () => denied.proposals[way](proposalId))
      }
    }
    expect((await open()).map(({ id }) => id)).toEqual([proposalId])
  })

  it('that comes second is told who was first', async () => {
    const { user, memory } = scene
    const { proposalId } = await contested()
    await user.proposals.reject(proposalId)
    expect(await memory.proposals.accept(proposalId)).toMatchObject({
      status: 'conflict',
      reason: 'decided',
      proposal: { status: 'rejected', decidedBy: { kind: 'user', id: 'ann' } },
    })
  })

  it('about what has changed is told what is there now', async () => {
    const { user, memory, berlin } = scene
    const { proposalId } = await contested()
    await user.facts.update(berlin, 'Ann lives in Hamburg')
    expect(await memory.proposals.accept(proposalId)).toMatchObject({
      status: 'conflict',
      reason: 'changed',
      proposal: { status: 'open', before: { memory: 'Ann lives in Berlin' } },
      current: { memory: 'Ann lives in Hamburg' },
    })
  })

  it('comes too late once the proposal has expired', async () => {
    const { user, clock, memory } = scene
    const { proposalId, rome } = await contested()
    clock.pass(2 * day)
    expect(await user.proposals.accept(proposalId)).toMatchObject({
      status: 'conflict',
      reason: 'decided',
      proposal: { status: 'expired' },
    })
    expect(await open()).toEqual([])
    expect((await memory.facts.get(rome))?.proposals).toBeUndefined()
    expect((await memory.proposals.list({ ...home, status: 'expired' })).results).toHaveLength(1)
  })
})

describe('an open proposal is shown', () => {
  it('on both facts, by search, recall, lists and conflicts, until it is decided', async () => {
    const { memory, user, berlin } = scene
    const { rome, proposalId } = await contested()
    const shown = async () => {
      const search = await memory.search('Where does Ann live?', home)
      const recall = await memory.space('resource/ann').recall('Where does Ann live?')
      const list = await memory.facts.getAll(home)
      const conflicts = await memory.facts.conflicts(home)
      const one = await memory.facts.get(berlin)
      return [
        ...[search.results, recall.items, list.results, conflicts.results.flatMap(({ facts }) => facts)],
        one === null ? [] : [one],
      ].map((facts) => facts.map(({ id, proposals }) => [id, proposals?.map((proposal) => proposal.id)]))
    }
    for (const facts of await shown()) {
      expect(facts.length).toBeGreaterThan(0)
      for (const [id, ids] of facts) {
        expect([berlin, rome]).toContain(id)
        expect(ids).toEqual([proposalId])
      }
    }
    await user.proposals.reject(proposalId)
    for (const [id, ids] of (await shown()).flat()) expect([id, ids]).toEqual([berlin, undefined])
  })

  it('in pages, by target and by status', async () => {
    const { agent, tool, user, berlin, memory } = scene
    const { proposalId } = await contested()
    await tool.facts.delete(berlin)
    const { results: tea } = await user.add('Ann likes tea', ann)
    await agent.facts.delete(tea[0]?.id ?? '')
    const pages = []
    let cursor: string | undefined
    do {
      const page = await memory.proposals.list({ ...home, limit: 1, ...(cursor === undefined ? {} : { cursor }) })
      pages.push(page.results.map(({ action }) => action))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    expect(pages).toEqual([['supersede'], ['delete'], ['delete']])
    const about = async (id: string) => (await memory.proposals.list({ ...home, target: { kind: 'fact', id } })).results
    expect((await about(berlin)).length).toBe(2)
    expect((await about(tea[0]?.id ?? '')).length).toBe(1)
    await memory.proposals.reject(proposalId)
    expect((await memory.proposals.list({ ...home, status: null })).results).toHaveLength(3)
    expect((await memory.proposals.list({ userId: 'bob' })).results).toEqual([])
  })
})
