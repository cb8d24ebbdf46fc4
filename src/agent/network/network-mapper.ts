/** From the stream of a supervisor to the events of a network. Pure: what comes in decides what goes out. */
import type { IterationEvent } from '../call-iterations.ts'
import type { CompletionReason } from '../iteration-options.ts'
import type { DelegationEvent } from '../relay.ts'
import type { AgentStreamPart } from '../run/result.ts'
import type { ToolCallApprovalPart, ToolCallSuspendedPart } from '../suspension/pending-calls.ts'
import { NetworkChecks, type Structured } from './network-checks.ts'
import type {
  NetworkEvent,
  NetworkEventType,
  NetworkPayloads,
  NetworkPrimitiveType,
  NetworkUsage,
} from './network-events.ts'
import {
  abortsOf,
  asText,
  endOfStep,
  finishOf,
  innerEvent,
  inWords,
  isCompleteBy,
  type NetworkRun,
  type NetworkStep,
  promptOf,
  type RunningStep,
  usageOf,
  waitingOf,
} from './network-payloads.ts'

/** How the stream of a network ended. */
interface NetworkEnding {
  readonly usage: NetworkUsage
  /** Why it ended. */
  readonly completionReason: CompletionReason | null
  /** The object that was asked for, as it came, and whole; null if none was. */
  readonly structured: Structured
}

/** A call of a tool that has its result. */
interface ToolOutcome {
  readonly toolCallId: string
  readonly toolName: string
  readonly input: unknown
}

/** The events of one stream. It remembers what is open, and nothing else. */
export class NetworkMapper {
  readonly #run: NetworkRun
  readonly #isContinued: boolean
  readonly #running = new Map<string, RunningStep>()
  /** Events of work whose call has not come yet: it is on its way through the stream. */
  readonly #early = new Map<string, DelegationEvent[]>()
  #out: NetworkEvent[] = []
  readonly #checks: NetworkChecks
  #iteration: number
  #steps = 0
  #isRouting = false
  #hasCalled = false
  #said = ''
  #isWaiting = false
  #hasFailed = false
  #ended: RunningStep | null = null

  /** @param isContinued Whether the stream goes on with a run: its first calls were made in another stream. */
  constructor(run: NetworkRun, isContinued: boolean) {
    this.#run = run
    this.#isContinued = isContinued
    this.#iteration = run.before - 1
    this.#checks = new NetworkChecks(run, (type, payload) => this.#emit(type, payload))
  }

  /** What primitives did so far, in the order in which they began. */
  get steps(): readonly NetworkStep[] {
    return [...this.#running.values()].map(({ reason: _, isStarted: _s, isOver: _o, ...step }) => step)
  }

  /** The events for a part of the supervisor's `fullStream`. Those of delegations come by {@link delegated}. */
  part(part: AgentStreamPart): readonly NetworkEvent[] {
    this.#read(part)
    return this.#taken()
  }

  /** The events for something that happens inside of a delegation. */
  delegated(event: DelegationEvent): readonly NetworkEvent[] {
    this.#work(event)
    return this.#taken()
  }

  /** The events for what happens between two steps of the router. */
  checked(event: IterationEvent): readonly NetworkEvent[] {
    this.#checks.told(event, Math.max(0, this.#iteration))
    return this.#taken()
  }

  /** The last events, once the stream is over. */
  end({ usage, completionReason, structured }: NetworkEnding): readonly NetworkEvent[] {
    for (const events of this.#early.values()) for (const event of events) this.#tell(event)
    if (this.#isWaiting || this.#hasFailed) return this.#taken()
    const { runId, task } = this.#run
    const iteration = Math.max(0, this.#iteration)
    const last = this.#hasCalled && completionReason === 'ended-by-hook' ? this.#ended : null
    const result = last === null ? this.#said : asText(last.result ?? '')
    this.#checks.end(structured, iteration)
    if (isCompleteBy(completionReason)) {
      this.#emit('network-execution-event-step-finish', { task, result, isComplete: true, iteration, runId })
    }
    const ended = { completionReason, result, iteration, last, usage, passed: this.#checks.passed }
    const object = structured === null ? {} : { object: structured.object }
    const isOneOff = this.#running.size === 0
    this.#emit('network-execution-event-finish', { ...finishOf(this.#run, ended), isOneOff, ...object })
    return this.#taken()
  }

  #taken(): readonly NetworkEvent[] {
    const out = this.#out
    this.#out = []
    return out
  }

  #emit<Name extends NetworkEventType>(type: Name, payload: NetworkPayloads[Name]): void {
    // The payload is the one of the name: the compiler does not follow that through the union.
    this.#out.push({ type, runId: this.#run.runId, from: 'NETWORK', payload } as unknown as NetworkEvent)
  }

  #read(part: AgentStreamPart): void {
    switch (part.type) {
      case 'start-step':
        this.#said = ''
        this.#hasCalled = false
        this.#checks.goesOn()
        // The first step of a stream that goes on may ask no model.
        if (!this.#isContinued || this.#steps > 0) this.#route()
        this.#steps += 1
        break
      case 'text-start':
      case 'text-delta':
        this.#says(part.type === 'text-start' ? null : part.text)
        break
      case 'tool-call':
        this.#called(part.toolCallId, part.toolName, part.input)
        break
      case 'tool-result':
        if (part.preliminary !== true) this.#settled(part, { result: part.output })
        break
      case 'tool-error':
        this.#settled(part, { error: inWords(part.error) })
        break
      case 'finish-step':
        if (this.#isRouting) this.#routed(null, usageOf(part.usage))
        this.#checks.stepEnded(Math.max(0, this.#iteration))
        break
      case 'tool-call-approval':
      case 'tool-call-suspended':
        this.#waits(part)
        break
      case 'abort':
        this.#aborted()
        break
      case 'error':
        this.#hasFailed = true
        this.#emit('error', { error: part.error })
        break
    }
  }

  /** @param text null where it begins. */
  #says(text: string | null): void {
    const { runId } = this.#run
    this.#route()
    this.#said += text ?? ''
    if (text === null) this.#emit('routing-agent-text-start', { runId })
    else this.#emit('routing-agent-text-delta', { runId, text })
  }

  /** The router begins to decide, unless it has begun. */
  #route(): void {
    if (this.#isRouting) return
    this.#isRouting = true
    this.#iteration += 1
    const { agentId, runId, task } = this.#run
    const inputData = { task, iteration: this.#iteration }
    this.#emit('routing-agent-start', { networkId: agentId, agentId, runId, inputData })
  }

  /** The router has decided. */
  #routed(chosen: RunningStep | null, usage: NetworkUsage | null): void {
    this.#isRouting = false
    const { task, runId } = this.#run
    const iteration = Math.max(0, this.#iteration)
    this.#emit('routing-agent-end', {
      ...{ task, iteration, runId, usage },
      primitiveId: chosen?.primitiveId ?? '',
      primitiveType: chosen?.primitiveType ?? 'none',
      prompt: chosen === null ? '' : promptOf(chosen.args),
      result: chosen === null ? this.#said : '',
      isComplete: chosen === null,
      selectionReason: this.#said,
      conversationContext: this.#run.conversation,
    })
  }

  #called(toolCallId: string, toolName: string, args: unknown): void {
    this.#hasCalled = true
    this.#route()
    const early = this.#early.get(toolCallId) ?? []
    const { type, id } = this.#run.primitives.get(toolName) ?? { type: 'tool' as const, id: toolName }
    const running = this.#begin(toolCallId, type, id, args)
    this.#routed(running, null)
    // A delegation says itself when it begins.
    if (type === 'tool') this.#started(running, toolName)
    for (const event of early) this.#tell(event)
    this.#early.delete(toolCallId)
  }

  #begin(toolCallId: string, primitiveType: NetworkPrimitiveType, primitiveId: string, args: unknown): RunningStep {
    const [iteration, reason] = [Math.max(0, this.#iteration), this.#said]
    const state = { isStarted: false, isOver: false }
    const running = { primitiveType, primitiveId, toolCallId, iteration, args, reason, ...state }
    this.#running.set(toolCallId, running)
    return running
  }

  #started(running: RunningStep, toolName: string): void {
    const { primitiveType, primitiveId, toolCallId, args } = running
    const about = { args, runId: this.#run.runId }
    running.isStarted = true
    if (primitiveType === 'agent') this.#emit('agent-execution-start', { agentId: primitiveId, ...about })
    else if (primitiveType === 'tool') this.#emit('tool-execution-start', { toolName, toolCallId, ...about })
    else this.#emit('workflow-execution-start', { workflowId: primitiveId, ...about })
  }

  /** Work of a call that this stream does not show goes on from before: then, and only then, it comes first. */
  #work(event: DelegationEvent): void {
    const { toolCallId } = event
    const goesOn = this.#isContinued && !this.#hasCalled && this.#iteration < this.#run.before
    if (this.#running.has(toolCallId) || goesOn) this.#tell(event)
    else this.#early.set(toolCallId, [...(this.#early.get(toolCallId) ?? []), event])
  }

  #tell(event: DelegationEvent): void {
    const { toolCallId, toolName, primitive } = event
    if (event.kind === 'started') {
      const running = this.#running.get(toolCallId) ?? this.#begin(toolCallId, primitive.type, primitive.id, event.args)
      this.#started(running, toolName)
    } else if (event.kind === 'part') this.#out.push(innerEvent(this.#run, event))
    else if (event.status !== 'suspended') {
      const running = this.#running.get(toolCallId)
      const outcome = event.status === 'failed' ? { error: inWords(event.error) } : { result: event.result }
      if (running !== undefined) this.#over(running, toolName, outcome, event.usage ?? null)
    }
  }

  /** A call has its result. Of a delegation that was told already. */
  #settled({ toolCallId, toolName, input }: ToolOutcome, outcome: Pick<NetworkStep, 'result' | 'error'>): void {
    const known = this.#running.get(toolCallId)
    if (known?.isOver === true) return
    const { type, id } = this.#run.primitives.get(toolName) ?? { type: 'tool' as const, id: toolName }
    const running = known ?? this.#begin(toolCallId, type, id, input)
    // A call that was refused never began.
    if (!running.isStarted) this.#started(running, toolName)
    this.#over(running, toolName, outcome, null)
  }

  #over(
    running: RunningStep,
    toolName: string,
    outcome: Pick<NetworkStep, 'result' | 'error'>,
    usage: NetworkUsage | null,
  ): void {
    Object.assign(running, outcome, { isOver: true })
    if (outcome.error === undefined) this.#ended = running
    const { primitiveId, primitiveType, toolCallId } = running
    const end = endOfStep(this.#run, running, usage)
    if (primitiveType === 'agent') this.#emit('agent-execution-end', { ...end, agentId: primitiveId })
    else if (primitiveType === 'workflow') this.#emit('workflow-execution-end', { ...end, name: primitiveId })
    else this.#emit('tool-execution-end', { ...end, toolCallId, toolName })
  }

  #waits({ type, payload }: ToolCallApprovalPart | ToolCallSuspendedPart): void {
    this.#isWaiting = true
    const { toolCallId, chain } = payload
    const outer = this.#running.get(chain?.[0]?.toolCallId ?? toolCallId)
    const primitive = outer?.primitiveType ?? (chain === undefined ? 'tool' : 'agent')
    const waiting = waitingOf(this.#run, payload, outer?.reason ?? '')
    const what = type === 'tool-call-approval' ? 'approval' : 'suspended'
    this.#emit(`${primitive}-execution-${what}`, waiting)
  }

  #aborted(): void {
    this.#hasFailed = true
    const aborts = abortsOf([...this.#running.values()], Math.max(0, this.#iteration))
    for (const [who, abort] of aborts) this.#emit(`${who}-abort`, abort)
  }
}
