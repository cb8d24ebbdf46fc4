/** A waiting run that is continued: by a decision about one of its calls, or because nobody carried one out. */
import { sameActor } from '../../domain/actor.ts'
import { invalidInput, MemoryError, notFound, shown } from '../../domain/error.ts'
import { checkId, type TurnId } from '../../domain/id.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { RunState } from '../../domain/records/run.ts'
import { resourceOf } from '../../domain/space.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import { type Call, type CalledAgent, memoryFor, settleCall } from '../call.ts'
import { callOptions } from '../call-options.ts'
import { type CallMemory, type CallOptions, readFields } from '../options.ts'
import { RequestContext } from '../request-context.ts'
import { stepsOfWaiting } from '../steps/adopt-calls.ts'
import { deciderOf, decideStep, type Verdict } from '../steps/decide.ts'
import { toolNamed } from '../tools/tool-set.ts'
import { parseResumeData } from '../tools/tool-traits.ts'
import { continuedOptions } from '../turn/continuation.ts'
import { checkClientResult } from '../turn/planning.ts'
import { below, type CallBelow, type StepBelow, type WaitBelow } from './calls-below.ts'

/** Options of a call that continues a run, except those that say which one. */
type Continued = Omit<CallOptions, 'resourceId' | 'threadId' | 'memory' | 'trigger' | 'messageId' | 'structuredOutput'>

/** Which call of which run is decided about, and the options of the call that continues the run. */
export interface DecideOptions extends Continued {
  /** The run that waits, as its result named it. null, of a call that stored nothing, is refused. */
  readonly runId: string | null
  /** The call. Default: the only one that waits. */
  readonly toolCallId?: string
  /** Where the run must be. Default: wherever it is. */
  readonly memory?: Pick<CallMemory, 'resource' | 'thread'>
  /** Why, for the model and the record. */
  readonly reason?: string
}

/** A decision, as it depends on the call. */
export type Decide = (step: StepBelow, call: Call) => Promise<Verdict>

/** A run as it waits, and where. */
export interface FoundRun {
  readonly space: AgentSpace
  readonly run: RunState
  readonly threadId: string
  readonly turnId: TurnId
}

function noRun(runId: string): MemoryError {
  return notFound('run', runId, 'Check the id, and that the memory of this agent may read it.')
}

/** Refuses a run that is somewhere other than stated. */
function checkPlace(space: AgentSpace, run: RunState, memory: DecideOptions['memory']): void {
  if (memory === undefined) return
  if (!isJsonObject(memory)) {
    throw invalidInput(
      'memory',
      'must be an object',
      memory,
      `Pass { resource: 'alice', thread: 't1' }, or leave it out.`,
    )
  }
  const { resource, thread } = memory
  const threadId = isJsonObject(thread) ? thread.id : thread
  const isThere =
    (resource === undefined || resource === resourceOf(space.address)) &&
    (threadId === undefined || threadId === run.threadId)
  if (!isThere) throw noRun(run.id)
}

/** The run with that id, once nobody works on it. */
async function settledRun(
  space: AgentSpace,
  runId: string,
  { memory }: Pick<DecideOptions, 'memory'>,
  signal: AbortSignal | undefined,
): Promise<FoundRun> {
  for (;;) {
    const { record: run } = await space.runs.get(runId)
    if (run === null || run.threadId === undefined || run.turnId === undefined) throw noRun(runId)
    const { threadId, turnId } = run
    checkPlace(space, run, memory)
    if (!sameActor(run.actor, space.actor)) {
      throw new MemoryError('conflict', {
        message: `The run ${shown(runId)} is one of ${run.actor.kind} ${shown(run.actor.id)}.`,
        fix: 'Continue it with that agent.',
        details: { runId, actor: run.actor },
      })
    }
    if (run.status !== 'running') return { space, run, threadId, turnId }
    signal?.throwIfAborted()
    await space.turnEnded(threadId, turnId, signal)
  }
}

/**
 * The options of a method that decides about a call, in either of its two forms.
 *
 * @throws MemoryError `invalid-input`.
 */
export function readDecideOptions(
  method: string,
  given: string | DecideOptions,
  more: DecideOptions | undefined,
): DecideOptions {
  const options = typeof given === 'string' ? more : given
  if (!isJsonObject(options)) {
    const fix = `Name the run: agent.${method}(…, { runId }).`
    throw invalidInput(method, 'must get the options of the decision', options, fix)
  }
  const fields = { ...readFields(options, method), ...(typeof given === 'string' ? { toolCallId: given } : {}) }
  const { runId, toolCallId, reason } = fields as Partial<DecideOptions>
  checkId(runId, 'runId')
  if (toolCallId !== undefined && (typeof toolCallId !== 'string' || toolCallId === '')) {
    throw invalidInput('toolCallId', 'must be a text', toolCallId, 'Pass the id of a call that waits, or leave it out.')
  }
  if (reason !== undefined && typeof reason !== 'string') {
    throw invalidInput('reason', 'must be a text', reason, 'Leave it out for none.')
  }
  return fields as unknown as DecideOptions
}

/** Finds the run that a call names. */
async function findRun(
  agent: CalledAgent,
  runId: string,
  place: Pick<DecideOptions, 'memory'>,
  options: CallOptions,
): Promise<FoundRun> {
  const { usable, actor } = await memoryFor(agent, options.requestContext ?? new RequestContext())
  const space = await usable.spaceOfRun(actor, runId)
  if (space === null) throw noRun(runId)
  return settledRun(space, runId, place, options.abortSignal)
}

/** A call of the run itself, or of a subagent below it. */
export type DecidableCall = Pick<CallBelow, 'step' | 'chain'> | CallBelow | WaitBelow

/** The call with the calls in front of it that led there: it names one call, even where subagents use the same ids. */
function wayTo({ step, chain }: DecidableCall): string {
  return [...chain.map(({ toolCallId }) => toolCallId), step.path].join('/')
}

/** Whether an id names a call: its own, the way to it, or that of a call which handed the work on. */
function isNamed(candidate: DecidableCall, id: string): boolean {
  const { step, chain } = candidate
  return step.path === id || chain.some(({ toolCallId }) => toolCallId === id) || wayTo(candidate) === id
}

/** The call that is meant: the named one, or the only one that waits. */
function callMeant(runId: string, all: readonly DecidableCall[], toolCallId: string | undefined): DecidableCall {
  const named = toolCallId === undefined ? all : all.filter((one) => isNamed(one, toolCallId))
  const asked = named.filter(({ step }) => step.status === 'asked')
  const [only, ...others] = asked
  if (only !== undefined && others.length === 0) return only
  if (only !== undefined) {
    const rule =
      toolCallId === undefined ? 'is required where several calls wait' : 'must name one of the calls that wait'
    throw invalidInput('toolCallId', rule, toolCallId, listed(asked))
  }
  // The door says who decided, and when.
  const last =
    named.findLast(({ step }) => step.status !== 'asked' && step.stepKind !== 'plain') ??
    (toolCallId === undefined ? null : named[0])
  if (last !== undefined && last !== null) return last
  if (toolCallId === undefined) throw notFound('call', runId, 'No call of this run waits.')
  const waiting = all.filter(({ step }) => step.status === 'asked')
  throw notFound('call', toolCallId, `${listed(waiting)} Check the ids of the run and the call.`)
}

function listed(asked: readonly DecidableCall[]): string {
  if (asked.length === 0) return 'No call of this run waits.'
  return `These wait: ${asked.map((one) => `${shown(wayTo(one))} of ${shown(one.step.tool)}`).join(', ')}.`
}

/**
 * Settles a call that continues a run, without saying anything. It has the options of the call that the run began with, as
 * far as they are stored.
 *
 * @param stated The options of this call alone, which win.
 */
export function settleContinued(
  agent: CalledAgent,
  options: CallOptions,
  stated: Pick<CallOptions, 'maxSteps' | 'requestContext' | 'requireToolApproval'>,
  waiting: FoundRun,
): Promise<Call> {
  const stored = continuedOptions(waiting.run.continuation)
  const { maxSteps = stored.maxSteps, requestContext = stored.requestContext } = stated
  const { requireToolApproval = stored.requireToolApproval } = stated
  const kept = {
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(requestContext === undefined ? {} : { requestContext }),
    ...(requireToolApproval === undefined ? {} : { requireToolApproval }),
  }
  const { space, threadId, turnId } = waiting
  return settleCall(agent, [], { ...options, ...kept }, { space, thread: { id: threadId }, goesOn: turnId })
}

/**
 * Decides about a call that waits, and settles the call of the agent that carries the decision out.
 *
 * @throws MemoryError `not-found` for an unknown run or call, `conflict` with `decided` for a call that has a decision,
 *   `denied` for who may not decide, `invalid-input` for a decision that the call does not wait for.
 */
export async function decidedCall(agent: CalledAgent, given: DecideOptions, decide: Decide): Promise<Call> {
  const { runId: named, toolCallId, memory: _place, reason: _reason, ...rest } = given
  const runId = checkId(named, 'runId')
  const options = callOptions(withoutPlace(agent.options.defaultOptions), rest)
  const waiting = await findRun(agent, runId, given, options)
  const { space } = waiting
  const call = await settleContinued(agent, options, rest, waiting)
  const { threadId, turnId, run } = waiting
  const isWaiting = run.status === 'suspended'
  const steps = isWaiting
    ? await stepsOfWaiting(space, { runId, threadId, turnId }, call.tools)
    : await space.steps(runId)
  const under = await callsUnder(call, waiting, toolCallId)
  const meant = callMeant(runId, [...steps.map((step) => ({ step, chain: [] })), ...under], toolCallId)
  await decideAbout(call, space, meant, decide)
  return call
}

/**
 * Decides about a call of the run of `call`, or of one below it.
 *
 * @param space Of that run.
 */
export async function decideAbout(call: Call, space: AgentSpace, meant: DecidableCall, decide: Decide): Promise<void> {
  const { step } = meant
  if ('workflow' in meant) {
    // The step checks its data itself. A tool of the agent may have its name.
    const { approved, data = null } = await decide(meant.step, { ...call, tools: {} })
    if (approved === false) await meant.workflow.cancel(meant.step.runId)
    else await meant.workflow.resume(meant.step.runId, meant.step.path, data, call.sender)
    return
  }
  if (!('agent' in meant)) {
    await decideStep(space, meant.step, await decide(step, call), deciderOf(space, call.sender))
    return
  }
  const { agent: subagent, found } = meant
  const { requestContext } = call
  const own = callOptions(withoutPlace(subagent.options.defaultOptions), {})
  const asking = await settleContinued(subagent, own, { requestContext }, found)
  await decideStep(found.space, meant.step, await decide(step, asking), deciderOf(found.space, call.sender))
}

/** The calls of subagents that the run waits for; those that are over, too, if one is named that does not wait. */
async function callsUnder(
  { agent, requestContext, model }: Call,
  waiting: FoundRun,
  named: string | undefined,
): Promise<readonly (CallBelow | WaitBelow)[]> {
  const called = { ...agent, defaultModel: model }
  const { calls } = await below(called, waiting, requestContext, true)
  if (named === undefined || calls.some((one) => isNamed(one, named))) return calls
  return (await below(called, waiting, requestContext, false)).calls
}

/** The agent's options of every call, without a place: the run has one. */
export function withoutPlace(options: CallOptions | undefined): CallOptions | undefined {
  if (options === undefined) return undefined
  const { resourceId: _resource, threadId: _thread, memory, structuredOutput: _shape, ...rest } = options
  return memory?.options === undefined ? rest : { ...rest, memory: { options: memory.options } }
}

function otherKind({ path, stepKind }: StepBelow, fix: string): MemoryError {
  return invalidInput(
    'toolCallId',
    `must be the id of another kind of call: ${shown(path)} is one of ${stepKind}`,
    path,
    fix,
  )
}

/** The decision that approves a call. */
export function approve(reason: string | undefined): Decide {
  return async (step) => {
    const fix = 'Resume it with data: agent.resumeStream(data, { runId, toolCallId }).'
    if (step.stepKind !== 'approval') throw otherKind(step, fix)
    return { approved: true, ...(reason === undefined ? {} : { reason }) }
  }
}

/** The decision that declines a call, whatever it waits for. */
export function decline(reason: string | undefined): Decide {
  return async () => ({ approved: false, ...(reason === undefined ? {} : { reason }) })
}

/** The decision that gives a suspended call its data, or the call of a client's tool its result. */
export function resumeWith(data: unknown): Decide {
  return async (step, call) => {
    const { tool: name, stepKind } = step
    if (stepKind === 'client') return { data: await checkClientResult(call, name, data) }
    const fix = 'Approve or decline it: agent.approveToolCall(toolCallId, { runId }).'
    if (stepKind !== 'suspension') throw otherKind(step, fix)
    return { data: await parseResumeData(name, toolNamed(call.tools, name), data) }
  }
}
