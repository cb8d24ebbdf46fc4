/** Agents as steps: a step that puts a question to an agent, and waits where the agent's calls wait. */

import type { Agent } from '../../agent/agent.ts'
import { calledAgentOf } from '../../agent/called-agent.ts'
import { loadAnswerOnce } from '../../agent/loaded.ts'
import type { CallDecision, QuestionPlace, StepQuestion } from '../../agent/waiting/answer-once.ts'
import { digestOf } from '../../domain/digest.ts'
import { invalidInput, MemoryError, shown } from '../../domain/error.ts'
import { isJsonObject } from '../../domain/json.ts'
import { fieldsOf } from '../../domain/option-checks.ts'
import { isStandardSchema } from '../../domain/schema-like.ts'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import type { StepContext } from './context.ts'
import { type AgentSuspension, decisionSchema } from './decisions.ts'
import { textSchema } from './made-schema.ts'
import type { SchemaGives } from './schema-types.ts'
import { stepMark, type WorkflowStep } from './step.ts'
import {
  behaviourNames,
  behaviourOf,
  checkBehaviour,
  checkDescription,
  checkStepId,
  type StepBehaviour,
} from './step-options.ts'

/** Options of `createStep` for an agent. */
export interface AgentStepOptions<
  Id extends string = string,
  Schema extends StandardSchema | undefined = StandardSchema | undefined,
> extends StepBehaviour {
  /** Names the step. Default: the id of the agent. */
  readonly id?: Id
  /** Tells people what it does. Default: the agent's description. */
  readonly description?: string
  /** The form of the answer: the step gives such an object instead of a text. */
  readonly structuredOutput?: { readonly schema: Schema }
}

/** The step of an agent: it takes a prompt, and gives a text, or what the schema describes. */
export type AgentStep<Id extends string, Schema extends StandardSchema | undefined> = WorkflowStep<
  Id,
  { prompt: string },
  Schema extends StandardSchema ? SchemaGives<Schema> : { text: string },
  unknown
>

const names = ['id', 'description', 'structuredOutput', ...behaviourNames]
const inputSchema = textSchema('prompt')
const outputSchema = textSchema('text')

/** Ids of messages have at most 256 characters; that of a deep step may be longer. */
const longestCallId = 200

/** The id of the question of a step: the same for each attempt. */
function questionId(callId: string): string {
  return callId.length <= longestCallId ? callId : `step-${digestOf('sha256', callId, 'hex')}`
}

function schemaOf(structuredOutput: unknown): StandardSchema | null {
  if (structuredOutput === undefined) return null
  if (isJsonObject(structuredOutput) && isStandardSchema(structuredOutput.schema)) return structuredOutput.schema
  const fix = 'Pass { schema: z.object({ … }) }, for example.'
  throw invalidInput('structuredOutput', 'must have a schema', structuredOutput, fix)
}

function objectIn(agentId: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MemoryError('invalid-input', {
      message: `The agent ${shown(agentId)} was to answer an object, and answered a text.`,
      fix: 'Use a model that gives structured output.',
      details: { agentId, got: shown(text) },
      cause,
    })
  }
}

function placeOf(resourceId: string, threadId: string, workflowId: string): QuestionPlace {
  return {
    spaceIn: (memory, agent) => memory.space(agent, resourceId),
    thread: { id: threadId },
    author: { kind: 'agent', id: workflowId },
  }
}

function questionOf(context: StepContext, schema: StandardSchema | null): StepQuestion {
  const {
    inputData,
    callId,
    workflowId,
    resourceId,
    threadId,
    requestContext,
    abortSignal: signal,
    resumeData,
  } = context
  const { prompt } = inputData as { readonly prompt: string }
  const place = resourceId === undefined || threadId === undefined ? null : placeOf(resourceId, threadId, workflowId)
  const decisions = (resumeData ?? []) as readonly CallDecision[]
  return { id: questionId(callId), prompt, requestContext, signal, place, schema, decisions }
}

/** @throws MemoryError `invalid-input` naming the first option that is wrong. */
export function agentStep<Id extends string, Schema extends StandardSchema | undefined>(
  agent: Agent,
  options: AgentStepOptions<Id, Schema>,
): AgentStep<Id, Schema> {
  const fields = fieldsOf(options, 'createStep', names)
  const id = checkStepId(fields.id ?? agent.id, 'id') as Id
  checkDescription(fields)
  checkBehaviour(fields)
  const schema = schemaOf(fields.structuredOutput)
  const description = options.description ?? agent.description
  const execute = async (context: StepContext) => {
    const { answerOnce } = await loadAnswerOnce()
    const answer = await answerOnce(calledAgentOf(agent), questionOf(context, schema))
    if (answer.status === 'complete') return schema === null ? { text: answer.text } : objectIn(agent.id, answer.text)
    const { runId, calls, refused } = answer
    const suspension: AgentSuspension = { agentId: agent.id, runId, calls, ...(refused === null ? {} : { refused }) }
    return context.suspend(suspension)
  }
  return {
    id,
    ...(description === undefined ? {} : { description }),
    inputSchema,
    outputSchema: schema ?? outputSchema,
    resumeSchemaFor: (payload) => decisionSchema((payload as AgentSuspension).calls),
    ...behaviourOf(options),
    execute,
    [stepMark]: true,
  }
}
