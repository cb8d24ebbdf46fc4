/** Shared by both ways of calling a model: the AI SDK's settings, the record of the run, and the work after it. */

import type { generateText, streamText, ToolSet } from 'ai'
import type { Answer, AnswerEnd } from '../answer/answer.ts'
import { outputOf } from '../answer/structured-end.ts'
import { type Call, questionOf } from '../call.ts'
import { callOptionTable, optionsPassedOn } from '../call-options.ts'
import { resolveModel, withResolvedModel } from '../model.ts'
import type { CallOptions } from '../options.ts'
import { ownModel } from '../own-model.ts'
import { loadSdk } from '../sdk.ts'
import { silentModel, withoutCalls } from '../suspension/waiting-step.ts'
import type { Exchange } from '../turn/exchange.ts'
import { observeAfterwards } from '../turn/noting.ts'
import type { OwnTurn } from '../turn/own-turn.ts'
import type { RunFacts } from '../turn/run-record.ts'
import { giveTitle } from './title.ts'

type Settings = Parameters<typeof streamText<ToolSet>>[0] & Parameters<typeof generateText<ToolSet>>[0]

/** Aborted when any of the signals is. */
function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined)
  return given.length <= 1 ? given[0] : AbortSignal.any(given)
}

/** The AI SDK's `timeout` for the whole call. The AI SDK itself applies its timeouts of steps and tools. */
function ownTimeLimit({ timeout }: CallOptions): AbortSignal | undefined {
  const totalMs = typeof timeout === 'number' ? timeout : timeout?.totalMs
  return totalMs === undefined ? undefined : AbortSignal.timeout(totalMs)
}

/** The signal that ends a call's work: the one given to the AI SDK, or the call's time limit. */
export function endOf({ options }: Call, given: AbortSignal | undefined): AbortSignal | undefined {
  return anySignal(given, ownTimeLimit(options))
}

/** Whether the call was ended from outside: by its signal, by the AI SDK's `timeout`, or because its memory closed. */
export function isEnded(call: Call, error: unknown): boolean {
  if (call.remembered?.space.stopping.aborted === true) return true
  return call.signal?.aborted === true || (error instanceof DOMException && error.name === 'TimeoutError')
}

/** The AI SDK waits for this before it runs a tool. */
function startedFirst(turn: OwnTurn, options: CallOptions): NonNullable<CallOptions['onToolExecutionStart']> {
  const given = options.onToolExecutionStart ?? options.experimental_onToolCallStart
  return async (event) => {
    await turn.begin(event.toolCall)
    await given?.(event)
  }
}

/** The arguments of the AI SDK. */
export async function sdkSettings(
  call: Call,
  { instructions, messages, tools, toolsContext, turn }: Exchange,
): Promise<Settings> {
  const { isStepCount } = await loadSdk()
  const { options, model, remembered } = call
  const { schema } = options.structuredOutput ?? {}
  const isHidden = (toolName: string) => call.results?.isHidden(toolName) === true
  const closing = remembered?.space.stopping
  const { prepareStep, stopWhen, ...settings } = optionsPassedOn(options)
  const abortSignal = anySignal(call.signal, turn?.refused, turn === null ? undefined : closing)
  const asks = turn?.isSilent !== true
  const all = {
    stopWhen: [
      () => call.shown.isBailed,
      ...[stopWhen ?? isStepCount(options.maxSteps ?? callOptionTable.maxSteps.default)].flat(),
    ],
    ...(call.agent.telemetry === null ? {} : { telemetry: call.agent.telemetry }),
    ...settings,
    ...(prepareStep === undefined || !asks
      ? {}
      : { prepareStep: withResolvedModel(prepareStep, call.agent.name, isHidden) }),
    model: asks ? ownModel(model, isHidden) : silentModel(model),
    messages: asks ? messages : withoutCalls(messages, turn.waiting),
    tools,
    toolsContext,
    ...(turn === null ? {} : { onToolExecutionStart: startedFirst(turn, options) }),
    ...(instructions === undefined ? {} : { instructions }),
    ...(schema === undefined || !asks ? {} : { output: await outputOf(schema) }),
    ...(abortSignal === undefined ? {} : { abortSignal }),
  } as Settings
  return call.iterations === null ? all : call.iterations.watching(all, turn)
}

/** The record of the model's work: its name, its tokens, how it ended. */
export function runFacts(call: Call, { usage, finishReason }: Answer): RunFacts {
  const { model, warnings } = call
  return {
    model: `${model.provider}/${model.modelId}`,
    usage,
    finishReason,
    warnings: warnings.length === 0 ? undefined : warnings.length,
  }
}

/** Background work after a complete turn. */
export function afterwards(call: Call, own: OwnTurn, end: AnswerEnd): void {
  const { remembered } = call
  observeAfterwards(call, own)
  const options = remembered?.behaviour.generateTitle ?? null
  if (remembered === null || options === null || end.status !== 'complete') return
  const { space } = remembered
  const question = questionOf(call.input.map(({ input }) => input))
  const titled = (async () => {
    const model = options.model === null ? call.model : resolveModel(options.model, call.agent.name)
    await giveTitle(space, own.turn.threadId, { ...options, model }, { question, answer: end.parts })
  })()
  // If this fails, the thread has no title; nothing else happens.
  const failed = (error: unknown) => call.agent.log('warn', 'No title could be made.', error)
  space.hold(titled.catch(failed), true)
}
