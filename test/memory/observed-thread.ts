// One observed thread whose messages each name a town: what an agent does around a turn, and what must hold at any time.

import type { StoredMessage } from 'aquifer'
import type { LanguageModelObject } from '../../src/derive/provider-model.ts'
import { noteOf } from '../../src/domain/records/observation.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import type { Memory } from '../../src/facade/memory.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import { readyForTurn } from '../../src/memory/observations/before-turn.ts'
import { type ObservedThread, observeThread } from '../../src/memory/observations/observe.ts'
import { notesAfter, notesOf, readHead } from '../../src/memory/observations/read-notes.ts'
import { messagesBehind } from '../../src/memory/observations/unobserved.ts'
import { observationFrom } from '../../src/memory/options/observational.ts'
import type { ObservationalMemoryOptions } from '../../src/ports/observational-memory.ts'

export const observedWhere = { resourceId: 'ann', threadId: 'trip' }

const marked = /Town\d+x/g
export const townsIn = (text: string): readonly string[] => text.match(marked) ?? []

/**
 * What an agent does before and after a turn: shows notes that were made ahead, waits for them, and makes more ahead. Answers what
 * the last of it did; null if there is no thread.
 */
export async function noteAround(
  memory: Memory,
  stated: ObservationalMemoryOptions,
  model: LanguageModelObject | null = null,
  threadId = observedWhere.threadId,
): Promise<ObservedThread | null> {
  const door = resourceSpace(coreOf(memory), observedWhere.resourceId)
  const request = { options: observationFrom(stated), model, report: () => {} }
  await readyForTurn(door, threadId, { ...request, signal: undefined })
  const { record } = await door.threads.get(threadId)
  return record === null ? null : observeThread(door, record, { ...request, isAll: false })
}

/** The messages of a thread, of all pages. */
export async function allMessages(memory: Memory, where: typeof observedWhere): Promise<readonly StoredMessage[]> {
  const messages: StoredMessage[] = []
  let cursor: { readonly cursor?: string } = {}
  for (;;) {
    const page = await memory.listMessages({ ...where, perPage: false, ...cursor })
    messages.push(...page.messages)
    if (page.nextCursor === undefined) return messages
    cursor = { cursor: page.nextCursor }
  }
}

/** Where the messages of a thread are that stand: each town by name, in order. */
interface WhereTowns {
  /** In messages that stand and are not of an open turn. */
  readonly standing: readonly string[]
  /** In notes of chunks. */
  readonly noted: readonly string[]
  /** In messages that are to be observed; null while an open turn hides some of them. */
  readonly waiting: readonly string[] | null
  /** In notes of generations, as far as they name towns. */
  readonly condensed: readonly string[]
  /** In messages that only notes stand for that are not active yet. */
  readonly buffered: readonly string[]
  /** Chunks with notes that are neither active nor known to be buffered. */
  readonly hiddenChunks: readonly number[]
}

/** Reads where the towns of a thread are. */
export async function townsOf(memory: Memory, threadId = observedWhere.threadId): Promise<WhereTowns> {
  const where = { resourceId: observedWhere.resourceId, threadId }
  const door = resourceSpace(coreOf(memory), where.resourceId)
  const { record: thread } = await door.threads.get(threadId)
  const messages = thread === null ? [] : await allMessages(memory, where)
  const said = messages.filter(({ turnStatus }) => turnStatus !== 'open')
  const head = thread === null ? null : await readHead(door, thread)
  const notes = head === null ? [] : (await notesAfter(door, head, 0)).map(({ value }) => noteOf(value))
  const spans = head === null ? [{ after: null, to: null }] : [...head.again, { after: head.cursor, to: null }]
  const left = await Promise.all(spans.map(({ after, to }) => messagesBehind(door, threadId, after, to)))
  const ahead = head?.buffered ?? []
  const buffered = new Set(ahead.map(({ chunk }) => chunk))
  const behind = await Promise.all(ahead.map(({ after, to }) => messagesBehind(door, threadId, after, to)))
  const generations = [...(head?.reflections ?? []), ...(head?.ahead === undefined ? [] : [head.ahead])]
  const condensed = await Promise.all(
    generations.map(({ generation }) => (head === null ? [] : notesOf(door, head, generation))),
  )
  return {
    standing: said.flatMap(({ parts }) => townsIn(JSON.stringify(parts))).toSorted(),
    noted: notes.flatMap(({ text }) => townsIn(text)).toSorted(),
    waiting: left.some(({ meetsOpenTurn }) => meetsOpenTurn)
      ? null
      : left.flatMap(({ messages: own }) => own.flatMap(({ text }) => townsIn(text))).toSorted(),
    condensed: condensed.flat().flatMap(({ value }) => townsIn(noteOf(value).text)),
    buffered: behind.flatMap(({ messages: own }) => own.flatMap(({ text }) => townsIn(text))).toSorted(),
    hiddenChunks: notes.flatMap(({ chunk }) => (chunk > (head?.active ?? 0) && !buffered.has(chunk) ? [chunk] : [])),
  }
}

/** What is wrong with the towns of a thread: each that stands is in one note, or will be observed; nothing else is in notes. */
export function townProblems({ standing, noted, waiting, condensed, hiddenChunks }: WhereTowns): readonly string[] {
  const counted = Map.groupBy([...noted, ...(waiting ?? [])], (town) => town)
  return [
    ...hiddenChunks.map((chunk) => `the notes of chunk ${chunk} are never shown`),
    ...[...counted].flatMap(([town, found]) => (found.length > 1 ? [`${town} is there ${found.length} times`] : [])),
    ...[...noted, ...condensed].flatMap((town) => {
      return standing.includes(town) ? [] : [`${town} is noted, and does not stand`]
    }),
    ...(waiting === null ? [] : standing.flatMap((town) => (counted.has(town) ? [] : [`${town} is lost`]))),
  ]
}
