/** The check whether a task is complete: its scorers, their time limit, and what the model is told. */
import { whenAborted } from '../../domain/detached.ts'
import { shown } from '../../domain/error.ts'
import type { Hooks } from '../hooks.ts'
import {
  type CompletionCheck,
  type CompletionScorer,
  type CompletionScorerInput,
  defaultCheckTimeoutMs,
  type ScorerResult,
  type TaskCompletion,
} from '../iteration-options.ts'

type Score = Pick<ScorerResult, 'score' | 'reason'> & { readonly isLate?: true }

const failedScore: Score = { score: 0, reason: 'The scorer failed.' }

/** @throws what the scorer throws, and an error for an answer that is no score. */
async function judged(scorer: CompletionScorer, input: CompletionScorerInput): Promise<Score> {
  const answer: unknown = await scorer.run(input)
  const { score, reason } = (answer ?? {}) as { readonly score?: unknown; readonly reason?: unknown }
  if (typeof score !== 'number' || !(score >= 0 && score <= 1)) {
    throw new TypeError(`The scorer ${shown(scorer.id)} must answer { score } from 0 to 1.`)
  }
  return { score, ...(typeof reason === 'string' ? { reason } : {}) }
}

/** Waits until the signal ends it. */
async function atTheLatest(score: Promise<Score>, end: AbortSignal): Promise<Score> {
  const late = Promise.withResolvers<Score>()
  const leave = () => late.resolve({ score: 0, reason: 'The scorer was too late.', isLate: true })
  const stopListening = whenAborted([end], leave, late.reject)
  if (end.aborted) leave()
  try {
    return await Promise.race([score, late.promise])
  } finally {
    stopListening()
  }
}

async function resultOf(scorer: CompletionScorer, input: CompletionScorerInput, hooks: Hooks) {
  const began = performance.now()
  const score = input.signal.aborted
    ? { score: 0, reason: 'There was no time left for the scorer.', isLate: true as const }
    : await hooks.run('scorer', () => atTheLatest(judged(scorer, input), input.signal), failedScore)
  const { isLate = false, ...rest } = score
  const result: ScorerResult = {
    ...{ scorerId: scorer.id, scorerName: scorer.name ?? scorer.id, passed: rest.score === 1, ...rest },
    duration: Math.round(performance.now() - began),
  }
  return { result, isLate }
}

function passedBy(results: readonly ScorerResult[], strategy: TaskCompletion['strategy']): boolean {
  if (strategy === 'any') return results.some(({ passed }) => passed)
  return results.every(({ passed }) => passed)
}

function reasonOf(results: readonly ScorerResult[], passed: boolean): string {
  const telling = results.filter((result) => result.passed === passed && result.reason !== undefined)
  return telling.map(({ scorerName, reason }) => `${scorerName}: ${reason}`).join('\n')
}

/** Runs all scorers. One that fails does not pass. */
export async function checkCompletion(
  { scorers, strategy, timeout = defaultCheckTimeoutMs, parallel = true }: TaskCompletion,
  input: Omit<CompletionScorerInput, 'signal'>,
  {
    hooks,
    signal,
    isLast,
  }: { readonly hooks: Hooks; readonly signal: AbortSignal | undefined; readonly isLast: boolean },
): Promise<CompletionCheck> {
  const began = performance.now()
  const limit = AbortSignal.timeout(timeout)
  const end = signal === undefined ? limit : AbortSignal.any([limit, signal])
  const all: Awaited<ReturnType<typeof resultOf>>[] = []
  const run = (scorer: CompletionScorer) => resultOf(scorer, { ...input, signal: end }, hooks)
  if (parallel) all.push(...(await Promise.all(scorers.map(run))))
  else for (const scorer of scorers) all.push(await run(scorer))
  const results = all.map(({ result }) => result)
  const passed = passedBy(results, strategy)
  return {
    ...{ iteration: input.iteration, passed, results, reason: reasonOf(results, passed) },
    duration: Math.round(performance.now() - began),
    timedOut: limit.aborted && all.some(({ isLate }) => isLate),
    maxIterationReached: isLast && !passed,
  }
}

/** What the model is told of a check that does not pass. */
export function feedbackOf({ results }: CompletionCheck, { suppressFeedback = false }: TaskCompletion): string {
  if (suppressFeedback) return 'A check says that the task is not complete. Go on with it.'
  const failed = results.filter(({ passed }) => !passed)
  const lines = failed.map(({ scorerName, reason }) => `- ${scorerName}${reason === undefined ? '' : `: ${reason}`}`)
  return ['A check says that the task is not complete:', ...lines, 'Go on until it is.'].join('\n')
}
