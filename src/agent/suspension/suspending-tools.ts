/** Tools whose calls can be suspended. The AI SDK gets no result of a suspended call that anybody would see. */
import type { ToolSet } from 'ai'
import { suspending } from '../tools/tool.ts'
import type { CallSuspension, Suspensions } from './suspensions.ts'

type Execute = (input: unknown, options: { readonly toolCallId: string }) => unknown
type ToModelOutput = (options: { readonly toolCallId: string }) => unknown

function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}

/** The answer of a call. That of a suspended one is nothing: results are recognised as such by the ids of their calls. */
async function settled(call: CallSuspension, answer: () => unknown): Promise<unknown> {
  let outcome: { readonly value: unknown } | { readonly error: unknown }
  try {
    outcome = { value: await answer() }
  } catch (error) {
    outcome = { error }
  }
  if (await call.end()) return undefined
  if ('error' in outcome) throw outcome.error
  return outcome.value
}

/** The answers of a call up to its suspension. */
async function* streamed(call: CallSuspension, answers: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  let failure: { readonly error: unknown } | null = null
  try {
    for await (const answer of answers) {
      // Leaving the loop ends the tool's own generator.
      if (call.isAsked) break
      yield answer
    }
  } catch (error) {
    failure = { error }
  }
  if (!(await call.end()) && failure !== null) throw failure.error
}

/** The tools of a call whose turn may be suspended. */
export function suspendingTools(tools: ToolSet, suspensions: Suspensions): ToolSet {
  const all = Object.entries(tools).map(([toolName, tool]) => {
    const execute = tool.execute as Execute | undefined
    if (execute === undefined) return [toolName, tool] as const
    const run: Execute = (input, options) => {
      const call = suspensions.begin({ toolCallId: options.toolCallId, toolName, input })
      let answer: unknown
      try {
        answer = execute.call(tool, input, { ...options, [suspending]: call } as never)
      } catch (error) {
        return settled(call, () => Promise.reject(error))
      }
      return isStream(answer) ? streamed(call, answer) : settled(call, () => answer)
    }
    const toModelOutput = tool.toModelOutput as ToModelOutput | undefined
    if (toModelOutput === undefined) return [toolName, { ...tool, execute: run }] as const
    // The AI SDK asks for the model's view of each result, and a suspended call has none.
    const shows: ToModelOutput = (options) => {
      if (suspensions.suspended.has(options.toolCallId)) return { type: 'json', value: null }
      return toModelOutput.call(tool, options)
    }
    return [toolName, { ...tool, execute: run, toModelOutput: shows }] as const
  })
  return Object.fromEntries(all) as ToolSet
}
