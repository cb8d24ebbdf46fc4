// What must hold of a run whose calls wait, whatever was decided, in whatever order, and whoever died.
import type { Run, StoredMessage } from 'aquifer'
import { type PromptMessage, promptProblems, threadProblems } from 'aquifer/testing'
import type { CallTreePlan } from './call-trees-plan.ts'
import { type CallInput, count, lastWords, nameOf, type Outcomes } from './call-trees-world.ts'

const named = new Set(['complete', 'failed', 'aborted', 'interrupted', 'suspended'])

function callsIn(stored: readonly StoredMessage[]) {
  return stored.flatMap(({ parts, turnStatus }) => {
    return parts.flatMap((part) => {
      return part.toolCallId === undefined
        ? []
        : [{ name: nameOf(part.input as unknown as CallInput), part, turnStatus }]
    })
  })
}

/** The answer whose calls are those of the plan. */
export function answerIn(stored: readonly StoredMessage[]): StoredMessage | undefined {
  const turnId = stored.find(({ id }) => id === 'go')?.turnId
  return stored.find((message) => message.role === 'assistant' && message.turnId === turnId)
}

/** A thread that is not whole, effects that came twice or were denied, and results that nobody gave. */
export function problemsOfThread(stored: readonly StoredMessage[], { effects, denied, told }: Outcomes): string[] {
  const problems = [...threadProblems(stored)]
  for (const { turnStatus } of stored) if (!named.has(turnStatus)) problems.push(`a turn is ${turnStatus}`)
  for (const [name, times] of effects) {
    if (times > 1) problems.push(`call ${name} had its effect ${times} times`)
    if (denied.has(name)) problems.push(`call ${name} was denied and had its effect`)
  }
  for (const { name, part } of callsIn(stored)) {
    if (part.state !== 'output-available') continue
    const isTold = part.type === 'tool-client'
    if (!isTold && effects.get(name) !== 1) problems.push(`call ${name} has a result and had no effect`)
    if (isTold && told.has(name) && JSON.stringify(part.output) !== JSON.stringify(told.get(name))) {
      problems.push(`call ${name} was told ${JSON.stringify(told.get(name))}, not ${JSON.stringify(part.output)}`)
    }
  }
  return problems
}

/** What a strict provider would refuse, and calls that are shown to a model before they have a result. */
export function problemsOfPrompts(prompts: readonly (readonly PromptMessage[])[]): string[] {
  return prompts.flatMap((prompt) => {
    const parts = prompt.flatMap(({ content }) => (typeof content === 'string' ? [] : content))
    const results = new Set(parts.flatMap(({ type, toolCallId }) => (type === 'tool-result' ? [toolCallId] : [])))
    const open = parts.filter(({ type, toolCallId }) => type === 'tool-call' && !results.has(toolCallId))
    const problems = open.map(({ toolCallId }) => `the model was asked while ${toolCallId} waits`)
    return [...promptProblems(prompt), ...problems]
  })
}

/** How it all ended: every turn and every run in a named state, and each call of a whole answer done once. */
export function problemsOfEnd(
  { steps }: CallTreePlan,
  stored: readonly StoredMessage[],
  runs: readonly Run[],
  { effects }: Outcomes,
): string[] {
  const problems: string[] = []
  for (const { status } of runs) {
    count(`run ${status}`)
    if (!named.has(status)) problems.push(`a run is ${status}`)
  }
  const answer = answerIn(stored)
  if (answer === undefined) return problems
  if (answer.turnStatus === 'suspended') problems.push('the turn waits, and no call does')
  if (answer.turnStatus !== 'complete') return problems
  const said = answer.parts.filter(({ type, text }) => type === 'text' && text === lastWords)
  if (said.length !== 1) problems.push(`the model ended ${said.length} times`)
  const calls = new Map(callsIn([answer]).map(({ name, part }) => [name, part]))
  for (const [step, plans] of steps.entries()) {
    for (const [place, { kind }] of plans.entries()) {
      const name = nameOf({ step, place })
      const part = calls.get(name)
      if (part === undefined) problems.push(`call ${name} is not in the answer`)
      else if (kind !== 'client' && part.state === 'output-available' && effects.get(name) !== 1) {
        problems.push(`call ${name} had its effect ${effects.get(name)} times`)
      }
    }
  }
  return problems
}
