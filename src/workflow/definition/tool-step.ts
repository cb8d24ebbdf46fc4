/** Tools as steps: a step that calls a tool, asks for an approval where the tool does, and waits where the tool waits. */

import type { FlexibleSchema, Tool } from 'ai'
import { type Suspending, suspending, type ToolContext, toolIdOf } from '../../agent/tools/tool.ts'
import { isStandard, parsedBy } from '../../agent/tools/tool-schema.ts'
import { approversOf, isRetrySafe, parseSuspendPayload, resumeSchemaGiven } from '../../agent/tools/tool-traits.ts'
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { fieldsOf, isFunction } from '../../domain/option-checks.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import type { StepContext } from './context.ts'
import { madeSchema } from './made-schema.ts'
import { stepMark, type WorkflowStep } from './step.ts'
import {
  behaviourNames,
  behaviourOf,
  checkBehaviour,
  checkDescription,
  checkStepId,
  type StepBehaviour,
} from './step-options.ts'

/** Options of `createStep` for a tool. */
export interface ToolStepOptions<Id extends string = string> extends StepBehaviour {
  /** Names the step. Default: the id of the tool. Needed for a tool that `createTool` did not make. */
  readonly id?: Id
  /** Tells people what it does. Default: the tool's description. */
  readonly description?: string
}

/** What a step of a tool says that waits for an approval. It is resumed with `{ approved, reason? }`. */
export interface ApprovalRequest {
  /** Tells it from what a tool says itself. */
  readonly kind: 'approval'
  /** The tool. */
  readonly tool: string
  /** What it would be called with. */
  readonly input: Json
}

type ToolStep<Id extends string, Input, Output> = WorkflowStep<Id, Input, Output, unknown>

const names = ['id', 'description', ...behaviourNames]
const anyValue = madeSchema({}, (value) => ({ value }))

const approvalSchema = madeSchema(
  {
    type: 'object',
    properties: { approved: { type: 'boolean' }, reason: { type: 'string' } },
    required: ['approved'],
  },
  (value) => {
    const { approved, reason } = isJsonObject(value) ? value : {}
    if (typeof approved !== 'boolean') return { wrong: { path: ['approved'], message: 'must be true or false' } }
    if (reason !== undefined && typeof reason !== 'string') {
      return { wrong: { path: ['reason'], message: 'must be a text' } }
    }
    return { value: { approved, ...(reason === undefined ? {} : { reason }) } }
  },
)

/** A schema of a tool as one that follows the standard. */
function standardSchema(given: FlexibleSchema<unknown> | undefined): StandardSchema {
  if (given === undefined) return anyValue
  if (isStandard(given)) return given
  const validate: StandardSchema['~standard']['validate'] = async (value) => {
    const parsed = await parsedBy(given, value)
    return 'value' in parsed
      ? parsed
      : { issues: parsed.issues.map(({ path, message }) => ({ path: [path], message })) }
  }
  return { '~standard': { version: 1, vendor: 'ai', validate } }
}

/** The same schema for values that it has parsed before. */
function parsedAlready(schema: StandardSchema): StandardSchema {
  return { '~standard': { ...schema['~standard'], validate: (value) => ({ value }) } }
}

interface SdkTool {
  readonly description?: string
  readonly inputSchema: FlexibleSchema<unknown>
  readonly outputSchema?: FlexibleSchema<unknown>
  readonly needsApproval?: boolean | ((input: unknown, call: object) => unknown)
  readonly execute?: (input: unknown, call: object) => unknown
}

/** What the AI SDK would pass to the tool. */
function callOf(context: StepContext, resumption: Suspending['resumption'], suspend: Suspending['suspend']) {
  const { callId, runId, requestContext, memory, resourceId, threadId, writer, abortSignal } = context
  const toolContext: ToolContext = {
    requestContext,
    memory,
    runId,
    ...(resourceId === undefined ? {} : { resourceId, space: `resource/${resourceId}` }),
    ...(threadId === undefined ? {} : { threadId }),
    ...(writer === undefined ? {} : { write: (part) => writer(part) }),
  }
  // The tool puts the run's id in front of it again.
  const toolCallId = callId.slice(runId.length + 1)
  return { toolCallId, messages: [], abortSignal, context: toolContext, [suspending]: { suspend, resumption } }
}

/** The last of the values that a tool gives. */
async function lastOf(answer: unknown): Promise<unknown> {
  if (typeof answer !== 'object' || answer === null || !(Symbol.asyncIterator in answer)) return answer
  let last: unknown
  for await (const value of answer as AsyncIterable<unknown>) last = value
  return last
}

function isApprovalRequest(payload: unknown, tool: string): payload is ApprovalRequest {
  return isJsonObject(payload) && payload.kind === 'approval' && payload.tool === tool && 'input' in payload
}

function declined(tool: string, reason: string | undefined): MemoryError {
  return new MemoryError('denied', {
    message: `The call of the tool ${shown(tool)} was declined${reason === undefined ? '' : `: ${reason}`}.`,
    fix: 'Nothing ran. Start another run to ask again.',
    details: { tool, ...(reason === undefined ? {} : { reason }) },
  })
}

/** @throws MemoryError `invalid-input` naming the first option that is wrong. */
export function toolStep<Id extends string, Input, Output>(
  given: Tool<Input, Output>,
  options: ToolStepOptions<Id>,
): ToolStep<Id, Input, Output> {
  const tool = given as unknown as SdkTool
  const fields = fieldsOf(options, 'createStep', names)
  const toolId = toolIdOf(given)
  const id = checkStepId(fields.id ?? toolId ?? undefined, 'id') as Id
  checkDescription(fields)
  checkBehaviour(fields)
  const { execute } = tool
  if (!isFunction(execute) || execute === undefined) {
    const fix = 'Give the tool an execute: nobody else could carry it out in a workflow.'
    throw invalidInput('execute', 'must be a function', execute, fix)
  }
  const name = toolId ?? id
  const outputSchema = standardSchema(tool.outputSchema)
  const resumeSchema = resumeSchemaGiven(given)
  const approvers = options.approvers ?? approversOf(given)
  const description = options.description ?? tool.description
  const isSafe = isRetrySafe(given)
  return {
    id,
    ...(description === undefined ? {} : { description }),
    inputSchema: standardSchema(tool.inputSchema),
    outputSchema: toolId === null ? outputSchema : parsedAlready(outputSchema),
    resumeSchemaFor: (payload) => {
      if (isApprovalRequest(payload, name)) return approvalSchema
      return resumeSchema === undefined ? null : standardSchema(resumeSchema)
    },
    ...behaviourOf({ interrupted: isSafe ? 'rerun' : 'fail', ...options, approvers }),
    execute: (context) => called({ name, tool: given, execute, needsApproval: tool.needsApproval }, context),
    [stepMark]: true,
  }
}

interface CalledTool {
  readonly name: string
  readonly tool: object
  readonly execute: NonNullable<SdkTool['execute']>
  readonly needsApproval: SdkTool['needsApproval']
}

async function called({ name, tool, execute, needsApproval }: CalledTool, context: StepContext): Promise<unknown> {
  const { inputData, resumeData, suspendData, suspend } = context
  const suspensions = new ToolSuspensions(async (payload) => suspend(await parseSuspendPayload(name, tool, payload)))
  const wasAsked = isApprovalRequest(suspendData, name)
  if (wasAsked) {
    const { approved, reason } = resumeData as { readonly approved: boolean; readonly reason?: string }
    if (!approved) throw declined(name, reason)
  }
  const isResumed = resumeData !== undefined && !wasAsked
  const shownBefore = suspendData === undefined ? {} : { suspendData }
  const call = callOf(context, isResumed ? { resumeData, ...shownBefore } : null, suspensions.suspend)
  const isNew = resumeData === undefined
  if (isNew && (await asksFirst(needsApproval, inputData, call))) {
    return suspend({ kind: 'approval', tool: name, input: inputData as Json } satisfies ApprovalRequest)
  }
  return suspensions.after(async () => lastOf(execute.call(tool, inputData, call)))
}

/** The suspensions that a tool asks for while it runs. It need not wait for them. */
class ToolSuspensions {
  readonly #suspend: (payload: unknown) => Promise<never>
  readonly #asked: Promise<unknown>[] = []

  constructor(suspend: (payload: unknown) => Promise<never>) {
    this.#suspend = suspend
  }

  /** For the tool. */
  readonly suspend = (payload: unknown): Promise<never> => {
    const asked = this.#suspend(payload)
    this.#asked.push(asked.catch((error: unknown) => error))
    return asked
  }

  /** What the tool answers. If it has asked for a suspension, that counts, whatever else it answers or throws. */
  async after(run: () => Promise<unknown>): Promise<unknown> {
    let answer: { readonly value: unknown } | { readonly error: unknown }
    try {
      answer = { value: await run() }
    } catch (error) {
      answer = { error }
    }
    const [ended] = await Promise.all(this.#asked)
    if (this.#asked.length > 0) throw ended
    if ('error' in answer) throw answer.error
    return answer.value
  }
}

/** Whether a person has to approve the call. A function that fails means yes, as for agents. */
async function asksFirst(rule: SdkTool['needsApproval'], input: unknown, call: object): Promise<boolean> {
  if (typeof rule !== 'function') return rule === true
  try {
    return (await rule(input, call)) !== false
  } catch {
    return true
  }
}
