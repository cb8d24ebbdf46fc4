/** The record of a call's run, as changes: it begins with its turn, is resumed with it, and ends or is suspended with it. */
import type { Change, Expectation } from '../../domain/commit/commit.ts'
import { runIdIn, runIdOf, type TurnId } from '../../domain/id.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import type { AgentSpace, AgentTurn, TurnEnd } from '../../ports/agent-memory.ts'
import type { GivenRun } from '../call.ts'

/** The fields of a run that are recorded at its end. */
export type RunFacts = Readonly<Record<string, Json | undefined>>

/** A running run: the last part of its id, and the change that records it. */
interface RunAtWork {
  readonly runId: string
  readonly run: Change
}

/** A run that goes on, and what holds while nobody else has taken it up since it was read. */
export interface ResumedRun extends RunAtWork {
  /** What the run has told of itself so far. */
  readonly details: JsonObject
  /** What it has kept to go on. */
  readonly continuation: Json
  readonly expect: readonly Expectation[]
}

/**
 * A new run of an agent, for the turn that the same commit opens.
 *
 * @param given Its id and its parent, if another run began it.
 * @param continuation What it keeps to go on as it began. Default: nothing.
 */
export function beginningRun(
  space: AgentSpace,
  agentId: string,
  threadId: string,
  given: GivenRun | null = null,
  continuation?: Json,
): RunAtWork {
  const { unique: runId, ...parent } = given ?? { unique: space.newRunId() }
  const run: Change = {
    kind: 'run-put',
    unique: runId,
    name: agentId,
    threadId,
    opened: 0,
    status: 'running',
    ...parent,
    ...(continuation === undefined ? {} : { continuation }),
  }
  return { runId, run }
}

/**
 * The run of a suspended turn, which continues; a new run if it is gone. Read it before the calls of the turn: each process
 * that continues the turn changes the run's version, and what was read before that is not carried out.
 */
export async function resumingRun(
  space: AgentSpace,
  agentId: string,
  threadId: string,
  turnId: TurnId,
): Promise<ResumedRun> {
  const unique = (await space.messages.turn(turnId))?.runId ?? null
  const id = runIdIn(turnId, unique)
  const known = id === null ? null : (await space.runs.get(id)).record
  if (unique !== null && known !== null) {
    const run: Change = { kind: 'run-put', runId: known.id, threadId, turnId, status: 'running' }
    const { details, continuation } = known
    return { runId: unique, run, details, continuation, expect: [{ version: known.version, of: { run: known.id } }] }
  }
  const runId = space.newRunId()
  const run: Change = { kind: 'run-put', unique: runId, name: agentId, threadId, turnId, status: 'running' }
  return { runId, run, details: {}, continuation: null, expect: [] }
}

/** The record of a run between two steps: it is at work, and says what it keeps if its process ends. */
export function goingOnRun(turn: AgentTurn, facts: RunFacts, continuation: Json): Change {
  const details = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as JsonObject
  return { kind: 'run-put', runId: runIdOfTurn(turn), threadId: turn.threadId, details, continuation }
}

/** The id of the run that a turn belongs to. */
export function runIdOfTurn({ spaceKey, runId }: AgentTurn): string {
  return runIdOf(spaceKey, runId)
}

/**
 * The record of a run when its turn ends, is suspended or is discarded, with what its tools read and wrote in memory.
 * Undefined fields are left out.
 *
 * @param continuation What a suspended run needs to continue. Default: what it had.
 */
export function endingRun(
  turn: AgentTurn,
  status: TurnEnd | 'discarded',
  facts: RunFacts = {},
  continuation?: Json,
): Change {
  const stated = Object.entries({ ...facts, ...turn.notes }).filter(([, value]) => value !== undefined)
  const details = Object.fromEntries(stated) as JsonObject
  const known = Object.keys(details).length === 0 ? {} : { details }
  const kept = continuation === undefined ? {} : { continuation }
  return { kind: 'run-put', runId: runIdOfTurn(turn), threadId: turn.threadId, status, ...known, ...kept }
}
