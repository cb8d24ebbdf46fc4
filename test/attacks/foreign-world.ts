// A database with a victim in it, an attacker who was granted nothing of the victim's, and every id that the victim has.
import { Agent, type Memory } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { coreOf } from '../../src/facade/conversations.ts'
import { memoryOf } from '../../src/facade/memory.ts'
import { ManualClock, openMemory } from '../memory/opened.ts'
import { contentsOf } from './contents.ts'
import { workflowOf } from './workflow-scene.ts'

/** The ids of one user, of every kind. */
export interface Ids {
  readonly resourceId: string
  readonly teamId: string
  readonly agentId: string
  readonly threadId: string
  /** Issued by us, and chosen by its client. */
  readonly messageId: string
  readonly ownMessageId: string
  readonly turnId: string
  readonly runId: string
  /** A run of a workflow that waits. */
  readonly workflowRunId: string
  readonly factId: string
  readonly proposalId: string
  readonly receiptId: string
  readonly recallId: string
  readonly commitId: string
  readonly key: string
  /** Where the first page of each of the victim's listings ended. */
  readonly cursors: Readonly<
    Record<'threads' | 'messages' | 'runs' | 'workflowRuns' | 'facts' | 'conflicts' | 'proposals' | 'entries', string>
  >
}

export interface World {
  readonly memory: Memory
  readonly victim: Ids
  /** The application, acting for the attacker: it names the attacker's own resource in every call. */
  readonly trusted: Memory
  /** Whoever holds the attacker's own spaces, and nothing else. */
  readonly granted: Memory
}

export const mallory = { resourceId: 'mallory', threadId: 'mine' } as const
export const malloryTeam = 'mallorys'

/** In every text of the victim's. */
export const secret = 'SECRET'

async function seedConversation(memory: Memory) {
  const where = { resourceId: 'victim', threadId: 'home' }
  await memory.createThread({ ...where, title: `${secret} plans`, metadata: { note: secret } })
  await memory.createThread({ resourceId: 'victim', threadId: 'second', title: secret })
  const own = { id: 'own-message', role: 'user', content: `${secret} one` } as const
  await memory.saveMessages({ ...where, messages: [own], commitId: 'commit-of-victim' })
  const agent = new Agent({ name: 'Helper', model: scriptedModel({ answer: () => `${secret} answer` }), memory })
  const { messageId, turnId, runId } = await agent.generate(`What is the ${secret}?`, where)
  await agent.generate(`And the other ${secret}?`, where)
  await memory.updateWorkingMemory({ resourceId: 'victim', workingMemory: `# ${secret}\n` })
  await memory.updateWorkingMemory({ ...where, scope: 'thread', workingMemory: `# ${secret}\n` })
  const run = await workflowOf(memory).createRun(where)
  await run.start({ inputData: { text: `wait for the ${secret}` } })
  await (await workflowOf(memory).createRun(where)).start({ inputData: { text: `wait for the other ${secret}` } })
  const ids = { messageId: messageId as string, turnId: turnId as string, runId: runId as string }
  return { ...ids, workflowRunId: run.runId }
}

async function seedFacts(memory: Memory): Promise<string> {
  const home = { userId: 'victim', infer: false } as const
  const { results } = await memory.facts.add(`The ${secret} is 42.`, home)
  const factId = results[0]?.id as string
  await memory.facts.add(`The ${secret} is 43.`, { ...home, contradicts: factId })
  return factId
}

/** Two open proposals of an agent about facts that the victim stated; the id of the first. */
async function seedProposals(memory: Memory): Promise<string> {
  const home = { userId: 'victim', infer: false } as const
  const ids: string[] = []
  for (const what of ['house', 'car']) {
    const { results } = await memory.as({ kind: 'user', id: 'victim' }).add(`The ${secret} ${what} is red.`, home)
    const { proposalId } = await memory.as({ kind: 'agent', id: 'helper' }).facts.delete(results[0]?.id ?? '')
    ids.push(proposalId ?? '')
  }
  return ids[0] as string
}

const cursorOf = ({ nextCursor }: { readonly nextCursor?: string | null }): string => {
  if (nextCursor === undefined || nextCursor === null) throw new Error('The listing has one page only.')
  return nextCursor
}

async function cursorsOf(memory: Memory): Promise<Ids['cursors']> {
  const of = { resourceId: 'victim' }
  return {
    threads: cursorOf(await memory.listThreads({ ...of, perPage: 1 })),
    messages: cursorOf(await memory.listMessages({ ...of, threadId: 'home', perPage: 1 })),
    runs: cursorOf(await memory.listRuns({ ...of, limit: 1 })),
    workflowRuns: cursorOf(await workflowOf(memory).listRuns({ ...of, limit: 1 })),
    facts: cursorOf(await memory.facts.getAll({ userId: 'victim', limit: 1 })),
    conflicts: cursorOf(await memory.facts.conflicts({ userId: 'victim', limit: 1 })),
    proposals: cursorOf(await memory.proposals.list({ userId: 'victim', limit: 1 })),
    entries: cursorOf(await memory.team('victims').list({ limit: 1 })),
  }
}

/** A memory that may do everything in its own spaces and nothing elsewhere, as the holder of a credential has it. */
function grantedMemory(memory: Memory): Memory {
  const rights = ['read', 'write', 'erase', 'administer'] as const
  const spaces = [`resource/${mallory.resourceId}`, `team/${malloryTeam}`, 'agent/mallorys-agent']
  const grants = spaces.map((id) => ({ space: memory.space(id).id, rights }))
  return memoryOf({ ...coreOf(memory), access: { actor: { kind: 'user', id: 'mallory' }, grants } })
}

/** Opens the database, which closes with its test. */
export async function openWorld(): Promise<World> {
  const memory = openMemory({ clock: new ManualClock() })
  const issued = await seedConversation(memory)
  const factId = await seedFacts(memory)
  const proposalId = await seedProposals(memory)
  await memory.team('victims').write('first', { note: secret })
  await memory.team('victims').write('second', { note: secret })
  await memory.team('gone').write('key', 1)
  const { id: receiptId } = await memory.forget({ teamId: 'gone' })
  const { recallId } = await memory.recall({ resourceId: 'victim', query: secret })
  await memory.saveMessages({ ...mallory, messages: ['mine one', 'mine two'] })
  await memory.facts.add('Mallory likes tea.', { userId: 'mallory', infer: false })
  await memory.team(malloryTeam).write('first', 1)
  const victim: Ids = {
    ...{ resourceId: 'victim', teamId: 'victims', agentId: 'helper', threadId: 'home' },
    ...{ ownMessageId: 'own-message', commitId: 'commit-of-victim', key: 'second' },
    ...{ ...issued, factId, proposalId, receiptId, recallId, cursors: await cursorsOf(memory) },
  }
  return { memory, victim, trusted: memory.as({ kind: 'user', id: 'mallory' }), granted: grantedMemory(memory) }
}

const victimsSpaces = ['resource/victim', 'team/victims', 'agent/helper'] as const

/** All that the victim has, to be compared. */
export async function victimsContents({ memory }: World): Promise<string> {
  const contents = await Promise.all(victimsSpaces.map((space) => contentsOf(memory, space)))
  return contents.join('\n')
}

const nowhere = 'zzzzzzzzzzzz'

/** An id of the same form, of a space that there is not. */
function elsewhere(id: string): string {
  return id.replace(/^([a-z]+)_[0-9A-Za-z]+_/, `$1_${nowhere}_`)
}

function cursorElsewhere(cursor: string): string {
  const [kind, , ...rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
  return Buffer.from(JSON.stringify([kind, nowhere, ...rest])).toString('base64url')
}

/** Ids of the same forms that name nothing at all. */
export function idsOfNobody(victim: Ids): Ids {
  const cursors = Object.fromEntries(
    Object.entries(victim.cursors).map(([name, cursor]) => [name, cursorElsewhere(cursor)]),
  ) as Ids['cursors']
  return {
    ...{ resourceId: 'nobody', teamId: 'nobodys', agentId: 'noagent', threadId: 'none', ownMessageId: 'no-message' },
    ...{ commitId: 'commit-of-nobody', key: 'third', receiptId: 'receipt_none', recallId: elsewhere(victim.recallId) },
    messageId: elsewhere(victim.messageId),
    turnId: elsewhere(victim.turnId),
    runId: elsewhere(victim.runId),
    workflowRunId: elsewhere(victim.workflowRunId),
    factId: elsewhere(victim.factId),
    proposalId: elsewhere(victim.proposalId),
    cursors,
  }
}
