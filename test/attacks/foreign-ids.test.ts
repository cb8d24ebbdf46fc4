// Somebody else's ids: they open nothing, change nothing, and answer just what ids of nobody answer.
// Own process: it looks for what nobody caught.
import { MemoryError } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { type ForeignCall, foreignCalls } from './foreign-calls.ts'
import { foreignSpaceCalls } from './foreign-spaces.ts'
import { type Ids, idsOfNobody, openWorld, secret, victimsContents, type World } from './foreign-world.ts'
import { uncovered } from './public-methods.ts'
import { expectNothingUncaught } from './uncaught.ts'
import { workflowsWithoutIds } from './workflow-scene.ts'

expectNothingUncaught()

const groups = { ...foreignCalls, ...foreignSpaceCalls }
const calls = Object.values(groups).flat()

/** They take no id, or give a part of the memory whose methods have rows of their own. */
const withoutIds = [
  ...[
    'Memory.as',
    'Memory.facts',
    'Memory.proposals',
    'Memory.settled',
    'Memory.warmUp',
    'Memory.stats',
    'Memory.reindex',
    'Memory.close',
    'Memory.getReceipt',
  ],
  ...['Space.threads', 'Space.messages', 'Space.blocks', 'Space.entries', 'Space.facts', 'Space.runs', 'Space.log'],
  ...['mem0.reset', 'mem0.close', 'Workflow.nodes', 'Workflow.isCommitted', 'Workflow.commit', ...workflowsWithoutIds],
]

const textsOf = (ids: Ids): readonly string[] => {
  const { cursors, ...others } = ids
  return [...Object.values(others), ...Object.values(cursors)]
}

/** What a call came to, without the ids that it was given and the ones that chance makes. */
async function outcomeOf(call: () => unknown, ids: Ids): Promise<string> {
  let outcome: unknown
  try {
    outcome = { answer: (await call()) ?? null }
  } catch (error) {
    if (!(error instanceof MemoryError)) return `untyped: ${String(error)}`
    const { code, message, details } = error
    outcome = { code, message, details }
  }
  const inFull = JSON.stringify(outcome, (_, value: unknown) => (value instanceof Map ? [...value] : value)) ?? ''
  const byLength = [...textsOf(ids)].sort((left, right) => right.length - left.length)
  const named = byLength.reduce((text, id) => text.replaceAll(id, 'ID'), inFull)
  return named
    .replace(/\b(receipt|rcl|thread)_[\w-]+/g, '$1')
    .replace(/"key":"[0-9A-Za-z]{12}"/g, '"key":"KEY"')
    .replace(/\b([a-z]+)_[0-9A-Za-z]{12}_/g, '$1_KEY_')
    .replace(/\b(fact|run)_KEY_[\w-]+/g, '$1_KEY_UNIQUE')
}

type How = 'trusted' | 'granted'

/** What is wrong with a call by the attacker. The same call with ids of nobody, in a database of its own, tells. */
async function problemsOf(call: ForeignCall, how: How, attacked: World, control: World): Promise<readonly string[]> {
  const before = await victimsContents(attacked)
  const nobody = idsOfNobody(control.victim)
  const got = await outcomeOf(() => call.call(attacked[how], attacked.victim), attacked.victim)
  const expected = await outcomeOf(() => call.call(control[how], nobody), nobody)
  const problems: string[] = []
  if (got.includes(secret) && !expected.includes(secret)) problems.push(`told ${got}`)
  if (got.startsWith('untyped')) problems.push(got)
  if (got !== expected) problems.push(`told apart: ${got} and of nobody's ${expected}`)
  if ((await victimsContents(attacked)) !== before) problems.push('changed what is not its own')
  return problems.map((problem) => `${call.method} (${call.what}): ${problem.slice(0, 1_000)}`)
}

async function problemsOfAll(made: readonly ForeignCall[], how: How): Promise<readonly string[]> {
  const problems: string[] = []
  let worlds: readonly [World, World] | null = null
  for (const call of made) {
    worlds ??= [await openWorld(), await openWorld()]
    const found = await problemsOf(call, how, ...worlds)
    problems.push(...found)
    // What went wrong must not be taken for what the next call did.
    if (found.length > 0) worlds = null
  }
  return problems
}

describe('an id of another user', () => {
  it('has a row for every public method', () => {
    expect(uncovered(new Set(calls.map(({ method }) => method)), withoutIds)).toEqual([])
  })

  const rows = Object.entries(groups)

  it.each(rows)('opens nothing to who was granted nothing: %s', async (_, made) => {
    expect(await problemsOfAll(made, 'granted')).toEqual([])
  })

  it.each(rows)('opens nothing through an application: %s', async (_, made) => {
    const named = made.filter(({ namesOwnSpace }) => namesOwnSpace)
    expect(await problemsOfAll(named, 'trusted')).toEqual([])
  })

  it('of a receipt shows counts and nothing else', async () => {
    const { granted, victim } = await openWorld()
    const shown = await granted.getReceipt(victim.receiptId)
    expect(shown?.erased).toMatchObject({ spaces: 1, entries: 1 })
    const text = JSON.stringify(shown)
    for (const name of ['victim', 'gone', secret]) expect(text).not.toContain(name)
  })
})
