/** Follows the run of a workflow, whichever process works on it: its state, then what each commit changes of it. */
import type { Effect, LoggedCommit } from '../../domain/commit/effect.ts'
import { MemoryError } from '../../domain/error.ts'
import type { RunState } from '../../domain/records/run.ts'
import { stepNoun, stepPrefix } from '../../domain/records/step.ts'
import type { WorkStep } from '../../domain/records/work-step.ts'
import { foldRun } from '../../domain/replay/run-fold.ts'
import type { RunProgress, WorkRunStep } from '../../ports/agent-memory.ts'
import type { Door } from '../door/door.ts'
import { followLog } from '../door/feed.ts'
import { isWork, readSteps } from './steps.ts'

/** What a commit does to a run: nothing, something that the log says, or something that has to be read. */
type Change = { readonly kind: 'none' | 'unclear' } | ({ readonly kind: 'told' } & RunProgress)

const none: Change = { kind: 'none' }
const unclear: Change = { kind: 'unclear' }

/** Whether an effect may have removed the run or some of its steps. */
function mayRemove(effect: Effect, runId: string): boolean {
  if (effect.kind === 'erase') return true
  if (effect.kind === 'run-expire' || effect.kind === 'erased') return effect.runId === runId
  const isRemoval = effect.kind === 'record-remove' || effect.kind === 'record-expire'
  return isRemoval && effect.noun === stepNoun && effect.key.startsWith(stepPrefix(runId))
}

function changeOf(commit: LoggedCommit, run: RunState): Change {
  let next = run
  const steps: WorkRunStep[] = []
  for (const row of commit.rows) {
    for (const effect of row.effects) {
      if (mayRemove(effect, run.id)) return unclear
      if (effect.kind === 'run-put' && effect.runId === run.id) {
        if (effect.prev !== next.version) return unclear
        next = foldRun(next, effect, commit)
      } else if (effect.kind === 'record-put' && effect.noun === stepNoun && effect.value.runId === run.id) {
        steps.push({ ...(effect.value as unknown as WorkStep), version: commit.seq })
      }
    }
  }
  return next === run && steps.length === 0 ? none : { kind: 'told', run: next, steps }
}

/** The run and all its steps, as of a seq. Steps may be newer. */
async function wholeOf(space: Door, runId: string) {
  const { record: run, asOf } = await space.runs.get(runId)
  const steps = run === null ? [] : (await readSteps(space, runId)).filter(isWork)
  return { run, steps, asOf }
}

/** What comes after a whole state, until it has to be read again. */
async function* changesOf(space: Door, whole: RunState, asOf: number, newer: Map<string, number>, signal: AbortSignal) {
  let run = whole
  for await (const commit of followLog(space, asOf, signal)) {
    const change = changeOf(commit, run)
    if (change.kind === 'unclear') return 'unclear'
    if (change.kind !== 'told' || change.run === null) continue
    run = change.run
    // Read already with the whole state, which was of several moments.
    const steps = change.steps.filter(({ path, version }) => version > (newer.get(path) ?? 0))
    // The commit is shared with other followers.
    yield structuredClone({ run, steps })
  }
  return 'over'
}

/**
 * The state of a run with all its steps, then, after each commit that changes it, the run and the changed steps.
 *
 * @param signal Ends the following. The run goes on.
 */
export async function* watchRun(space: Door, runId: string, signal: AbortSignal): AsyncGenerator<RunProgress> {
  while (!signal.aborted) {
    const { run, steps, asOf } = await wholeOf(space, runId)
    yield { run, steps }
    if (run === null) return
    const newer = new Map(steps.filter(({ version }) => version > asOf).map(({ path, version }) => [path, version]))
    try {
      const end = yield* changesOf(space, run, asOf, newer, signal)
      if (end === 'over') return
    } catch (error) {
      // The log begins later by now, or the space is gone.
      if (!(error instanceof MemoryError) || error.code !== 'cursor-expired') throw error
    }
  }
}
