// The world of the interleavings: agents on one file, their calls, and what each call was seen to come to.
import { type ToolSet, tool } from 'ai'
import {
  Agent,
  type AgentInput,
  Aquifer,
  Memory,
  type MemoryOptions,
  type Processor,
  type StoredMessage,
} from 'aquifer'
import { callTool, callTools, failWith, type ScriptedModel, say, scriptedModel, stall } from 'aquifer/testing'
import { z } from 'zod'
import { RequestContext } from '../../src/agent/request-context.ts'
import { ManualClock } from '../memory/opened.ts'
import { Gates, loops } from './interleaving-gates.ts'
import type { Action, CallPlan, RunPlan, StepPlan } from './interleaving-plan.ts'

export const resourceId = 'alice'
/** Longer than any lease of a turn. */
const sleepMs = 120_000

/** One call of an agent. Its words are in its question, in all that its model says and in what its tools answer. */
export interface Call {
  readonly number: number
  readonly plan: CallPlan
  agentId: string
  readonly threadId: string
  /** In the question that the call brought along; it may bring none. */
  readonly question: string
  readonly answer: string
  readonly model: ScriptedModel
  /** Made by a tool of another call. */
  readonly isNested: boolean
  readonly stop: AbortController
  /** The last message that was sent, as JSON: whatever it says is said now. */
  lastSent: string
  ended: Ended | null
}

export interface Ended {
  /** How a stream said that it ended; `answered` for a call that answered at once. */
  readonly status: string
  readonly error: unknown
  readonly turnId: string | null
  readonly messageId: string | null
}

interface Asked {
  readonly call: Call
  readonly memory: Memory
}

function askedIn(context: RequestContext): Asked {
  const asked = context.get('asked') as Asked | undefined
  if (asked === undefined) throw new Error('the call has no context')
  return asked
}

export class World {
  readonly plan: RunPlan
  readonly url: string
  readonly clock = new ManualClock()
  readonly gates = new Gates()
  readonly calls: Call[] = []
  /** Words of messages that somebody saved directly, once they were acknowledged. */
  readonly saved: { readonly word: string; readonly threadId: string }[] = []
  /** What the agents had to say beside their answers. */
  readonly logged: unknown[] = []
  readonly #agents: readonly Agent[]
  readonly #memories: Memory[]
  readonly #closing: Promise<void>[] = []
  readonly #work = new Set<Promise<unknown>>()
  #saves = 0

  constructor(plan: RunPlan, url: string) {
    this.plan = plan
    this.url = url
    this.#memories = Array.from({ length: plan.memories }, () => this.open())
    this.#agents = plan.turns.map((turns, index) => {
      return new Agent({
        name: `agent-${index}`,
        instructions: 'You help.',
        memory: ({ requestContext }) => askedIn(requestContext).memory,
        model: ({ requestContext }) => askedIn(requestContext).call.model as never,
        inputProcessors: [refusing],
        outputProcessors: [{ ...refusing, processOutputStream: (part) => this.#inStream(part) }],
        defaultOptions: { maxRetries: 0, memory: { options: { turns, lastMessages: 40 } }, onError() {} },
      })
    })
    const log = (...said: unknown[]) => void this.logged.push(said)
    const agents = Object.fromEntries(this.#agents.map((agent) => [agent.id, agent]))
    new Aquifer({ agents, logger: { debug: log, info: log, warn: log, error: log } as never })
  }

  open(options: MemoryOptions = {}): Memory {
    const limits = { turnWaitMs: 600_000, closeWaitMs: 20 }
    const { url: storage, clock } = this
    return new Memory({ storage, clock, background: false, embedder: false, limits, ...options })
  }

  get threadIds(): readonly string[] {
    return Array.from({ length: this.plan.threads }, (_, index) => `thread-${index}`)
  }

  /** Whether that agent waits for its turn. */
  waits(agentId: string): boolean {
    return this.plan.turns[this.#agents.findIndex(({ id }) => id === agentId)] === 'queue'
  }

  #threadOf(number: number): string {
    return `thread-${number % this.plan.threads}`
  }

  #memory(number: number): Memory {
    return this.#memories[number % this.#memories.length] as Memory
  }

  #hold(work: Promise<unknown>): void {
    this.#work.add(work)
    void work.finally(() => this.#work.delete(work))
  }

  async act(action: Action): Promise<void> {
    if (action.kind === 'call') this.#hold(this.#start(action, false))
    else if (action.kind === 'go-on') this.gates.goOn(action.which)
    else if (action.kind === 'abort') {
      const live = this.calls.filter(({ ended }) => ended === null)
      live[action.which % live.length]?.stop.abort(new Error('stopped'))
    } else if (action.kind === 'save') this.#hold(this.#save(action))
    else if (action.kind === 'delete-thread') {
      const threadId = this.#threadOf(action.thread)
      this.#hold(this.#memory(action.memory).deleteThread({ resourceId, threadId }).catch(ifClosed))
    } else if (action.kind === 'sleep') this.clock.pass(sleepMs)
    else if (action.kind === 'close') {
      const index = action.memory % this.#memories.length
      this.#closing.push(this.#memory(index).close())
      this.#memories[index] = this.open()
    }
  }

  async #save({ thread, memory }: { readonly thread: number; readonly memory: number }): Promise<void> {
    const threadId = this.#threadOf(thread)
    const word = `saved${this.#saves++}zz`
    const own = this.#memory(memory).as({ kind: 'user', id: 'bob' })
    const said = own.saveMessages({ resourceId, threadId, messages: [{ role: 'user', content: `Bob says ${word}.` }] })
    if ((await said.catch(ifClosed)) !== null) this.saved.push({ word, threadId })
  }

  /** Makes a call and sees how it ends. Never throws. */
  async #start(plan: CallPlan, isNested: boolean, memory = this.#memory(plan.memory)): Promise<Call> {
    const number = this.calls.length
    const threadId = this.#threadOf(plan.thread)
    const call: Call = {
      ...{ number, plan, isNested, threadId, lastSent: '', ended: null, stop: new AbortController() },
      agentId: `agent-${plan.agent % this.#agents.length}`,
      question: `question${number}zz`,
      answer: `answer${number}zz`,
      model: scriptedModel({
        toolCallPrefix: `call${number}`,
        answer: (asked) => this.#step(call, asked.number, asked.signal),
      }),
    }
    this.calls.push(call)
    try {
      call.ended = await this.#run(call, memory)
    } catch (error) {
      call.ended = { status: 'thrown', error, turnId: null, messageId: null }
    }
    return call
  }

  async #run(call: Call, memory: Memory): Promise<Ended> {
    const { plan, threadId } = call
    const [input, more] = await this.#input(call, memory)
    const agent = this.#agents.find(({ id }) => id === call.agentId) as Agent
    call.lastSent = JSON.stringify(Array.isArray(input) ? (input as unknown[]).at(-1) : input)
    const requestContext = new RequestContext<Record<string, unknown>>({ asked: { call, memory } })
    const options = {
      ...{ resourceId, threadId, requestContext, abortSignal: call.stop.signal, tools: this.#tools(call, memory) },
      ...{ maxSteps: 6, savePerStep: plan.savePerStep, ...more },
    }
    if (!plan.isStream) {
      const { turnId, messageId } = await agent.generate(input, options)
      return { status: 'answered', error: null, turnId, messageId }
    }
    const { turnId, messageId, finished } = await agent.stream(input, options)
    try {
      return { ...(await finished), error: null, turnId, messageId }
    } catch (error) {
      return { status: 'thrown', error, turnId, messageId }
    }
  }

  /** What the call is told, from the thread as its client sees it at this moment. */
  async #input(call: Call, memory: Memory): Promise<[AgentInput, object]> {
    const { plan, question, threadId, number } = call
    const asked = { role: 'user', parts: [{ type: 'text', text: `Tell me of ${question}.` }] }
    if (plan.input === 'new') return [(number % 2 === 0 ? asked.parts[0]?.text : asked) as AgentInput, {}]
    const { messages } = await memory.listMessages({ resourceId, threadId, perPage: false })
    const seen = JSON.parse(JSON.stringify(messages)) as StoredMessage[]
    const lastUser = seen.findLastIndex(({ role }) => role === 'user')
    if (plan.input === 'resent' || lastUser < 0) return [[...seen, asked] as AgentInput, {}]
    const upTo = seen.slice(0, lastUser + 1)
    if (plan.input === 'edit') return [[...upTo.slice(0, -1), { ...upTo.at(-1), ...asked }] as AgentInput, {}]
    if (plan.input === 'regenerate') return [upTo as AgentInput, { trigger: 'regenerate-message' }]
    const asking = seen.findLast(({ turnStatus, role }) => turnStatus === 'suspended' && role === 'assistant')
    // Mostly the agent that waits for the answer gets it; anybody else may be sent it as well.
    if (asking !== undefined && plan.agent % 4 !== 0) call.agentId = asking.author.id
    const said = seen.map((message) => withWord(message, plan.input !== 'deny'))
    return [(plan.input === 'approve-and-ask' ? [...said, asked] : said) as AgentInput, {}]
  }

  async #step(call: Call, number: number, signal: AbortSignal | undefined): Promise<unknown> {
    const step: StepPlan | undefined = call.plan.steps[number - 1]
    if (step === undefined) return say(`${call.answer} is all that I can say.`)
    if (step.isGated) await this.gates.wait(signal)
    const text = `${call.answer} step ${number} and more`
    if (step.does === 'say') return say(text, { reasoning: `I think of ${call.answer}.` })
    if (step.does === 'call') return callTool('work', { how: step.tool }, { text })
    if (step.does === 'call-both') {
      const calls = [
        { toolName: 'work', input: { how: step.tool } },
        { toolName: 'ask', input: {} },
      ]
      return callTools([...calls, { toolName: 'work', input: { how: 'works' } }], { text })
    }
    if (step.does === 'ask') return callTool('ask', {}, { text })
    if (step.does === 'leave') return callTool('leave', {}, { text })
    if (step.does === 'unknown-tool') return callTool('nobody', {}, { text })
    if (step.does === 'stall') return stall({ after: text })
    if (step.does === 'fail') return failWith(new Error('overloaded'))
    return failWith(new Error('cut'), { after: text, isBreak: step.does === 'break' })
  }

  #tools(call: Call, memory: Memory): ToolSet {
    const inputSchema = z.object({})
    const said = `The tool says ${call.answer}.`
    return {
      work: tool({
        description: 'Works.',
        inputSchema: z.object({ how: z.string() }),
        execute: ({ how }, { abortSignal }) => this.#runTool(call, memory, how, abortSignal),
      }),
      ask: tool({ description: 'Asks first.', inputSchema, needsApproval: true, execute: async () => said }),
      leave: tool({ description: 'Is the client’s to run.', inputSchema }),
    }
  }

  async #runTool(call: Call, memory: Memory, how: string, signal: AbortSignal | undefined): Promise<string> {
    if (how === 'throws') throw new Error(`The tool of ${call.answer} fails.`)
    if (how === 'waits') await this.gates.wait()
    if (how === 'stalls') await this.gates.wait(signal)
    if (how === 'delegates' && !call.isNested) {
      const [, ...steps] = call.plan.steps
      const plan: CallPlan = { ...call.plan, agent: call.plan.agent + 1, input: 'new', steps, refusal: 'none' }
      await this.#start(plan, true, memory)
    }
    return `The tool says ${call.answer}.`
  }

  /** Output processors see each part of a stream: here one waits in its middle, or is refused. */
  async #inStream({ part, abort, requestContext }: Parameters<NonNullable<Processor['processOutputStream']>>[0]) {
    const { call } = askedIn(requestContext)
    if (part.type !== 'text-delta' || !part.text.includes('and')) return part
    if (call.plan.isHeldInStream) await this.gates.wait(call.stop.signal).catch(() => {})
    if (call.plan.refusal === 'stream') return abort('refused')
    if (call.plan.refusal === 'stream-fails') throw new Error('the processor is broken')
    return part
  }

  /** Lets everything come to its end, and ends by hand what never would. */
  async drain(): Promise<void> {
    this.gates.openAll()
    for (let round = 0; this.#work.size > 0; round++) {
      await loops(20)
      if (round < 5) continue
      // Who is through with waiting stalls now, or is still in line behind one that does.
      await new Promise((resolve) => setTimeout(resolve, 2))
      for (const { ended, plan, stop } of this.calls) {
        const mayStall = plan.steps.some(({ does, tool: how }) => does === 'stall' || how === 'delegates')
        if (ended === null && mayStall) stop.abort(new Error('stalled'))
      }
      if (round > 1_000)
        throw new Error(`Never ends: ${JSON.stringify(this.calls.filter(({ ended }) => ended === null))}`)
    }
    await Promise.all(this.#closing)
  }

  async close(): Promise<void> {
    await Promise.all(this.#memories.map((memory) => memory.close()))
  }
}

/** Errors that a direct write may have while its memory is being closed. */
function ifClosed(error: unknown): null {
  if ((error as { code?: string }).code === 'closed') return null
  throw error
}

/** A message as a client sends it once its user said yes or no to what was asked. */
function withWord(message: StoredMessage, approved: boolean): StoredMessage {
  const parts = message.parts.map((part) => {
    if (part.type === 'tool-leave' && part.state === 'input-available') {
      return { ...part, state: 'output-available', output: 'The client did it.' }
    }
    if (part.state !== 'approval-requested') return part
    return { ...part, state: 'approval-responded', approval: { ...(part.approval as object), approved } }
  })
  return { ...message, parts } as StoredMessage
}

/** Ends or fails a call where its plan says so. */
const refusing: Processor = {
  id: 'refusing',
  processInput: ({ abort, requestContext }) => {
    return askedIn(requestContext).call.plan.refusal === 'input' ? abort('refused') : undefined
  },
  processContext: ({ abort, requestContext }) => {
    return askedIn(requestContext).call.plan.refusal === 'context' ? abort('refused') : undefined
  },
  processOutputResult: ({ abort, requestContext }) => {
    const { refusal } = askedIn(requestContext).call.plan
    if (refusal === 'result-fails') throw new Error('the processor is broken')
    return refusal === 'result' ? abort('refused') : undefined
  },
}
