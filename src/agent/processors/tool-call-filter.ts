/** A processor that drops earlier tool calls from a prompt. */
import type { ModelMessage } from 'ai'
import { check, fieldsOf, isText } from '../../domain/option-checks.ts'
import type { Processor } from './processor.ts'

/** The fields that identify a part of a model message. */
interface ShownPart {
  readonly type: string
  readonly toolName?: string
  readonly toolCallId?: string
  readonly approvalId?: string
}

/**
 * Drops the calls of earlier exchanges, with their results, from the prompt: of all tools, or of the named ones. Memory
 * keeps them. Calls after the user's last message stay, because the model still works on them.
 */
export class ToolCallFilter implements Processor {
  /** Its name in errors. */
  readonly id = 'tool-call-filter'
  readonly #exclude: ReadonlySet<string> | null

  /**
   * Names the tools.
   *
   * @param options `exclude`: names of the tools whose calls are dropped. Default: all tools.
   * @throws MemoryError `invalid-input` for another option, or for anything other than a list of names.
   */
  constructor(options: { readonly exclude?: readonly string[] } = {}) {
    const fields = fieldsOf(options, 'ToolCallFilter', ['exclude'])
    check(fields, 'exclude', 'must be a list of tool names', `Pass ['search'], or leave it out for all.`, (value) => {
      return Array.isArray(value) && value.every(isText)
    })
    this.#exclude = options.exclude === undefined ? null : new Set(options.exclude)
  }

  /** Returns the messages without those calls and results. Called by agents before each call of the model. */
  processContext({ messages }: { readonly messages: readonly ModelMessage[] }): readonly ModelMessage[] {
    const last = messages.findLastIndex(({ role }) => role === 'user')
    const hidden = new Set<string>()
    return messages.flatMap((message, index): readonly ModelMessage[] => {
      if (index > last || typeof message.content === 'string') return [message]
      if (message.role !== 'assistant' && message.role !== 'tool') return [message]
      const content = (message.content as readonly ShownPart[]).filter((part) => !this.#isHidden(part, hidden))
      return content.length === 0 ? [] : [{ ...message, content } as ModelMessage]
    })
  }

  /** Whether a part is a call of an excluded tool, or about one. */
  #isHidden(part: ShownPart, hidden: Set<string>): boolean {
    const { type, toolName, toolCallId, approvalId } = part
    if (toolCallId !== undefined && hidden.has(toolCallId)) {
      if (approvalId !== undefined) hidden.add(approvalId)
      return true
    }
    if (type === 'tool-approval-response') return approvalId !== undefined && hidden.has(approvalId)
    if (type !== 'tool-call' && type !== 'tool-result') return false
    if (toolName === undefined || !(this.#exclude?.has(toolName) ?? true)) return false
    if (toolCallId !== undefined) hidden.add(toolCallId)
    return true
  }
}
