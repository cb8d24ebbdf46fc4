/** Large results of tools in one call: shown by their beginning and end, and read in pieces by the tool `recall`. */
import type { ToolSet } from 'ai'
import { exceedsBytes, type Json } from '../../domain/json.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import { isInternal, isToolPart, toolNameOf } from '../../domain/records/message.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import { headAndTail, type ModelOutput, pieceOf, plainOutput, withWords, wordsOf } from './result-text.ts'
import { shownId } from './shown-id.ts'
import { toolNamed } from './tool-set.ts'

/** The name of the tool that reads them. */
export const readingTool = 'recall'

/** A place of a result: the message that holds its call, and the id under which a model is shown the call. */
interface ResultPlace {
  /** null for a message that is not stored. */
  readonly messageId: string | null
  readonly toolCallId: string
}

/** What the results of one call are shown by. */
export class ResultReader {
  readonly #space: AgentSpace
  readonly #threadId: string
  /** Of results that this call has made, which may not be stored yet. */
  readonly #texts = new Map<string, string>()
  #tools: ToolSet = {}
  #turnId: string | null = null
  #isOffered = false
  #isHidden = false

  constructor(space: AgentSpace, threadId: string) {
    this.#space = space
    this.#threadId = threadId
  }

  /** Whether the model need not see the tool: nothing is left out of what it sees. */
  isHidden(toolName: string): boolean {
    return this.#isHidden && toolName === readingTool
  }

  /**
   * The tools of the call.
   *
   * @param isOffered Whether there is a tool that reads the rest of a result.
   * @param isHidden Whether it is there for nothing else.
   */
  offer(tools: ToolSet, isOffered: boolean, isHidden: boolean): void {
    this.#tools = tools
    this.#isOffered = isOffered
    this.#isHidden = isHidden
  }

  /** The turn of the call, whose open messages it may read. */
  begin(turnId: string): void {
    this.#turnId = turnId
  }

  /** The form of a result that is not too long for a prompt. */
  shown(output: ModelOutput, place: ResultPlace): ModelOutput {
    // Bytes are never fewer than characters, and most results are far from the limit.
    const isShort = output.type === 'json' && !exceedsBytes(output.value as Json, this.#space.limits.toolResultLength)
    if (isShort) return output
    const text = this.#cut(wordsOf(output), place)
    return text === null ? output : withWords(output, text)
  }

  /** The same for a result that this call made. It can be read before it is stored. */
  made(output: ModelOutput, place: ResultPlace): ModelOutput {
    const shown = this.shown(output, place)
    if (shown !== output) this.#texts.set(nameOf(place), wordsOf(output))
    return shown
  }

  /** A text of a prompt without tools, from which nothing can be read. */
  told(text: string): string {
    return headAndTail(text, this.#space.limits.toolResultLength, () => '') ?? text
  }

  #cut(text: string, place: ResultPlace): string | null {
    const isReadable = this.#isOffered && place.messageId !== null
    const cut = headAndTail(text, this.#space.limits.toolResultLength, (from) => {
      if (!isReadable) return ''
      return `: read on with the tool ${readingTool}, result ${JSON.stringify(nameOf(place))}, from ${from}`
    })
    if (cut !== null && isReadable) this.#isHidden = false
    return cut
  }

  /** A piece of a result in words, with what comes after it. */
  async read(result: string, from: number): Promise<string> {
    const text = this.#texts.get(result) ?? (await this.#stored(result))
    if (text === null) return `There is no result ${JSON.stringify(result)} in this conversation.`
    const piece = pieceOf(text, from, this.#space.limits.toolResultLength)
    const [start, end, length] = [piece.end - piece.text.length, piece.end, text.length]
    if (start === length) return `The result has ${length} characters; there is nothing from ${from}.`
    const more = end === length ? 'This is the end.' : `Read on from ${end}.`
    return `${piece.text}\n[Characters ${start} to ${end} of ${length}. ${more}]`
  }

  /** The words of a stored result. Ids of messages and of calls may hold slashes themselves. */
  async #stored(result: string): Promise<string | null> {
    for (let slash = result.lastIndexOf('/'); slash > 0; slash = result.lastIndexOf('/', slash - 1)) {
      const part = await this.#storedPart(result.slice(0, slash), result.slice(slash + 1))
      if (part !== null) return this.#wordsOfPart(part)
    }
    return null
  }

  async #storedPart(messageId: string, id: string): Promise<MessagePart | null> {
    const places = await this.#space.messages.find(messageId)
    const message = places.find(({ message: { threadId } }) => threadId === this.#threadId)?.message
    // An open turn is seen by its own call alone.
    if (message === undefined || (message.turnStatus === 'open' && message.turnId !== this.#turnId)) return null
    const part = message.parts.find((one, at) => {
      if (!isToolPart(one) || isInternal(one) || typeof one.toolCallId !== 'string') return false
      return one.toolCallId === id || shownId(one.toolCallId, messageId, at) === id
    })
    return part ?? null
  }

  /** The words that a prompt would show of a stored call. */
  async #wordsOfPart(part: MessagePart): Promise<string | null> {
    if (part.state === 'output-error') return typeof part.errorText === 'string' ? part.errorText : null
    if (part.state !== 'output-available') return null
    const { modelOutput, toolCallId, input, output } = part
    if (typeof modelOutput === 'object' && modelOutput !== null) return wordsOf(modelOutput as unknown as ModelOutput)
    const name = toolNameOf(part)
    const tool = toolNamed(this.#tools, name)
    if (tool?.toModelOutput === undefined) return wordsOf(plainOutput(output))
    return wordsOf(await tool.toModelOutput({ toolCallId: String(toolCallId), input, output }))
  }
}

/** The name by which a model reads a result. */
function nameOf({ messageId, toolCallId }: ResultPlace): string {
  return `${messageId}/${toolCallId}`
}
