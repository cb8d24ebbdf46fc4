/** Notes of the thread of a call: made ready before its turn, and made in the background after it. */
import { MemoryError } from '../../domain/error.ts'
import type { ObserverModel } from '../../ports/agent-notes.ts'
import type { ObservationEvent, ObservationReport, ResolvedObservation } from '../../ports/observational-memory.ts'
import type { Call } from '../call.ts'
import type { SeenItems } from '../context/seen.ts'
import { resolveModel } from '../model.ts'
import type { OwnTurn } from './own-turn.ts'

/** The options of a call that writes notes; null if it writes none. */
function optionsOf({ remembered }: Call): ResolvedObservation | null {
  return remembered === null || remembered.behaviour.readOnly ? null : remembered.behaviour.observationalMemory
}

/** The model that makes notes; null: rules do. */
function modelOf({ model, agent }: Call, options: ResolvedObservation): ObserverModel | null {
  if (options.model === false) return null
  return options.model === null ? model : resolveModel(options.model, agent.name)
}

/** Options of agents that were told already that the model of their notes is not there. Each call has an agent of its own. */
const told = new WeakSet<object>()

/** Tells what happened: failures in the log of the agent. */
function tell({ agent }: Call, event: ObservationEvent): void {
  if (event.type !== 'failed') return
  agent.log('warn', event.message, { threadId: event.threadId, operation: event.operation, reason: event.reason })
}

/** Takes what cycles of the thread of a call report. */
function reportOf(call: Call): ObservationReport {
  const own: ObservationReport = (event) => {
    call.noteProgress.report(event)
    tell(call, event)
  }
  return call.remembered?.space.reporting(own) ?? own
}

/** Reports that the model which is to make notes is not there. */
function noModel(threadId: string, error: unknown): ObservationEvent {
  // The message of our own errors says what to do.
  const message = error instanceof MemoryError ? error.message : 'There is no model to make notes with.'
  return { type: 'failed', threadId, operation: 'observation', isBuffered: false, reason: 'no-model', message }
}

/** Does something with the notes of the thread, if the call writes notes and their model is there. */
async function withModel(
  call: Call,
  threadId: string,
  work: (options: ResolvedObservation, model: ObserverModel | null, report: ObservationReport) => Promise<void>,
): Promise<void> {
  const options = optionsOf(call)
  if (options === null) return
  const report = reportOf(call)
  let model: ObserverModel | null
  try {
    model = modelOf(call, options)
  } catch (error) {
    // Every turn would say it again.
    if (!told.has(call.agent.options)) report(noModel(threadId, error))
    told.add(call.agent.options)
    return
  }
  await work(options, model, report)
}

/** Makes notes ready before the turn of a call. Waits where too much has no notes, at most as long as the options say. */
export function readyNotes(call: Call, threadId: string): Promise<void> {
  return withModel(call, threadId, async (options, model, report) => {
    await call.remembered?.space.readyNotes(threadId, options, model, report, call.signal)
  })
}

/** Reports that a prompt leaves out messages without notes. */
export function tellTrimmed(call: Call, threadId: string, { observations }: Pick<SeenItems, 'observations'>): void {
  const mostTokens = optionsOf(call)?.observation.blockAfter
  if (mostTokens !== undefined && observations?.isTrimmed === true)
    reportOf(call)({ type: 'trimmed', threadId, mostTokens })
}

/** Makes notes in the background, if enough was said. If this fails, the next turn tries again. */
export function observeAfterwards(call: Call, { turn, runId }: Pick<OwnTurn, 'turn' | 'runId'>): void {
  const { threadId } = turn
  const { noteProgress, remembered } = call
  const recorded = noteProgress.count
  const observed = withModel(call, threadId, async (options, model, report) => {
    await remembered?.space.observe(threadId, options, model, report)
  }).finally(async () => {
    // The run is over: what happened since is added to its record.
    const change = { kind: 'run-put', runId, details: { ...noteProgress.facts } } as const
    if (noteProgress.count > recorded) await remembered?.space.commitAlone([change], [])
  })
  // A failed cycle was reported.
  call.remembered?.space.hold(
    observed.catch((error: unknown) => call.agent.log('warn', 'The thread could not be observed.', error)),
    true,
  )
}
