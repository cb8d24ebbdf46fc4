/** The turn of another call that answers the same request: a request that is sent twice, while the first is at work. */
import { sameActor } from '../../domain/actor.ts'
import { MemoryError } from '../../domain/error.ts'
import { runIdIn, type TurnId } from '../../domain/id.ts'
import type { Message } from '../../domain/records/message.ts'
import type { TurnStatus } from '../../domain/records/turn.ts'
import type { AgentSpace } from '../../ports/agent-memory.ts'
import type { InputPlan } from '../input/input.ts'
import { turnMessages } from '../input/stored-thread.ts'

/** The stored answer of a turn that is complete. */
export interface AnswerOfTurn {
  readonly said: Message
  readonly runId: string | null
}

/** Which of some open turns answers the question that a call only repeats. Only a turn of the same agent does. */
export async function answeringTurn(
  space: AgentSpace,
  open: readonly TurnId[],
  planned: () => Promise<InputPlan>,
): Promise<TurnId | null> {
  const own = await Promise.all(open.map(async (turnId) => isOf(space, turnId)))
  if (!own.includes(true)) return null
  try {
    const { fresh, resumes, completions, replaces, repeats } = await planned()
    const isNew = fresh.length > 0 || resumes !== null || completions.length > 0 || replaces.length > 0
    const turnId = repeats?.message.turnId ?? null
    return isNew || turnId === null || !open.some((other, index) => other === turnId && own[index]) ? null : turnId
  } catch (error) {
    // What the thread holds when the turn is over decides.
    if (error instanceof MemoryError) return null
    throw error
  }
}

async function isOf(space: AgentSpace, turnId: TurnId): Promise<boolean> {
  const turn = await space.messages.turn(turnId)
  return turn !== null && sameActor(turn.actor, space.actor)
}

/**
 * Waits for the end of a turn.
 *
 * @param statuses How it must have ended. Default: complete.
 * @returns Its answer; null if it ended otherwise, or has none.
 */
export async function answerOfTurn(
  space: AgentSpace,
  threadId: string,
  turnId: TurnId,
  signal: AbortSignal | undefined,
  statuses: readonly TurnStatus[] = ['complete'],
): Promise<AnswerOfTurn | null> {
  await space.turnEnded(threadId, turnId, signal)
  const [turn, messages] = await Promise.all([space.messages.turn(turnId), turnMessages(space, threadId, turnId)])
  const said = messages.findLast(({ role }) => role === 'assistant')
  if (turn === null || !statuses.includes(turn.status) || said === undefined) return null
  return { said, runId: runIdIn(turnId, turn.runId) }
}
