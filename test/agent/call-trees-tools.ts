// The tools of random runs: each notes its effect outside of memory, and dies where the plan says so.
import { setImmediate as nextLoop } from 'node:timers/promises'
import type { ToolSet } from 'ai'
import { createTool, type ToolCall } from 'aquifer'
import { z } from 'zod'
import type { CallTreePlan, Death } from './call-trees-plan.ts'
import type { DyingStorage } from './dying-storage.ts'

/** The input of a call: which one of the plan it is. */
export interface CallInput {
  readonly step: number
  readonly place: number
}

/** Names a call by its input, whatever id it has. */
export const nameOf = ({ step, place }: CallInput) => `${step}.${place}`

/** What a suspended call is resumed with, and what it asked with. */
export interface CallData {
  /** The name of the call that it is for. */
  readonly name: string
  readonly round: number
}

/** What became of the calls, as the world outside saw it. */
export interface Outcomes {
  /** How often each call had its effect. */
  readonly effects: Map<string, number>
  /** The keys under which safe tools had their effect. */
  readonly keys: Set<string>
  /** Calls that a person denied, and was not refused. */
  readonly denied: Set<string>
  /** What was told of a client's calls. */
  readonly told: Map<string, unknown>
  /** Data that reached another call. */
  readonly strayed: string[]
}

/** The process that a tool runs in. */
export interface ToolProcess {
  readonly life: DyingStorage
  /** Where it dies inside a tool. */
  death: Extract<Death, { at: 'effect' }> | null
}

type Call = ToolCall<CallData, CallData>

export function treeTools(plan: CallTreePlan, process: ToolProcess, outcomes: Outcomes): ToolSet {
  const { effects, keys, strayed } = outcomes

  /** A safe tool asks the world whether it has had its effect under this key. */
  function takeEffect(name: string, isSafe: boolean, callId: string): void {
    if (isSafe && keys.has(callId)) return
    keys.add(callId)
    effects.set(name, (effects.get(name) ?? 0) + 1)
  }

  const act = async (input: CallInput, { callId }: Call) => {
    const { death, life } = process
    if (death?.isDone === false) life.die()
    if (life.isDead) throw new Error('The process is dead.')
    const { isSafe = false, fails = false } = plan.steps[input.step]?.[input.place] ?? {}
    takeEffect(nameOf(input), isSafe, callId)
    if (death?.isDone === true) life.die()
    await nextLoop()
    if (fails) throw new Error('out of order')
    return `did ${nameOf(input)}`
  }
  const ask = async (input: CallInput, call: Call) => {
    const { resumeData, suspendData, suspend } = call
    const name = nameOf(input)
    for (const data of [resumeData, suspendData]) {
      if (data !== undefined && data.name !== name) strayed.push(`what was for ${data.name} reached ${name}`)
    }
    if (resumeData?.round !== suspendData?.round) strayed.push(`call ${name} got an answer of another round`)
    const round = resumeData?.round ?? 0
    const { rounds = 1 } = plan.steps[input.step]?.[input.place] ?? {}
    if (round < rounds) await suspend({ name, round: round + 1 })
    return act(input, call)
  }
  const inputSchema = z.object({ step: z.number(), place: z.number() })
  const dataSchema = z.object({ name: z.string(), round: z.number() })
  const waits = { description: 'Asks, and acts.', inputSchema, suspendSchema: dataSchema, resumeSchema: dataSchema }
  const made = (prefix: '' | 'safe-') => {
    const retry = prefix === '' ? {} : ({ retry: 'safe' } as const)
    const acts = { description: 'Acts.', inputSchema, execute: act as never, ...retry }
    return {
      [`${prefix}plain`]: createTool({ id: `${prefix}plain`, ...acts }),
      [`${prefix}approval`]: createTool({ id: `${prefix}approval`, ...acts, requireApproval: true }),
      [`${prefix}suspension`]: createTool({ id: `${prefix}suspension`, ...waits, execute: ask, ...retry }),
      [`${prefix}both`]: createTool({ id: `${prefix}both`, ...waits, execute: ask, ...retry, requireApproval: true }),
    }
  }
  const client = createTool({ id: 'client', description: 'Asks the user.', inputSchema })
  return { ...made(''), ...made('safe-'), client } as unknown as ToolSet
}
