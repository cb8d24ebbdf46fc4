/** What the step of an agent waits for, and what it is resumed with: decisions about calls of tools. */

import type { PendingCall } from '../../agent/suspension/pending-calls.ts'
import type { CallDecision } from '../../agent/waiting/answer-once.ts'
import { shown } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import { madeSchema } from './made-schema.ts'

/** What a suspended step of an agent says: whose run waits, and for which calls. */
export interface AgentSuspension {
  /** The id of the agent. */
  readonly agentId: string
  /** The agent's own run. */
  readonly runId: string
  /** The calls that wait. */
  readonly calls: readonly PendingCall[]
  /** Why the last decision was not taken. Absent if it was, or there was none. */
  readonly refused?: string
}

/** A decision about a call of an agent that waits. */
export type AgentDecision = {
  /** The call. It may be left out if only one waits. */
  readonly toolCallId?: string
} & (
  | {
      /** Whether the call may run. Any call may be declined. */
      readonly approved: boolean
      /** Why, for the model and the record. */
      readonly reason?: string
    }
  | {
      /** What a suspended tool asked for, or the result of a tool that the client runs. */
      readonly data: unknown
    }
)

/** What a step of an agent is resumed with. An empty list: its calls were decided elsewhere, and it looks again. */
export type AgentResumeData = AgentDecision | readonly AgentDecision[]

const decision = {
  type: 'object',
  properties: {
    toolCallId: { type: 'string' },
    approved: { type: 'boolean' },
    reason: { type: 'string' },
    data: {},
  },
}
const json = { anyOf: [decision, { type: 'array', items: decision }] }

type Wrong = { readonly path: readonly string[]; readonly message: string }

const wrong = (field: string, message: string): Wrong => ({ path: field === '' ? [] : [field], message })

/** What somebody says about a call, without the call. */
function verdictOf(
  given: Readonly<Record<string, unknown>>,
  call: PendingCall,
): Omit<CallDecision, 'toolCallId'> | Wrong {
  const { approved, reason } = given
  if ('data' in given) {
    if (approved !== undefined) return wrong('approved', 'must not be given together with data')
    if (call.kind === 'approval') return wrong('data', 'is not what the call waits for: pass approved, true or false')
    return { data: given.data }
  }
  if (typeof approved !== 'boolean') return wrong('approved', 'must be true or false, unless there is data')
  if (reason !== undefined && typeof reason !== 'string') return wrong('reason', 'must be a text')
  if (approved && call.kind !== 'approval') return wrong('approved', 'is not what the call waits for: pass data')
  return { approved, ...(reason === undefined ? {} : { reason }) }
}

function decisionOf(given: unknown, calls: readonly PendingCall[]): CallDecision | Wrong {
  if (!isJsonObject(given)) return wrong('', 'must be { approved } or { data }, or a list of those')
  const { toolCallId = calls.length === 1 ? calls[0]?.toolCallId : undefined } = given
  const call = calls.find((one) => one.toolCallId === toolCallId)
  if (call === undefined) {
    const ids = calls.map((one) => `${shown(one.toolCallId)} of ${shown(one.toolName)}`).join(', ')
    return wrong('toolCallId', `must be the id of a call that waits: ${ids}`)
  }
  const verdict = verdictOf(given, call)
  return 'path' in verdict ? verdict : ({ ...verdict, toolCallId: call.toolCallId } as CallDecision)
}

/** The schema of the data that a step goes on with that waits for those calls. It gives a list of decisions. */
export function decisionSchema(calls: readonly PendingCall[]): StandardSchema {
  return madeSchema(json, (value) => {
    const decisions: CallDecision[] = []
    for (const given of Array.isArray(value) ? value : [value]) {
      const one = decisionOf(given, calls)
      if ('path' in one) return { wrong: one }
      decisions.push(one)
    }
    return { value: decisions }
  })
}
