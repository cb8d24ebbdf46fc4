// The agents and tools of a tree of delegations, and what they did: each call is named by the way to it.
import { Agent, createTool, type Memory } from 'aquifer'
import { callTools, failWith, type ModelCall, type ScriptedModel, scriptedModel } from 'aquifer/testing'
import { z } from 'zod'
import type { AgentPlan, CallPlan } from './trees-plan.ts'

/** The effects of the tools, whichever process ran them. */
export class Outcomes {
  /** How often each call had its effect. */
  readonly effects = new Map<string, number>()
  readonly approved = new Set<string>()
  readonly declined = new Set<string>()
  readonly models: ScriptedModel[] = []
  /** How often each hook of each delegation was called. */
  readonly hooks = new Map<string, number>()
  /** Called when a tool begins: a caller may end its request there. */
  onTool: () => void = () => {}
}

/** The name of a call: the way to its agent, its step and its place there. */
const callName = (way: string, step: number, place: number) => `${way}/${step}.${place}`

/** What an agent that does its work says last. */
export const lastWordsOf = (way: string) => `Done ${way}.`

const named = z.object({ name: z.string() })

/** Tools of every kind, for all agents of a process. */
function toolsOf(outcomes: Outcomes) {
  const act = (name: string) => {
    outcomes.onTool()
    outcomes.effects.set(name, (outcomes.effects.get(name) ?? 0) + 1)
    return `did ${name}`
  }
  const about = { description: 'Does something.', inputSchema: named }
  return {
    plain: createTool({ ...about, id: 'plain', execute: ({ name }) => act(name) }),
    fails: createTool({
      ...about,
      id: 'fails',
      execute: ({ name }): string => {
        throw new Error(act(name))
      },
    }),
    approval: createTool({ ...about, id: 'approval', requireApproval: true, execute: ({ name }) => act(name) }),
    suspension: createTool({
      ...about,
      id: 'suspension',
      resumeSchema: z.string(),
      execute: ({ name }, { resumeData, suspend }) => (resumeData === undefined ? suspend({ asks: name }) : act(name)),
    }),
  }
}

/** What a person says to give the first call that waits its data. */
export const goOn = 'go on'

/** Reads a message as the data that a call waits for, if it says just that; null for any other question. */
function readingOf({ messages }: ModelCall, outcomes: Outcomes): string | null {
  const asked = JSON.stringify(messages.at(-1)?.content ?? '')
  if (!asked.includes('The calls that wait:')) return null
  const name = /call\\*": *\\*"1\\*".*?name\\*": *\\*"([^"\\]+)/.exec(asked)?.[1]
  const isData = new RegExp(`"${goOn}\\\\*"`).test(asked) && name !== undefined
  if (isData) outcomes.approved.add(name)
  return JSON.stringify(isData ? { call: '1', data: JSON.stringify(goOn) } : { call: 'none', data: '' })
}

/** Answers as a plan says: the next step, as far as the prompt shows it. */
function modelOf(plan: AgentPlan, way: string, outcomes: Outcomes): ScriptedModel {
  const answer = (call: ModelCall): unknown => {
    const { messages } = call
    const reading = readingOf(call, outcomes)
    if (reading !== null) return reading
    const asked = messages.findLastIndex(
      ({ role, content }) => role === 'user' && JSON.stringify(content).includes('Do '),
    )
    if (asked < messages.length - 1 && messages.at(-1)?.role === 'user') return 'Hello.'
    const step = messages.slice(asked).filter(({ role }) => role === 'assistant').length
    const calls = plan.steps[step]
    if (calls === undefined) return plan.fails ? failWith(new Error('The model fails.')) : lastWordsOf(way)
    return callTools(
      calls.map((call, place) => {
        const name = callName(way, step, place)
        if (call.kind === 'writes') {
          return { toolName: 'memory_write', toolCallId: `call ${name}`, input: { key: keyInTeam(name), value: name } }
        }
        const toolName = call.kind === 'agent' ? `agent-${keyOf(step, place)}` : call.kind
        const input = call.kind === 'agent' ? { prompt: `Do ${name}` } : { name }
        return { toolName, toolCallId: `call ${name}`, input }
      }),
    )
  }
  const model = scriptedModel({ answer })
  outcomes.models.push(model)
  return model
}

/** The key of an entry that a call writes. */
export const keyInTeam = (name: string) => name.replaceAll('/', ':')

const keyOf = (step: number, place: number) => `s${step}p${place}`

/** The calls of an agent with the keys of its subagents. */
function* delegationsOf({ steps }: AgentPlan): Generator<readonly [step: number, place: number, plan: AgentPlan]> {
  for (const [step, calls] of steps.entries()) {
    for (const [place, call] of calls.entries()) if (call.kind === 'agent') yield [step, place, call.subagent]
  }
}

function agentOf(plan: AgentPlan, way: string, outcomes: Outcomes, memory?: Memory): Agent {
  const agents = Object.fromEntries(
    [...delegationsOf(plan)].map(([step, place, subagent]) => {
      return [keyOf(step, place), agentOf(subagent, callName(way, step, place), outcomes)] as const
    }),
  )
  const heard = (what: string): undefined => {
    outcomes.hooks.set(what, (outcomes.hooks.get(what) ?? 0) + 1)
    return undefined
  }
  return new Agent({
    id: `agent ${way}`,
    name: `agent ${way}`,
    description: `Works on ${way}.`,
    model: modelOf(plan, way, outcomes),
    tools: toolsOf(outcomes),
    agents,
    autoResumeSuspendedTools: true,
    delegation: {
      memory: { share: ['entries'], access: 'propose' },
      onDelegationStart: ({ runId, toolCallId }) => heard(`start ${runId} ${toolCallId}`),
      onDelegationComplete: ({ runId, toolCallId }) => heard(`complete ${runId} ${toolCallId}`),
    },
    ...(memory === undefined ? {} : { memory }),
  })
}

/** The supervisor of a tree. */
export function supervisorOf(plan: AgentPlan, outcomes: Outcomes, memory: Memory): Agent {
  return agentOf(plan, 'root', outcomes, memory)
}

/** An agent of the tree: the way to it, its space, its plan, and the call that hands work to it. */
export interface Place {
  readonly way: string
  readonly space: string
  readonly plan: AgentPlan
  readonly parent: string | null
  readonly toolCallId: string | null
}

/** Every agent of the tree, supervisors first. */
export function placesOf(plan: AgentPlan): readonly Place[] {
  const walk = (place: Place): readonly Place[] => {
    const below = [...delegationsOf(place.plan)].flatMap(([step, at, subagent]) => {
      const way = callName(place.way, step, at)
      const space = `${place.space}/agent/${keyOf(step, at)}`
      return walk({ way, space, plan: subagent, parent: place.space, toolCallId: `call ${way}` })
    })
    return [place, ...below]
  }
  return walk({ way: 'root', space: 'resource/ann', plan, parent: null, toolCallId: null })
}

/** Every call of a tool that is no delegation, by its name. */
export function toolCallsOf(plan: AgentPlan): ReadonlyMap<string, CallPlan> {
  const calls = placesOf(plan).flatMap(({ way, plan: { steps } }) => {
    return steps.flatMap((all, step) => all.map((call, place) => [callName(way, step, place), call] as const))
  })
  return new Map(calls.filter(([, { kind }]) => kind !== 'agent'))
}
