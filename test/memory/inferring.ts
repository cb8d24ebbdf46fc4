// Memories with a scripted model: what it finds and decides is told by the test in short.

import { type Memory, type MemoryOptions, type Space, spaceId } from 'aquifer'
import { type ModelCall, type ScriptedModel, type ScriptedModelOptions, scriptedModel } from 'aquifer/testing'
import { readMessages } from '../../src/domain/records/message-input.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import type { FactHome } from '../../src/memory/facts/fact-home.ts'
import { type Inferred, inferFacts } from '../../src/memory/facts/infer.ts'
import type { InferOptions } from '../../src/memory/facts/infer-queue.ts'
import { openMemory } from './opened.ts'

/** A fact as the model is shown it, and as it decides about it. */
export interface Shown {
  readonly fact: number
  readonly text: string
}
export interface Asked {
  readonly statement: number
  readonly text: string
}
export type Ruling = readonly [action: 'add' | 'update' | 'delete' | 'none', fact: number | null]

export interface Script {
  /** The statements in the messages; by default each text of them is one. */
  readonly find?: (messages: readonly { message: number; author: string; text: string }[], call: ModelCall) => unknown
  /** What to do about each statement that has facts near it; by default it is added. */
  readonly decide?: (statement: Asked, facts: readonly Shown[], call: ModelCall) => Ruling | unknown
}

function linesOf<Line>(call: ModelCall): Line[] {
  const lines = call.said[0]?.split('\n').filter((line) => line.startsWith('{')) ?? []
  return lines.map((line) => JSON.parse(line))
}

/** Statements as the model answers them: of each text, the messages that hold it. */
export function found(...statements: (string | readonly [string, ...number[]])[]): unknown {
  return {
    statements: statements.map((one) => {
      const [text, ...messages] = typeof one === 'string' ? [one] : one
      return { text, messages }
    }),
  }
}

/** Whether a call asks for decisions. */
export function isDeciding(call: ModelCall): boolean {
  return call.said[0]?.startsWith('Facts:') === true
}

export function modelOf(script: Script = {}, options: Omit<ScriptedModelOptions, 'answer'> = {}): ScriptedModel {
  const { find, decide } = script
  return scriptedModel({
    ...options,
    answer: async (call) => {
      if (!isDeciding(call)) {
        const messages = linesOf<{ message: number; author: string; text: string }>(call)
        return (await find?.(messages, call)) ?? found(...messages.map(({ text, message }) => [text, message] as const))
      }
      const lines = linesOf<Shown | Asked>(call)
      const facts = lines.filter((line): line is Shown => 'fact' in line)
      const asked = lines.filter((line): line is Asked => 'statement' in line)
      const rulings = await Promise.all(asked.map((statement) => decide?.(statement, facts, call) ?? ['add', null]))
      const whole = rulings.find((ruling) => !Array.isArray(ruling))
      if (whole !== undefined) return whole
      return {
        decisions: asked.map(({ statement }, index) => {
          const [action, fact] = rulings[index] as Ruling
          return { statement, action, fact }
        }),
      }
    },
  })
}

/** The number of the fact that says this. */
export function numberOf(facts: readonly Shown[], text: string): number | null {
  return facts.find((fact) => fact.text === text)?.fact ?? null
}

export const alices: FactHome = { space: spaceId('resource', 'alice'), attributes: {} }

export function inferring(script: Script = {}, options: MemoryOptions = {}): { memory: Memory; model: ScriptedModel } {
  const model = modelOf(script)
  return { memory: openMemory({ model, ...options }), model }
}

export function homeOf(memory: Memory, home: FactHome = alices): Space {
  return memory.space(home.space)
}

/** Learns from messages as callers write them. */
export function infer(
  memory: Memory,
  messages: unknown,
  options: InferOptions = {},
  home: FactHome = alices,
): Promise<Inferred> {
  const inputs = readMessages(messages).map(({ input }) => input)
  return inferFacts(coreOf(memory), home, inputs, options)
}

type Status = 'current' | 'superseded' | 'queued'

/** Facts of a home by status, oldest first. */
export async function factsOf(memory: Memory, status: Status = 'current', home: FactHome = alices) {
  const core = coreOf(memory)
  const storage = await core.storage.get()
  const query = { attributes: {}, statuses: [status], order: 'oldest', after: null, limit: 100 } as const
  return (await storage.facts.list(core.access, home.space, query)).items
}

export async function textsIn(memory: Memory, status: Status = 'current', home: FactHome = alices): Promise<string[]> {
  return (await factsOf(memory, status, home)).map(({ text }) => text)
}
