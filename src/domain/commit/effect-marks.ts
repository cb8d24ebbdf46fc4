/** The marks of every kind of effect, in one table that loads nothing. A kind or a field that is left out does not compile. */
import type { Effect, EffectKind, EffectOf, Kept } from './effect.ts'
import { displaced, fields, type Mark, name, ref } from './marks.ts'

/** The declaration of a kind of effect: everything except how it is applied. */
interface EffectDeclaration {
  /**
   * Whether an effect in a row of a thread is the thread's own, and is erased with it: `thread` always, `space` never,
   * `stated` if it has `inThread`.
   */
  readonly scope: 'thread' | 'space' | 'stated'
  /** The earlier messages that the effect changes: those at its `index` field, or all of its turn or thread. */
  readonly changes?: 'index' | 'turn' | 'thread'
  readonly marks: { readonly [field: string]: Mark }
}

type FieldOf<Value> = Value extends unknown ? Exclude<keyof Value, 'kind' | 'of'> : never

type Declarations = {
  readonly [Kind in Exclude<EffectKind, 'kept' | 'erased'>]: EffectDeclaration & {
    readonly marks: { readonly [Field in FieldOf<EffectOf<Kind>> & string]: Mark }
  }
}

const entry = {
  key: name('entry'),
  prev: 'version',
  absent: 'structure',
  expiresAt: 'structure',
  pruned: displaced('entry'),
  expired: displaced('entry'),
  full: 'content',
} as const

const record = {
  noun: 'structure',
  key: name('record'),
  prev: 'version',
  absent: 'structure',
  implied: 'structure',
} as const

const links = { superseded: displaced('fact'), conflicts: displaced('fact'), resolved: displaced('fact') } as const

const block = { name: name('block'), inThread: 'structure', prev: 'version' } as const

const counts = {
  commits: 'structure',
  threads: 'structure',
  messages: 'structure',
  entries: 'structure',
  blocks: 'structure',
  facts: 'structure',
  runs: 'structure',
  records: 'structure',
} as const

/** What was stated of a run. Its thread is a reference that the run's own erasure follows. */
const statedRun = fields({
  name: 'content',
  runKind: 'structure',
  status: 'structure',
  actor: 'structure',
  threadId: ref('thread'),
  turnId: ref('turn'),
  parentRunId: ref('run'),
  details: 'content',
  continuation: 'content',
  expiresAt: 'structure',
})

const statedFact = fields({
  text: 'content',
  trust: 'structure',
  metadata: 'content',
  attributes: 'content',
  sources: ref('message'),
  unsourced: 'structure',
  validFrom: 'structure',
  validTo: 'structure',
  expiresAt: 'structure',
  pinned: 'structure',
  importance: 'structure',
  queued: 'structure',
})

const effectMarks = {
  'thread-put': {
    scope: 'thread',
    marks: {
      prev: 'version',
      created: 'structure',
      title: 'content',
      metadata: 'content',
      archived: 'structure',
      createdAt: 'structure',
    },
  },
  'thread-delete': {
    scope: 'thread',
    changes: 'thread',
    marks: { prev: 'version', blocks: displaced('block'), missing: ref('thread') },
  },
  'thread-clone': {
    scope: 'thread',
    marks: { prev: 'version', title: 'content', metadata: 'content', source: 'content', blocks: 'content' },
  },
  'turn-open': {
    scope: 'thread',
    marks: {
      until: 'structure',
      runId: ref('run'),
      replaces: ref('turn'),
      waits: 'structure',
      createdThread: 'version',
    },
  },
  'turn-close': { scope: 'thread', marks: { status: 'structure' } },
  'turn-resume': { scope: 'thread', marks: { until: 'structure', runId: ref('run') } },
  'turn-discard': { scope: 'thread', changes: 'turn', marks: {} },
  'turn-restore': { scope: 'thread', marks: { restored: ref('turn'), replaced: ref('turn') } },
  'turn-answered': { scope: 'thread', marks: {} },
  'turn-replaced': { scope: 'thread', changes: 'turn', marks: { by: ref('turn'), aside: 'structure' } },
  'turn-restored': { scope: 'thread', marks: {} },
  'message-append': {
    scope: 'thread',
    marks: {
      messages: 'content',
      existing: ref('message'),
      known: 'structure',
      erased: 'structure',
      createdThread: 'version',
    },
  },
  'message-copy': { scope: 'thread', marks: { messages: 'content', turnActor: 'structure', runId: ref('run') } },
  'message-extend': {
    scope: 'thread',
    changes: 'index',
    marks: { index: 'index', parts: 'content', complete: 'content' },
  },
  'message-edit': {
    scope: 'thread',
    changes: 'index',
    marks: { index: 'index', parts: 'content', metadata: 'content' },
  },
  'message-delete': { scope: 'thread', changes: 'index', marks: { indexes: 'index' } },
  'block-write': { scope: 'stated', marks: { ...block, format: 'structure', value: 'content' } },
  'block-merge': { scope: 'stated', marks: { ...block, absent: 'structure', patch: 'content', full: 'content' } },
  'entry-write': { scope: 'space', marks: { ...entry, value: 'content' } },
  'entry-merge': { scope: 'space', marks: { ...entry, patch: 'content' } },
  'entry-append': { scope: 'space', marks: { ...entry, item: 'content' } },
  'entry-increment': { scope: 'space', marks: { ...entry, by: 'content' } },
  'entry-delete': { scope: 'space', marks: { key: name('entry'), prev: 'version', absent: 'structure' } },
  'entry-expire': { scope: 'space', marks: { key: name('entry'), prev: 'version', absent: 'structure' } },
  'fact-assert': {
    scope: 'space',
    marks: {
      factId: name('fact'),
      prev: 'version',
      stated: statedFact,
      known: 'structure',
      ended: 'structure',
      endedBy: ref('fact'),
      proposed: 'structure',
      ...links,
    },
  },
  'fact-known': { scope: 'space', marks: { factId: ref('fact'), version: 'structure' } },
  'fact-retire': {
    scope: 'space',
    marks: { retired: displaced('fact'), refused: ref('fact'), proposed: 'structure', ...links },
  },
  'fact-expire': { scope: 'space', marks: { factId: name('fact'), prev: 'version', ...links } },
  'run-put': {
    scope: 'space',
    marks: {
      runId: name('run'),
      prev: 'version',
      stated: statedRun,
      place: 'structure',
      implied: 'structure',
      until: 'structure',
      released: 'structure',
      interrupts: 'structure',
    },
  },
  'run-expire': { scope: 'space', marks: { runId: name('run'), prev: 'version' } },
  // The fields of a record have the marks of its noun, which `effect-names.ts` looks up.
  'record-put': { scope: 'space', marks: { ...record, expiresAt: 'structure', value: 'content' } },
  'record-patch': { scope: 'space', marks: { ...record, expiresAt: 'structure', patch: 'content', full: 'content' } },
  'record-remove': { scope: 'space', marks: record },
  'record-expire': { scope: 'space', marks: record },
  'lease-take': { scope: 'space', marks: { name: name('lease'), until: 'structure' } },
  'lease-release': { scope: 'space', marks: { name: name('lease'), released: 'structure' } },
  configure: { scope: 'space', marks: { prev: 'version', settings: 'structure' } },
  erase: { scope: 'space', marks: counts },
} as const satisfies Declarations

/** Marks of the records that compaction keeps. */
const keptMarks = {
  entry: { scope: 'space', marks: { key: name('entry') } },
  block: { scope: 'space', marks: { name: name('block'), threadId: ref('thread') } },
  fact: { scope: 'space', marks: { id: name('fact') } },
  run: { scope: 'space', marks: { id: name('run'), threadId: ref('thread') } },
  record: { scope: 'space', marks: { noun: 'structure', key: name('record') } },
  thread: { scope: 'thread', marks: {} },
  lease: { scope: 'space', marks: { name: name('lease'), threadId: ref('thread') } },
  settings: { scope: 'space', marks: {} },
  turnKept: { scope: 'thread', marks: {} },
} as const satisfies { readonly [Field in FieldOf<Kept>]: EffectDeclaration }

type KeptField = keyof typeof keptMarks

/** The field of a kept effect that holds its record. */
export function keptFieldOf(effect: EffectOf<'kept'>): KeptField {
  const field = Object.keys(keptMarks).find((candidate) => candidate in effect)
  return field as KeptField
}

const none: EffectDeclaration = { scope: 'space', marks: {} }

/** The declaration of an effect's kind; for a kept record, that of the record. Erased effects have none. */
export function declarationOf(effect: Effect): EffectDeclaration {
  if (effect.kind === 'kept') return keptMarks[keptFieldOf(effect)]
  return effect.kind === 'erased' ? none : effectMarks[effect.kind]
}
