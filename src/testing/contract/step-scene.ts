/** A run that is at work in a turn, with an answer that holds calls: what cases of steps begin with. */
import type { Actor } from '../../domain/actor.ts'
import type { Change, ChangeOf } from '../../domain/commit/commit.ts'
import { messageIdOf, parseTurnId, type Seq, type TurnId } from '../../domain/id.ts'
import type { Json } from '../../domain/json.ts'
import { type StepFields, stepKey, stepNoun } from '../../domain/records/step.ts'
import { expectTrue } from './assert.ts'
import { message, openTurn, putRun, putStep, step } from './changes.ts'
import { home, type Scene } from './scene.ts'

/** A run at work. */
export interface Working {
  readonly runId: string
  readonly turnId: TurnId
  readonly threadId: string
  /** The answer so far, with the parts of its calls. */
  readonly messageId: string
}

/** A part of a call. */
export function callPart(toolCallId: string, input: Json = {}) {
  return { type: 'tool-pay', toolCallId, state: 'input-available', input }
}

/** Opens a turn of a run in a thread, with an answer that holds these calls. */
export async function working(
  scene: Scene,
  threadId = 't',
  calls: readonly string[] = ['a', 'b'],
  unique = `run-${threadId}`,
): Promise<Working> {
  const answer = message('Working.', { role: 'assistant' })
  const parts = [...answer.parts, ...calls.map((call) => callPart(call))]
  const said = step(threadId, { opened: 0 }, 'Pay.', { ...answer, parts })
  const changes = [openTurn(threadId, { runId: unique }), putRun(unique, { threadId, opened: 0 }), said]
  const { results } = await scene.committed(changes)
  const [opened, put] = results
  expectTrue(opened?.kind === 'turn-open' && put?.kind === 'run-put', 'the turn and the run begin')
  const place = parseTurnId(opened.turnId)
  expectTrue(place !== null, 'the turn has an id of ours')
  const messageId = messageIdOf(place.spaceKey, place.turn, 1)
  return { runId: put.runId, turnId: opened.turnId, threadId, messageId }
}

/** A put of a step of a run at work; it asks for approval of the input 1 unless the case says otherwise. */
export function asking(
  { runId, threadId, messageId }: Working,
  path: string,
  more: Partial<Omit<ChangeOf<'step-put'>, 'kind' | 'path'>> = {},
): Change {
  const asked = { tool: 'pay', stepKind: 'approval', status: 'asked', input: 1 } as const
  return putStep({ runId, threadId, messageId, path, ...asked, ...more })
}

/** A step, and its version; null if there is none. */
export async function foundStep(
  scene: Scene,
  { runId }: Working,
  path: string,
): Promise<(StepFields & { readonly version: Seq }) | null> {
  const { record } = await scene.storage.records.get(scene.access, home, stepNoun, stepKey(runId, path))
  return record === null ? null : { ...(record.value as unknown as StepFields), version: record.version }
}

/** How a step stands: its status, and how often it was started. */
export async function standsAt(scene: Scene, run: Working, path: string): Promise<string> {
  const found = await foundStep(scene, run, path)
  return found === null ? 'none' : `${found.status} ${found.attempt}`
}

/** Commits as somebody. */
export function as(actor: Actor) {
  return { actor }
}
