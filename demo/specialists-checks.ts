/** The check of the specialists: who spoke, what each was shown and what is stored. No word of a model decides it. */
import type { Memory, StoredMessage } from 'aquifer'
import { leadKey, names, resourceId, roles, teamId, threadId } from './acme.ts'
import type { Check } from './checks.ts'
import { detailsOf, type Played } from './specialists.ts'

function textsOf(message: StoredMessage | undefined): string[] {
  return (message?.parts ?? []).flatMap((part) => (part.type === 'text' ? [String(part.text)] : []))
}

const isToolCall = ({ type }: { readonly type: string }) => type.startsWith('tool-')

/** One conversation: a question and its answer in each turn, everyone under a name of their own. */
async function checkConversation(memory: Memory, played: readonly Played[]): Promise<Check[]> {
  const { messages } = await memory.listMessages({ resourceId, threadId, perPage: false })
  const authors = messages.map(({ author }) => author.name ?? author.id)
  const wanted = roles.flatMap((role) => [resourceId, names[role]])
  const isWhole = messages.every(({ turnStatus, parts }) => turnStatus === 'complete' && parts.length > 0)
  const shown = played.flatMap(({ messages: own }) => own).flatMap(({ parts }) => parts.filter(isToolCall))
  const hidden = messages.flatMap(({ parts }) => parts.filter(isToolCall))
  return [
    {
      ok: authors.join() === wanted.join() && isWhole,
      text: `${messages.length} messages in one conversation, by ${new Set(authors).size} authors, each answer behind its question`,
    },
    {
      ok: shown.length > 0 && hidden.length === 0,
      text: `what the agents did in memory (${shown.length} calls) stays out of the conversation, and in the record`,
    },
  ]
}

/** A text without what memory puts in front of words that look like its own labels and fences. */
function asSaid(text: string): string {
  return text.replaceAll('\\[', '[').replaceAll('&lt;', '<')
}

/** Whether a prompt has all that an agent said in its answer, its name in front. */
function isShownIn({ prompt }: Played, { role, messages }: Played): boolean {
  const [first, ...others] = textsOf(messages.at(-1))
  const labelled = `[from agent ${names[role]}]\n${first}`
  const hasText = (text: string) => prompt.messages.some((message) => asSaid(message.text).includes(asSaid(text)))
  return first !== undefined && hasText(labelled) && others.every(hasText)
}

/** Each agent was shown all that was said before, the others' answers under their names. */
function checkShown(played: readonly Played[]): Check[] {
  const labelled = played.map((one, index) => played.slice(0, index).filter((before) => isShownIn(one, before)).length)
  const ids = played.flatMap(({ messages }) => messages.map(({ id }) => id))
  const isRecorded = played.every(({ run, messages }) => {
    const until = ids.indexOf(messages[0]?.id ?? '') + 1
    return (
      detailsOf(run)
        .seen?.messages.map(({ id }) => id)
        .join() === ids.slice(0, until).join()
    )
  })
  return [
    {
      ok: labelled.join() === roles.map((_, index) => index).join(),
      text: `answers of others that each was shown, under the name of who gave it: ${labelled.join(', ')}`,
    },
    { ok: isRecorded, text: 'the record of each answer names the messages that it was given from, all before it' },
  ]
}

/** What one noted about the customer stood in the next one's prompt, in that very version. */
function checkNotes(played: readonly Played[]): Check {
  const isShown = played.slice(1).map(({ run, prompt }, index) => {
    const { notes = null } = played[index] ?? {}
    const fields = Object.entries((notes?.value ?? {}) as Readonly<Record<string, unknown>>)
    const isThere = fields.every(([name, value]) => prompt.instructions.includes(`"${name}": ${JSON.stringify(value)}`))
    return fields.length > 0 && isThere && detailsOf(run).seen?.block?.version === notes?.version
  })
  const versions = played.map(({ notes }) => notes?.version ?? 'none')
  return {
    ok: isShown.length === roles.length - 1 && isShown.every(Boolean),
    text: `what one noted about the customer stood in the next one's prompt (versions ${versions.slice(0, -1).join(', ')})`,
  }
}

/** The key that they share: written by one, merged by another, read by the third, no field lost on the way. */
async function checkLead(memory: Memory, played: readonly Played[]): Promise<Check[]> {
  const team = memory.team(teamId)
  const history = (await team.history(leadKey)).toSorted((left, right) => left.version - right.version)
  const first = history[0]
  const last = await team.get(leadKey)
  const fieldsOf = (value: unknown) => Object.keys((value ?? {}) as object)
  const lost = fieldsOf(first?.value).filter((field) => !fieldsOf(last?.value).includes(field))
  const readers = played.filter(({ run }) => detailsOf(run).memoryCalls?.some(({ tool }) => tool === 'memory_read'))
  const fate =
    lost.length === 0 ? `no field lost: ${fieldsOf(first?.value).join(', ')}` : `fields lost: ${lost.join(', ')}`
  const byWhom = `written by ${first?.by.name ?? 'nobody'}, merged by ${last?.writtenBy.name ?? 'nobody'}`
  return [
    {
      ok: first?.by.name === names.sales && last?.writtenBy.name === names.implementation && lost.length === 0,
      text: `${leadKey}: ${byWhom}, ${fate}`,
    },
    {
      ok: ['implementation', 'support'].every((role) => readers.some((reader) => reader.role === role)),
      text: `read by ${readers.map(({ role }) => names[role]).join(' and ') || 'nobody'}, through memory alone`,
    },
  ]
}

async function checkRuns(memory: Memory, played: readonly Played[]): Promise<Check> {
  const { runs } = await memory.listRuns({ resourceId, threadId })
  const listed = runs.map(({ id, agentId, status }) => `${id} ${agentId} ${status}`)
  const wanted = played.map(({ run }) => `${run.id} ${run.actor.id} complete`).toReversed()
  return { ok: listed.join() === wanted.join(), text: `${runs.length} runs are recorded, each ${runs[0]?.status}` }
}

/** Holds what was said against what the memory has and what each model was shown. */
export async function checkSpecialists(memory: Memory, played: readonly Played[]): Promise<Check[]> {
  return [
    ...(await checkConversation(memory, played)),
    ...checkShown(played),
    checkNotes(played),
    ...(await checkLead(memory, played)),
    await checkRuns(memory, played),
  ]
}
