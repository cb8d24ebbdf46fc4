/** Stands for `@ai-sdk/openai`: models that answer by simple rules, so that the examples need no key and no network. */
import { callTool, type ModelCall, type ScriptedModel, scriptedModel } from 'aquifer/testing'

/** What the models were asked, in order, whichever agent asked. */
export const asked: ModelCall[] = []

/** `Call memory_read with {"key":"lead"}` becomes that call, and what the tool answers is said. */
function toolAnswer({ messages, prompt, tools }: ModelCall) {
  const [last] = messages.slice(-1)
  if (last?.role === 'tool' && typeof last.content !== 'string') {
    return last.content.map(({ output }) => JSON.stringify((output as { value?: unknown }).value)).join('\n')
  }
  const [, name, input] = /^Call ([\w-]+) with (\{.*\})$/s.exec(prompt) ?? []
  if (name === undefined || input === undefined || !tools.some((tool) => tool.name === name)) return null
  return callTool(name, JSON.parse(input))
}

/** Questions such as `What's my name?` are answered from what the conversation said: `my name is Ann`. */
function remembered({ said, prompt }: ModelCall): string | null {
  const [, what] = /what's my ([\w ]+)\?/i.exec(prompt) ?? []
  if (what === undefined) return null
  const [, value] = new RegExp(`my ${what} is (\\w+)`, 'i').exec(said.slice(0, -1).join('\n')) ?? []
  return value === undefined ? `I do not know your ${what}.` : `Your ${what} is ${value}.`
}

function answer(call: ModelCall): unknown {
  asked.push(call)
  return toolAnswer(call) ?? remembered(call) ?? `I heard: ${call.prompt}`
}

/** A model of that name. */
export function openai(modelId: string): ScriptedModel {
  return scriptedModel({ provider: 'openai', modelId, answer })
}
