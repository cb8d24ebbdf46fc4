// The recording of an answer, where the stream or the memory breaks in its middle.
import type { TextStreamPart, ToolSet } from 'ai'
import { expect, test } from 'vitest'
import { Answer } from '../../src/agent/answer/answer.ts'
import { AnswerMetadata } from '../../src/agent/answer/answer-metadata.ts'
import { SavedAnswer } from '../../src/agent/answer/saved-answer.ts'
import { ProcessorAbort } from '../../src/agent/processors/processor.ts'
import { CallSteps } from '../../src/agent/steps/call-steps.ts'
import { DataParts } from '../../src/agent/tools/data-parts.ts'
import { ModelOutputs } from '../../src/agent/tools/model-outputs.ts'
import { runIdOf } from '../../src/domain/id.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { beginTurn, type Turn, type TurnRequest } from '../../src/memory/conversation/turns.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import { openMemory } from '../memory/opened.ts'

type Part = TextStreamPart<ToolSet>

const threadId = 't'

async function begin(memory = openMemory(), replaces: readonly string[] = []): Promise<Turn> {
  const space = resourceSpace(coreOf(memory.as({ kind: 'agent', id: 'bot' })), 'alice')
  const messages = [{ role: 'user' as const, parts: [{ type: 'text', text: 'A question of secrets.' }] }]
  const changes = [{ kind: 'message-append' as const, threadId, opened: 0, messages }]
  const request: TurnRequest = { space, threadId, runId: 'r', resumes: null, replaces, before: [], changes }
  return (await beginTurn(space, threadId, { turns: 'parallel' }, async () => request)).turn
}

function answerIn(turn: Turn, onRefused: (error: unknown) => void = () => {}): Answer {
  const process = async <Parts>(parts: Parts) => parts
  const modelOutputs = new ModelOutputs({})
  const metadata = new AnswerMetadata({ kind: 'agent', id: 'a' }, 1_000, () => {})
  const messageId = turn.messageId(1)
  const runId = runIdOf(turn.spaceKey, turn.runId)
  const place = { runId, threadId, messageId }
  const steps = new CallSteps(place, {}, new Map(), [])
  const saved = new SavedAnswer({ turn, messageId, stored: [], metadata, steps, onRefused })
  const dataParts = new DataParts(null)
  const how = {
    savesEarly: true,
    savePerStep: true,
    suspended: { next: <Chunk>(chunk: Chunk) => [chunk], end: () => [] },
  }
  return new Answer({ turn, messageId, saved, modelOutputs, dataParts, process, ...how })
}

/** A step that says something and calls a tool. */
const step = [
  { type: 'start' },
  { type: 'start-step', request: {}, warnings: [] },
  { type: 'text-start', id: '1' },
  { type: 'text-delta', id: '1', text: 'a secret' },
  { type: 'text-end', id: '1' },
  { type: 'tool-call', toolCallId: 'c', toolName: 'look', input: {} },
  { type: 'tool-result', toolCallId: 'c', toolName: 'look', input: {}, output: 1 },
  { type: 'finish-step', finishReason: 'tool-calls', usage: {}, response: {} },
] as unknown as Part[]

/** A stream of these parts, which breaks where one of them is an error. */
function streamOf(parts: readonly (Part | Error)[]): ReadableStream<Part> {
  const left = [...parts]
  return new ReadableStream({
    pull: (controller) => {
      const part = left.shift()
      if (part === undefined) controller.close()
      else if (part instanceof Error) controller.error(part)
      else controller.enqueue(part)
    },
  })
}

test('an answer that a processor refuses is discarded, also where its turn was replaced meanwhile', async () => {
  const memory = openMemory()
  const turn = await begin(memory)
  const next = await begin(memory, [turn.id])
  const better = [{ role: 'assistant' as const, parts: [{ type: 'text', text: 'A better answer.' }] }]
  await next.commit([{ kind: 'message-append', threadId, turnId: next.id, messages: better }])
  const refusals: unknown[] = []
  const answer = answerIn(turn, (error) => refusals.push(error))
  await answer.record(streamOf([...step, new ProcessorAbort('moderation', 'rude')]), {})
  expect(refusals).toHaveLength(1)
  expect((await answer.end(null, () => [])).status).toBe('discarded')
  await next.discard()
  const { items } = await memory.space('resource/alice').log.read({ after: 0, limit: 100 })
  expect(JSON.stringify(items)).not.toContain('secret')
})

test('nobody waits for a step that a broken recording never saw', async () => {
  const turn = await begin()
  const answer = answerIn(turn)
  const stray = { type: 'tool-result', toolCallId: 'nobody', toolName: 'look', input: {}, output: 1 } as unknown as Part
  await answer.record(streamOf([...step, stray, ...step]), {})
  await answer.recorded(7)
  expect(answer.steps).toBe(1)
  expect((await answer.end(null, () => [])).status).toBe('failed')
})
