// What people do in a chat, by chance: two tabs of one conversation, a model and a guard that fail, and a process that dies.
import fc from 'fast-check'

type Ending = 'answers' | 'fails' | 'breaks' | 'refused-context' | 'refused-result' | 'stops-first' | 'stops-late'

/** How a call ends. `stops-*`: the person stops it, before or after the first words. `dies`: the process, at some commit. */
export type Outcome = { readonly kind: Ending } | { readonly kind: 'dies'; readonly commits: number }

/** Which ids a client sends, always the same way: those that it holds, none, or new ones for every message. */
export type SentIds = 'own' | 'none' | 'new'

export type EverydayAction =
  | { readonly kind: 'send'; readonly tab: number; readonly outcome: Outcome }
  | {
      readonly kind: 'resend'
      readonly tab: number
      readonly isTwice: boolean
      readonly isTrimmed: boolean
      readonly outcome: Outcome
    }
  | { readonly kind: 'edit'; readonly tab: number; readonly back: number; readonly outcome: Outcome }
  | { readonly kind: 'regenerate'; readonly tab: number; readonly back: number; readonly outcome: Outcome }
  | { readonly kind: 'delete' | 'forget'; readonly back: number }
  | { readonly kind: 'reload'; readonly tab: number }
  | { readonly kind: 'clone' }

const one = <Value>(...values: readonly Value[]) => fc.constantFrom(...values)
const tab = fc.nat(1)
const back = fc.nat(3)
const ids = one<SentIds>('own', 'own', 'own', 'none', 'new')

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ kind: 'answers' } as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: one<Ending>('fails', 'breaks', 'refused-context', 'refused-result', 'stops-first', 'stops-late'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('dies' as const), commits: fc.nat(4) }) },
)

const action: fc.Arbitrary<EverydayAction> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('send' as const), tab, outcome }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('resend' as const),
      tab,
      isTwice: fc.boolean(),
      isTrimmed: fc.boolean(),
      outcome,
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('edit' as const), tab, back, outcome }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('regenerate' as const), tab, back, outcome }) },
  { weight: 2, arbitrary: fc.record({ kind: one<'delete' | 'forget'>('delete', 'forget'), back }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('reload' as const), tab }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clone' as const) }) },
)

export interface EverydayPlan {
  /** How each tab sends ids. */
  readonly tabs: readonly SentIds[]
  readonly actions: readonly EverydayAction[]
}

export const everydayPlan: fc.Arbitrary<EverydayPlan> = fc.record({
  tabs: fc.tuple(ids, ids),
  actions: fc.array(action, { minLength: 3, maxLength: 10 }),
})
