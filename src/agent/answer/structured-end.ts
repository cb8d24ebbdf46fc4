/** Whether an answer is the object that its call asked for: what the AI SDK checks after a stream is over. */
import type { TextStreamPart, ToolSet } from 'ai'
import type { StandardSchema } from '../../domain/standard-schema.ts'
import { loadSdk } from '../sdk.ts'

type StreamPart = TextStreamPart<ToolSet>
type StepEnd = Extract<StreamPart, { type: 'finish-step' }>

/** The form of the AI SDK for answers of that shape. */
export async function outputOf(schema: StandardSchema) {
  const { Output } = await loadSdk()
  // It reads the schema as the standard says.
  return Output.object({ schema: schema as never })
}

/**
 * Reads a stream and knows in the end whether its last step says an object of that shape. `generateText` fails a call
 * that does not; `streamText` tells only who asks for the object, when the turn is closed already.
 */
export class StructuredEnd {
  readonly #schema: StandardSchema
  #text = ''
  #end: StepEnd | null = null

  constructor(schema: StandardSchema) {
    this.#schema = schema
  }

  read(part: StreamPart): void {
    if (part.type === 'start-step') {
      this.#text = ''
      this.#end = null
    } else if (part.type === 'text-delta') this.#text += part.text
    else if (part.type === 'finish-step') this.#end = part
  }

  /** The error of an answer that is no such object; null if it is one, or if it says nothing of its own. */
  async failure(): Promise<unknown> {
    if (this.#end === null) return null
    const { finishReason, response, usage } = this.#end
    // As generateText has it: a step of calls has no object yet.
    const isSaid = finishReason === 'stop' || (finishReason !== 'tool-calls' && this.#text !== '')
    if (!isSaid) return null
    const output = await outputOf(this.#schema)
    try {
      await output.parseCompleteOutput({ text: this.#text }, { response, usage, finishReason })
      return null
    } catch (error) {
      return error
    }
  }
}
