/** A call that returns its whole answer: the AI SDK's `generateText`, with its steps stored in memory. */
import type { GenerateTextResult, TextStreamPart, ToolSet } from 'ai'
import { Feed } from '../answer/feed.ts'
import { storedAnswerSettings } from '../answer/stored-answer-model.ts'
import type { Call } from '../call.ts'
import { loadSdk } from '../sdk.ts'
import { withoutSuspended } from '../suspension/without-suspended.ts'
import type { AnswerOfTurn } from '../turn/answering-turn.ts'
import { beginExchange, type Exchange } from '../turn/exchange.ts'
import type { OwnTurn } from '../turn/own-turn.ts'
import { type AgentResult, agentResult } from './result.ts'
import { afterwards, endOf, isEnded, runFacts, sdkSettings } from './run-model.ts'
import { untilAborted } from './until-aborted.ts'
import { type SdkStep, WrittenStep } from './written-step.ts'

type StreamPart = TextStreamPart<ToolSet>

async function runModel(
  call: Call,
  exchange: Exchange,
  feed: Feed | null,
): Promise<GenerateTextResult<ToolSet, Record<string, unknown>, never>> {
  const { generateText } = await loadSdk()
  const { options } = call
  const turn = exchange.turn
  const written = new WrittenStep(feed)
  // A step without the model is no step of the answer.
  const isStep = () => turn?.isSilent !== true
  let steps = 0
  const settings = await sdkSettings(call, exchange)
  feed?.write(deniedBefore(turn))
  const own: typeof settings = {
    ...settings,
    onLanguageModelCallEnd: async (event) => {
      if (isStep()) written.said(event.content)
      await (options.onLanguageModelCallEnd ?? options.experimental_onLanguageModelCallEnd)?.(event)
    },
    onToolExecutionEnd: async (event) => {
      written.returned(event.toolOutput)
      await (options.onToolExecutionEnd ?? options.experimental_onToolCallFinish)?.(event)
    },
    onStepEnd: async (step) => {
      if (isStep()) {
        written.ended(step as SdkStep)
        steps += 1
        // The next step begins when this one is stored.
        await turn?.answer.recorded(steps)
      }
      await (settings.onStepEnd ?? settings.onStepFinish)?.(step)
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
