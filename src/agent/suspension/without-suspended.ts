/** What the AI SDK tells of a call, without the empty results of calls that are suspended. */
import type { ModelMessage, StepResult, streamText, TextStreamPart, ToolSet } from 'ai'
import type { LanguageModelObject } from '../../derive/provider-model.ts'
import type { Suspensions } from './suspensions.ts'
import { silentModel, withoutCalls } from './waiting-step.ts'

type StreamPart = TextStreamPart<ToolSet>
type Settings = Parameters<typeof streamText<ToolSet>>[0]
type Step = StepResult<ToolSet, Record<string, unknown>>

/** Something that may be the result of a call, in a stream, a step or a message. */
interface Part {
  readonly type: string
  readonly toolCallId?: unknown
  readonly preliminary?: unknown
}

/** Whether it is the empty result of a suspended call. */
export function isEmptyResult({ type, toolCallId, preliminary }: Part, { suspended }: Suspensions): boolean {
  if (type !== 'tool-result' || preliminary === true) return false
  return typeof toolCallId === 'string' && suspended.has(toolCallId)
}

/** Takes items out of a list that others hold, too. */
function remove<Item>(items: readonly Item[], isOut: (item: Item) => boolean): void {
  const list = items as Item[]
  for (let index = list.length - 1; index >= 0; index--) {
    if (isOut(list[index] as Item)) list.splice(index, 1)
  }
}

/** Takes the empty results out of messages, and the messages that held nothing else. */
function removeFromMessages(messages: readonly ModelMessage[], suspensions: Suspensions): void {
  for (const { content } of messages) {
    if (typeof content !== 'string')
      remove<Part>(content as readonly Part[], (part) => isEmptyResult(part, suspensions))
  }
  remove(messages, ({ role, content }) => role === 'tool' && content.length === 0)
}

/**
 * Takes the empty results out of a step. The AI SDK makes everything else of its steps: what it passes to callbacks, the
 * results of the call, and the conditions that stop it.
 */
function removeFromStep({ content, response }: Step, suspensions: Suspensions): void {
  remove<Part>(content as readonly Part[], (part) => isEmptyResult(part, suspensions))
  removeFromMessages(response.messages, suspensions)
}

/** The first transformation of the AI SDK's stream, where others come before the recording. */
function transformation(suspensions: Suspensions): TransformStream<StreamPart, StreamPart> {
  return new TransformStream<StreamPart, StreamPart>({
    transform: (part, controller) => {
      if (!isEmptyResult(part, suspensions)) controller.enqueue(part)
    },
  })
}

type PrepareStep = NonNullable<Settings['prepareStep']>

/**
 * Before the first step the AI SDK runs the calls that go on. If one of them is suspended again, the model is not asked,
 * as in any step that waits.
 */
function preparing(given: PrepareStep | undefined, model: LanguageModelObject, suspensions: Suspensions): PrepareStep {
  return (options) => {
    if (suspensions.suspended.size === 0 || options.stepNumber > 0) return given?.(options)
    removeFromMessages(options.responseMessages, suspensions)
    suspensions.silence()
    const messages = withoutCalls(options.messages, new Set(suspensions.suspended.keys()))
    return { model: silentModel(model), messages } as never
  }
}

/** The arguments of the AI SDK for a call that may suspend calls of tools: it stops after their step. */
export function withoutSuspended<Given extends object>(
  given: Given,
  model: LanguageModelObject,
  suspensions: Suspensions | null,
): Given {
  if (suspensions === null) return given
  const settings = given as unknown as Settings
  const { stopWhen, experimental_transform: transforms, prepareStep, abortSignal } = settings
  // An aborted call waits for nothing: the AI SDK ends it where the next step would begin.
  const stops = () => suspensions.suspended.size > 0 && abortSignal?.aborted !== true
  // The last one is the recording, which does this itself: each transformation costs time for each part.
  const others = transforms === undefined ? [] : [transforms].flat()
  const toolEnded = settings.onToolExecutionEnd ?? settings.experimental_onToolCallFinish
  const stepEnded = settings.onStepEnd ?? settings.onStepFinish
  const ended = settings.onEnd ?? settings.onFinish
  const own: Partial<Settings> = {
    stopWhen: [stops, ...(stopWhen === undefined ? [] : [stopWhen].flat())],
    prepareStep: preparing(prepareStep, model, suspensions),
    onToolExecutionEnd: async (event) => {
      if (!isEmptyResult(event.toolOutput as Part, suspensions)) await toolEnded?.(event)
    },
    onStepEnd: async (step) => {
      removeFromStep(step as unknown as Step, suspensions)
      await stepEnded?.(step)
    },
  }
  return {
    ...given,
    ...own,
    ...(others.length < 2 ? {} : { experimental_transform: [() => transformation(suspensions), ...others] }),
    ...(ended === undefined
      ? {}
      : {
          onEnd: async (event: Parameters<typeof ended>[0]) => {
            removeFromMessages(event.responseMessages, suspensions)
            await ended(event)
          },
        }),
  }
}

/** Messages without those of tools that hold nothing: what they held was the empty result of a suspended call. */
export function withoutEmpty<Message extends ModelMessage>(messages: readonly Message[]): Message[] {
  return messages.filter(({ role, content }) => role !== 'tool' || content.length > 0)
}
