/** Titles of threads, made by the model in the background from the first exchange. */

import type { LanguageModelObject } from '../../derive/provider-model.ts'
import type { MessagePart } from '../../domain/records/message.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import { loadSdk } from '../sdk.ts'

const instructions =
  'Write a title for the conversation: at most six words, in the language of the conversation, no quotes, no full stop. Answer with the title alone.'

/** How much of each message the model sees, UTF-16 units. */
const shownLength = 1_000
const longestTitle = 120

function textOf(parts: readonly MessagePart[]): string {
  const texts = parts.flatMap(({ type, text }) => (type === 'text' ? [String(text)] : []))
  return texts.join('\n').slice(0, shownLength).toWellFormed()
}

/**
 * Gives a thread a title if it has none. Never replaces a title, not even one that is set meanwhile.
 *
 * @throws The error of the model or the memory. The thread then has no title; nothing else happens.
 */
export async function giveTitle(
  space: AgentSpace,
  threadId: string,
  model: LanguageModelObject,
  said: { readonly question: string; readonly answer: readonly MessagePart[] },
): Promise<void> {
  const { record: thread } = await space.threads.get(threadId)
  if (thread === null || thread.deleted || thread.title !== null) return
  const { generateText } = await loadSdk()
  const prompt = `User: ${said.question.slice(0, shownLength).toWellFormed()}\n\nAssistant: ${textOf(said.answer)}`
  const { text } = await generateText({ model, instructions, prompt, abortSignal: space.stopping })
  const title = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^["'“”]+/, '')
    .replace(/(?<!["'“”.])["'“”.]+$/, '')
    .slice(0, longestTitle)
    .toWellFormed()
    .trim()
  if (title === '') return
  const expect = [{ version: thread.version, of: { thread: threadId } }] as const
  await space.commitAs('titles', [{ kind: 'thread-put', threadId, title }], expect)
}
