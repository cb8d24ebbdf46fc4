/**
 * What a waiting run needs to continue in any process: options of its call, never inputs. It is part of the run's record,
 * and erased when the run ends.
 */
import { isJsonObject, type Json, type JsonObject, jsonBytes } from '../../domain/json.ts'
import type { Call } from '../call.ts'
import { callOptionTable } from '../call-options.ts'
import type { CallOptions } from '../options.ts'
import { RequestContext } from '../request-context.ts'

const version = 1
const mostBytes = 65_536

/** A value as JSON; undefined for one that is none: it belongs to its process. */
function jsonOf(value: unknown): Json | undefined {
  try {
    const text: string | undefined = JSON.stringify(value)
    return text === undefined || typeof value === 'function' ? undefined : (JSON.parse(text) as Json)
  } catch {
    return undefined
  }
}

/** The values of a request's context that can be stored. Others belong to their process. */
export function storedValues(requestContext: RequestContext): JsonObject {
  const values = [...requestContext].flatMap(([key, value]) => {
    const json = jsonOf(value)
    return json === undefined ? [] : [[key, json] as const]
  })
  return Object.fromEntries(values)
}

/**
 * Whether the call itself demands approvals, beyond what its agent demands. A function belongs to its process: elsewhere
 * each call is asked about.
 */
function demandsApprovals({ agent, options }: Pick<Call, 'agent' | 'options'>): boolean {
  const { defaultOptions: agents = {} } = agent.options
  const own = (['requireToolApproval', 'toolApproval'] as const).filter((name) => options[name] !== agents[name])
  return own.some((name) => (options[name] ?? false) !== false)
}

const asks = (call: Pick<Call, 'agent' | 'options'>) => (demandsApprovals(call) ? { asks: true } : {})

/** @param steps How many steps the call took. */
export function continuationOf({ agent, options, requestContext, iterations }: Call, steps: number): Json {
  const left = Math.max(1, (options.maxSteps ?? callOptionTable.maxSteps.default) - steps)
  const values = storedValues(requestContext)
  const kept = agent.work?.kept ?? null
  const own = asks({ agent, options })
  const told = iterations?.kept ?? null
  const rest = {
    ...{ v: version, maxSteps: left, ...own },
    ...(kept === null ? {} : { work: kept }),
    ...(told === null ? {} : { iterations: told }),
  }
  if (Object.keys(values).length === 0) return rest
  const whole = { ...rest, requestContext: values }
  if (jsonBytes(whole) <= mostBytes) return whole
  const error = new Error(`Its JSON takes more than ${mostBytes} bytes.`)
  agent.log(
    'warn',
    'The requestContext of a run that waits is not stored: pass it to the call that continues it.',
    error,
  )
  return rest
}

/** What a run keeps from its beginning; undefined for nothing. */
export function beginningContinuation({ agent, options }: Call): Json | undefined {
  const kept = { ...asks({ agent, options }), ...(agent.work?.kept ? { work: agent.work.kept } : {}) }
  const { maxSteps } = options
  if (Object.keys(kept).length === 0) return undefined
  return { v: version, ...(maxSteps === undefined ? {} : { maxSteps }), ...kept }
}

/** What the run of some work keeps; null for a run that keeps nothing. */
export function keptWork(continuation: Json): JsonObject | null {
  if (!isJsonObject(continuation) || continuation.v !== version) return null
  return isJsonObject(continuation.work) ? continuation.work : null
}

type ContinuedOptions = Pick<CallOptions, 'maxSteps' | 'requestContext' | 'requireToolApproval'>

/** The options that a run continues with. Those of the call that continues it win. */
export function continuedOptions(continuation: Json): ContinuedOptions {
  if (!isJsonObject(continuation) || continuation.v !== version) return {}
  const { maxSteps, requestContext } = continuation
  return {
    ...(typeof maxSteps === 'number' ? { maxSteps } : {}),
    ...(continuation.asks === true ? { requireToolApproval: true } : {}),
    ...(isJsonObject(requestContext) ? { requestContext: new RequestContext(requestContext) } : {}),
  }
}
