/** The final check: what the agents were told was stored, held against what the file says now. */
import type { LoggedCommit, Memory, Space, StoredMessage } from 'aquifer'
import {
  type CustomerNotes,
  type Role,
  resourceId,
  seatCount,
  seats,
  stepCount,
  stepId,
  teamId,
  threadId,
} from './acme.ts'
import type { AgentProcess } from './agent-process.ts'
import type { Report } from './report.ts'
import { type Checklist, marks, type Worker } from './steps.ts'

export interface Check {
  readonly ok: boolean
  readonly text: string
}

/** All that happened: every process, the one that was killed, and the logs of both spaces as they are now. */
interface Evidence {
  readonly agents: readonly AgentProcess[]
  readonly killed: AgentProcess
  readonly teamLog: readonly LoggedCommit[]
  readonly resourceLog: readonly LoggedCommit[]
}

type Reported<Kind extends Report['kind']> = Report & { readonly kind: Kind; readonly role: Role }

function reported<Kind extends Report['kind']>(agents: readonly AgentProcess[], kind: Kind): Reported<Kind>[] {
  return agents.flatMap(({ role, reports }) =>
    reports.filter((report) => report.kind === kind).map((report) => ({ ...report, role }) as Reported<Kind>),
  )
}

function counted(kept: number, expected: number, what: string, isRight = true): Check {
  return { ok: kept === expected && isRight, text: `${kept} of ${expected} ${what}` }
}

/** Every commit of a space, from the first. */
async function logOf(space: Space): Promise<readonly LoggedCommit[]> {
  const commits: LoggedCommit[] = []
  for (;;) {
    const page = await space.log.read({ after: commits.at(-1)?.seq ?? 0, limit: 1_000 })
    commits.push(...page.items)
    if (!page.more) return commits
  }
}

function isDense(commits: readonly LoggedCommit[]): boolean {
  return commits.length > 0 && commits.every(({ seq }, index) => seq === index + 1)
}

/** In how many pieces a list falls if equal neighbours are one. */
function piecesOf(list: readonly string[]): number {
  return list.filter((item, index) => item !== list[index - 1]).length
}

const workers = Object.keys(marks) as Worker[]

async function checkWorkingMemory(memory: Memory): Promise<Check[]> {
  const notes = ((await memory.getWorkingMemory({ resourceId }))?.value ?? {}) as CustomerNotes
  const marked = workers.flatMap((worker) => seats.filter((seat) => notes.seats?.[seat]?.[marks[worker]] === true))
  const { company, stage } = notes
  return [
    counted(marked.length, stepCount, `merges kept in one working memory: ${seatCount} seats, a mark of each agent`),
    {
      ok: company === 'Acme Corp' && stage === 'live',
      text: `beside them what sales wrote there: company ${company}, stage ${stage}`,
    },
  ]
}

async function checkEntries(memory: Memory): Promise<Check[]> {
  const team = memory.team(teamId)
  const checklist = await team.read<Checklist>('checklist')
  const ticked = workers.flatMap((worker) => seats.filter((seat) => checklist?.[worker]?.[seat] === marks[worker]))
  const timeline = (await team.read<string[]>('timeline')) ?? []
  const wanted = new Set(workers.flatMap((worker) => seats.map((seat) => `${worker} ${seat}`)))
  const found = new Set(timeline.filter((item) => wanted.has(item)))
  const extra = timeline.length - found.size
  return [
    counted(ticked.length, stepCount, 'merges kept in the team entry checklist'),
    counted((await team.read<number>('handled_steps')) ?? 0, stepCount, 'increments kept in the entry handled_steps'),
    counted(found.size, stepCount, `appends kept in the entry timeline, ${extra} doubled`, extra === 0),
  ]
}

/** Every acknowledged write stands in the log, under the seq it was acknowledged with. */
function checkLogs({ agents, teamLog, resourceLog }: Evidence): Check[] {
  const teamCommits = new Map(teamLog.map((commit) => [commit.seq, commit]))
  const resourceCommits = new Map(resourceLog.map((commit) => [commit.seq, commit]))
  const steps = reported(agents, 'step')
  const merges = reported(agents, 'merge')
  const stepsKept = steps.filter(({ role, seat, seq }) => teamCommits.get(seq)?.commitId === stepId(role, seat))
  const mergesKept = merges.filter(({ role, seat, seq }) => {
    const { actor, rows } = resourceCommits.get(seq) ?? {}
    const effect = rows?.[0]?.effects[0]
    const patch = { seats: { [seat]: { [marks[role as Worker]]: true } } }
    return (
      actor?.id === role && effect?.kind === 'block-merge' && JSON.stringify(effect.patch) === JSON.stringify(patch)
    )
  })
  const kept = stepsKept.length + mergesKept.length
  const isAll = new Set(steps.map(({ role, seat }) => stepId(role, seat))).size === stepCount
  const writers = teamLog.filter(({ commitId }) => commitId?.includes('-seat-')).map(({ actor }) => actor.id)
  const turnovers = Math.max(0, piecesOf(writers) - 1)
  const logs = `team/${teamId} 1 to ${teamLog.length}, resource/${resourceId} 1 to ${resourceLog.length}`
  return [
    counted(kept, steps.length + merges.length, 'acknowledged commits stand in the log under their seq', isAll),
    { ok: turnovers >= 20, text: `both wrote at the same time: the writer changes ${turnovers} times in the log` },
    { ok: isDense(teamLog) && isDense(resourceLog), text: `no gap in the logs: ${logs}` },
  ]
}

/** What the kill did: nothing acknowledged is lost, nothing is applied twice, no event of the feed is missed. */
function checkDeath({ agents, killed, teamLog }: Evidence): Check[] {
  const before = reported([killed], 'step')
  const ids: string[] = teamLog.flatMap(({ commitId }) => (commitId?.includes('-seat-') ? [commitId] : []))
  const kept = before.filter(({ role, seat }) => ids.includes(stepId(role, seat))).length
  const isMiddle = before.length > 0 && before.length < seatCount
  const again = reported(agents, 'step').filter(({ replayed }) => replayed).length
  const twice = ids.length - new Set(ids).size
  const heard = reported(agents, 'heard')
  const isWhole = heard.length === 2 && heard.every(({ steps, outOfOrder }) => steps === stepCount && outOfOrder === 0)
  const counts = heard.map(({ role, steps }) => `${role} ${steps} of ${stepCount}`)
  return [
    counted(kept, before.length, 'steps that support had acknowledged when it was killed are there', isMiddle),
    {
      ok: again === 1 && twice === 0,
      text: `steps sent again after the kill: ${again}; steps applied twice: ${twice}`,
    },
    { ok: isWhole, text: `steps heard on the feed, no commit missed or doubled: ${counts.join(', ')}` },
  ]
}

async function checkConversation(memory: Memory, { agents }: Evidence): Promise<Check[]> {
  const { messages } = await memory.listMessages({ resourceId, threadId, perPage: false })
  const ids = new Set(messages.map(({ id }) => id))
  const acknowledged = reported(agents, 'message')
  const kept = acknowledged.filter(({ id }) => ids.has(id)).length
  // At most one message may have been stored and its process killed before it could say so.
  const isOnce = ids.size === messages.length && messages.length - acknowledged.length <= 1
  const turnsOf = (list: readonly StoredMessage[]) => list.map(({ turnId }) => turnId)
  const turns = new Set(turnsOf(messages)).size
  const pieces = piecesOf(turnsOf(messages))
  const arrived = piecesOf(turnsOf(messages.toSorted((left, right) => left.seq - right.seq)))
  const open = messages.filter(({ turnStatus }) => turnStatus === 'open').length
  const ofSupport = messages.filter(({ author }) => author.id === 'support')
  const statuses = [...new Map(ofSupport.map(({ turnId, turnStatus }) => [turnId, turnStatus])).values()]
  return [
    counted(kept, acknowledged.length, 'messages in the conversation, each once', isOnce),
    {
      ok: pieces === turns && arrived > turns,
      text: `${turns} turns read back in ${pieces} pieces; talking at once, the agents had sent them in ${arrived}`,
    },
    {
      ok: statuses.join() === 'interrupted,complete' && open === 0,
      text: `turns of support: the first ${statuses.join(', the second ')}; messages in open turns: ${open}`,
    },
  ]
}

/** Holds everything the agents reported against the memory. */
export async function checkMemory(
  memory: Memory,
  agents: readonly AgentProcess[],
  killed: AgentProcess,
): Promise<Check[]> {
  const teamLog = await logOf(memory.team(teamId).space)
  const resourceLog = await logOf(memory.space(`resource/${resourceId}`))
  const evidence: Evidence = { agents, killed, teamLog, resourceLog }
  return [
    ...(await checkWorkingMemory(memory)),
    ...(await checkEntries(memory)),
    ...checkLogs(evidence),
    ...checkDeath(evidence),
    ...(await checkConversation(memory, evidence)),
  ]
}
