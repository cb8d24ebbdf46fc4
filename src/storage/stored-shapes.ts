/** Shapes that stored JSON must have before it is used: of effects, and of the JSON columns of rows. */
import { actorKinds } from '../domain/actor.ts'
import type { EffectKind } from '../domain/commit/effect.ts'
import type { JsonObject } from '../domain/json.ts'
import { laterSettings, settingLimits, settingNames } from '../domain/space.ts'
import { msOf } from '../domain/time.ts'

/** Whether a parsed value is what it must be. `seq` is that of its row: what it replaced must be older. */
export type Shape = (value: unknown, seq: number) => boolean

type Shapes = Readonly<Record<string, Shape>>

/** What JSON.parse made is plain: no need to look at prototypes, which most of the time of a check would go to. */
function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const any: Shape = (value) => value !== undefined
const text: Shape = (value) => typeof value === 'string'
const finite: Shape = (value) => Number.isFinite(value)
const flag: Shape = (value) => typeof value === 'boolean'
const time: Shape = (value) => typeof value === 'string' && !Number.isNaN(msOf(value))
const object: Shape = isObject
/** A version that a row of this seq replaced; chains of them are walked back, so they must lead downwards. */
const older: Shape = (value, seq) => typeof value === 'number' && value >= 0 && value < seq
/** A place in a list: far more than a turn can have messages would only take memory. */
const place: Shape = (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 1_000_000

const orNull =
  (shape: Shape): Shape =>
  (value, seq) =>
    value === null || shape(value, seq)

const listOf =
  (shape: Shape): Shape =>
  (value, seq) => {
    if (!Array.isArray(value)) return false
    for (let i = 0; i < value.length; i++) if (!shape(value[i], seq)) return false
    return true
  }

/** An object with these fields, and optionally those; other fields are not checked. */
function fields(required: Shapes, optional: Shapes = {}): Shape {
  const [must, may] = [Object.entries(required), Object.entries(optional)]
  return (value, seq) => {
    if (!isObject(value)) return false
    for (let i = 0; i < must.length; i++) {
      const [name, shape] = must[i] as [string, Shape]
      if (!shape(value[name], seq)) return false
    }
    for (let i = 0; i < may.length; i++) {
      const [name, shape] = may[i] as [string, Shape]
      if (value[name] !== undefined && !shape(value[name], seq)) return false
    }
    return true
  }
}

const all =
  (...shapes: readonly Shape[]): Shape =>
  (value, seq) =>
    shapes.every((shape) => shape(value, seq))

const actorKind: Shape = (value) => (actorKinds as readonly unknown[]).includes(value)

/** A field that may be left out. */
const perhaps = (value: unknown, shape: Shape, seq: number): boolean => value === undefined || shape(value, seq)

// Shapes of what every page of a thread has many of name their fields: that takes a third of the time of `fields`.

export const actorShape: Shape = (value, seq) =>
  isObject(value) && actorKind(value.kind, seq) && typeof value.id === 'string' && perhaps(value.name, text, seq)

/** One, or a list of them. */
const oneOrMore =
  (shape: Shape): Shape =>
  (value, seq) =>
    Array.isArray(value) ? value.length > 0 && listOf(shape)(value, seq) : shape(value, seq)
const part: Shape = (value) => isObject(value) && typeof value.type === 'string'
const parts = listOf(part)
const message: Shape = (value, seq) =>
  isObject(value) &&
  typeof value.role === 'string' &&
  parts(value.parts, seq) &&
  perhaps(value.id, text, seq) &&
  perhaps(value.metadata, object, seq) &&
  perhaps(value.author, actorShape, seq) &&
  perhaps(value.createdAt, time, seq) &&
  perhaps(value.seq, finite, seq)
const messages = listOf(orNull(message))
const idPairs = listOf((one) => Array.isArray(one))
const messageAppend: Shape = (value, seq) =>
  isObject(value) &&
  messages(value.messages, seq) &&
  perhaps(value.existing, idPairs, seq) &&
  perhaps(value.known, finite, seq) &&
  perhaps(value.createdThread, finite, seq)
const displaced = listOf(fields({ key: text, version: older }))
const factLinks = { superseded: listOf(fields({ key: text, version: older, validTo: time })), conflicts: displaced }
const links = { ...factLinks, resolved: displaced }
const attributes: Shape = (value, seq) =>
  isObject(value) &&
  perhaps(value.userId, text, seq) &&
  perhaps(value.agentId, text, seq) &&
  perhaps(value.runId, text, seq) &&
  perhaps(value.teamId, text, seq)

const entryWrite = (own: Shapes) =>
  fields({ key: text, prev: older, expiresAt: orNull(time), ...own }, { pruned: displaced, expired: displaced })
const entryEnd = fields({ key: text, prev: older })
const recordEnd = fields({ noun: text, key: text, prev: older })
const recordWrite = (own: Shapes) => all(recordEnd, fields({ expiresAt: orNull(time), ...own }))
const block = fields({ name: text, format: text, value: any })
const settings: Shapes = {
  ...Object.fromEntries(settingNames.map((name) => [name, settingLimits[name].orNull ? orNull(finite) : finite])),
  language: text,
}
const isLater = ([name]: readonly [string, Shape]) => Object.hasOwn(laterSettings, name)
const [later = [], first = []] = [true, false].map((is) =>
  Object.entries(settings).filter((one) => isLater(one) === is),
)
export const settingsShape = fields(Object.fromEntries(first), Object.fromEntries(later))
const factId = { factId: text }

const kept = fields(
  {},
  {
    entry: fields({ key: text, value: any, createdAt: time, updatedAt: time, writtenBy: actorShape }),
    block: fields({ name: text, format: text, value: any, updatedAt: time, updatedBy: actorShape }),
    fact: fields({ id: text, text, metadata: object, attributes, sources: listOf(text), assertedBy: actorShape }),
    run: fields({ id: text, name: text, actor: actorShape, details: object }),
    thread: fields({ id: text, metadata: object, createdAt: time, updatedAt: time }),
    record: fields({ noun: text, key: text, value: object, createdAt: time, updatedAt: time, writtenBy: actorShape }),
    lease: fields({ name: text, token: finite, holder: actorShape, until: time }),
    settings: settingsShape,
    turnKept: fields({ actor: actorShape, leaseMs: finite, messages }, { replaces: listOf(text), answered: flag }),
  },
)

const statedFact = fields(
  {},
  {
    text,
    metadata: object,
    attributes,
    sources: listOf(text),
    unsourced: flag,
    validTo: orNull(time),
    validFrom: time,
    expiresAt: orNull(time),
  },
)
const statedRun = fields({ expiresAt: orNull(time) }, { name: text, details: object, status: text })

/** The fields of each kind of effect that folding and replaying rely on. */
const effectShapes: Readonly<Record<EffectKind, Shape>> = {
  'thread-put': fields({ prev: older }, { title: orNull(text), metadata: object, archived: flag, createdAt: time }),
  'thread-delete': fields({ prev: older, blocks: displaced }),
  'thread-clone': fields({ prev: older, title: orNull(text), metadata: object, source: object, blocks: listOf(block) }),
  'turn-open': fields({ until: time }, { runId: text, replaces: listOf(text), waits: flag }),
  'turn-close': fields({ status: text }),
  'turn-resume': fields({ until: time }, { runId: text }),
  'turn-discard': object,
  'turn-restore': fields({ restored: listOf(text), replaced: listOf(text) }),
  'turn-answered': object,
  'turn-replaced': fields({ by: text }, { aside: flag }),
  'turn-restored': object,
  'message-append': messageAppend,
  'message-copy': fields({ messages }, { turnActor: actorShape }),
  'message-extend': fields({ index: place }, { parts, complete: oneOrMore(fields({ toolCallId: text, part })) }),
  'message-edit': fields({ index: place }, { parts, metadata: object }),
  'message-delete': fields({ indexes: listOf(place) }),
  'block-write': fields({ name: text, prev: older, format: text, value: any }),
  'block-merge': fields({ name: text, prev: older, patch: object }),
  'entry-write': entryWrite({ value: any }),
  'entry-merge': entryWrite({ patch: object }),
  'entry-append': entryWrite({ item: any }),
  'entry-increment': entryWrite({ by: finite }),
  'entry-delete': entryEnd,
  'entry-expire': entryEnd,
  'fact-assert': fields({ ...factId, prev: older, stated: statedFact }, { ended: flag, endedBy: text, ...links }),
  'fact-known': fields({ ...factId, version: finite }),
  'fact-retire': fields({ retired: displaced }, { refused: listOf(text), ...links }),
  'fact-expire': fields({ ...factId, prev: older }, links),
  'run-put': fields({ runId: text, prev: older, stated: statedRun }),
  'run-expire': fields({ runId: text, prev: older }),
  'record-put': recordWrite({ value: object }),
  'record-patch': recordWrite({ patch: object }),
  'record-remove': recordEnd,
  'record-expire': recordEnd,
  'lease-take': fields({ name: text, until: time }),
  'lease-release': fields({ name: text, released: flag }),
  configure: fields({ prev: older, settings: settingsShape }),
  erase: object,
  kept,
  erased: fields(
    { was: text },
    { noun: text, key: text, factId: text, runId: text, prev: older, pruned: displaced, expired: displaced, ...links },
  ),
}

export const effectsShape = listOf((effect, seq) => {
  if (!isObject(effect)) return false
  const { kind } = effect
  return typeof kind === 'string' && Object.hasOwn(effectShapes, kind) && effectShapes[kind as EffectKind](effect, seq)
})

/** The JSON of entries and of blocks is any value. */
export const valueShape = any
/** That of records of other nouns is an object. */
export const fieldsShape = object
export const threadShape = fields(
  { title: orNull(text), metadata: object, createdAt: time, updatedAt: time, archivedAt: orNull(time) },
  { source: fields({ space: text, threadId: text, asOf: finite }) },
)
const texts = listOf(text)
const timeOrNull = orNull(time)
const textOrNull = orNull(text)
export const factShape: Shape = (value, seq) =>
  isObject(value) &&
  typeof value.text === 'string' &&
  isObject(value.metadata) &&
  attributes(value.attributes, seq) &&
  texts(value.sources, seq) &&
  actorShape(value.assertedBy, seq) &&
  typeof value.trust === 'string' &&
  time(value.validFrom, seq) &&
  timeOrNull(value.validTo, seq) &&
  textOrNull(value.supersededBy, seq) &&
  texts(value.conflictsWith, seq) &&
  (value.pinned === undefined || typeof value.pinned === 'boolean') &&
  (value.importance === undefined || typeof value.importance === 'number')
export const runShape = fields(
  { kind: text, actor: actorShape, details: object, endedAt: orNull(time) },
  { turnId: text, parentRunId: text },
)
export const receiptShape = fields({
  id: text,
  target: text,
  state: text,
  requestedAt: time,
  completedAt: orNull(time),
  erased: object,
  outOfReach: listOf(text),
  left: listOf(text),
})
