// What must hold once the calls of a run have ended, whatever came between.

import { DatabaseSync } from 'node:sqlite'
import type { LoggedCommit, LogRow, Memory, StoredMessage, TurnStatus } from 'aquifer'
import { promptProblems, threadProblems } from 'aquifer/testing'
import { parseTurnId } from '../../src/domain/id.ts'
import { doorOf } from '../../src/facade/space.ts'
import { type Call, resourceId, type World } from './interleaving-world.ts'

/** A turn as the log tells of it. */
interface TurnStory {
  readonly threadId: string
  readonly actorId: string
  status: TurnStatus
  isReplaced: boolean
  /** Its thread was deleted. */
  isGone: boolean
}

export interface History {
  /** By the packed place of the turn. */
  readonly turns: ReadonlyMap<number, TurnStory>
  readonly problems: readonly string[]
  /** Turns that were replaced, declared interrupted, taken up again after that, and gone on with after a wait. */
  readonly counts: Readonly<Record<'replaced' | 'interrupted' | 'takenUp' | 'goneOn', number>>
}

const text = (value: unknown) => JSON.stringify(value)

export async function readLog(memory: Memory): Promise<readonly LoggedCommit[]> {
  const { items } = await doorOf(memory.space(`resource/${resourceId}`)).log.read({ after: 0, limit: 100_000 })
  return items
}

/** Whether whoever begins a turn by this row had to wait for the others of its thread. */
function hadToWait(world: World, row: LogRow, before: TurnStatus | undefined): boolean {
  const isNested = world.calls.some((call) => {
    const isOfCall = turnNumber(call.ended?.turnId ?? null) === row.turn || text(row.effects).includes(call.question)
    return call.isNested && isOfCall
  })
  // Who takes up what others declared interrupted was at work all the time.
  return world.waits(row.actor.id) && before !== 'interrupted' && !isNested
}

function deleteThread(turns: Map<number, TurnStory>, row: LogRow): void {
  if (!row.effects.some(({ kind }) => kind === 'thread-delete')) return
  for (const story of turns.values()) if (story.threadId === row.threadId) story.isGone = true
}

function noteRow(turns: Map<number, TurnStory>, row: LogRow): void {
  const status = row.status as TurnStatus
  const known = turns.get(row.turn)
  const moved = row.effects.findLast(({ kind }) => kind === 'turn-replaced' || kind === 'turn-restored')
  const isReplaced = moved === undefined ? known?.isReplaced === true : moved.kind === 'turn-replaced'
  if (known !== undefined) Object.assign(known, { status, isReplaced })
  else {
    const story = { threadId: String(row.threadId), actorId: row.actor.id, status, isReplaced, isGone: false }
    turns.set(row.turn, story)
  }
}

/** Goes through the log, and looks at who began a turn while another was open. */
export function followLog(world: World, commits: readonly LoggedCommit[]): History {
  const turns = new Map<number, TurnStory>()
  const problems: string[] = []
  const counts = { replaced: 0, interrupted: 0, takenUp: 0, goneOn: 0 }
  for (const { seq, rows } of commits) {
    for (const { turn, status, effects } of rows) {
      const before = turns.get(turn)?.status
      if (effects.some(({ kind }) => kind === 'turn-replaced')) counts.replaced += 1
      if (status === 'interrupted' && before === 'open') counts.interrupted += 1
      if (status === 'open' && before === 'interrupted') counts.takenUp += 1
      if (effects.some(({ kind }) => kind === 'turn-resume') && before === 'suspended') counts.goneOn += 1
    }
    const begun = rows.filter(({ turn, status }) => status === 'open' && turns.get(turn)?.status !== 'open')
    const waited = begun.filter((row) => hadToWait(world, row, turns.get(row.turn)?.status))
    for (const row of rows) {
      deleteThread(turns, row)
      if (row.turn !== 0) noteRow(turns, row)
    }
    for (const row of waited) {
      for (const [turn, story] of turns) {
        const isOther = turn !== row.turn && story.threadId === row.threadId
        if (isOther && story.status === 'open' && !story.isGone) {
          problems.push(`seq ${seq}: ${row.actor.id} began turn ${row.turn} while turn ${turn} was open`)
        }
      }
    }
  }
  for (const [turn, { status, isGone }] of turns) {
    if (status === 'open' && !isGone) problems.push(`turn ${turn} is still open`)
  }
  return { turns, problems, counts }
}

function turnNumber(turnId: string | null): number {
  return turnId === null ? -1 : (parseTurnId(turnId)?.turn ?? -1)
}

/** Whether the call says that its answer was stored. */
function isAcknowledged({ ended }: Call): boolean {
  return ended !== null && ended.turnId !== null && ['answered', 'complete', 'suspended'].includes(ended.status)
}

/** Whether a processor ended the call, so that nothing of it may be left. */
export function isDiscarded({ ended }: Call): boolean {
  if (ended?.status === 'discarded') return true
  const { code, details } = (ended?.error ?? {}) as { code?: string; details?: { processor?: string } }
  return code === 'aborted' && details?.processor === 'refusing'
}

function askedFor(call: Call): boolean {
  return ['new', 'resent', 'edit', 'approve-and-ask'].includes(call.plan.input)
}

/** Messages once, answers in the turn of their question, and none lost that was acknowledged. */
export function checkThread(
  world: World,
  threadId: string,
  messages: readonly StoredMessage[],
  { turns }: History,
): string[] {
  const problems = threadProblems(messages).map((problem) => `${threadId}: ${problem}`)
  const at = (word: string) => messages.filter(({ parts }) => text(parts).includes(word))
  for (const { number, question, answer, ...call } of world.calls.filter((one) => one.threadId === threadId)) {
    const [questions, answers] = [at(question), at(answer)]
    if (questions.length > 1) problems.push(`question ${number} is stored ${questions.length} times`)
    if (answers.length > 1) problems.push(`answer ${number} is stored ${answers.length} times`)
    const [asked, said] = [questions[0], answers[0]]
    if (said === undefined) continue
    const inTurn = messages.filter(({ turnId }) => turnId === said.turnId)
    if (asked !== undefined && asked.turnId !== said.turnId) {
      problems.push(`answer ${number} is not in the turn of its question (${call.plan.input})`)
    }
    if (inTurn[0]?.role === 'assistant') problems.push(`answer ${number} is in a turn without a question`)
    if (inTurn.at(-1)?.id !== said.id) problems.push(`answer ${number} is not the last of its turn`)
  }
  for (const call of world.calls.filter((one) => one.threadId === threadId && isAcknowledged(one))) {
    const story = turns.get(turnNumber(call.ended?.turnId ?? null))
    if (story === undefined) problems.push(`the turn of call ${call.number} is not in the log`)
    else if (!story.isGone && !story.isReplaced && story.status !== 'discarded' && at(call.answer).length === 0) {
      problems.push(`answer ${call.number} was acknowledged and is lost`)
    }
  }
  for (const { word } of world.saved.filter((one) => one.threadId === threadId)) {
    if (at(word).length > 1) problems.push(`${word} is stored ${at(word).length} times`)
  }
  return problems
}

/** All bytes of the file's tables, as far as they are text. */
export function allContent(path: string): string {
  const database = new DatabaseSync(path)
  const tables = database.prepare(`SELECT name FROM sqlite_master WHERE type = 'table'`).all()
  const rows = tables.flatMap(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all())
  database.close()
  const values = rows.flatMap((row) => Object.values(row))
  return values.map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value)).join('\n')
}

/** Nothing of a discarded call is left anywhere. */
export async function checkDiscarded(world: World, memory: Memory, content: string): Promise<string[]> {
  const problems: string[] = []
  for (const call of world.calls.filter(isDiscarded)) {
    // A client that holds the question may say it again, as the last of what it sends.
    const isSaidAgain = world.calls.some((other) => other !== call && other.lastSent.includes(call.question))
    for (const word of askedFor(call) && !isSaidAgain ? [call.question, call.answer] : [call.answer]) {
      if (content.includes(word)) problems.push(`${word} was discarded and is in the file`)
      const { items } = await memory.recall({ resourceId, query: word })
      if (items.some((item) => item.text.includes(word))) problems.push(`${word} was discarded and is recalled`)
    }
  }
  return problems
}

/** Everything that the models were shown is what a provider takes. */
export function checkPrompts(world: World): string[] {
  return world.calls.flatMap(({ number, model }) => {
    return model.calls.flatMap((call) => {
      return promptProblems(call.messages).map((problem) => `call ${number}, prompt ${call.number}: ${problem}`)
    })
  })
}
