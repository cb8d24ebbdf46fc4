// A run whose calls wait, two processes that answer and carry them out, and the effects that its tools had.
import {
  Agent,
  type AgentResult,
  type AgentStream,
  Memory,
  MemoryError,
  type Storage,
  type StoredMessage,
} from 'aquifer'
import { callTools, type ModelCall, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { hour, ManualClock } from '../memory/opened.ts'
import { answerIn, problemsOfEnd, problemsOfPrompts, problemsOfThread } from './call-trees-checks.ts'
import { answered, decideByProgram, type PendingCall, pendingIn } from './call-trees-pending.ts'
import type { CallAction, CallTreePlan, Decision, Request } from './call-trees-plan.ts'
import { type CallInput, nameOf, type Outcomes, type ToolProcess, treeTools } from './call-trees-tools.ts'
import { type DyingStorage, dyingStorage } from './dying-storage.ts'

const at = { resourceId: 'alice', threadId: 't' }
export const lastWords = 'All is done.'
const quiet = { maxRetries: 0, onError() {} }

/** What all runs together came to: a property that nothing happens in proves nothing. */
export const seen: Record<string, number> = {}
export const count = (what: string) => {
  seen[what] = (seen[what] ?? 0) + 1
}

interface Process extends ToolProcess {
  readonly life: DyingStorage
  readonly memory: Memory
  readonly agent: Agent
}

export class CallTreeWorld {
  readonly plan: CallTreePlan
  readonly clock: ManualClock
  readonly problems: string[] = []
  readonly outcomes: Outcomes = {
    ...{ effects: new Map(), keys: new Set(), denied: new Set(), told: new Map(), strayed: [] },
  }
  readonly #storage: Storage
  readonly #models: ScriptedModel[] = []
  /** Answers as pages were shown them, the oldest first. */
  readonly #shown: StoredMessage[] = []
  #processes: readonly Process[]
  #sweeps: Promise<unknown> = Promise.resolve()
  #ids = 0

  private constructor(plan: CallTreePlan, storage: Storage, clock: ManualClock) {
    this.plan = plan
    this.#storage = storage
    this.clock = clock
    this.#processes = [this.#start(), this.#start()]
  }

  static async open(plan: CallTreePlan): Promise<CallTreeWorld> {
    const clock = new ManualClock()
    const options = { id: 'call-trees', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 } as const
    return new CallTreeWorld(plan, await SqliteStorage.open(options), clock)
  }

  async close(): Promise<void> {
    for (const { memory } of this.#processes) await memory.close()
    await this.#storage.close()
  }

  #start(): Process {
    const life = dyingStorage(this.#storage, () => this.#bury())
    const memory = new Memory({ storage: life.storage, clock: this.clock, background: false, embedder: false })
    const model = scriptedModel({ answer: (call) => this.#answer(call) })
    this.#models.push(model)
    const process: ToolProcess = { life, death: null }
    const tools = treeTools(this.plan, process, this.outcomes)
    return Object.assign(process, { memory, agent: new Agent({ name: 'Clerk', memory, model, tools }) })
  }

  /** Ends the leases of the dead. */
  #bury(): void {
    count('died')
    this.clock.pass(hour)
    this.#sweeps = this.#sweeps.then(() => sweep(this.#storage))
  }

  /** The next step of the plan, as far as the prompt shows it; anything else that is said gets a short answer. */
  #answer({ messages, prompt }: ModelCall): unknown {
    if (messages.at(-1)?.role === 'user' && prompt !== 'Go.') return 'Hello.'
    const done = messages.flatMap(({ content }) => {
      if (typeof content === 'string') return []
      return content.flatMap((part) => (part.type === 'tool-call' ? [(part.input as unknown as CallInput).step] : []))
    })
    const step = Math.max(-1, ...done) + 1
    const calls = this.plan.steps[step]
    if (calls === undefined) return lastWords
    return callTools(
      calls.map(({ kind, isSafe }, place) => {
        this.#ids += 1
        const toolCallId = this.plan.ids === 'fresh' ? `call-${this.#ids}` : `call-${place}`
        return { toolName: isSafe && kind !== 'client' ? `safe-${kind}` : kind, toolCallId, input: { step, place } }
      }),
      { text: `Step ${step}.` },
    )
  }

  /** What is stored, read by nobody who may die. */
  async #read() {
    const memory = new Memory({ storage: dyingStorage(this.#storage).storage, clock: this.clock, background: false })
    const thread = await memory.getThreadById(at)
    const stored = thread === null ? [] : (await memory.listMessages({ ...at, perPage: false })).messages
    const { runs } = await memory.listRuns({ resourceId: at.resourceId })
    await memory.close()
    return { stored, runs, pending: pendingIn(stored, runs) }
  }

  /** Has a process do something, and reads to the end. Answers the error that it ended with. */
  async #carry(
    { process: number, death }: Request,
    work: (agent: Agent) => Promise<AgentResult | AgentStream | readonly unknown[]>,
  ): Promise<unknown> {
    const process = this.#processes[number] as Process
    if (death?.at === 'commit') process.life.dieAfter(death.commits)
    process.death = death?.at === 'effect' ? death : null
    try {
      const result = await work(process.agent)
      if ('finished' in result) await result.finished
      return null
    } catch (error) {
      if (!(error instanceof MemoryError) && !process.life.isDead)
        this.problems.push(`a call fails with ${String(error)}`)
      return error
    } finally {
      process.death = null
      process.life.live()
    }
  }

  #send(request: Request, messages: unknown): Promise<unknown> {
    return this.#carry(request, (agent) => agent[request.way](messages as never, { ...at, ...quiet }))
  }

  async begin(): Promise<void> {
    const question = [{ id: 'go', role: 'user', parts: [{ type: 'text', text: 'Go.' }] }]
    const refusal = await this.#send(this.plan.asked, question)
    if (refusal !== null && this.plan.asked.death === null) this.problems.push(`nothing begins: ${String(refusal)}`)
    await this.#settle()
  }

  /** Carries an action out, and looks at everything. */
  async step(action: CallAction): Promise<void> {
    if (action.kind === 'decide') await this.#decide(action.decisions)
    else if (action.kind === 'say') await this.#send(action.request, `Hello ${this.#ids}`)
    else if (action.kind === 'recover') await this.#recover(action.request)
    else await this.#replay(action.request)
    await this.#settle()
    if (this.problems.length > 0) this.problems.unshift(`after ${JSON.stringify(action)}`)
  }

  /** Decisions of several people at once, each about the thread as it was before. */
  async #decide(decisions: readonly Decision[]): Promise<void> {
    const { pending } = await this.#read()
    await Promise.all(
      decisions.map(async (decision) => {
        const call = pending[decision.which % Math.max(1, pending.length)]
        if (call !== undefined) await this.#decideOne(call, decision)
      }),
    )
  }

  async #decideOne(call: PendingCall, decision: Decision): Promise<void> {
    const { message, part, kind, input } = call
    const isSent = decision.by === 'chat' && kind !== 'suspension'
    const parts = message.parts.map((one) => (one === part ? answered(one, decision) : one))
    const refusal = isSent
      ? await this.#send(decision, [{ id: message.id, role: message.role, parts }])
      : await this.#carry(decision, (agent) => decideByProgram(agent, call, decision, quiet))
    count(`${kind} ${isSent ? 'sent' : 'called'} ${refusal === null ? 'answered' : 'refused'}`)
    if (refusal !== null) return
    if (kind === 'client' && (isSent || decision.approved)) this.outcomes.told.set(nameOf(input), decision.output)
    else if (!decision.approved) this.outcomes.denied.add(nameOf(input))
  }

  async #recover(request: Request): Promise<void> {
    const refusal = await this.#carry(request, async (agent) => {
      const recovered = await agent.recover()
      for (const { status, error } of recovered) {
        count(`recovered ${status}`)
        if (status === 'failed' && request.death === null) this.problems.push(`a run fails with ${String(error)}`)
      }
      return recovered
    })
    if (refusal !== null && request.death === null) this.problems.push(`recovering fails with ${String(refusal)}`)
  }

  /** A page that was loaded long ago. */
  async #replay(request: Request): Promise<void> {
    const [oldest] = this.#shown
    if (oldest === undefined) return
    const { id, role } = oldest
    const parts = oldest.parts.map((part) => answered(part, { approved: true, output: 'told' }))
    count('replay')
    await this.#send(request, [{ id, role, parts }])
  }

  /** Starts the dead again, and looks at everything. */
  async #settle(): Promise<void> {
    await this.#sweeps
    this.#processes = this.#processes.map((process) => (process.life.isDead ? this.#start() : process))
    const { stored } = await this.#read()
    const answer = answerIn(stored)
    if (answer !== undefined) this.#shown.push(answer)
    const prompts = this.#models.flatMap(({ calls }) => calls.map(({ messages }) => messages))
    this.problems.push(...problemsOfThread(stored, this.outcomes), ...problemsOfPrompts(prompts))
  }

  /** Recovers, answers all that still waits, and looks at how everything ended. */
  async finish(): Promise<void> {
    const word = {
      process: 0,
      way: 'generate',
      by: 'program',
      death: null,
      which: 0,
      approved: true,
      output: 'told',
    } as const
    const rounds = this.plan.steps.flat().length * 3 + 2
    for (let round = 0; round < rounds; round++) {
      await this.#recover(word)
      if ((await this.#read()).pending.length === 0) break
      await this.#decide([word])
      await this.#settle()
    }
    const { stored, runs } = await this.#read()
    this.problems.push(...problemsOfEnd(this.plan, stored, runs, this.outcomes))
  }
}
