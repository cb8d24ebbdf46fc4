/** Which calls of tools need a person's approval: as the tool says, or else as the agent and the call say. */
import type { ToolSet } from 'ai'
import type { RequestContext } from '../request-context.ts'
import { isInternalTool } from './memory-scope.ts'

/** A call of a tool, as `requireToolApproval` gets it. */
export interface AskedToolCall {
  /** The tool's name. */
  readonly toolName: string
  /** The input of the call. */
  readonly input: unknown
  /** The same as `input`. */
  readonly args: unknown
  /** The id of the call. */
  readonly toolCallId: string
  /** What the caller passed for this request. */
  readonly requestContext: RequestContext
}

/** Whether calls of tools need a person's approval; a function decides about each call. */
export type RequireToolApproval = boolean | ((call: AskedToolCall) => boolean | PromiseLike<boolean>)

/** What decides where a tool does not. */
interface ApprovalRules {
  readonly rule: RequireToolApproval
  readonly requestContext: RequestContext
  /** Told of a function that failed: a person is asked then. */
  readonly onFailed: (toolName: string, error: unknown) => void
}

type Asks = (input: unknown, call: { readonly toolCallId: string }) => boolean | PromiseLike<boolean>

/** The tool's own rule, or the agent's where the tool states none; null if nobody is asked. */
function ruleOf(name: string, tool: ToolSet[string], { rule, requestContext }: ApprovalRules): boolean | Asks {
  const own = tool.needsApproval as boolean | Asks | undefined
  if (own === true || typeof own === 'function') return own
  // What the client runs, a person sees anyway. Tools of memory are hidden from user interfaces, so nobody could answer.
  if (tool.execute === undefined || isInternalTool(tool)) return false
  if (typeof rule === 'boolean') return rule
  return (input, { toolCallId }) => rule({ toolName: name, input, args: input, toolCallId, requestContext })
}

/** The tools with the rules of their approval. The AI SDK's `toolApproval` is asked before these. */
export function withApprovals(tools: ToolSet, rules: ApprovalRules): ToolSet {
  const all = Object.entries(tools).map(([name, tool]) => {
    const asks = ruleOf(name, tool, rules)
    if (typeof asks === 'boolean') return [name, asks ? { ...tool, needsApproval: true } : tool] as const
    const needsApproval: Asks = async (input, call) => {
      try {
        return await asks.call(tool, input, call)
      } catch (error) {
        rules.onFailed(name, error)
        return true
      }
    }
    return [name, { ...tool, needsApproval }] as const
  })
  return Object.fromEntries(all) as ToolSet
}
