// Three processes that carry out a tree of delegations, people who decide, and what must hold after everything that happens.
import { type Agent, type AgentResult, type AgentStream, Memory, MemoryError, type Storage } from 'aquifer'
import { promptProblems, threadProblems } from 'aquifer/testing'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { type DyingStorage, dyingStorage } from '../agent/dying-storage.ts'
import { hour, ManualClock } from '../memory/opened.ts'
import { at, threadsIn } from './scene.ts'
import { contradictions, partOf } from './trees-checks.ts'
import type { Decision, Request, TreeAction, TreePlan } from './trees-plan.ts'
import { goOn, lastWordsOf, Outcomes, type Place, placesOf, supervisorOf, toolCallsOf } from './trees-team.ts'

const quiet = { maxRetries: 0, onError() {} }

/** What all runs together came to: a property that nothing happens in proves nothing. */
export const seen: Record<string, number> = {}
const count = (what: string) => {
  seen[what] = (seen[what] ?? 0) + 1
}

interface Process {
  readonly life: DyingStorage
  readonly memory: Memory
  readonly lead: Agent
}

/** A call that waits somewhere in the tree, as the supervisor lists it. */
interface Waiting {
  readonly runId: string
  readonly toolCallId: string
  readonly way: string
  readonly isApproval: boolean
}

/** How runs end. `interrupted`: a process died in the middle, with nothing begun that could be carried on. */
const ended: ReadonlySet<string> = new Set(['complete', 'failed', 'aborted', 'interrupted', 'discarded'])

const team = 'trees'

export class TreeWorld {
  readonly problems: string[] = []
  readonly #plan: TreePlan
  readonly #places: readonly Place[]
  readonly #outcomes = new Outcomes()
  readonly #clock: ManualClock
  readonly #storage: Storage
  #processes: readonly Process[]
  #sweeps: Promise<unknown> = Promise.resolve()
  #words = 0
  /** Whether anything happened that may end work early. */
  #isDisturbed = false

  private constructor(plan: TreePlan, storage: Storage, clock: ManualClock) {
    this.#plan = plan
    this.#places = placesOf(plan.root)
    this.#storage = storage
    this.#clock = clock
    this.#processes = [this.#start(), this.#start(), this.#start()]
  }

  static async open(plan: TreePlan): Promise<TreeWorld> {
    const clock = new ManualClock()
    const options = { id: 'trees', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 5_000 } as const
    return new TreeWorld(plan, await SqliteStorage.open(options), clock)
  }

  async close(): Promise<void> {
    for (const { memory } of this.#processes) await memory.close()
    await this.#storage.close()
  }

  #start(): Process {
    const life = dyingStorage(this.#storage, () => {
      count('died')
      this.#isDisturbed = true
      this.#bury()
    })
    const options = { team } as const
    const memory = new Memory({
      storage: life.storage,
      clock: this.#clock,
      background: false,
      embedder: false,
      options,
    })
    return { life, memory, lead: supervisorOf(this.#plan.root, this.#outcomes, memory) }
  }

  /** Ends the leases of the dead. */
  #bury(): void {
    this.#clock.pass(hour)
    this.#sweeps = this.#sweeps.then(() => sweep(this.#storage))
  }

  /** Has a process do something, and reads to the end. Answers the error that it ended with. */
  async #carry(
    { process: number, death, abortAfter }: Request,
    work: (lead: Agent, abortSignal: AbortSignal) => Promise<AgentResult | AgentStream | readonly unknown[]>,
  ): Promise<unknown> {
    const { life, lead } = this.#processes[number] as Process
    if (death !== null) life.dieAfter(death.commits, death.isStored)
    const controller = new AbortController()
    let left = abortAfter ?? Number.POSITIVE_INFINITY
    this.#outcomes.onTool = () => {
      left -= 1
      if (left >= 0 || controller.signal.aborted) return
      count('aborted by its caller')
      this.#isDisturbed = true
      controller.abort(new Error('The caller ends it.'))
    }
    try {
      const result = await work(lead, controller.signal)
      if ('finished' in result) await result.finished
      return null
    } catch (error) {
      return error
    } finally {
      life.live()
    }
  }

  #send(request: Request, text: string, id = `word ${this.#words + 1}`): Promise<unknown> {
    this.#words += 1
    const messages = [{ id, role: 'user', parts: [{ type: 'text', text }] }] as const
    return this.#carry(request, (lead, abortSignal) => lead[request.way](messages, { ...at, ...quiet, abortSignal }))
  }

  async begin(): Promise<void> {
    await this.#send(this.#plan.asked, 'Do root')
    await this.#settle()
  }

  /** Carries an action out, and looks at everything. */
  async step(action: TreeAction): Promise<void> {
    if (action.kind === 'decide') await this.#decide(action.decisions)
    else if (action.kind === 'recover') await this.#recover(action.request)
    else await this.#disturb(action)
    await this.#settle()
    if (this.problems.length > 0) this.problems.unshift(`after ${JSON.stringify(action)}`)
  }

  /** Says something else in the thread, or takes it away. */
  async #disturb(action: Exclude<TreeAction, { readonly kind: 'decide' | 'recover' }>): Promise<void> {
    this.#isDisturbed = true
    count(action.kind)
    if (action.kind === 'delete') await this.#read((memory) => memory.deleteThread(at))
    else if (action.kind === 'edit') await this.#send(action.request, 'Never mind', 'word 1')
    else await this.#send(action.request, action.kind === 'give' ? goOn : 'Hello')
  }

  /** A memory that nobody's death closes. */
  async #read<Result>(act: (memory: Memory, lead: Agent) => Promise<Result>): Promise<Result> {
    const { storage } = dyingStorage(this.#storage)
    const memory = new Memory({ storage, clock: this.#clock, background: false, embedder: false, options: { team } })
    const before = this.#outcomes.models.length
    try {
      return await act(memory, supervisorOf(this.#plan.root, this.#outcomes, memory))
    } finally {
      this.#outcomes.models.length = before
      await memory.close()
    }
  }

  #waiting(): Promise<readonly Waiting[]> {
    return this.#read((_, lead) => waitingOf(lead))
  }

  /** Decisions of several people at once, each about the calls as they waited before. */
  async #decide(decisions: readonly Decision[]): Promise<void> {
    const waiting = await this.#waiting()
    await Promise.all(
      decisions.map(async (decision) => {
        const call = waiting[decision.which % Math.max(1, waiting.length)]
        if (call !== undefined) await this.#decideOne(call, decision)
      }),
    )
  }

  async #decideOne({ runId, toolCallId, way, isApproval }: Waiting, decision: Decision): Promise<void> {
    const { approved } = decision
    const name = toolCallId.replace(/^call /, '')
    // Who hears an error may have decided all the same: the process died, or another one was at work.
    if (approved) this.#outcomes.approved.add(name)
    const refusal = await this.#carry(decision, (lead, abortSignal) => {
      const options = { ...quiet, runId, toolCallId: decision.by === 'way' ? way : toolCallId, abortSignal }
      if (!approved) return lead.declineToolCallGenerate(options)
      return isApproval ? lead.approveToolCallGenerate(options) : lead.resumeGenerate('go on', options)
    })
    if (refusal === null && !approved) this.#outcomes.declined.add(name)
    count(`${isApproval ? 'approval' : 'suspension'} ${refusal === null ? 'answered' : 'refused'}`)
    const isKnown = refusal === null || refusal instanceof MemoryError
    const mayFail = this.#isDisturbed || this.#hasFailures || this.#processes[decision.process]?.life.isDead === true
    if (!isKnown && !mayFail) this.problems.push(`a decision fails with ${String(refusal)}`)
  }

  get #hasFailures(): boolean {
    return this.#places.some(({ plan }) => plan.fails)
  }

  async #recover(request: Request): Promise<void> {
    await this.#carry(request, async (lead) => {
      const recovered = await lead.recover()
      for (const { status } of recovered) count(`recovered ${status}`)
      return recovered
    })
  }

  /** Starts the dead again, and looks at everything. */
  async #settle(): Promise<void> {
    // What was under way at a death may have been stored after it.
    if (this.#processes.some(({ life }) => life.isDead)) this.#bury()
    await this.#sweeps
    this.#processes = this.#processes.map((process) => (process.life.isDead ? this.#start() : process))
    this.problems.push(...(await this.#read((memory) => brokenThreads(memory, this.#places))))
    for (const { calls } of this.#outcomes.models) {
      for (const { messages } of calls) this.problems.push(...promptProblems(messages))
    }
    this.#lookAtEffects()
  }

  #lookAtEffects(): void {
    const { effects, approved, declined, hooks } = this.#outcomes
    for (const [what, times] of hooks) {
      if (times > 1 && !this.#isDisturbed) this.problems.push(`the hook ${what} was called ${times} times`)
    }
    const calls = toolCallsOf(this.#plan.root)
    for (const [name, times] of effects) {
      const kind = calls.get(name)?.kind
      if (times > 1) this.problems.push(`${name} (${kind}) had its effect ${times} times`)
      const asks = kind === 'approval' || kind === 'suspension'
      if (asks && !approved.has(name)) this.problems.push(`${name} ran, and nobody approved it`)
      if (declined.has(name)) this.problems.push(`${name} ran, and was declined`)
    }
  }

  /** Recovers, approves all that still waits, and looks at how everything ended. */
  async finish(): Promise<void> {
    const calm = { process: 0, way: 'generate', death: null, abortAfter: null } as const
    for (let round = 0; ; round++) {
      await this.#recover(calm)
      const [call] = await this.#waiting()
      if (call === undefined) break
      if (round > 2 * toolCallsOf(this.#plan.root).size + 4) {
        this.problems.push(`${call.way} waits for ever`)
        break
      }
      await this.#decideOne(call, { ...calm, which: 0, approved: true, by: 'way' })
      await this.#settle()
    }
    // Work that its caller no longer waits for ends with its memory.
    for (const { memory } of this.#processes) await memory.close()
    await this.#read(async (memory, lead) => {
      // It may have come to wait after the last look.
      await lead.recover()
      await this.#lookAtEnd(memory)
    })
  }

  async #lookAtEnd(memory: Memory): Promise<void> {
    this.problems.push(...(await unaccepted(memory)))
    const texts = new Map<string, string>()
    for (const { space, way, parent, toolCallId } of this.#places) {
      const runs = await runsOf(memory, space)
      for (const { id, status, turnId } of runs) {
        count(`run ${status}`)
        const turn = turnId === undefined ? null : await memory.space(space).messages.turn(turnId)
        // A turn in whose place another one came can be restored, and waits until then.
        const isReplaced = status === 'suspended' && typeof turn?.replacedBy === 'string'
        const isNamed = isReplaced || (ended.has(status) && (status !== 'interrupted' || this.#isDisturbed))
        if (!isNamed) this.problems.push(`the run ${id} of ${way} ends ${status}`)
      }
      if (runs.filter(({ status }) => status === 'complete').length > 1 && parent !== null) {
        this.problems.push(`${way} did its work twice`)
      }
      const messages = (await threadsOf(memory, space)).flat()
      texts.set(space, JSON.stringify(messages))
      if (parent === null || toolCallId === null) continue
      const call = partOf(toolCallId, (await threadsOf(memory, parent)).flat())
      this.problems.push(...contradictions(way, call, runs, this.#isDisturbed))
      count(`delegation ${call?.state}`)
    }
    const isWhole = !this.#isDisturbed && !this.#plan.root.fails
    const said = texts.get('resource/ann') ?? ''
    if (isWhole && !said.includes(lastWordsOf('root'))) this.problems.push('the supervisor did not end its work')
    if (isWhole) count('whole')
  }
}

async function threadsOf(memory: Memory, space: string) {
  const threads = await threadsIn(memory, space)
  return Promise.all(
    threads.map(async ({ id: threadId }) => {
      const query = { threadId, direction: 'asc', after: null, asOf: null, limit: 1_000, offset: 0 } as const
      const { items } = await memory.space(space).messages.list({ ...query, from: null, to: null })
      return items.map(({ message }) => message)
    }),
  )
}

async function runsOf(memory: Memory, space: string) {
  const statuses = ['running', 'suspended', 'complete', 'aborted', 'failed', 'interrupted', 'discarded'] as const
  const query = { threadId: null, name: null, order: 'oldest', after: null, limit: 1_000 } as const
  return (await memory.space(space).runs.list({ ...query, statuses: [...statuses] })).items
}

/** The calls that wait, as the supervisor lists them. */
async function waitingOf(lead: Agent): Promise<readonly Waiting[]> {
  const { runs } = await lead.listSuspendedRuns({ resourceId: at.resourceId })
  return runs.flatMap(({ runId, toolCalls }) => {
    return toolCalls.flatMap(({ toolCallId, chain = [], requiresApproval, status }) => {
      if (status !== 'asked') return []
      const way = [...chain.map((link) => link.toolCallId), toolCallId].join('/')
      return [{ runId, toolCallId, way, isApproval: requiresApproval }]
    })
  })
}

/** Entries that subagents have written, though nobody accepted any. */
async function unaccepted(memory: Memory): Promise<readonly string[]> {
  const { entries } = await memory.team(team).list()
  if (entries.length > 0) count('entry written')
  if ((await memory.proposals.list({ teamId: team })).results.length > 0) count('proposed')
  const below = entries.filter(({ key }) => key.split(':').length > 2)
  return below.map(({ key }) => `${key} was written, and nobody accepted it`)
}

/** What is wrong with the threads of all agents. */
async function brokenThreads(memory: Memory, places: readonly Place[]): Promise<readonly string[]> {
  const found = places.map(async ({ space }) => {
    const threads = await threadsOf(memory, space)
    return threads.flatMap((messages) => threadProblems(messages as never)).map((problem) => `${space}: ${problem}`)
  })
  return (await Promise.all(found)).flat()
}
