/** A call that returns its whole answer: the AI SDK's `generateText`, with its steps stored in memory. */
import type { GenerateTextResult, StepResult, TextStreamPart, ToolSet } from 'ai'
import type { MessagePart } from '../../domain/records/message.ts'
import { Feed } from '../answer/feed.ts'
import type { Call } from '../call.ts'
import { loadSdk } from '../sdk.ts'
import type { AnswerOfTurn } from './answering-turn.ts'
import { beginExchange, type Exchange } from './exchange.ts'
import type { OwnTurn } from './own-turn.ts'
import { type AgentResult, agentResult } from './result.ts'
import { afterwards, endOf, isEnded, runFacts, sdkSettings } from './run-model.ts'
import { storedAnswerSettings } from './stored-answer-model.ts'
import { untilAborted } from './until-aborted.ts'
import { withoutSuspended } from './without-suspended.ts'

type Step = StepResult<ToolSet, Record<string, unknown>>
type StreamPart = TextStreamPart<ToolSet>

/** The parts that a stream of the AI SDK would have for a whole step. */
function* partsOf(step: Step): Generator<StreamPart> {
  const { request, response, usage, performance, finishReason, rawFinishReason, providerMetadata } = step
  yield { type: 'start-step', request, warnings: step.warnings ?? [] }
  for (const [index, content] of step.content.entries()) {
    const id = `${index}`
    if (content.type === 'text' || content.type === 'reasoning') {
      const { type, text, ...about } = content
      yield { ...about, type: `${type}-start`, id } as StreamPart
      yield { ...about, type: `${type}-delta`, id, text } as StreamPart
      yield { ...about, type: `${type}-end`, id } as StreamPart
    } else yield content as StreamPart
  }
  yield { type: 'finish-step', response, usage, performance, finishReason, rawFinishReason, providerMetadata }
}

/**
 * Tool calls that were approved or denied before this call: their tools run before its first step and belong to no
 * step.
 */
function earlierCalls(parts: readonly MessagePart[]): ReadonlySet<unknown> {
  return new Set(parts.filter(({ state }) => state === 'approval-responded').map(({ toolCallId }) => toolCallId))
}

/** A tool's result for a call of an earlier step. */
function* earlierOutput(earlier: ReadonlySet<unknown>, event: unknown): Generator<StreamPart> {
  const { toolOutput } = event as { readonly toolOutput?: { readonly toolCallId?: unknown } }
  if (toolOutput !== undefined && earlier.has(toolOutput.toolCallId)) yield toolOutput as StreamPart
}

async function runModel(
  call: Call,
  exchange: Exchange,
  feed: Feed | null,
): Promise<GenerateTextResult<ToolSet, Record<string, unknown>, never>> {
  const { generateText } = await loadSdk()
  const { options } = call
  const turn = exchange.turn
  const earlier = earlierCalls(turn?.stored ?? [])
  let steps = 0
  const settings = await sdkSettings(call, exchange)
  feed?.write(deniedBefore(turn))
  const own: typeof settings = {
    ...settings,
    onToolExecutionEnd: async (event) => {
      feed?.write(earlierOutput(earlier, event))
      await (options.onToolExecutionEnd ?? options.experimental_onToolCallFinish)?.(event)
    },
    onStepEnd: async (step) => {
      // A step without the model is no step of the answer.
      if (turn?.isSilent !== true) {
        feed?.write(partsOf(step as Step))
        steps += 1
        // The next step begins when this one is stored.
        await turn?.answer.recorded(steps)
      }
      await (options.onStepEnd ?? options.onStepFinish)?.(step)
    },
  }
  const work = generateText(withoutSuspended(own, call.model, turn?.suspensions ?? null))
  // A model or a tool that ignores the signal must not block the turn, and the thread, for others.
  const result = await untilAborted(work, endOf(call, settings.abortSignal))
  return result as GenerateTextResult<ToolSet, Record<string, unknown>, never>
}

function* deniedBefore(turn: OwnTurn | null): Generator<StreamPart> {
  for (const part of turn?.stored ?? []) {
    const { approval, toolCallId, type } = part as {
      approval?: { approved?: unknown }
      toolCallId?: string
      type: string
    }
    if (part.state !== 'approval-responded' || approval?.approved !== false) continue
    yield {
      type: 'tool-output-denied',
      toolCallId: String(toolCallId),
      toolName: type.replace(/^tool-/, ''),
    } as StreamPart
  }
}

/** Calls the agent's model and waits for the whole answer. */
export function generate(call: Call): Promise<AgentResult> {
  const generating = answered(call)
  call.remembered?.space.hold(generating.catch(() => {}))
  return generating
}

/** The result of a call that another call of the same request has answered. */
async function answeredByOther(call: Call, other: AnswerOfTurn): Promise<AgentResult> {
  const { generateText } = await loadSdk()
  const result = await generateText(await storedAnswerSettings(call, other.said))
  return agentResult(call, result as GenerateTextResult<ToolSet, Record<string, unknown>, never>, other)
}

async function answered(call: Call): Promise<AgentResult> {
  const exchange = await beginExchange(call)
  if ('said' in exchange) return answeredByOther(call, exchange)
  const { turn } = exchange
  if (turn === null) return agentResult(call, await runModel(call, exchange, null), null)
  const feed = new Feed()
  feed.write([{ type: 'start' }])
  const recording = turn.answer.record(feed.stream, exchange.tools)
  let result: GenerateTextResult<ToolSet, Record<string, unknown>, never> | null = null
  let failure: unknown = null
  try {
    result = await runModel(call, exchange, feed)
  } catch (error) {
    // The error may be undefined.
    failure = error ?? new Error('The call failed and did not say why.')
    if (isEnded(call, error)) feed.write([{ type: 'abort' }])
  }
  feed.end()
  await recording
  const refusal: unknown = turn.refused.aborted ? turn.refused.reason : null
  const end = await turn.end(failure, () => runFacts(call, turn.answer))
  if (result === null || end.error !== null) throw refusal ?? end.error ?? failure
  afterwards(call, turn, end)
  return agentResult(call, result, turn, end)
}
