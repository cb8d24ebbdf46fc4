/** What a chat sends for calls that wait, as decisions about their records. */
import { type Actor, sameActor } from '../../domain/actor.ts'
import { type MemoryError, notFound } from '../../domain/error.ts'
import { runIdIn, type TurnId } from '../../domain/id.ts'
import { isJsonObject, type Json } from '../../domain/json.ts'
import { type MessagePart, toolNameOf } from '../../domain/records/message.ts'
import type { AgentSpace, RunStep } from '../../ports/agent-memory.ts'
import type { InputPlan } from '../input/input.ts'
import { deciderOf, decideStep, type Verdict } from './decide.ts'

/** The record of a call of this agent; null for one of another agent, or one that an earlier version stored. */
async function stepOf(space: AgentSpace, turnId: TurnId, toolCallId: string): Promise<RunStep | null> {
  const turn = await space.messages.turn(turnId)
  const runId = turn === null || !sameActor(turn.actor, space.actor) ? null : runIdIn(turnId, turn.runId)
  return runId === null ? null : space.step(runId, toolCallId)
}

/** Whether the run of a turn was forgotten, or has expired, and the records of its calls with it. */
async function isRunGone(space: AgentSpace, turnId: TurnId): Promise<boolean> {
  const turn = await space.messages.turn(turnId)
  const runId = runIdIn(turnId, turn?.runId ?? null)
  return runId !== null && (await space.runs.get(runId)).record === null
}

/** What the answer of a client says. */
function verdictOf(sent: MessagePart): Verdict {
  const { state, approval, output, errorText } = sent
  if (state === 'output-available') return { data: (output ?? null) as Json }
  if (state === 'output-error') return { approved: false, reason: String(errorText ?? '') }
  const { approved, reason } = isJsonObject(approval) ? approval : sent
  return {
    approved: approved === true && state !== 'output-denied',
    ...(typeof reason === 'string' ? { reason } : {}),
  }
}

function recordGone(toolCallId: string): MemoryError {
  const fix = 'Its run was forgotten, or has expired. Send a new message to go on.'
  return notFound('call that waits', toolCallId, fix)
}

/** Decides about calls as a chat says. */
export class SentDecisions {
  readonly #space: AgentSpace
  readonly #by: Actor
  readonly #checked: (toolName: string, output: Json) => Promise<Json>
  readonly #made = new Set<string>()

  /** @param checked The result of a client's tool as its schema takes it. Throws if it does not. */
  constructor(
    space: AgentSpace,
    sender: Actor | undefined,
    checked: (toolName: string, output: Json) => Promise<Json>,
  ) {
    this.#space = space
    this.#by = deciderOf(space, sender)
    this.#checked = checked
  }

  /**
   * Decides about each call that has a record. Others are answered as earlier versions did.
   *
   * @throws MemoryError as {@link decideStep}; `not-found` for a call whose run is gone; `invalid-input` for a result that is not what its tool returns.
   */
  async make({ completions, fresh }: Pick<InputPlan, 'completions' | 'fresh'>): Promise<void> {
    for (const { turnId, toolCallId, part } of completions) {
      const key = `${turnId} ${toolCallId}`
      const step = this.#made.has(key) ? null : await stepOf(this.#space, turnId, toolCallId)
      if (step === null) {
        // With a new message the turn ends, and nothing runs.
        if (fresh.length === 0 && (await isRunGone(this.#space, turnId))) throw recordGone(toolCallId)
        continue
      }
      const said = verdictOf(part)
      const verdict =
        said.data === undefined ? said : { ...said, data: await this.#checked(toolNameOf(part), said.data) }
      await decideStep(this.#space, step, verdict, this.#by)
      this.#made.add(key)
    }
  }

  /**
   * The turn whose calls had their answers before, if that is all that the input says. This request has decided about
   * them, or nobody has carried the decision out.
   *
   * @returns null if the input says something else.
   * @throws MemoryError `conflict` with `decided` if it was decided and carried out for somebody else.
   */
  async saidAgain({ fresh, completions, replaces, late }: InputPlan): Promise<TurnId | null> {
    const last = late.at(-1)
    if (last === undefined || fresh.length + completions.length + replaces.length > 0) return null
    let isDecided = false
    for (const { turnId, toolCallId, part } of late) {
      if (turnId !== last.turnId) continue
      isDecided ||= this.#made.has(`${turnId} ${toolCallId}`)
      const step = isDecided ? null : await stepOf(this.#space, turnId, toolCallId)
      if (step?.decision === undefined) continue
      await decideStep(this.#space, step, verdictOf(part), this.#by)
      isDecided = true
    }
    return isDecided ? last.turnId : null
  }
}
