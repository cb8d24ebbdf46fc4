/** Finds what a strict provider refuses in a prompt. For tests of code that builds prompts. */

/** A message as the AI SDK passes it on: a `ModelMessage`, or one of the prompt that a model is given. */
export interface PromptMessageLike {
  readonly role: string
  /** A text, or a list of parts. */
  readonly content: unknown
}

interface Fields {
  readonly type?: unknown
  readonly [field: string]: unknown
}

interface Call {
  readonly toolName: unknown
  /** Whether the provider runs the tool: its result may come with the call, or much later. */
  readonly isProviders: boolean
  state: 'waiting' | 'answered' | 'given-up'
}

const partTypes: Readonly<Record<string, readonly string[]>> = {
  system: [],
  user: ['text', 'image', 'file'],
  assistant: [
    ...['text', 'file', 'reasoning', 'reasoning-file', 'custom'],
    ...['tool-call', 'tool-result', 'tool-approval-request'],
  ],
  tool: ['tool-result', 'tool-approval-response'],
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isBlank(text: unknown): boolean {
  return typeof text !== 'string' || text.trim() === ''
}

/** Reads a prompt message by message, and remembers which tool calls are open. */
class PromptReader {
  readonly problems: string[] = []
  readonly #calls = new Map<unknown, Call>()
  /** Calls that somebody is asked to approve. */
  readonly #asked = new Set<unknown>()
  /** Of the last message, apart from instructions. */
  #lastRole: string | null = null

  read({ role, content }: PromptMessageLike, index: number): void {
    const at = `message ${index + 1} (${role})`
    if (!Object.hasOwn(partTypes, role)) {
      this.problems.push(`message ${index + 1}: there is no role "${role}"`)
      return
    }
    if (role === 'system' && this.#lastRole !== null) this.problems.push(`${at}: comes after other messages`)
    if (role === 'tool' && this.#lastRole !== 'assistant' && this.#lastRole !== 'tool') {
      this.problems.push(`${at}: follows no message of the assistant`)
    }
    if (role === 'user' || role === 'assistant') this.#giveUp(at)
    if (role !== 'system') this.#lastRole = role
    if (role === 'system' || typeof content === 'string') this.#readText(at, role, content)
    else if (!Array.isArray(content) || content.length === 0) this.problems.push(`${at}: has no content`)
    else for (const [place, part] of content.entries()) this.#readPart(`${at}, part ${place + 1}`, role, part)
  }

  end(): void {
    if (this.#lastRole === null) this.problems.push('the prompt has no messages besides instructions')
    for (const [id, call] of this.#calls) {
      if (call.state === 'waiting' && !call.isProviders && !this.#asked.has(id)) {
        this.problems.push(`the prompt ends before tool call ${id} has a result`)
      }
    }
  }

  #readText(at: string, role: string, content: unknown): void {
    if (typeof content !== 'string' || role === 'tool') this.problems.push(`${at}: its content has the wrong form`)
    else if (isBlank(content)) this.problems.push(`${at}: has no content`)
  }

  #readPart(at: string, role: string, part: unknown): void {
    if (!isFields(part) || !partTypes[role]?.includes(String(part.type))) {
      const type = isFields(part) ? `"${part.type}"` : String(part)
      this.problems.push(`${at}: a message of this role has no part ${type}`)
    } else if (part.type === 'text' && isBlank(part.text)) this.problems.push(`${at}: is a text that says nothing`)
    else if (part.type === 'tool-call') this.#readCall(at, part)
    else if (part.type === 'tool-result') this.#readResult(at, part)
    else if (part.type === 'tool-approval-request') this.#asked.add(part.toolCallId)
  }

  #readCall(at: string, { toolCallId: id, toolName, input, providerExecuted }: Fields): void {
    if (isBlank(id)) this.problems.push(`${at}: is a tool call without an id`)
    if (isBlank(toolName)) this.problems.push(`${at}: tool call ${id} has no name`)
    if (!isFields(input)) this.problems.push(`${at}: the input of tool call ${id} is no object`)
    if (this.#calls.has(id)) this.problems.push(`${at}: there is another tool call ${id}`)
    this.#calls.set(id, { toolName, isProviders: providerExecuted === true, state: 'waiting' })
  }

  #readResult(at: string, { toolCallId: id, toolName, output }: Fields): void {
    const call = this.#calls.get(id)
    if (call === undefined) this.problems.push(`${at}: there is no tool call ${id} before this result`)
    else if (call.state === 'answered') this.problems.push(`${at}: tool call ${id} has another result`)
    else if (call.state === 'given-up') this.problems.push(`${at}: the result of tool call ${id} comes too late`)
    else if (call.toolName !== toolName) {
      this.problems.push(`${at}: the result of tool call ${id} names ${toolName}, the call ${call.toolName}`)
    }
    if (!isFields(output)) this.problems.push(`${at}: the result of tool call ${id} has no output`)
    if (call !== undefined) call.state = 'answered'
  }

  #giveUp(at: string): void {
    for (const [id, call] of this.#calls) {
      if (call.state !== 'waiting' || call.isProviders) continue
      this.problems.push(`${at}: comes before tool call ${id} has a result`)
      call.state = 'given-up'
    }
  }
}

/**
 * What a strict provider refuses in a prompt: instructions anywhere but first, unknown roles and parts, empty content,
 * tool calls not answered by exactly one result before the next user or assistant message, results without a call, two
 * calls with one id, arguments that are not an object. A call that waits for an approval may end the prompt without a
 * result; one that the provider runs itself may be answered at any time.
 *
 * @param messages Of `call.messages`, or model messages of the AI SDK.
 * @returns Problems in words; empty if all is well.
 */
export function promptProblems(messages: readonly PromptMessageLike[]): readonly string[] {
  const reader = new PromptReader()
  for (const [index, message] of messages.entries()) reader.read(message, index)
  reader.end()
  return reader.problems
}
