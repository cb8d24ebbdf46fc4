// Texts of 100 KB in every argument of every public method: they work or are refused in few words, and no call takes
// longer than its input is long.
// Own process: it measures how processor time grows.
import { MemoryError } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { hostileNames } from './hostile-names.ts'
import { type Pattern, patternsFor } from './hostile-patterns.ts'
import { type Entry, type Scene, scenes } from './hostile-scene.ts'
import { hostileShown } from './hostile-shown.ts'
import { hostileTexts } from './hostile-texts.ts'
import { uncovered } from './public-methods.ts'
import { floorMs, spentMs, superlinear } from './superlinear.ts'
import { expectNothingUncaught } from './uncaught.ts'
import { workflowsWithoutArguments } from './workflow-scene.ts'

expectNothingUncaught()

const large = 100 * 1_024
const small = large / 8

/** They take no text, or give a part of the memory whose methods have rows of their own. */
const withoutTexts = [
  ...[
    'Memory.facts',
    'Memory.proposals',
    'Memory.settled',
    'Memory.warmUp',
    'Memory.stats',
    'Memory.reindex',
    'Memory.close',
    'Team.space',
    'Space.changes',
    'Space.state',
  ],
  ...['mem0.reset', 'mem0.close', 'WorkflowRun.watch', 'Workflow.sleep', 'Workflow.sleepUntil'],
  ...workflowsWithoutArguments,
]

const entries = [...hostileNames, ...hostileTexts, ...hostileShown]

const longest = 2_048

/** What is wrong with how a call ended; null if nothing is. */
async function wrongEnd(call: () => unknown): Promise<string | null> {
  try {
    await call()
    return null
  } catch (error) {
    if (!(error instanceof MemoryError)) return `untyped: ${String(error).slice(0, 300)}`
    if (error.code === 'bug') return `a defect: ${error.message}`
    const bytes = Buffer.byteLength(error.message)
    return bytes > longest ? `an error of ${bytes} bytes` : null
  }
}

interface Measured {
  readonly pattern: Pattern
  readonly ms: number
  readonly wrong: string | null
}

async function measured(entry: Entry, pattern: Pattern, size: number, next: () => Scene): Promise<Measured> {
  const text = pattern.text(size)
  const scene = next()
  await Promise.resolve(entry.prepare?.(scene, text)).catch(() => null)
  let wrong: string | null = null
  const ms = await spentMs(async () => {
    wrong = await wrongEnd(() => entry.call(scene, text))
  })
  return { pattern, ms, wrong }
}

/** No call needs that much processor time for 100 KB. */
const hangsMs = 3_000

/** Patterns whose processor time is looked at twice, of each argument. */
const looked = 2

async function problemsOf(entry: Entry, place: number): Promise<readonly string[]> {
  const next = scenes()
  const all: Measured[] = []
  for (const pattern of patternsFor(place, entry.nth ?? 1)) {
    const run = await measured(entry, pattern, large, next)
    all.push(run)
    // What hangs on one pattern would hang on the others like it; one of them is enough to know.
    if (run.ms > hangsMs) break
  }
  const problems = all.flatMap(({ pattern, wrong }) => (wrong === null ? [] : [`${pattern.name}: ${wrong}`]))
  const slowest = all.filter(({ ms }) => ms > floorMs).sort((left, right) => right.ms - left.ms)
  for (const { pattern, ms } of slowest.slice(0, looked)) {
    const at = (size: number) => async () => (await measured(entry, pattern, size, next)).ms
    const growth = await superlinear(at(small), at(large / 2), at(large), ms > hangsMs ? 2 : 6)
    if (growth === null) continue
    const [of, to] = [growth.small.toFixed(1), growth.large.toFixed(1)]
    problems.push(`${pattern.name}: ${of} ms for ${small} characters, ${to} ms for ${large}`)
  }
  return problems
}

describe('a text of 100 KB', () => {
  it('has a row for every public method', () => {
    expect(uncovered(new Set(entries.map(({ method }) => method)), withoutTexts)).toEqual([])
  })

  const rows = entries.map((entry, place) => [`${entry.method}: ${entry.argument}`, entry, place] as const)

  it.each(rows)('%s', async (_, entry, place) => {
    expect(await problemsOf(entry, place)).toEqual([])
  })
})
