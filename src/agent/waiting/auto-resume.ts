/**
 * A message that gives a suspended call its data: the call is decided about, and the agent goes on with its turn. Any other
 * message is answered as always.
 */
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import { runIdIn, type TurnId } from '../../domain/id.ts'
import type { MessageInput } from '../../domain/records/message.ts'
import type { AgentSpace, RunStep } from '../../ports/agent-memory.ts'
import { type Call, questionOf, type Remembered } from '../call.ts'
import { planInput } from '../input/input.ts'
import { turnMessages } from '../input/stored-thread.ts'
import { deciderOf, decideStep } from '../steps/decide.ts'
import { type PendingCall, pendingCallsOf } from '../suspension/pending-calls.ts'
import { originOf } from '../turn/planning.ts'
import { beginningRun, endingRun } from '../turn/run-record.ts'
import { readResumption } from './read-resumption.ts'

/** How many suspended turns of a thread are looked at, the newest first. */
const turnsLookedAt = 20

/** A call that waits for data, and its record. */
interface Waiting {
  readonly call: PendingCall
  readonly step: RunStep
  readonly turnId: TurnId
}

/** Whether messages may give data: what a person says without a claim, in one message of texts alone. */
function mayGiveData({ sender, options, goesOn }: Call, { behaviour }: Remembered): boolean {
  if (goesOn !== null || behaviour.readOnly || options.trigger === 'regenerate-message') return false
  return sender === undefined || sender.kind === 'user'
}

function isPlain({ role, author, parts }: MessageInput): boolean {
  if (role !== 'user' || author?.claimed === true) return false
  return parts.every(({ type }) => type === 'text')
}

/** The one new message of the input, if that is all that it says. */
async function saidAlone(call: Call, remembered: Remembered): Promise<MessageInput | null> {
  const { space, thread } = remembered
  const { messageId } = call.options
  const how = messageId === undefined ? {} : { messageId }
  const plan = await planInput(space, thread.id, call.input, how, originOf(call, remembered))
  const [said, ...others] = plan.fresh
  const saysMore = others.length + plan.completions.length + plan.replaces.length + plan.late.length > 0
  return said === undefined || saysMore || !isPlain(said) ? null : said
}

/** The calls of a turn that wait for data, by their records. */
async function waitingIn(space: AgentSpace, threadId: string, turnId: TurnId): Promise<readonly Waiting[]> {
  const turn = await space.messages.turn(turnId)
  const runId = turn?.status === 'suspended' ? runIdIn(turnId, turn.runId) : null
  if (runId === null) return []
  const [steps, messages] = await Promise.all([space.steps(runId), turnMessages(space, threadId, turnId)])
  const asked = new Map(steps.flatMap((step) => (step.status === 'asked' ? [[step.path, step]] : [])))
  const calls = messages.flatMap(({ parts }) => pendingCallsOf(parts))
  return calls.flatMap((call): readonly Waiting[] => {
    const step = asked.get(call.toolCallId)
    return step?.stepKind === 'suspension' ? [{ call, step, turnId }] : []
  })
}

/** The calls of the thread that wait for data and were asked by this agent. */
async function waitingCalls({ agent, remembered }: Call): Promise<readonly Waiting[]> {
  if (remembered === null) return []
  const { space, thread } = remembered
  const query = { threadId: thread.id, name: agent.id, statuses: ['suspended'], order: 'newest' } as const
  const { items } = await space.runs.list({ ...query, after: null, limit: turnsLookedAt })
  const turns = [...new Set(items.flatMap(({ turnId }) => turnId ?? []))]
  return (await Promise.all(turns.map((turnId) => waitingIn(space, thread.id, turnId)))).flat()
}

/** Stores what was said, in a turn of its own that is complete: the answer is that of the turn which goes on. */
async function store({ agent }: Call, { space, thread }: Remembered, said: MessageInput): Promise<void> {
  const threadId = thread.id
  const { runId, run } = beginningRun(space, agent.id, threadId)
  const append: Change = { kind: 'message-append', threadId, opened: 0, messages: [said] }
  const request = { threadId, runId, resumes: null, replaces: [], before: [], changes: [append, run] }
  const turn = await space.begin(request, false)
  await turn.close('complete', [endingRun(turn, 'complete')])
}

/**
 * Decides.
 *
 * @returns Whether it was decided now: somebody else may have been first, or may have to decide.
 */
async function decide({ sender }: Call, space: AgentSpace, step: RunStep, data: RunStep['payload']): Promise<boolean> {
  try {
    await decideStep(space, step, { data: data ?? null }, deciderOf(space, sender))
    return true
  } catch (error) {
    if (error instanceof MemoryError && (error.code === 'conflict' || error.code === 'denied')) return false
    throw error
  }
}

/**
 * The call as it goes on: with the suspended turn whose call the input gives its data; otherwise as it was.
 *
 * @throws As reading the thread does, and the reason of the call's signal.
 */
export async function autoResumed(call: Call): Promise<Call> {
  const { agent, options, remembered } = call
  const isOn = options.autoResumeSuspendedTools ?? agent.options.autoResumeSuspendedTools ?? false
  if (!isOn || remembered === null || !mayGiveData(call, remembered)) return call
  const resuming = resumedBySaying(call, remembered)
  remembered.space.hold(resuming.catch(() => {}))
  return resuming
}

async function resumedBySaying(call: Call, remembered: Remembered): Promise<Call> {
  const waiting = await waitingCalls(call)
  const said = waiting.length === 0 ? null : await saidAlone(call, remembered)
  if (said === null) return call
  const read = await readResumption(
    call,
    waiting.map((one) => one.call),
    questionOf([said]),
  )
  const named = waiting.find(({ call: { toolCallId } }) => toolCallId === read?.toolCallId)
  if (read === null || named === undefined) return call
  const { space } = remembered
  if (!(await decide(call, space, named.step, read.data))) return call
  await store(call, remembered, said)
  return { ...call, goesOn: named.turnId, isAutoResumed: true }
}
