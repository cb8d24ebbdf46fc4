// Any sequence of statements, confirmations, contradictions, imports, expiries, deletions and forgotten sources, by actors of
// every trust, against a plain model of belief.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { day, ManualClock, openMemory } from '../memory/opened.ts'
import { runRandom } from '../random-runs.ts'
import { Beliefs, type Trust, trusts } from './belief.ts'

const ann = { userId: 'ann' }
const messages = ['m0', 'm1', 'm2', 'm3']

type Step =
  | {
      readonly kind: 'state'
      readonly by: Trust
      readonly text: number
      readonly source: number | null
      readonly year: number | null
      readonly days: number | null
      readonly target: number | null
    }
  | { readonly kind: 'remove'; readonly by: Trust; readonly which: number }
  | { readonly kind: 'forget'; readonly source: number }
  | { readonly kind: 'pass'; readonly days: number }

const by = fc.constantFrom(...trusts)
const some = (arbitrary: fc.Arbitrary<number>) => fc.option(arbitrary, { freq: 2 })
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('state' as const),
      by,
      text: fc.nat(3),
      source: some(fc.nat(3)),
      year: some(fc.integer({ min: 2018, max: 2025 })),
      days: some(fc.integer({ min: 1, max: 40 })),
      target: some(fc.nat(5)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), by, which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), source: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const), days: fc.integer({ min: 1, max: 15 }) }) },
)

const at = (list: readonly { readonly id: string }[], place: number | null) =>
  place === null || list.length === 0 ? null : (list[place % list.length] as never)

async function run(plan: readonly Step[]): Promise<void> {
  const clock = new ManualClock()
  const memory = openMemory({ clock })
  const beliefs = new Beliefs()
  const as = (trust: Trust) => memory.as({ kind: trust, id: `the-${trust}` })
  await memory.saveMessages({
    resourceId: 'ann',
    threadId: 't',
    messages: messages.map((id) => ({ id, role: 'user' as const, content: `Message ${id}` })),
  })
  for (const step of plan) {
    clock.pass(1)
    if (step.kind === 'pass') clock.pass(step.days * day)
    else if (step.kind === 'forget') {
      const source = messages[step.source] as string
      await memory.forget({ messageIds: [source], resourceId: 'ann' })
      beliefs.forget(source)
    } else if (step.kind === 'remove') {
      const belief = at(beliefs.live(clock.ms), step.which)
      if (belief === null) continue
      const { deleted } = await as(step.by).facts.delete((belief as { id: string }).id)
      expect(deleted).toBe(beliefs.remove(belief, step.by))
    } else {
      const { year, days, source } = step
      const target = at(beliefs.current(clock.ms), step.target) as ReturnType<Beliefs['current']>[number] | null
      const said = year === null ? null : Date.UTC(year, 0, 1)
      const expires = days === null ? null : clock.ms + days * day
      const text = `Ann likes ${'ABCD'[step.text]}`
      const id = source === null ? null : (messages[source] as string)
      const { results } = await as(step.by).add(
        { role: 'user', content: text, ...(id === null ? {} : { id, threadId: 't' }) },
        {
          ...ann,
          ...(said === null ? {} : { validFrom: said }),
          ...(expires === null ? {} : { expiresAt: expires }),
          ...(target === null ? {} : { supersedes: target.id }),
        },
      )
      beliefs.state({ text, trust: step.by, source: id, said, expires }, target, clock.ms, results[0]?.id ?? '')
    }
    const { results } = await memory.facts.getAll({ ...ann, includeSuperseded: true, limit: 1_000 })
    const found = results.map((fact) => [
      fact.id,
      shown({ ...fact, text: fact.memory, isPast: fact.status !== 'current' }),
    ])
    const wanted = beliefs.live(clock.ms).map((belief) => [belief.id, shown(asFact(belief))])
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(wanted))
  }
}

function asFact(belief: ReturnType<Beliefs['live']>[number]) {
  const date = (ms: number | null) => (ms === null ? null : new Date(ms))
  const { from, to, expires, against, ...rest } = belief
  return {
    ...rest,
    validFrom: new Date(from),
    validTo: date(to),
    expiresAt: date(expires),
    conflictsWith: [...against] as readonly string[],
  }
}

function shown(fact: Omit<ReturnType<typeof asFact>, 'alone' | 'id'>) {
  const { text, trust, validFrom, validTo, expiresAt, sources, isPast, conflictsWith } = fact
  return {
    text,
    trust,
    validFrom,
    validTo,
    expiresAt,
    sources: [...sources].sort(),
    isPast,
    against: [...conflictsWith].sort(),
  }
}

it('what memory believes is what a plain model believes', async () => {
  await runRandom(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 25 }), (plan) => run(plan)),
    40,
  )
})
