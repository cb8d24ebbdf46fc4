/**
 * Spans of what agents do. Names of the GenAI semantic conventions (in development, as of September 2026) are used where
 * there is one: `gen_ai.*`. Those that begin with `aquifer.` are ours.
 */
import type { AgentEvent } from '../../agent/tracing.ts'

type Value = string | number | boolean | string[] | number[]

const names = {
  'agent.delegation': 'invoke_agent',
  'agent.iteration': 'aquifer.iteration',
  'agent.check': 'aquifer.check',
} as const

/** The conventions' name of the operation. They have none for a workflow, for a step of a model's loop and for a check. */
export function agentSpanName(event: AgentEvent): string {
  if (event.operation !== 'agent.delegation') return names[event.operation]
  return event.primitiveType === 'agent' ? 'invoke_agent' : 'aquifer.invoke_workflow'
}

function idsOf(event: AgentEvent): Readonly<Record<string, Value | undefined>> {
  const { agentId, runId, threadId, resourceId } = event
  const common = { 'gen_ai.conversation.id': threadId, 'aquifer.run.id': runId, 'aquifer.resource.id': resourceId }
  if (event.operation !== 'agent.delegation') {
    const notes = event.operation === 'agent.iteration' ? event.promptNoteIds : undefined
    return { 'gen_ai.agent.id': agentId, 'aquifer.prompt.note.ids': notes && [...notes], ...common }
  }
  return {
    ...common,
    'gen_ai.agent.id': event.primitiveType === 'agent' ? event.primitiveId : undefined,
    'aquifer.workflow.id': event.primitiveType === 'workflow' ? event.primitiveId : undefined,
    'aquifer.supervisor.id': agentId,
    'aquifer.child.run.id': event.childRunId,
    'gen_ai.tool.call.id': event.toolCallId,
  }
}

function numbersOf(event: AgentEvent): Readonly<Record<string, Value | undefined>> {
  if (event.operation === 'agent.check') {
    return {
      'aquifer.iteration': event.iteration,
      'aquifer.check.scorers': [...event.scorers],
      'aquifer.check.scores': event.scores && [...event.scores],
      'aquifer.check.passed': event.passed,
    }
  }
  const { promptCharacters, inputTokens, outputTokens } = event
  return {
    'aquifer.prompt.characters': promptCharacters,
    'gen_ai.usage.input_tokens': inputTokens,
    'gen_ai.usage.output_tokens': outputTokens,
    ...(event.operation === 'agent.delegation'
      ? {}
      : {
          'aquifer.iteration': event.iteration,
          'aquifer.iteration.tools': [...event.tools],
          'aquifer.prompt.messages': event.promptMessages,
          'aquifer.prompt.notes': event.promptNotes,
          'gen_ai.request.model': event.model,
        }),
  }
}

/** The attributes of an event so far. */
export function agentSpanAttributes(event: AgentEvent, captureIds: boolean): Record<string, Value> {
  const all: Readonly<Record<string, Value | undefined>> = {
    'gen_ai.operation.name': agentSpanName(event),
    'aquifer.operation': event.operation,
    'aquifer.status': event.status,
    ...numbersOf(event),
    ...(captureIds ? idsOf(event) : {}),
  }
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, Value] => entry[1] !== undefined))
}
