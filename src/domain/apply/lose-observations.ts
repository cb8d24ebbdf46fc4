/**
 * Takes back what was observed of messages that a commit changes: whatever the change is, and from any caller. Runs after
 * all changes of a commit are decided.
 */
import type { Effect, EffectKind } from '../commit/effect.ts'
import { unpackTurn } from '../id.ts'
import { equalJson, type Json } from '../json.ts'
import {
  comparePlaces,
  type HeadFields,
  headKey,
  headNoun,
  joinSpans,
  type Place,
  touches,
} from '../records/observation.ts'
import { putWhole } from './apply-record.ts'
import type { Draft } from './draft.ts'
import { dropChunks, dropObservations, dropping, storedHead } from './write-observations.ts'

/**
 * What each kind of effect does to what earlier messages say. `lost`: messages of the turn say nothing more; `new`: they say
 * something that may not have been observed; `nothing`: they say what they said.
 */
const saying = {
  'thread-put': 'nothing',
  'thread-delete': 'thread',
  'thread-clone': 'nothing',
  'turn-open': 'nothing',
  'turn-close': 'nothing',
  'turn-resume': 'nothing',
  'turn-discard': 'lost',
  'turn-restore': 'nothing',
  'turn-answered': 'new',
  'turn-replaced': 'lost',
  'turn-restored': 'new',
  'message-append': 'new',
  'message-copy': 'new',
  'message-extend': 'new',
  'message-edit': 'new',
  'message-delete': 'lost',
  'block-write': 'nothing',
  'block-merge': 'nothing',
  'entry-write': 'nothing',
  'entry-merge': 'nothing',
  'entry-append': 'nothing',
  'entry-increment': 'nothing',
  'entry-delete': 'nothing',
  'entry-expire': 'nothing',
  'fact-assert': 'nothing',
  'fact-known': 'nothing',
  'fact-retire': 'nothing',
  'fact-expire': 'nothing',
  'run-put': 'nothing',
  'run-expire': 'nothing',
  'record-put': 'nothing',
  'record-patch': 'nothing',
  'record-remove': 'nothing',
  'record-expire': 'nothing',
  'lease-take': 'nothing',
  'lease-release': 'nothing',
  configure: 'nothing',
  erase: 'nothing',
  kept: 'nothing',
  erased: 'nothing',
} as const satisfies { readonly [Kind in EffectKind]: 'lost' | 'new' | 'nothing' | 'thread' }

interface Touched {
  readonly from: Place
  readonly until: Place
  /** Something may be said there now that was not observed. */
  readonly isNew: boolean
}

/** The messages of a turn whose content an effect changes, from the first to the last. */
function touchedBy(turn: number, effect: Effect, count: () => number): Touched | null {
  const what = saying[effect.kind]
  if (what !== 'lost' && what !== 'new') return null
  // The metadata of a message is not observed.
  if (effect.kind === 'message-edit' && effect.parts === undefined) return null
  const indexes = 'indexes' in effect ? effect.indexes : 'index' in effect ? [effect.index] : [0, count() - 1]
  const [first, last] = [indexes[0], indexes.at(-1)]
  if (first === undefined || last === undefined) return null
  return { from: { turn, index: first }, until: { turn, index: last }, isNew: what === 'new' }
}

/** What the commit changed in turns that were there before. */
function touchedIn(draft: Draft): readonly Touched[] {
  const touched: Touched[] = []
  for (const [turn, effects] of draft.drafted.byTurn()) {
    if (turn === 0 || unpackTurn(turn).turnSeq === draft.seq) continue
    for (const effect of effects)
      touched.push(...[touchedBy(turn, effect, () => draft.turn(turn)?.messages.length ?? 1) ?? []].flat())
  }
  return touched
}

/** The head after messages were changed: what was said there is to be observed again, and cycles at work begin again. */
function headAfter(draft: Draft, head: HeadFields, touched: readonly Touched[]): HeadFields {
  const isLost = touched.filter(({ from }) => comparePlaces(from, head.cursor) <= 0)
  const left =
    isLost.length === 0
      ? head
      : dropChunks(draft, head, (span) => isLost.some(({ from, until }) => touches(span, from, until)), dropping(draft))
  const again = isLost.flatMap(({ from, until, isNew }) => {
    if (!isNew || left.cursor === null) return []
    const to = comparePlaces(until, left.cursor) > 0 ? left.cursor : until
    return [{ after: { turn: from.turn, index: from.index - 1 }, to }]
  })
  const all = again.length === 0 ? left : { ...left, again: joinSpans([...left.again, ...again]) }
  const { observing } = all
  if (observing === undefined || !touched.some(({ from }) => comparePlaces(from, observing.to) <= 0)) return all
  const { observing: _, ...rest } = all
  return rest
}

/** Takes back what was observed of messages that the commit changes, removes or brings back. */
export function loseObservations(draft: Draft): void {
  const thread = draft.touchedThread
  if (thread === null || draft.view.space === null || draft.erasure !== null) return
  const isDeleted = draft.drafted.byTurn().some(([, effects]) => effects.some(({ kind }) => saying[kind] === 'thread'))
  const touched = isDeleted ? [] : touchedIn(draft)
  if ((!isDeleted && touched.length === 0) || !draft.view.hasRecords()) return
  if (isDeleted) {
    dropObservations(draft, thread)
    return
  }
  const { state, head } = storedHead(draft, thread)
  if (head === null) return
  const after = headAfter(draft, head, touched)
  if (equalJson(after as unknown as Json, head as unknown as Json)) return
  putWhole(draft, headNoun, headKey(thread.createdSeq), after, state, { implied: true })
}
