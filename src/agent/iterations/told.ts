/** What hooks and scorers are told of a call: where it is stored, what was asked, and the conversation. Pure. */
import type { ModelMessage } from 'ai'
import { resourceOf } from '../../domain/space.ts'
import type { DelegatingCall } from '../call.ts'
import type { DelegationMessage } from '../delegation-message.ts'
import type { IterationComplete } from '../iteration-options.ts'
import type { StepSaid } from './step-said.ts'

/** Who calls, and where it is stored. */
export function callerOf(
  { agent, remembered }: DelegatingCall,
  runId: string | undefined,
): Pick<IterationComplete, 'runId' | 'threadId' | 'resourceId' | 'agentId' | 'agentName'> {
  const resourceId = remembered === null ? null : resourceOf(remembered.space.address)
  return {
    ...{ agentId: agent.id, agentName: agent.name },
    ...(runId === undefined ? {} : { runId }),
    ...(remembered === null ? {} : { threadId: remembered.thread.id }),
    ...(resourceId === null ? {} : { resourceId }),
  }
}

/** The same for events, which have no names: those may be private. */
export function tracedCaller({
  agentId,
  runId,
  threadId,
  resourceId,
}: ReturnType<typeof callerOf>): Omit<ReturnType<typeof callerOf>, 'agentName'> {
  return {
    agentId,
    ...(runId === undefined ? {} : { runId }),
    ...(threadId === undefined ? {} : { threadId }),
    ...(resourceId === undefined ? {} : { resourceId }),
  }
}

/** The conversation, with the answer so far. Of a call that stores none, the answer is the words of its step. */
export function conversationOf({ agent, shown }: DelegatingCall, { text }: StepSaid): readonly DelegationMessage[] {
  const author = { kind: 'agent', id: agent.id, name: agent.name } as const
  const answer = shown.answer?.() ?? null
  const said = shown.said.filter(({ id }) => answer === null || id !== answer.id)
  const own: DelegationMessage =
    answer === null
      ? { role: 'assistant', parts: [{ type: 'text', text }], author }
      : { id: answer.id, role: 'assistant', parts: answer.parts, author }
  const messages = said.map(({ id, role, parts, author: by }): DelegationMessage => {
    return { ...(id === null ? {} : { id }), role, parts, author: by }
  })
  return [...messages, own]
}

/** What the user asked last. */
export function taskOf({ shown }: DelegatingCall): string {
  const asked = shown.said.findLast(({ role }) => role === 'user')
  return (asked?.parts ?? []).flatMap(({ type, text }) => (type === 'text' ? [String(text ?? '')] : [])).join('\n')
}

/** How large the messages of a prompt are: how many, and the letters in them. */
export function sizeOf(messages: readonly ModelMessage[]): { readonly messages: number; readonly characters: number } {
  let characters = 0
  const count = (value: unknown): void => {
    if (typeof value === 'string') characters += value.length
    else if (Array.isArray(value)) for (const one of value) count(one)
    else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
      for (const one of Object.values(value)) count(one)
    }
  }
  for (const { content } of messages) count(content)
  return { messages: messages.length, characters }
}
