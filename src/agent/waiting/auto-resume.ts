/**
 * A message that gives a suspended call its data: the call is decided about, and the agent goes on with its turn. Any other
 * message is answered as always.
 */
import type { Change } from '../../domain/commit/commit.ts'
import { MemoryError } from '../../domain/error.ts'
import type { TurnId } from '../../domain/id.ts'
import type { Json } from '../../domain/json.ts'
import type { MessageInput } from '../../domain/records/message.ts'
import { type Call, questionOf, type Remembered } from '../call.ts'
import { planInput } from '../input/input.ts'
import { turnMessages } from '../input/stored-thread.ts'
import { type PendingCall, pendingCallsOf } from '../suspension/pending-calls.ts'
import { originOf } from '../turn/planning.ts'
import { beginningRun, endingRun } from '../turn/run-record.ts'
import { below } from './calls-below.ts'
import { type DecidableCall, decideAbout, type FoundRun, resumeWith } from './continue-run.ts'
import { readResumption, unreadable } from './read-resumption.ts'

/** How many suspended turns of a thread are looked at, the newest first. */
const turnsLookedAt = 20

/** A call that waits for data, its record, and the suspended turn of this agent that it belongs to. */
interface Waiting {
  readonly call: PendingCall
  readonly decidable: DecidableCall
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

/** The calls that a run waits for data for, by their records: its own, and those of subagents and workflows below it. */
async function waitingIn({ agent, requestContext, model }: Call, found: FoundRun): Promise<readonly Waiting[]> {
  const { space, run, threadId, turnId } = found
  const turn = await space.messages.turn(turnId)
  if (turn?.status !== 'suspended' || turn.replacedBy !== null) return []
  const called = { ...agent, defaultModel: model }
  const [steps, under, messages] = await Promise.all([
    space.steps(run.id),
    below(called, found, requestContext, true),
    turnMessages(space, threadId, turnId),
  ])
  const all: readonly DecidableCall[] = [...steps.map((step) => ({ step, chain: [] })), ...under.calls]
  const asked = all.filter(({ step }) => step.status === 'asked' && step.stepKind === 'suspension')
  return messages
    .flatMap(({ parts }) => pendingCallsOf(parts))
    .flatMap((call): readonly Waiting[] => {
      const runId = call.chain?.at(-1)?.runId ?? run.id
      const decidable = asked.find(({ step }) => step.runId === runId && step.path === call.toolCallId)
      return decidable === undefined ? [] : [{ call, decidable, turnId }]
    })
}

/** The calls of the thread that wait for data and were asked by this agent, or below it. */
async function waitingCalls(call: Call, { space, thread }: Remembered): Promise<readonly Waiting[]> {
  const query = { threadId: thread.id, name: call.agent.id, statuses: ['suspended'], order: 'newest' } as const
  const { items } = await space.runs.list({ ...query, after: null, limit: turnsLookedAt })
  const runs = items.map((run) => {
    return run.turnId === undefined ? [] : waitingIn(call, { space, run, threadId: thread.id, turnId: run.turnId })
  })
  return (await Promise.all(runs)).flat()
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
 * @returns Whether it was decided now: somebody else may have been first or may have to decide, and who waits may refuse the
 *   data.
 */
async function decide(call: Call, { space }: Remembered, { decidable }: Waiting, data: Json): Promise<boolean> {
  try {
    await decideAbout(call, space, decidable, resumeWith(data))
    return true
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error
    if (error.code === 'invalid-input') call.agent.log('warn', unreadable, error)
    if (['conflict', 'denied', 'invalid-input', 'not-found'].includes(error.code)) return false
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
  const waiting = await waitingCalls(call, remembered)
  const said = waiting.length === 0 ? null : await saidAlone(call, remembered)
  if (said === null) return call
  const read = await readResumption(call, waiting, questionOf([said]))
  if (read === null || !(await decide(call, remembered, read.waiting, read.data))) return call
  await store(call, remembered, said)
  return { ...call, goesOn: read.waiting.turnId, isAutoResumed: true }
}
