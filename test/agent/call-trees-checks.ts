// What must hold of a run whose calls wait, whatever was decided, in whatever order, and whoever died.
import type { Run, StoredMessage } from 'aquifer'
import { type PromptMessage, promptProblems, threadProblems } from 'aquifer/testing'
import type { CallPlan, CallTreePlan } from './call-trees-plan.ts'
import { type CallInput, nameOf, type Outcomes } from './call-trees-tools.ts'
import { count, lastWords } from './call-trees-world.ts'

const named = new Set(['complete', 'failed', 'aborted', 'interrupted', 'suspended'])

/** The answer whose calls are those of the plan. */
export function answerIn(stored: readonly StoredMessage[]): StoredMessage | undefined {
  const turnId = stored.find(({ id }) => id === 'go')?.turnId
  return stored.find((message) => message.role === 'assistant' && message.turnId === turnId)
}

function callsIn(stored: readonly StoredMessage[]) {
  return stored.flatMap(({ parts }) => {
    return parts.flatMap((part) => {
      return part.toolCallId === undefined ? [] : [{ name: nameOf(part.input as unknown as CallInput), part }]
    })
  })
}

/** A thread that is not whole, effects that came twice or were denied, results that nobody gave, and data that strayed. */
export function problemsOfThread(stored: readonly StoredMessage[], outcomes: Outcomes): string[] {
  const { effects, denied, told, strayed } = outcomes
  const problems = [...threadProblems(stored), ...strayed]
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

/** What is wrong with a call of a whole answer. */
function problemOfCall(name: string, { kind, isSafe }: CallPlan, state: unknown, effects: number): string | null {
  if (state === undefined) return `call ${name} is not in the answer`
  if (kind === 'client') return null
  count(`${isSafe ? 'safe' : 'unsafe'} ${state}`)
  if (state === 'output-denied') return effects === 0 ? null : `call ${name} was denied and had its effect`
  const isOnce = isSafe || state === 'output-available'
  return isOnce && effects !== 1 ? `call ${name} is ${state} and had its effect ${effects} times` : null
}

/** How it all ended: every run carried on to its end, and each call of it done once. */
export function problemsOfEnd(
  { steps }: CallTreePlan,
  stored: readonly StoredMessage[],
  runs: readonly Run[],
  { effects }: Outcomes,
): string[] {
  const answer = answerIn(stored)
  const calls = new Map(callsIn(answer === undefined ? [] : [answer]).map(({ name, part }) => [name, part.state]))
  const problems = runs.flatMap(({ status, turnId }) => {
    count(`run ${status}`)
    // What has no call yet, or what a conversation has left behind, is not carried on by itself.
    const isLast = stored.at(-1)?.turnId === turnId
    const mayStop = status === 'interrupted' && (calls.size === 0 || turnId !== answer?.turnId || !isLast)
    return status === 'complete' || mayStop ? [] : [`a run is ${status}`]
  })
  if (answer?.turnStatus !== 'complete') return problems
  const said = answer.parts.filter(({ type, text }) => type === 'text' && text === lastWords)
  if (said.length !== 1) problems.push(`the model ended ${said.length} times`)
  for (const [step, plans] of steps.entries()) {
    for (const [place, plan] of plans.entries()) {
      const name = nameOf({ step, place })
      problems.push(
        ...[problemOfCall(name, plan, calls.get(name), effects.get(name) ?? 0)].filter((one) => one !== null),
      )
    }
  }
  return problems
}
