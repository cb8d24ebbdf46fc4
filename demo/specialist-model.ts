/** The model of the three specialists: the one that AQUIFER_MODEL names, else a script that answers from what it is shown. */
import type { AgentOptions } from 'aquifer'
import { callTool, callTools, type ModelCall, type ScriptedStep, say, scriptedModel } from 'aquifer/testing'
import { leadKey, names, type Role, roles } from './acme.ts'

export interface SpecialistModel {
  readonly of: (role: Role) => NonNullable<AgentOptions['model']>
  /** For the reader: which one answers, and how to have another one. */
  readonly about: string
}

/** What tools answered last, by the name of the tool; null if the last word was the customer's. */
function toolAnswers({ messages }: ModelCall): Readonly<Record<string, unknown>> | null {
  const last = messages.at(-1)
  if (last?.role !== 'tool' || typeof last.content === 'string') return null
  return Object.fromEntries(
    last.content.map(({ toolName, output }) => [toolName, (output as { value?: unknown }).value]),
  )
}

/** What follows a phrase in what it was shown, such as the number of seats; it knows nothing else. */
function shownAfter({ instructions, said }: ModelCall, phrase: RegExp): string {
  return phrase.exec([instructions, ...said].join('\n'))?.[1] ?? 'unknown'
}

/** The colleagues whose words it was shown, in the order in which they spoke. */
function colleaguesIn({ said }: ModelCall): string {
  const labels = said.flatMap((text) => /^\[from agent (.+)\]$/m.exec(text)?.[1] ?? [])
  return [...new Set(labels)].map((name) => `the ${name}`).join(' and ') || 'nobody'
}

function sales(call: ModelCall): ScriptedStep {
  const company = shownAfter(call, /We are ([\w ]+),/)
  const seats = Number(shownAfter(call, /(\d+) people/))
  if (toolAnswers(call) !== null) {
    return say(`Gladly: ${seats} seats for ${company}. The ${names.implementation} will set them up with you.`)
  }
  const contact = shownAfter(call, /My name is (\w+)/)
  return callTools([
    { toolName: 'memory_write', input: { key: leadKey, value: { company, seats, status: 'qualified' } } },
    { toolName: 'updateWorkingMemory', input: { contact, plan: 'enterprise' } },
  ])
}

function implementation(call: ModelCall): ScriptedStep {
  const answers = toolAnswers(call)
  if (answers === null) return callTool('memory_read', { key: leadKey })
  const start = shownAfter(call, /start on (\w+)/)
  if ('memory_read' in answers) {
    return callTools([
      { toolName: 'memory_merge', input: { key: leadKey, patch: { status: 'onboarding', start } } },
      { toolName: 'updateWorkingMemory', input: { start } },
    ])
  }
  const { seats } = (answers.memory_merge as { value: { seats?: unknown } }).value
  const contact = shownAfter(call, /"contact": "(\w+)"/)
  return say(`Yes, ${contact}. From ${colleaguesIn(call)} I know what you need: I set up ${seats} seats on ${start}.`)
}

function support(call: ModelCall): ScriptedStep {
  const answers = toolAnswers(call)
  if (answers === null) return callTool('memory_read', { key: leadKey })
  const { seats, status } = answers.memory_read as Readonly<Record<string, unknown>>
  const contact = shownAfter(call, /"contact": "(\w+)"/)
  const start = shownAfter(call, /"start": "(\w+)"/)
  return say(
    `Sorry, ${contact}. I read what ${colleaguesIn(call)} said. Your ${seats} seats have the status ${status} and open on ${start}: I open yours now.`,
  )
}

const rules: Readonly<Record<Role, (call: ModelCall) => ScriptedStep>> = { sales, implementation, support }

/** The model that the environment names, or the script. */
export function specialistModel(wanted: string | undefined): SpecialistModel {
  if (wanted !== undefined && wanted !== '') {
    return { of: () => wanted, about: `The model is ${wanted}; without AQUIFER_MODEL a script answers, offline.` }
  }
  const scripts = new Map(
    roles.map((role) => [
      role,
      scriptedModel({ provider: 'script', modelId: role, toolCallPrefix: `call_${role}`, answer: rules[role] }),
    ]),
  )
  return {
    of: (role) => scripts.get(role) as NonNullable<AgentOptions['model']>,
    about: 'The model is a script, offline. A real one: AQUIFER_MODEL=openai/gpt-5.4 OPENAI_API_KEY=… npm run demo',
  }
}
