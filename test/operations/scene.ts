// A memory with something of everything in it, and how a test calls an operation as a face would.
import type { CommitResult, Memory } from 'aquifer'
import { coreOf } from '../../src/facade/conversations.ts'
import type { Operation } from '../../src/operations/operation.ts'
import { parseInput } from '../../src/operations/parse.ts'
import { openMemory } from '../memory/opened.ts'

/** What the examples name. */
export interface Scene {
  readonly memory: Memory
  readonly factId: string
  readonly otherFactId: string
  readonly oldFactId: string
  readonly runId: string
  /** An agent's, to replace a fact that erin stated. */
  readonly proposalId: string
  readonly otherProposalId: string
  /** One that was rejected. */
  readonly decidedProposalId: string
  /** A turn that another one replaced, and another turn of its thread. */
  readonly replacedTurnId: string
  readonly turnId: string
  readonly receiptId: string
  readonly recallId: string
  /** Versions of the block `main` of alice, the oldest first. */
  readonly versions: readonly number[]
}

export const alice = { resourceId: 'alice' }
export const inThread = { ...alice, threadId: 't' }

async function runIn(memory: Memory): Promise<string> {
  const result: CommitResult = await memory
    .space('resource/alice')
    .commit([{ kind: 'run-put', unique: 'r', name: 'bot', status: 'complete', details: { n: 1 } }])
  const [put] = result.status === 'committed' ? result.results : []
  if (put?.kind !== 'run-put') throw new Error('The run was not put.')
  return put.runId
}

/** Proposals of an agent to replace what erin stated: two that are open, and one that was rejected. */
async function proposalsIn(memory: Memory) {
  const erin = { userId: 'erin', infer: false }
  const contested = async (what: string) => {
    const { results } = await memory.as({ kind: 'user', id: 'erin' }).add(`${what} Oslo`, erin)
    const supersedes = results[0]?.id ?? ''
    const { results: stated } = await memory
      .as({ kind: 'agent', id: 'bot' })
      .add(`${what} Rome`, { ...erin, supersedes })
    return stated[0]?.proposalIds?.[0] ?? ''
  }
  const proposalId = await contested('Lives in')
  const decidedProposalId = await contested('Sleeps in')
  await memory.proposals.reject(decidedProposalId)
  return { proposalId, otherProposalId: await contested('Works in'), decidedProposalId }
}

/** The scene, in a memory of the test's own. */
export async function openScene(): Promise<Scene> {
  const memory = openMemory()
  await memory.saveMessages({
    ...inThread,
    messages: [{ id: 'm1', role: 'user', content: 'Tea is hot' }, 'And coffee'],
  })
  await memory.saveMessages({ ...alice, threadId: 'u', messages: 'Milk is cold' })
  await memory.updateMessages({ ...alice, messages: [{ id: 'm1', metadata: { topic: 'tea' } }] })
  await memory.createThread({ ...alice, threadId: 'archive', title: 'Old' })
  await memory.archiveThread({ ...alice, threadId: 'archive' })
  const restorable = { ...alice, threadId: 'r' }
  const { turnId } = await memory.saveMessages({ ...restorable, messages: 'Rice is white' })
  const { turnId: replacedTurnId } = await memory.saveMessages({ ...restorable, messages: 'Salt is wite' })
  await memory.space('resource/alice').commit([
    { kind: 'turn-open', threadId: 'r', replaces: [replacedTurnId] },
    {
      kind: 'message-append',
      threadId: 'r',
      opened: 0,
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'Salt' }] }],
    },
    { kind: 'turn-close', threadId: 'r', opened: 0, status: 'complete' },
  ])
  const team = memory.team('acme')
  await team.write('k', { a: 1 })
  await team.write('k', { a: 2 }, { ttl: '1h' })
  await team.write('gone', 1)
  await team.delete('gone')
  const versions: number[] = []
  for (const workingMemory of ['Likes tea', 'Likes tea\nLikes milk']) {
    const written = await memory.updateWorkingMemory({ ...alice, workingMemory, mode: 'replace' })
    if (written.status === 'written') versions.push(written.version)
  }
  const user = { userId: 'alice' }
  const add = async (text: string, options = {}) => {
    const { results } = await memory.add(text, { ...user, infer: false, ...options })
    return results[0]?.id ?? ''
  }
  const oldFactId = await add('Lives in Oslo')
  const factId = await add('Lives in Bergen', { supersedes: oldFactId, metadata: { topic: 'home' } })
  const otherFactId = await add('Lives in Rome', { contradicts: factId })
  const runId = await runIn(memory)
  await memory.saveMessages({ resourceId: 'bob', threadId: 't', messages: 'hello' })
  const { id: receiptId } = await memory.forget({ resourceId: 'bob' })
  const proposals = await proposalsIn(memory)
  const { recallId } = await memory.recall({ ...alice, query: 'tea' })
  return {
    memory,
    factId,
    otherFactId,
    oldFactId,
    runId,
    replacedTurnId,
    turnId,
    receiptId,
    recallId,
    versions,
    ...proposals,
  }
}

/** Calls an operation with an input, as a face does. */
export function perform(
  operation: Operation,
  { memory }: Scene,
  input: object,
): Promise<unknown> | AsyncIterable<unknown> {
  return operation.run(coreOf(memory), parseInput(operation, { options: input }), {})
}

/** The seq of every space of the scene together: how many commits there were. */
export async function commitsIn({ memory }: Scene): Promise<number> {
  let commits = 0
  for (const kind of ['resource', 'team', 'agent', 'task'] as const) {
    const { spaces } = await memory.listSpaces({ kind, limit: 100 })
    commits += spaces.reduce((sum, { seq, floor }) => sum + seq - floor, 0)
  }
  return commits
}
