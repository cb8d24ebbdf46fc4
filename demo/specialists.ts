/** Three specialists in one conversation with a customer: what one says, notes or stores, the next one is shown. */
import { pathToFileURL } from 'node:url'
import { Agent, Memory, type Run, type StoredMessage } from 'aquifer'
import { z } from 'zod'
import { leadKey, names, type Role, resourceId, roles, teamId, threadId } from './acme.ts'
import type { Check } from './checks.ts'
import type { SpecialistModel } from './specialist-model.ts'
import { checkSpecialists } from './specialists-checks.ts'

/** A prompt as a model got it. */
export interface Prompt {
  readonly instructions: string
  readonly messages: readonly { readonly role: string; readonly text: string }[]
}

/** What one agent did: its run, what it was shown, and what was noted about the customer afterwards. */
export interface Played {
  readonly role: Role
  readonly run: Run
  readonly prompt: Prompt
  /** The customer's question, and the answer with the calls of memory's own tools. */
  readonly messages: readonly StoredMessage[]
  /** Version and text of the notes once the agent was done; null if there are none. */
  readonly notes: { readonly version: number; readonly value: unknown } | null
}

type Print = (line: string) => void

/** Where what is said begins. */
const columns = 27
const lineWidth = 112

const instructions: Readonly<Record<Role, string>> = {
  sales: `You are a sales specialist. Before you answer, store the lead with memory_write under the key ${leadKey} (company, seats, status: qualified) and note the contact and the plan with updateWorkingMemory. Answer in two sentences.`,
  implementation: `You are an implementation specialist. Before you answer, read ${leadKey} with memory_read, set its status to onboarding and the start with memory_merge, and note the start with updateWorkingMemory. Answer in two sentences.`,
  support: `You are a support specialist. Before you answer, read ${leadKey} with memory_read. Answer in three sentences.`,
}

const questions: Readonly<Record<Role, string>> = {
  sales: `I'm interested in your enterprise plan. My name is Ann. We are Acme Corp, 200 people.`,
  implementation: 'Can you help me implement the enterprise plan? We want to start on Monday.',
  support: `I'm having an issue with my implementation: I cannot sign in.`,
}

/** What the specialists note about a customer, for each other. */
const notes = z.object({ contact: z.string().optional(), plan: z.string().optional(), start: z.string().optional() })

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  return (content as { text?: string }[]).flatMap(({ text }) => text ?? []).join('\n')
}

/** A text in lines of at most so many characters, a long word alone apart. */
function linesOf(text: string, width: number): string[] {
  const line = new RegExp(`\\S.{0,${width - 1}}(?=\\s|$)|\\S+`, 'gu')
  return text.split('\n').flatMap((part) => (part.length <= width ? [part] : (part.match(line) ?? [])))
}

/** A text beside who said it or what it is. */
function beside(who: string, text: string, columns: number): string[] {
  const lines = linesOf(text, lineWidth - columns)
  return lines.map((line, index) => `${(index === 0 ? who : '').padEnd(columns)}${line}`.trimEnd())
}

function spokenIn({ parts }: StoredMessage): string {
  return parts.flatMap((part) => (part.type === 'text' ? [String(part.text)] : [])).join('\n')
}

/** What an agent did with memory's tools: `memory_write lead_acme`. */
function memoryCalls({ parts }: StoredMessage): string[] {
  return parts.flatMap(({ type, input }) => {
    const { key } = (input ?? {}) as { key?: unknown }
    return type.startsWith('tool-') ? [[type.slice('tool-'.length), key ?? []].flat().join(' ')] : []
  })
}

/** One utterance, and behind it what was done in memory for it. */
function conversationLines(message: StoredMessage): string[] {
  const who = message.role === 'user' ? 'Customer' : (message.author.name ?? message.author.id)
  const calls = memoryCalls(message)
  const done = calls.length === 0 ? [] : beside('', `(in memory: ${calls.join(', ')})`, columns)
  return [...beside(who, spokenIn(message), columns), ...done]
}

/** The customer asks, one specialist answers, knowing only what memory shows it. */
async function ask(memory: Memory, model: SpecialistModel, role: Role, print: Print): Promise<Played> {
  const agent = new Agent({ name: names[role], instructions: instructions[role], model: model.of(role), memory })
  let prompt: Prompt | null = null
  let failure: string | null = null
  const answer = await agent.stream(questions[role], {
    resourceId,
    threadId,
    onStart: ({ instructions: own, messages }) => {
      const said = messages.map(({ role: speaker, content }) => ({ role: speaker, text: textOf(content) }))
      prompt = { instructions: [own ?? []].flat().map(textOf).join('\n\n'), messages: said }
    },
    onError: ({ error }) => {
      failure = error instanceof Error ? error.message : String(error)
    },
  })
  await answer.finished
  if (failure !== null) throw new Error(`The model of the ${names[role]} failed: ${failure}`)
  const run = await memory.getRun(answer.runId ?? '')
  if (run === null || prompt === null) throw new Error(`The run of ${names[role]} is not there.`)
  const page = await memory.listMessages({ resourceId, threadId, perPage: false, includeInternal: true })
  const messages = page.messages.filter(({ turnId }) => turnId === answer.turnId)
  for (const line of messages.flatMap(conversationLines)) print(`  ${line}`)
  const kept = await memory.getWorkingMemory({ resourceId })
  return { role, run, prompt, messages, notes: kept === null ? null : { version: kept.version, value: kept.value } }
}

function promptLines({ instructions: text, messages }: Prompt): string[] {
  return [...linesOf(text, lineWidth), '', ...messages.flatMap(({ role, text: said }) => beside(`${role}:`, said, 12))]
}

interface Details {
  readonly model?: string
  readonly steps?: number
  readonly seen?: {
    readonly messages: readonly { readonly id: string; readonly author: { readonly id: string } }[]
    readonly block: { readonly version: number | null } | null
    readonly tokens: { readonly total: number }
  }
  readonly memoryCalls?: readonly { readonly tool: string }[]
}

/** The details of an agent's run, as far as this scene looks at them. */
export function detailsOf({ details }: Run): Details {
  return details as Details
}

function runLines(run: Run): string[] {
  const { model, steps, seen, memoryCalls: calls = [] } = detailsOf(run)
  const authors = new Set(seen?.messages.map(({ author }) => author.id))
  return [
    ...beside('how it ended', `${run.status}, after ${steps} calls of ${model}`, columns),
    ...beside('what it was given from', `${seen?.messages.length} messages by ${authors.size} authors`, columns),
    ...beside('what that cost', `some ${seen?.tokens.total} tokens`, columns),
    ...beside('notes that it was shown', `version ${seen?.block?.version}`, columns),
    ...beside('what it used of memory', calls.map(({ tool }) => tool).join(', '), columns),
  ]
}

/** Plays the scene, and holds what was shown and stored against what was said. */
export async function playSpecialists(path: string, model: SpecialistModel, print: Print): Promise<Check[]> {
  const options = { team: teamId, workingMemory: { schema: notes } }
  await using memory = new Memory({ storage: pathToFileURL(path).href, embedder: false, options })
  const played: Played[] = []
  for (const role of roles) played.push(await ask(memory, model, role, print))
  const last = played.at(-1)
  if (last === undefined) return []
  print(`\nWhat memory showed the model of the ${names[last.role]}, which was told nothing else:\n`)
  for (const line of promptLines(last.prompt)) print(`  │ ${line}`.trimEnd())
  print('\nThe record of that answer, from memory.getRun:\n')
  for (const line of runLines(last.run)) print(`  ${line}`)
  // Awaited here: the memory is open until then.
  return await checkSpecialists(memory, played)
}
