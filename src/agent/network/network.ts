/** Networks: an agent that directs others, watched as a stream of events. The same engine as `stream()`. */
import { randomUUID } from 'node:crypto'
import { invariant } from '../../domain/error.ts'
import { resourceOf, spaceId } from '../../domain/space.ts'
import { type Call, type CalledAgent, memoryFor, questionOf, resolved, settleCall } from '../call.ts'
import { toMessage } from '../delegation/forwarding.ts'
import { type AgentInput, placeOf } from '../options.ts'
import { RequestContext } from '../request-context.ts'
import { stream } from '../run/stream.ts'
import { checkSubagents, toolPrefix } from '../subagents/primitives.ts'
import { autoResumed } from '../waiting/auto-resume.ts'
import { approve, type Decide, decidedCall, decline, readDecideOptions, resumeWith } from '../waiting/continue-run.ts'
import {
  type NetworkDecideOptions,
  type NetworkOptions,
  type NetworkStream,
  readNetworkDecision,
  readNetworkOptions,
} from './network-options.ts'
import type { NetworkRun } from './network-payloads.ts'
import { routerPrompt } from './router-prompt.ts'
import { RunningNetwork } from './running-network.ts'

type Own = ReturnType<typeof readNetworkOptions>['own']

/** The call of a router. */
async function routed(call: Call, { routing }: Own): Promise<Call> {
  const prompt = await routerPrompt(call.tools, routing?.additionalInstructions)
  const iterations = await call.agent.watches(call, true)
  return { ...call, instructions: [...call.instructions, prompt], iterations }
}

/** What the tools that hand work on lead to, by their names. */
async function primitivesOf({ agent, requestContext, tools }: Call): Promise<NetworkRun['primitives']> {
  const agents = checkSubagents(agent.name, await resolved(agent.options.agents, requestContext))
  const workflows = Object.entries((await resolved(agent.options.workflows, requestContext)) ?? {})
  const named: (readonly [string, { readonly type: 'agent' | 'workflow'; readonly id: string }])[] = [
    ...agents.map(({ key, agent: { id } }) => [toolPrefix.agent + key, { type: 'agent' as const, id }] as const),
    ...workflows.map(([key, workflow]) => {
      const { id } = workflow as { readonly id: string }
      return [toolPrefix.workflow + key, { type: 'workflow' as const, id }] as const
    }),
  ]
  return new Map(named.filter(([name]) => Object.hasOwn(tools, name)))
}

async function started(call: Call, own: Own): Promise<NetworkStream> {
  const { agent, remembered } = call
  invariant(remembered !== null, 'a network is stored')
  const { space, thread } = remembered
  const primitives = await primitivesOf(call)
  const routing = await routed(call, own)
  const answer = await stream(routing)
  const { runId } = answer
  invariant(runId !== null, 'a network has a run')
  const task = call.goesOn === null ? questionOf(call.input.map(({ input }) => input)) : null
  const { iterations, shown } = routing
  const about = { before: iterations?.before ?? 0, conversation: shown.said.map(toMessage) }
  const run = { agentId: agent.id, runId, task, threadId: thread.id, resourceId: resourceOf(space.address), ...about }
  return new RunningNetwork(routing, answer, { ...run, primitives, space: space.id }, own.onAbort).asStream()
}

/** A place that no other call has. */
async function placeOfItsOwn(agent: CalledAgent, requestContext: RequestContext) {
  const { usable, actor } = await memoryFor(agent, requestContext)
  const id = randomUUID()
  const space = usable.spaceAt(actor, spaceId('task', id))
  return { space, thread: { id }, goesOn: null }
}

/** @throws MemoryError `invalid-input` for wrong options, and for an agent without a memory. */
export async function network(
  agent: CalledAgent,
  input: AgentInput,
  given: NetworkOptions | undefined,
): Promise<NetworkStream> {
  const { call: options, own } = readNetworkOptions(agent.options.defaultOptions, given)
  const requestContext = options.requestContext ?? new RequestContext()
  const known = { ...options, requestContext }
  const place = placeOf(known) === null ? await placeOfItsOwn(agent, requestContext) : null
  return started(await autoResumed(await settleCall(agent, input, known, place)), own)
}

async function decided(
  agent: CalledAgent,
  method: string,
  call: string | NetworkDecideOptions,
  more: NetworkDecideOptions | undefined,
  decision: (reason: string | undefined) => Decide,
): Promise<NetworkStream> {
  const isNamed = typeof call === 'string'
  const { decision: stated, own } = readNetworkDecision(isNamed ? more : call)
  const options = isNamed ? readDecideOptions(method, call, stated) : readDecideOptions(method, stated, undefined)
  return started(await decidedCall(agent, options, decision(options.reason)), own)
}

type Deciding = [agent: CalledAgent, call: string | NetworkDecideOptions, more?: NetworkDecideOptions]

export function approveNetworkToolCall(...[agent, call, more]: Deciding): Promise<NetworkStream> {
  return decided(agent, 'approveNetworkToolCall', call, more, approve)
}

export function declineNetworkToolCall(...[agent, call, more]: Deciding): Promise<NetworkStream> {
  return decided(agent, 'declineNetworkToolCall', call, more, decline)
}

export function resumeNetwork(agent: CalledAgent, data: unknown, options: NetworkDecideOptions) {
  return decided(agent, 'resumeNetwork', options, undefined, () => resumeWith(data))
}
