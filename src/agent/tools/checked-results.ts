/** Tools whose results are checked: one that cannot be stored is an error, as if the tool had thrown it. */
import type { ToolSet } from 'ai'
import { resultBytes } from './result-json.ts'
import { type ResultRoom, resultOfTool } from './result-room.ts'

type Execute = (input: unknown, options: object) => unknown

function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}

/** Runs a tool. Of several answers the last one counts, so only that one takes room. */
function checked(name: string, answer: unknown, keep: (bytes: number) => void): unknown {
  if (isStream(answer)) {
    return (async function* () {
      let bytes = 0
      for await (const output of answer) {
        bytes = resultBytes(name, output)
        yield output
      }
      keep(bytes)
    })()
  }
  return (async () => {
    const output = await answer
    keep(resultBytes(name, output))
    return output
  })()
}

/**
 * The tools, with results that are JSON.
 *
 * @param room Of the answer that stores them; null if nothing is stored.
 */
export function withCheckedResults(tools: ToolSet, room: ResultRoom | null): ToolSet {
  const all = Object.entries(tools).map(([name, tool]) => {
    const execute = tool.execute as Execute | undefined
    if (execute === undefined) return [name, tool] as const
    const keep = (bytes: number) => room?.take(resultOfTool(name), bytes)
    const run: Execute = (input, options) => checked(name, execute.call(tool, input, options), keep)
    return [name, { ...tool, execute: run }] as const
  })
  return Object.fromEntries(all) as ToolSet
}
