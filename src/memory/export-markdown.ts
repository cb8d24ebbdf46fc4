/** An export as a text for people: what is held at present, in the order in which one would ask. */
import type { Author } from '../domain/actor.ts'
import type { Json } from '../domain/json.ts'
import type { BlockState } from '../domain/records/block.ts'
import type { EntryState } from '../domain/records/entry.ts'
import type { FactState } from '../domain/records/fact.ts'
import type { Message, MessagePart } from '../domain/records/message.ts'
import type { RunState } from '../domain/records/run.ts'
import type { ExportedResource, ExportedSpace, ExportedThread, FoundCopy } from './answers/exported.ts'

/** A value on lines of its own, which no text in it can end. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([marks]) => marks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}${language}\n${text}\n${fence}`
}

function shownJson(value: Json): string {
  return fenced(JSON.stringify(value, null, 2), 'json')
}

/** A text as one paragraph that has no markup of its own. */
function quoted(text: string): string {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => `> ${line}`)
    .join('\n')
}

/** A text within a line. */
function inline(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>#|]/g, '\\$&')
}

function nameOf({ kind, id, name }: Author): string {
  return inline(name === undefined || name === id ? `${kind} ${id}` : `${kind} ${id} (${name})`)
}

function shownPart(part: MessagePart): string {
  if ((part.type === 'text' || part.type === 'reasoning') && typeof part.text === 'string') return quoted(part.text)
  return shownJson(part as Json)
}

function shownMessage(message: Message): string {
  const state = message.replacedBy === undefined ? '' : ', replaced since'
  const parts = message.parts.filter(({ type }) => type !== 'step-start').map(shownPart)
  return [`**${nameOf(message.author)}**, ${message.createdAt}${state}`, ...parts].join('\n\n')
}

function shownBlock({ name, value, updatedAt }: BlockState): string {
  const text = typeof value === 'string' ? quoted(value) : shownJson(value)
  return `**${inline(name)}**, ${updatedAt}\n\n${text}`
}

function shownThread(thread: ExportedThread): string {
  const title = thread.title === null ? thread.id : `${thread.title} (${thread.id})`
  const messages = thread.messages.length === 0 ? ['No messages.'] : thread.messages.map(shownMessage)
  return [
    `### ${inline(title)}`,
    `Begun ${thread.createdAt}.`,
    ...thread.workingMemory.map(shownBlock),
    ...messages,
  ].join('\n\n')
}

function shownFact(fact: FactState): string {
  const { text, assertedBy, createdAt, validFrom, validTo, status } = fact
  const until = validTo === null ? '' : ` to ${validTo}`
  const state = status === 'current' ? '' : `, ${status}`
  return `- ${inline(text)} (said by ${nameOf(assertedBy)} on ${createdAt}, holds from ${validFrom}${until}${state})`
}

function shownEntry({ key, value, updatedAt, writtenBy }: EntryState): string {
  return `**${inline(key)}**, ${updatedAt}, by ${nameOf(writtenBy)}\n\n${shownJson(value)}`
}

function shownRun({ kind, name, startedAt, status, id }: RunState): string {
  return `- ${kind} ${inline(name)}, ${startedAt}, ${status} (${id})`
}

function section<Item>(title: string, items: readonly Item[], show: (item: Item) => string, gap = '\n\n'): string[] {
  return items.length === 0 ? [] : [`## ${title}`, items.map(show).join(gap)]
}

function shownSpace(space: ExportedSpace): string {
  return [
    `# ${inline(space.space.id)}`,
    ...section('Conversations', space.threads, shownThread),
    ...section('Working memory', space.workingMemory, shownBlock),
    ...section('Facts', space.facts, shownFact, '\n'),
    ...section('Entries', space.entries, shownEntry),
    ...section('What agents and workflows did', space.runs, shownRun, '\n'),
  ].join('\n\n')
}

/** What a copy is, and its name in its space. */
function nameOfCopy(copy: FoundCopy): string {
  if (copy.kind === 'thread') return copy.threadId
  if (copy.kind === 'entry') return `entry ${copy.key}`
  if (copy.kind === 'working-memory') return `working memory ${copy.name}`
  return `${copy.kind} ${copy.id}`
}

/** The present content of an export in Markdown. Texts of people and models cannot change its form. */
export function exportMarkdown({ resourceId, exportedAt, spaces, copies }: ExportedResource): string {
  const about = `Everything that is held on ${inline(resourceId)}, ${exportedAt}.`
  const elsewhere = copies.map((copy) => `- ${inline(nameOfCopy(copy))} in ${inline(copy.space)}`)
  const rest = copies.length === 0 ? [] : ['# Copies elsewhere', elsewhere.join('\n')]
  const content = spaces.length === 0 ? ['Nothing is held.'] : spaces.map(shownSpace)
  return `${[about, ...content, ...rest].join('\n\n')}\n`
}
