/**
 * Many users at once of one supervisor, whose subagents work two levels deep and ask for approvals. Each user has a marker. Every
 * second user is served by a network, whose events are looked at as well.
 */
import { Agent, createTool, type Memory, type NetworkStream } from 'aquifer'
import { callTool, callTools, type ModelCall, scriptedModel } from 'aquifer/testing'
import { z } from 'zod'

const markers = /\[user-\d+\]/g

const markerOf = (user: number) => `[user-${user}]`

/** A user's id and marker are unlike, so that a marker in some text comes from content alone. */
const resourceOf = (user: number) => `person${user}`

/** What a model answers, of what it is asked with the user's marker. `step`: how often it was asked in this turn. */
type Answers = (marker: string, step: number) => unknown

/** What of a turn can go wrong, and what was done. */
interface Tally {
  turns: number
  approvals: number
  /** Texts with a marker of somebody else, and other things that must not be. */
  readonly faults: string[]
}

/** A model that answers for whoever's marker its newest question has, and notes any other marker that it is shown. */
function watchfulModel(name: string, tally: Tally, answers: Answers) {
  return scriptedModel({
    answer: ({ messages, instructions }: ModelCall) => {
      const asked = messages.findLastIndex(({ role }) => role === 'user')
      const [marker = ''] = JSON.stringify(messages[asked]).match(markers) ?? []
      const shown = `${instructions} ${JSON.stringify(messages)}`
      const strange = (shown.match(markers) ?? []).find((one) => one !== marker)
      if (strange !== undefined || marker === '') tally.faults.push(`${name} of ${marker} is shown ${strange}`)
      return answers(marker, messages.slice(asked).filter(({ role }) => role === 'assistant').length)
    },
  })
}

const about = z.object({ about: z.string() })

/** The supervisor and its subagents: `clerk` has a subagent of its own, whose tool asks a person. */
function team(memory: Memory, tally: Tally) {
  const pay = createTool({
    id: 'pay',
    description: 'Pays a bill.',
    inputSchema: about,
    requireApproval: true,
    execute: async ({ about: bill }) => `paid ${bill}`,
  })
  const learn = createTool({
    id: 'learn',
    description: 'Keeps what was found out.',
    inputSchema: about,
    execute: async ({ about: what }, { memory: own, resourceId = '', space = '' }) => {
      await own?.facts.add(`${what} likes tea ${space}`, { userId: resourceId, infer: false })
      return `learned ${what}`
    },
  })
  const cashier = new Agent({
    id: 'cashier',
    name: 'Cashier',
    description: 'Pays.',
    model: watchfulModel('cashier', tally, (mark, step) => {
      return step === 0 ? callTool('pay', { about: mark }) : `Paid for ${mark}.`
    }),
    tools: { pay },
  })
  const clerk = new Agent({
    id: 'clerk',
    name: 'Clerk',
    description: 'Orders.',
    model: watchfulModel('clerk', tally, (mark, step) => {
      return step === 0 ? callTool('agent-cashier', { prompt: `Pay for ${mark}` }) : `Ordered for ${mark}.`
    }),
    agents: { cashier },
  })
  const scout = new Agent({
    id: 'scout',
    name: 'Scout',
    description: 'Finds out.',
    model: watchfulModel('scout', tally, (mark, step) => {
      return step === 0 ? callTool('learn', { about: mark }) : `Found out for ${mark}.`
    }),
    tools: { learn },
  })
  const writer = new Agent({
    id: 'writer',
    name: 'Writer',
    description: 'Writes.',
    defaultOptions: { memory: { options: { workingMemory: { enabled: true } } } },
    model: watchfulModel('writer', tally, (mark, step) => {
      return step === 0 ? callTool('updateWorkingMemory', { text: `I write for ${mark}.` }) : `Wrote for ${mark}.`
    }),
  })
  const keys = ['clerk', 'scout', 'writer']
  return new Agent({
    id: 'lead',
    name: 'Lead',
    memory,
    agents: { clerk, scout, writer },
    model: watchfulModel('lead', tally, (mark, step) => {
      if (step > 0) return `All is done for ${mark}.`
      return callTools(keys.map((key) => ({ toolName: `agent-${key}`, input: { prompt: `Work for ${mark}` } })))
    }),
  })
}

/** What all users did until a time, and what went wrong. */
export interface DelegatingUsers {
  readonly turns: number
  readonly approvals: number
  readonly faults: readonly string[]
}

interface Place {
  readonly resourceId: string
  readonly threadId: string
}

class Users {
  readonly tally: Tally = { turns: 0, approvals: 0, faults: [] }
  readonly #memory: Memory
  readonly #lead: Agent

  constructor(memory: Memory) {
    this.#memory = memory
    this.#lead = team(memory, this.tally)
  }

  /** One turn of a user, with the approval that it needs, in a thread of a few turns. */
  async turn(user: number, turn: number): Promise<void> {
    const marker = markerOf(user)
    const place = { resourceId: resourceOf(user), threadId: `thread-${Math.floor(turn / 4)}` }
    const text = user % 2 === 0 ? await this.#answered(marker, place) : await this.#told(marker, place)
    if (text !== `All is done for ${marker}.`) this.tally.faults.push(`${marker} is answered ${text}`)
    this.tally.turns += 1
  }

  /** The answer to a request of a user, after the approval that it needs; null if it needs another number of them. */
  async #answered(marker: string, place: Place): Promise<string | null> {
    const { runId, pendingCalls } = await this.#lead.generate(`Please do it for ${marker}.`, place)
    if (!this.#isOne(marker, pendingCalls)) return null
    return (await this.#lead.approveToolCallGenerate({ runId, toolCallId: pendingCalls[0]?.toolCallId ?? '' })).text
  }

  /** The same by a network. */
  async #told(marker: string, place: Place): Promise<string | null> {
    const asked = await this.#lead.network(`Please do it for ${marker}.`, place)
    const { waits } = await this.#watched(marker, asked)
    if (!this.#isOne(marker, waits)) return null
    const next = await this.#lead.approveNetworkToolCall(waits[0] ?? '', { runId: asked.runId })
    return (await this.#watched(marker, next)).text
  }

  #isOne(marker: string, waiting: readonly unknown[]): boolean {
    if (waiting.length === 1) this.tally.approvals += 1
    else this.tally.faults.push(`the call of ${marker} waits for ${waiting.length} approvals`)
    return waiting.length === 1
  }

  /** Reads the events of a user's network, in which no other marker may be. */
  async #watched(marker: string, stream: NetworkStream) {
    const waits: string[] = []
    let text: string | null = null
    for await (const event of stream) {
      const strange = (JSON.stringify(event).match(markers) ?? []).find((one) => one !== marker)
      if (strange !== undefined) this.tally.faults.push(`an event of ${marker} tells of ${strange}`)
      if (event.type === 'agent-execution-approval') waits.push(event.payload.toolCallId)
      if (event.type === 'network-execution-event-step-finish') text = event.payload.result
    }
    return { waits, text }
  }

  /** Compares everything that is held on a user with the user's marker. */
  async check(user: number): Promise<void> {
    const held = JSON.stringify(await this.#memory.exportOf({ resourceId: resourceOf(user) }))
    const found = held.match(markers) ?? []
    const strange = found.find((one) => one !== markerOf(user))
    if (strange !== undefined) this.tally.faults.push(`the memory of ${markerOf(user)} holds ${strange}`)
    if (found.length === 0) this.tally.faults.push(`the memory of ${markerOf(user)} holds nothing`)
  }
}

/**
 * Lets users work at once, turn after turn, until it is enough, and looks at all that is stored then.
 *
 * @param isEnough Asked before each turn of a user. Each user has at least one turn.
 */
export async function delegateForUsers(
  memory: Memory,
  users: number,
  isEnough: (turns: number) => boolean,
): Promise<DelegatingUsers> {
  const all = new Users(memory)
  const people = Array.from({ length: users }, (_, user) => user)
  await Promise.all(
    people.map(async (user) => {
      for (let turn = 0; turn === 0 || !isEnough(all.tally.turns); turn++) await all.turn(user, turn)
    }),
  )
  for (const user of people) await all.check(user)
  return all.tally
}
