/** Sections of memory as agents use them, of their own space or of one that they share. */
import type { Change } from '../domain/commit/commit.ts'
import { parseFilter } from '../domain/filter.ts'
import type { SpaceId } from '../domain/id.ts'
import { mainBlock } from '../domain/records/block-key.ts'
import type { AgentQuestion, AgentSpace, AgentWorkingMemory, Found } from '../ports/agent-memory.ts'
import type { AgentObservations } from '../ports/agent-notes.ts'
import type { SharedMemory } from '../ports/shared-memory.ts'
import type { FoundRecord } from '../ports/storage.ts'
import type { Core } from './door/core.ts'
import type { Door } from './door/door.ts'
import { observationsFor } from './observations/for-agents.ts'
import { propose } from './proposals/propose.ts'
import { withProposals } from './proposals/read-proposals.ts'
import { timesOf } from './recall/period.ts'
import { recallFrom } from './recall/recall.ts'
import { readWorkingMemory, writeWorkingMemory } from './working-memory/working-memory.ts'

type Form = Parameters<AgentSpace['workingMemory']>[0]
type Write = Parameters<AgentWorkingMemory['write']>

/** Recalls from spaces. `isShared`: which records of other spaces than the first may be found. */
export function recallIn(
  core: Core,
  [own, ...others]: readonly [SpaceId, ...SpaceId[]],
  { filter, tokenBudget = Number.MAX_SAFE_INTEGER, without = [], from, to, ...question }: AgentQuestion,
  isShared: (record: FoundRecord, space: SpaceId) => boolean,
): Promise<Found> {
  const times = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }
  return recallFrom(core, {
    ...question,
    ...timesOf(times, core.storage.clock.now()),
    // A fact that was replaced since may have held before that time.
    ...(to === undefined ? {} : { includeSuperseded: true }),
    spaces: [own, ...others],
    mode: 'hybrid',
    tokenBudget,
    without: new Set(without),
    filter: parseFilter(filter, 'semanticRecall.filter', core.limits),
    ...(others.length === 0 ? {} : { isWanted: (record, space) => space === own || isShared(record, space) }),
  })
}

/** Working memory of a space, or of a thread of it, in a form. */
export function workingMemoryIn(door: Door, { scope, template, schema }: Form, threadId: string): AgentWorkingMemory {
  const form = template === null ? (schema === null ? {} : { schema }) : { template }
  const space = door.with({ behaviour: { ...door.core.behaviour, workingMemory: { scope, ...form } } })
  return {
    read: () => readWorkingMemory(space, { threadId }),
    write: (workingMemory, how) => writeWorkingMemory(space, { threadId, workingMemory, ...how }),
  }
}

/** The change that a write of working memory asks for. */
function blockChange(place: { readonly threadId?: string }, value: Write[0], how: Write[1]): Change {
  if (typeof value !== 'string' && how?.mode !== 'replace') {
    return { kind: 'block-merge', name: mainBlock, ...place, patch: value }
  }
  const format = typeof value === 'string' ? 'text' : 'json'
  return { kind: 'block-write', name: mainBlock, ...place, format, value, convert: true }
}

/** Working memory of which each write is a proposal, made against what its author has seen. */
function proposedWorkingMemory(
  door: Door,
  form: Form,
  { threadId, deciders }: NonNullable<SharedMemory['workingMemory']>,
): AgentWorkingMemory {
  const memory = workingMemoryIn(door, form, threadId)
  const place = form.scope === 'thread' ? { threadId } : {}
  const of = { block: mainBlock, ...place }
  return {
    read: memory.read,
    write: async (value, how) => {
      const { ifVersion, ifAbsent } = (how ?? {}) as { readonly ifVersion?: number; readonly ifAbsent?: true }
      const seen = ifAbsent === true ? [{ absent: of }] : ifVersion === undefined ? [] : [{ version: ifVersion, of }]
      const proposed = await propose(door, {
        change: blockChange(place, value, how) as Parameters<typeof propose>[1]['change'],
        deciders,
        ...(seen.length === 0 ? {} : { expect: seen }),
      })
      return proposed.status === 'conflict' ? { status: 'conflict', current: await memory.read() } : proposed
    },
  }
}

/** The blocks of a space, of which working memory is another one's. */
function sharedBlocks(own: AgentSpace, door: Door, threadId: string): AgentSpace['blocks'] {
  return {
    get: (inThread, name) => door.blocks.get(inThread === null ? null : threadId, name),
    list: (...call) => own.blocks.list(...call),
    history: (...call) => own.blocks.history(...call),
    at: (...call) => own.blocks.at(...call),
  }
}

/** The open proposals about facts of a space, by the ids of the facts. */
export async function proposalsAbout(
  { core, id: space }: Door,
  factIds: readonly string[],
): ReturnType<AgentSpace['proposalsAbout']> {
  const facts = await withProposals(
    core,
    factIds.map((id) => ({ id, space })),
  )
  return new Map(facts.flatMap(({ id, proposals }) => (proposals === undefined ? [] : [[id, proposals]])))
}

/** What was observed of a thread, and in addition the notes that another space shares. */
async function withSharedNotes(
  own: AgentObservations | null,
  doorAt: (space: SpaceId) => Door,
  { spaceId, threadId, scope }: NonNullable<SharedMemory['observations']>,
): Promise<AgentObservations> {
  const shared = await observationsFor(doorAt(spaceId), threadId, { scope })
  // A thread there may have the id of a thread here.
  const there = [...shared.ofOthers, ...shared.notes].map((note) => ({
    ...note,
    threadId: `${spaceId} ${note.threadId}`,
  }))
  const base = own ?? { head: null, notes: [], ofOthers: [], generation: 0, chunk: 0, asOf: {} }
  return { ...base, ofOthers: [...base.ofOthers, ...there], asOf: { ...base.asOf, ...shared.asOf } }
}

/** The parts of a space that another space's sections replace. */
function replaced(own: AgentSpace, doorAt: (space: SpaceId) => Door, shared: SharedMemory): Partial<AgentSpace> {
  const { workingMemory, facts, messages, observations } = shared
  const kindOf = (record: FoundRecord) =>
    record.kind === 'fact' ? facts : record.kind === 'message' ? messages : undefined
  const others = [facts, messages].flatMap((section) => (section === undefined ? [] : [section.spaceId]))
  const recall = (question: AgentQuestion) => {
    // A thread is the space's own.
    if (others.length === 0 || question.threadId !== undefined) return own.recall(question)
    const spaces: readonly [SpaceId, ...SpaceId[]] = [own.id, ...new Set(others)]
    return recallIn(doorAt(own.id).core, spaces, question, (record, space) => kindOf(record)?.spaceId === space)
  }
  const ofMemory = () => {
    if (workingMemory === undefined) return {}
    const { spaceId, threadId, access } = workingMemory
    const door = doorAt(spaceId)
    const memory: AgentSpace['workingMemory'] = (form) =>
      access === 'propose' ? proposedWorkingMemory(door, form, workingMemory) : workingMemoryIn(door, form, threadId)
    return { workingMemory: memory, blocks: sharedBlocks(own, door, threadId) }
  }
  const ofNotes =
    observations === undefined
      ? {}
      : {
          observations: async (...call: Parameters<AgentSpace['observations']>) =>
            withSharedNotes(await own.observations(...call), doorAt, observations),
        }
  const ofFacts = () => {
    if (facts === undefined) return {}
    const door = doorAt(facts.spaceId)
    const about: AgentSpace['proposalsAbout'] = (factIds) => proposalsAbout(door, factIds)
    return { facts: door.facts, proposalsAbout: about }
  }
  return { recall, ...ofFacts(), ...ofNotes, ...ofMemory() }
}

/**
 * A space with sections of another one: they are read and written there, as the same actor.
 *
 * @param doorAt A door to any space, for the actor of the space.
 */
export function sharingSpace(own: AgentSpace, doorAt: (space: SpaceId) => Door, shared: SharedMemory): AgentSpace {
  const parts: Record<PropertyKey, unknown> = {
    ...replaced(own, doorAt, shared),
    within: (turn: Parameters<AgentSpace['within']>[0]) => sharingSpace(own.within(turn), doorAt, shared),
  }
  return new Proxy(own, {
    get: (target, name) => {
      if (Object.hasOwn(parts, name)) return parts[name]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
