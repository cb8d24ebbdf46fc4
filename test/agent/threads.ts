// Threads as agents leave them, and inputs as clients send them.

import type { Change, Memory, Space } from 'aquifer'
import { expect } from 'vitest'
import { type InputOptions, type InputPlan, planInput } from '../../src/agent/input/input.ts'
import { type MessageLike, readMessages } from '../../src/domain/records/message-input.ts'
import { doorOf } from '../../src/facade/space.ts'
import { agentSpace } from '../../src/memory/agent-memory.ts'
import { openMemory } from '../memory/opened.ts'

export const where = { resourceId: 'alice', threadId: 't' }

export type TurnEnd = 'complete' | 'aborted' | 'failed' | 'interrupted' | 'suspended' | 'open'

export interface Scene {
  readonly memory: Memory
  readonly space: Space
  /** Saves messages as one turn that ends in that state, and answers its id. */
  turn(messages: readonly MessageLike[], end?: TurnEnd): Promise<string>
  /** The plan for what a client sends. */
  plan(messages: unknown, options?: InputOptions): Promise<InputPlan>
  /** Does what a plan says, as an agent would before its model runs; answers the turn. */
  carryOut(plan: InputPlan): Promise<string>
  /** Ids of the visible messages, in order. */
  ids(): Promise<string[]>
}

/** A thread of a memory of the test's own. */
export function openScene(threadId = where.threadId): Scene {
  const memory = openMemory()
  const space = memory.space('resource/alice')
  const openTurn = async (
    changes: (opened: { opened: number }) => readonly Change[],
    replaces: readonly string[] = [],
  ) => {
    const open: Change = { kind: 'turn-open', threadId, createThread: true, replaces: [...replaces] }
    const result = await space.commit([open, ...changes({ opened: 0 })])
    if (result.status !== 'committed' || result.results[0]?.kind !== 'turn-open') throw new Error('no turn was opened')
    return result.results[0].turnId as string
  }
  const append = (messages: InputPlan['fresh'], opened: { opened: number }): readonly Change[] =>
    messages.length === 0 ? [] : [{ kind: 'message-append', threadId, messages: [...messages], ...opened }]
  return {
    memory,
    space,
    turn: (messages, end = 'complete') => {
      const inputs = messages.length === 0 ? [] : readMessages(messages).map(({ input }) => input)
      const close = (opened: { opened: number }): readonly Change[] =>
        end === 'open' ? [] : [{ kind: 'turn-close', threadId, ...opened, status: end }]
      return openTurn((opened) => [...append(inputs, opened), ...close(opened)])
    },
    plan: (messages, options) => planInput(agentSpace(doorOf(space)), threadId, readMessages(messages), options),
    carryOut: async (plan) => {
      // It takes the place of others only once it is complete, or has an answer.
      const close = (opened: { opened: number }): readonly Change[] =>
        plan.replaces.length === 0 ? [] : [{ kind: 'turn-close', threadId, ...opened, status: 'complete' }]
      const turnId = await openTurn((opened) => [...append(plan.fresh, opened), ...close(opened)], plan.replaces)
      for (const { messageId, toolCallId, part } of plan.completions) {
        const { messages } = await memory.listMessages({ ...where, threadId, perPage: false, includeInternal: true })
        const parts = messages.find(({ id }) => id === messageId)?.parts ?? []
        const changed = parts.map((one) => (one.toolCallId === toolCallId ? part : one))
        await space.commit([{ kind: 'message-edit', threadId, messageId, parts: changed }])
      }
      return turnId
    },
    ids: async () => (await memory.listMessages({ ...where, threadId, perPage: false })).messages.map(({ id }) => id),
  }
}

export const user = (text: string, id?: string) => ({
  ...(id === undefined ? {} : { id }),
  role: 'user' as const,
  parts: [{ type: 'text', text }],
})

export const assistant = (text: string, id?: string) => ({
  ...(id === undefined ? {} : { id }),
  role: 'assistant' as const,
  parts: [{ type: 'text', text }],
})

/** The texts of what a plan stores; calls by their type. */
export function freshTexts({ fresh }: InputPlan): string[] {
  return fresh.map(({ parts }) =>
    parts.map(({ type, text }) => (typeof text === 'string' ? text : `[${type}]`)).join(''),
  )
}

/** Asserts that nothing but these texts is new, and nothing is worth a warning. */
export function expectFresh(plan: InputPlan, texts: readonly string[]): void {
  const { repeats: _, late: _late, ...planned } = plan
  expect({ ...planned, fresh: freshTexts(plan) }).toEqual({
    fresh: texts,
    replaces: [],
    completions: [],
    resumes: null,
    instructions: [],
    warnings: [],
  })
}
