// Every method of teams and spaces, called on somebody else's, or on one's own with somebody else's ids.
import type { Change, Memory, Space, Team } from 'aquifer'
import { bare, type ForeignCall, own } from './foreign-calls.ts'
import { type Ids, mallory, malloryTeam } from './foreign-world.ts'

type OnTeam = (team: Team, ids: Ids) => unknown

const onTeams: Readonly<Record<string, OnTeam>> = {
  space: (team) => team.space.state(),
  write: (team, { key }) => team.write(key, 1),
  read: (team, { key }) => team.read(key),
  get: (team, { key }) => team.get(key),
  merge: (team, { key }) => team.merge(key, { a: 1 }),
  append: (team, { key }) => team.append(key, 1),
  increment: (team, { key }) => team.increment(key),
  update: (team, { key }) => team.update(key, () => 1),
  delete: (team, { key }) => team.delete(key),
  list: (team) => team.list(),
  history: (team, { key }) => team.history(key),
  readAt: (team, { key }) => team.readAt(key, { seq: 1 }),
  watch: (team) => team.watch({ after: 0 }).next(),
}

const teams: readonly ForeignCall[] = [
  ...Object.entries(onTeams).map(([method, call]) =>
    bare(`Team.${method}`, "another's team", (m, ids) => call(m.team(ids.teamId), ids)),
  ),
  bare('Memory.team', "another's team", (m, { teamId }) => m.team(teamId).list()),
  own('Team.list', 'a cursor', (m, { cursors }) => m.team(malloryTeam).list({ cursor: cursors.entries })),
  ...(['write', 'merge', 'append', 'increment'] as const).map((method) =>
    own(`Team.${method}`, 'a commit', (m, { commitId }) => {
      const team = m.team(malloryTeam)
      const options = { commitId }
      if (method === 'merge') return team.merge('new', { a: 1 }, options)
      return method === 'increment' ? team.increment('new', 1, options) : team[method]('new', 1, options)
    }),
  ),
]

const page = { direction: 'asc', after: null, asOf: null, limit: 9, offset: 0, from: null, to: null } as const
const threadPage = {
  orderBy: 'createdAt',
  direction: 'asc',
  archived: 'any',
  metadata: null,
  scanLimit: 9,
  limit: 9,
  offset: 0,
} as const
const factPage = { attributes: {}, statuses: ['current'], order: 'newest', after: null, limit: 9 } as const
const runPage = { threadId: null, name: null, statuses: ['complete'], order: 'newest', after: null, limit: 9 } as const

/** The readers of a space, all of them, with whatever ids they take. */
const readers: Readonly<Record<string, (space: Space, ids: Ids) => unknown>> = {
  'threads.get': (space, { threadId }) => space.threads.get(threadId),
  'threads.list': (space) => space.threads.list({ ...threadPage, after: null }),
  'messages.list': (space, { threadId }) => space.messages.list({ threadId, ...page }),
  'messages.find': (space, { messageId }) => space.messages.find(messageId),
  'messages.openTurns': (space, { threadId }) => space.messages.openTurns(threadId),
  'messages.turn': (space, { turnId }) => space.messages.turn(turnId),
  'blocks.get': (space, { threadId }) => space.blocks.get(threadId, 'main'),
  'blocks.list': (space) => space.blocks.list(null),
  'blocks.history': (space, { threadId }) => space.blocks.history(threadId, 'main', 9),
  'blocks.at': (space, { threadId }) => space.blocks.at(threadId, 'main', 9),
  'entries.get': (space, { key }) => space.entries.get(key),
  'entries.list': (space) => space.entries.list({ prefix: '', after: null, limit: 9 }),
  'entries.history': (space, { key }) => space.entries.history(key, 9),
  'entries.at': (space, { key }) => space.entries.at(key, 1),
  'facts.get': (space, { factId }) => space.facts.get(factId),
  'facts.list': (space) => space.facts.list(factPage),
  'facts.history': (space, { factId }) => space.facts.history(factId, 9),
  'facts.derivedFrom': (space, { messageId }) =>
    space.facts.derivedFrom({ sources: [messageId], after: null, limit: 9 }),
  'facts.conflicts': (space) => space.facts.conflicts({ attributes: {}, after: null, limit: 9 }),
  'facts.byText': (space) => space.facts.byText('The SECRET is 42.'),
  'runs.get': (space, { runId }) => space.runs.get(runId),
  'runs.list': (space) => space.runs.list(runPage),
  'log.read': (space) => space.log.read({ after: 0, limit: 9 }),
  'log.seqAt': (space) => space.log.seqAt('2026-03-01T00:00:00.000Z'),
  state: (space) => space.state(),
  recall: (space) => space.recall('secret'),
  changes: (space) => space.changes({ after: 0 }).next(),
  configure: (space) => space.configure({ logDays: 3 }),
  children: (space) => space.children({ limit: 5 }),
  commit: (space) => space.commit([{ kind: 'entry-write', key: 'k', value: 1 }]),
}

const inMine = { threadId: mallory.threadId } as const
const words = [{ type: 'text', text: 'x' }]
const leaseMs = 1_000

/** Changes that name a record by an id. */
const changes: readonly ((ids: Ids) => { readonly kind: string; readonly [field: string]: unknown })[] = [
  ({ threadId }) => ({ kind: 'thread-delete', threadId }),
  ({ messageId }) => ({ kind: 'message-edit', ...inMine, messageId, parts: words }),
  ({ messageId }) => ({ kind: 'message-delete', ...inMine, messageIds: [messageId] }),
  ({ messageId }) => ({ kind: 'message-extend', ...inMine, messageId, parts: words }),
  ({ turnId }) => ({ kind: 'message-append', ...inMine, turnId, messages: [{ role: 'user', parts: words }] }),
  ({ messageId: id }) => ({ kind: 'message-append', ...inMine, messages: [{ id, role: 'user', parts: words }] }),
  ({ turnId }) => ({ kind: 'turn-open', ...inMine, leaseMs, replaces: [turnId] }),
  ({ turnId }) => ({ kind: 'turn-close', ...inMine, turnId, status: 'complete' }),
  ({ turnId }) => ({ kind: 'turn-resume', ...inMine, turnId, leaseMs }),
  ({ turnId }) => ({ kind: 'turn-discard', ...inMine, turnId }),
  ({ factId }) => ({ kind: 'fact-assert', factId, text: 'x' }),
  ({ factId }) => ({ kind: 'fact-assert', unique: 'mine', text: 'x', supersedes: [factId] }),
  ({ factId }) => ({ kind: 'fact-assert', unique: 'mine', text: 'x', conflictsWith: [factId] }),
  ({ factId, messageId }) => ({ kind: 'fact-assert', unique: 'mine', text: 'x', sources: [factId, messageId] }),
  ({ factId }) => ({ kind: 'fact-retire', factIds: [factId] }),
  ({ factId }) => ({ kind: 'proposal-put', change: { kind: 'fact-retire', factIds: [factId] } }),
  ({ proposalId }) => ({ kind: 'proposal-decide', proposalId, status: 'rejected' }),
  ({ factId }) => ({ kind: 'fact-expire', factId }),
  ({ runId }) => ({ kind: 'run-put', runId, status: 'complete' }),
  ({ runId }) => ({ kind: 'run-put', unique: 'mine', name: 'mine', parentRunId: runId }),
  ({ runId }) => ({ kind: 'run-expire', runId }),
  ({ messageId }) => ({ kind: 'erase', messageIds: [messageId] }),
  ({ factId }) => ({ kind: 'erase', factIds: [factId] }),
]

const spaceOf = (memory: Memory, { resourceId }: Ids) => memory.space(`resource/${resourceId}`)

const spaces: readonly ForeignCall[] = [
  ...Object.entries(readers).flatMap(([reader, call]) => {
    const method = `Space.${reader.split('.')[0]}`
    const ownSpace = (memory: Memory) => memory.space(`resource/${mallory.resourceId}`)
    return [
      bare(method, `${reader} of another's space`, (m, ids) => call(spaceOf(m, ids), ids)),
      ...(reader.includes('.') ? [own(method, `${reader} of an id`, (m, ids) => call(ownSpace(m), ids))] : []),
    ]
  }),
  ...changes.map((make, index) => {
    const call = (m: Memory, ids: Ids) => m.space('resource/mallory').commit([make(ids) as unknown as Change])
    return own('Space.commit', `change ${index}`, call)
  }),
  own('Space.commit', 'a commit', (m, { commitId: id }) => {
    return m.space('resource/mallory').commit([{ kind: 'entry-write', key: 'k', value: 1 }], { id })
  }),
  bare('Memory.space', "another's space", (m, ids) => spaceOf(m, ids).state()),
  bare('Memory.listSpaces', 'a prefix', (m, { resourceId }) => m.listSpaces({ kind: 'resource', prefix: resourceId })),
  bare('Memory.receipts', 'all of them', (m) => m.receipts()),
]

/** By what they are about. Those of one group may follow each other in one database. */
export const foreignSpaceCalls: Readonly<Record<string, readonly ForeignCall[]>> = { teams, spaces }
