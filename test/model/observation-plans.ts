// Plans of cycles that observe threads and reflect on them: with claims and places that are known to stand, or once stood.
import fc from 'fast-check'
import type { Change } from '../../src/domain/commit/commit.ts'
import { parseMessageId } from '../../src/domain/id.ts'
import {
  type HeadFields,
  type NoteInput,
  observationPriorities,
  type Place,
} from '../../src/domain/records/observation.ts'

const note = fc.record({
  priority: fc.constantFrom(...observationPriorities),
  kind: fc.constantFrom(undefined, undefined, 'task' as const),
  refersTo: fc.constantFrom(undefined, '2026-03-02'),
  isNamed: fc.boolean(),
})
const notes = fc.array(note, { maxLength: 2 })

/** Plans of observations; `back` draws how many places back a message is. */
export function observationPlans(weight: number, back: fc.Arbitrary<number>) {
  const begin = fc.record({
    kind: fc.constant('observation-begin' as const),
    back,
    isReflection: fc.constantFrom(false, false, true),
    leaseMs: fc.constantFrom(1, 1, 700, 60_000),
    budget: fc.constantFrom(undefined, undefined, { tokens: 5 }, { tokens: 5, dailyTokens: 12, isShared: true }),
  })
  const put = fc.record({
    kind: fc.constant('observation-put' as const),
    notes,
    isStale: fc.constantFrom(false, false, false, false, true),
    isPart: fc.boolean(),
    activate: fc.constantFrom(undefined, undefined, true),
    spent: fc.constantFrom(undefined, 3),
  })
  const activate = fc.record({
    kind: fc.constant('observation-activate' as const),
    what: fc.constantFrom('all', 'first', 'reflection'),
  })
  const isAhead = fc.constantFrom(undefined, undefined, true)
  const reflect = fc.record({ kind: fc.constant('observation-reflect' as const), notes, isAhead })
  const isReflection = fc.constantFrom(false, false, true)
  const release = fc.record({ kind: fc.constant('observation-release' as const), isReflection })
  return {
    'observation-begin': { weight: 5 * weight, arbitrary: begin },
    'observation-put': { weight: 6 * weight, arbitrary: put },
    'observation-activate': { weight, arbitrary: activate },
    'observation-reflect': { weight: 2 * weight, arbitrary: reflect },
    'observation-release': { weight, arbitrary: release },
  }
}

export type ObservationPlan =
  ReturnType<typeof observationPlans> extends Record<string, { readonly arbitrary: fc.Arbitrary<infer Plan> }>
    ? Plan
    : never

/** What a run knows of a thread that it observes. */
interface ObservedThread {
  readonly threadId: string
  /** The head as it was last answered; undefined if the thread was never observed. */
  readonly head: HeadFields | undefined
  /** The id of the message that many places before the last. */
  readonly messageId: (back: number) => string
  /** Makes texts that occur once. */
  readonly unique: () => string
}

function placeOf(messageId: string): Place {
  const place = parseMessageId(messageId)
  return place === null ? { turn: 1, index: 0 } : { turn: place.turn, index: place.index }
}

type NotePlan = typeof note extends fc.Arbitrary<infer Plan> ? Plan : never

function notesOf(plans: readonly NotePlan[], at: Place, unique: () => string): NoteInput[] {
  return plans.map(({ priority, kind, refersTo, isNamed }) => ({
    text: `noted ${unique()}`,
    priority,
    made: 'model',
    saidAt: '2026-03-01T12:00:00.000Z',
    ...(kind === undefined ? {} : { kind }),
    ...(refersTo === undefined ? {} : { refersTo }),
    ...(isNamed ? { author: { kind: 'user' as const, id: 'carol' } } : {}),
    from: at,
    until: at,
  }))
}

/** The fields that are given. */
function stated<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> }
}

/** What is activated: everything, the first buffered chunk, or the reflection that was made ahead. */
function activated(what: string, head: HeadFields | undefined) {
  if (what === 'reflection') return { generation: head?.ahead?.generation ?? 1 }
  return what === 'first' ? { chunk: head?.buffered?.[0]?.chunk ?? 1 } : {}
}

/** The change of a plan. */
export function observationChange(
  plan: ObservationPlan,
  { threadId, head, messageId, unique }: ObservedThread,
): Change {
  if (plan.kind === 'observation-begin') {
    const to = plan.isReflection ? {} : { to: placeOf(messageId(plan.back)) }
    return { kind: plan.kind, threadId, leaseMs: plan.leaseMs, ...to, ...stated({ budget: plan.budget }) }
  }
  if (plan.kind === 'observation-release') {
    const claim = (plan.isReflection ? head?.reflecting : head?.observing)?.claim ?? 1
    return { kind: plan.kind, threadId, claim }
  }
  if (plan.kind === 'observation-activate') return { kind: plan.kind, threadId, ...activated(plan.what, head) }
  if (plan.kind === 'observation-reflect') {
    const at = head?.cursor ?? { turn: 1, index: 0 }
    const claim = head?.reflecting?.claim ?? 1
    const notes = notesOf(plan.notes, at, unique)
    return { kind: plan.kind, threadId, claim, notes, ...stated({ isAhead: plan.isAhead }) }
  }
  const [gap] = head?.again ?? []
  const end = head?.observing?.to ?? { turn: 1, index: 0 }
  const to = plan.isPart && end.index > 0 ? { turn: end.turn, index: end.index - 1 } : (gap?.to ?? end)
  const claim = (head?.observing?.claim ?? 2) - (plan.isStale ? 1 : 0)
  const after = gap?.after ?? head?.cursor ?? null
  const more = stated({ activate: plan.activate, spent: plan.spent, tokens: 7 })
  return { kind: plan.kind, threadId, claim, after, to, notes: notesOf(plan.notes, to, unique), ...more }
}
