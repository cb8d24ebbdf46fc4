/** Titles of threads, made by the model in the background from the first exchange. */

import type { LanguageModelObject } from '../../derive/provider-model.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { ResolvedTitleOptions } from '../../ports/behaviour.ts'
import { loadSdk } from '../sdk.ts'

const usualInstructions =
  'Write a title for the conversation: at most six words, in the language of the conversation, no quotes, no full stop. Answer with the title alone.'

/** How much of each message the model sees, UTF-16 units. */
const shownLength = 1_000

function textOf(parts: readonly MessagePart[]): string {
  const texts = parts.flatMap(({ type, text }) => (type === 'text' ? [String(text)] : []))
  return texts.join('\n').slice(0, shownLength).toWellFormed()
}

/** Tags in which models think aloud, also where no provider takes the thoughts out. */
const thoughtStart = /<(?:think|thinking|thought|reasoning|analysis|reflection)>/i
const thoughtEnd = /<\/(?:think|thinking|thought|reasoning|analysis|reflection)>/i

/**
 * A text without what its model thought. What follows a tag that is not closed is thought; so is what comes before an end
 * without a beginning, as some templates leave it.
 */
function withoutThoughts(text: string): string {
  const pieces = text.split(thoughtEnd)
  const last = pieces.length - 1
  const said = pieces.map((piece, at) => {
    const start = piece.search(thoughtStart)
    if (start >= 0) return piece.slice(0, start)
    return at < last ? '' : piece
  })
  return said.join(' ')
}

const before = /^(?:[\s"'“”„«»*_`]|#+\s)+/
const behind = /(?<![\s"'“”«»*_`.])[\s"'“”«»*_`.]+$/
const label = /^(?:title|titel|titre|título|titolo|заголовок|标题|タイトル)["'“”*_`]*\s?[:：]/iu

/** The title in a model's answer: one line, without thoughts, label, quotes and marks. */
export function titleIn(answer: string, maxChars: number): string {
  const line = withoutThoughts(answer).replace(/\s+/g, ' ')
  const title = line.replace(before, '').replace(label, '').replace(before, '').replace(behind, '')
  if (title.length <= maxChars) return title.toWellFormed()
  // Not half of a character.
  const cut = title.slice(0, maxChars).replace(/[\ud800-\udbff]$/, '')
  const space = title[maxChars] === ' ' ? maxChars : cut.lastIndexOf(' ')
  return cut
    .slice(0, space > 0 ? space : maxChars)
    .toWellFormed()
    .trim()
}

/** How titles are made for one call. */
interface Titling extends Omit<ResolvedTitleOptions, 'model'> {
  readonly model: LanguageModelObject
}

/**
 * Gives a thread a title if it has none. Never replaces a title, not even one that is set meanwhile.
 *
 * @throws The error of the model or the memory. The thread then has no title; nothing else happens.
 */
export async function giveTitle(
  space: AgentSpace,
  threadId: string,
  { model, instructions, maxChars }: Titling,
  said: { readonly question: string; readonly answer: readonly MessagePart[] },
): Promise<void> {
  const { record: thread } = await space.threads.get(threadId)
  if (thread === null || thread.deleted || thread.title !== null) return
  const { generateText } = await loadSdk()
  const prompt = `User: ${said.question.slice(0, shownLength).toWellFormed()}\n\nAssistant: ${textOf(said.answer)}`
  const { text } = await generateText({
    model,
    instructions: instructions ?? usualInstructions,
    prompt,
    abortSignal: space.stopping,
  })
  const title = titleIn(text, maxChars)
  if (title === '') return
  const expect = [{ version: thread.version, of: { thread: threadId } }] as const
  await space.commitAs('titles', [{ kind: 'thread-put', threadId, title }], expect)
}
