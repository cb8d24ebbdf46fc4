// What is wrong with a run that has ended, compared with what the plain interpreter says.
import type { WorkflowResult } from 'aquifer'
import type { Outside } from './build.ts'
import { type Expected, expected } from './oracle.ts'
import { canonical } from './plan.ts'
import { planWith, type RandomRun } from './plans.ts'

/** Empty if the run came to what it had to. */
export function problemsOfRun(
  { workflow, input, turns, restarts }: RandomRun,
  state: WorkflowResult,
  outside: Outside,
): string[] {
  // A run that is restarted as often as it fails is one whose steps are repeated.
  const patient = restarts === true ? planWith(workflow, (step) => ({ ...step, retries: 100 })) : workflow
  const wanted = expected(patient, input)
  if (wanted.isAmbiguous) return []
  const isDisturbed = turns.some(({ death }) => death !== null)
  return [
    ...problemsOfEnding(wanted, state),
    ...(wanted.mayRun.size === 0 ? differs('the state', wanted.state, state.state) : []),
    ...problemsOfCounts(wanted, outside, isDisturbed),
  ]
}

function differs(what: string, wanted: unknown, got: unknown): string[] {
  return canonical(wanted) === canonical(got) ? [] : [`${what} is ${canonical(got)}, not ${canonical(wanted)}`]
}

function problemsOfEnding({ ending }: Expected, { status, result, error }: WorkflowResult): string[] {
  // A workflow that ended early ended well.
  const wanted = ending.is === 'failed' ? 'failed' : 'success'
  if (status !== wanted) return [`it ended ${status}, not ${wanted}: ${String(error?.message)}`]
  if (ending.is !== 'failed') return differs('the result', ending.output, result)
  const isKnown = ending.messages.some((message) => error?.message.includes(message))
  return isKnown ? [] : [`it fails with ${error?.message}, not ${ending.messages.join(' or ')}`]
}

/** How often the code of each step ran: exactly as often as it must, unless processes died. */
function problemsOfCounts({ runs, mayRun }: Expected, outside: Outside, isDisturbed: boolean): string[] {
  const wanted = [...runs].flatMap(([path, times]) => {
    const got = outside.runs.get(path) ?? 0
    if (got === times || (got === 0 && mayRun.has(path)) || (got > times && isDisturbed)) return []
    return mayRun.has(path) && got < times ? [] : [`${path} ran ${got} times, not ${times}`]
  })
  const others = [...outside.runs.keys()].filter((path) => !runs.has(path))
  return [...wanted, ...others.map((path) => `${path} ran, and must not`)]
}
