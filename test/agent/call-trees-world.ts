// A run whose calls wait, two processes that answer and carry them out, and the effects that its tools had.
import { setImmediate as nextLoop } from 'node:timers/promises'
import { type ToolSet, tool } from 'ai'
import { Agent, Memory, type MessagePart, type Storage, type StoredMessage } from 'aquifer'
import { callTools, type ModelCall, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { z } from 'zod'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { hour, ManualClock } from '../memory/opened.ts'
import { answerIn, problemsOfEnd, problemsOfPrompts, problemsOfThread } from './call-trees-checks.ts'
import {
  type CallAction,
  type CallTreePlan,
  type Death,
  type Decision,
  outputs,
  type Request,
} from './call-trees-plan.ts'
import { type DyingStorage, dyingStorage } from './dying-storage.ts'

export const at = { resourceId: 'alice', threadId: 't' }
export const lastWords = 'All is done.'

/** The input of a call: which one of the plan it is. */
export interface CallInput {
  readonly step: number
  readonly place: number
}

/** Names a call by its tool and input, whatever id it has. */
export const nameOf = ({ step, place }: CallInput) => `${step}.${place}`

/** What became of the calls, as the world outside saw it. */
export interface Outcomes {
  /** How often each call had its effect. */
  readonly effects: Map<string, number>
  /** Calls that a person denied, and was not refused. */
  readonly denied: Set<string>
  /** What was told of a client's calls, for the first that was told. */
  readonly told: Map<string, unknown>
}

/** What all runs together came to: a property that nothing happens in proves nothing. */
export const seen: Record<string, number> = {}
export const count = (what: string) => {
  seen[what] = (seen[what] ?? 0) + 1
}

interface Process {
  readonly life: DyingStorage
  readonly memory: Memory
  readonly agent: Agent
  /** Where it dies inside a tool. */
  death: Extract<Death, { at: 'effect' }> | null
}

export class CallTreeWorld {
  readonly plan: CallTreePlan
  readonly clock: ManualClock
  readonly problems: string[] = []
  readonly outcomes: Outcomes = { effects: new Map(), denied: new Set(), told: new Map() }
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
    const process: { -readonly [Field in keyof Process]: Process[Field] } = {
      life,
      memory,
      agent: undefined as unknown as Agent,
      death: null,
    }
    process.agent = new Agent({ name: 'Clerk', memory, model, tools: this.#tools(process) })
    return process
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
      calls.map(({ kind }, place) => {
        this.#ids += 1
        const toolCallId = this.plan.ids === 'fresh' ? `call-${this.#ids}` : `call-${place}`
        return { toolName: kind, toolCallId, input: { step, place } }
      }),
      { text: `Step ${step}.` },
    )
  }

  #tools(process: Process): ToolSet {
    const inputSchema = z.object({ step: z.number(), place: z.number() })
    const execute = async (input: CallInput) => {
      const { death, life } = process
      if (death?.isDone === false) life.die()
      if (life.isDead) throw new Error('The process is dead.')
      const name = nameOf(input)
      this.outcomes.effects.set(name, (this.outcomes.effects.get(name) ?? 0) + 1)
      count('effect')
      if (death?.isDone === true) life.die()
      await nextLoop()
      if (this.plan.steps[input.step]?.[input.place]?.fails === true) throw new Error('out of order')
      return `did ${name}`
    }
    const tools = {
      plain: tool({ inputSchema, execute }),
      approval: tool({ inputSchema, execute, needsApproval: true }),
      client: { description: 'Asks the user.', inputSchema },
    }
    return tools as unknown as ToolSet
  }

  #process({ process }: Request): Process {
    return this.#processes[process] as Process
  }

  /** What is stored, read by nobody who may die. */
  async #stored(): Promise<readonly StoredMessage[]> {
    const memory = new Memory({ storage: dyingStorage(this.#storage).storage, clock: this.clock, background: false })
    const thread = await memory.getThreadById(at)
    const messages = thread === null ? [] : (await memory.listMessages({ ...at, perPage: false })).messages
    await memory.close()
    return messages
  }

  async #runs() {
    const memory = new Memory({ storage: dyingStorage(this.#storage).storage, clock: this.clock, background: false })
    const { runs } = await memory.listRuns({ resourceId: at.resourceId })
    await memory.close()
    return runs
  }

  /** Says something to the agent, and reads to the end. Answers the error that it ended with. */
  async #send(request: Request, messages: unknown): Promise<unknown> {
    const process = this.#process(request)
    const { death, way } = request
    if (death?.at === 'commit') process.life.dieAfter(death.commits)
    process.death = death?.at === 'effect' ? death : null
    try {
      const options = { ...at, maxRetries: 0, onError() {} }
      if (way === 'generate') await process.agent.generate(messages as never, options)
      else {
        const result = await process.agent.stream(messages as never, options)
        await result.finished
      }
      return null
    } catch (error) {
      return error
    } finally {
      process.death = null
      process.life.live()
    }
  }

  async begin(): Promise<void> {
    await this.#send(this.plan.asked, [{ id: 'go', role: 'user', parts: [{ type: 'text', text: 'Go.' }] }])
    await this.#settle()
  }

  /** Carries an action out, and looks at everything. */
  async step(action: CallAction): Promise<void> {
    if (action.kind === 'decide') await this.#decide(action.decisions)
    else if (action.kind === 'say') await this.#send(action.request, `Hello ${this.#ids}`)
    else await this.#replay(action.request)
    await this.#settle()
    if (this.problems.length > 0) this.problems.unshift(`after ${JSON.stringify(action)}`)
  }

  /** Decisions of several people at once, each about the thread as it was before. */
  async #decide(decisions: readonly Decision[]): Promise<void> {
    const stored = await this.#stored()
    const waiting = waitingIn(stored)
    const first = waiting[0]
    if (first === undefined) return
    await Promise.all(
      decisions.map(async (decision) => {
        const { message, part } = waiting[decision.which % waiting.length] ?? first
        const input = part.input as unknown as CallInput
        const parts = message.parts.map((one) => (one === part ? answered(one, decision) : one))
        const refusal = await this.#send(decision, [{ id: message.id, role: message.role, parts }])
        count(`${part.type} ${refusal === null ? 'answered' : 'refused'}`)
        if (refusal !== null) return
        if (part.type === 'tool-client') this.outcomes.told.set(nameOf(input), decision.output)
        else if (!decision.approved) this.outcomes.denied.add(nameOf(input))
      }),
    )
  }

  async #replay(request: Request): Promise<void> {
    const [oldest] = this.#shown
    if (oldest === undefined) return
    const { id, role } = oldest
    const parts = oldest.parts.map((part) => answered(part, { approved: true, output: outputs[0] }))
    count('replay')
    await this.#send(request, [{ id, role, parts }])
  }

  /** Starts the dead again, and looks at everything. */
  async #settle(): Promise<void> {
    await this.#sweeps
    this.#processes = this.#processes.map((process) => (process.life.isDead ? this.#start() : process))
    const stored = await this.#stored()
    const answer = answerIn(stored)
    if (answer !== undefined) this.#shown.push(answer)
    const prompts = this.#models.flatMap(({ calls }) => calls.map(({ messages }) => messages))
    this.problems.push(...problemsOfThread(stored, this.outcomes), ...problemsOfPrompts(prompts))
  }

  /** Answers all that still waits, and looks at how everything ended. */
  async finish(): Promise<void> {
    const rounds = (this.plan.steps.flat().length + 1) * outputs.length
    const said = { process: 0, way: 'generate', death: null, which: 0 } as const
    for (let round = 0; round < rounds && waitingIn(await this.#stored()).length > 0; round++) {
      const word = { ...said, approved: round % 2 === 0, output: outputs[round % outputs.length] }
      // What was decided, and whose process died before it carried it out, is said again after a while.
      this.clock.pass(hour)
      await this.#decide([word])
      await this.#settle()
    }
    this.problems.push(...problemsOfEnd(this.plan, await this.#stored(), await this.#runs(), this.outcomes))
  }
}

/** The calls that wait in turns that are suspended. */
function waitingIn(stored: readonly StoredMessage[]) {
  return stored
    .filter(({ turnStatus }) => turnStatus === 'suspended')
    .flatMap((message) => message.parts.filter(isWaiting).map((part) => ({ message, part })))
}

function isWaiting({ type, state }: MessagePart): boolean {
  return state === 'approval-requested' || (type === 'tool-client' && state === 'input-available')
}

/** A part with a client's word on it. */
function answered(part: MessagePart, { approved, output }: Pick<Decision, 'approved' | 'output'>): object {
  if (!isWaiting(part)) return part
  if (part.type === 'tool-client') return { ...part, state: 'output-available', output }
  return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved } }
}
