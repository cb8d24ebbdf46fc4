// Whatever id a caller passes where, nothing of another space is touched, and no message is stored under an issued id.
import { DatabaseSync } from 'node:sqlite'
import { Agent, type Memory, MemoryError } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseIssuedId } from '../../src/domain/issued-id.ts'
import { pathOf } from '../forget/planted.ts'
import { openMemory, refused, temporaryUrl, textsOf } from '../memory/opened.ts'
import { runRandom } from '../random-runs.ts'

const mallory = { resourceId: 'mallory', threadId: 'x' }
const victim = { resourceId: 'victim', threadId: 'v' }

const forms = [
  ...['own', 'own, deleted', 'own, in another thread', 'own, yet to be issued', 'own, of another kind'],
  ...[
    'foreign',
    'foreign, deleted',
    'foreign, yet to be issued',
    'of no space',
    'of a foreign fact',
    'of a foreign run',
  ],
  ...['malformed', 'chosen'],
] as const
type Form = (typeof forms)[number]
const foreign = forms.filter((form) => /foreign|no space/.test(form))

interface World {
  readonly memory: Memory
  readonly agent: Agent
  readonly ids: (form: Form) => Promise<string>
}

async function idsIn(memory: Memory, { resourceId, threadId }: typeof mallory) {
  const { messages } = await memory.saveMessages({ resourceId, threadId, messages: ['kept', 'gone'] })
  const [kept = '', gone = ''] = messages.map(({ id }) => id)
  await memory.deleteMessages(gone, { resourceId, threadId })
  const { results } = await memory.add(`${resourceId} likes tea`, { userId: resourceId, infer: false })
  const run = { kind: 'run-put', unique: 'r', name: 'bot', threadId } as const
  const space = memory.space(`resource/${resourceId}`)
  const put = await space.commit([run])
  const [first] = put.status === 'committed' ? put.results : []
  const next = async () => kept.replace(/_\d+\./, `_${((await space.state())?.seq ?? 0) + 1}.`)
  return { kept, gone, next, fact: results[0]?.id ?? '', run: first?.kind === 'run-put' ? first.runId : '' }
}

async function openWorld(): Promise<World> {
  // A turn that a call leaves open does not keep the next call waiting.
  const memory = openMemory({ limits: { turnWaitMs: 1 } })
  const theirs = await idsIn(memory, victim)
  const own = await idsIn(memory, mallory)
  const { messages } = await memory.saveMessages({ ...mallory, threadId: 'y', messages: 'elsewhere' })
  const ids: Record<Form, () => string | Promise<string>> = {
    own: () => own.kept,
    'own, deleted': () => own.gone,
    'own, in another thread': () => messages[0]?.id ?? '',
    'own, yet to be issued': own.next,
    'own, of another kind': () => own.fact,
    foreign: () => theirs.kept,
    'foreign, deleted': () => theirs.gone,
    'foreign, yet to be issued': theirs.next,
    'of no space': () => 'msg_nobodyskey00_1.0.0',
    'of a foreign fact': () => theirs.fact,
    'of a foreign run': () => theirs.run,
    malformed: () => own.kept.replace(/_(\d+)\./, '_0$1.'),
    chosen: () => 'chosen',
  }
  const model = scriptedModel({ script: Array.from({ length: 20 }, (_, index) => `answer ${index}`) })
  return { memory, agent: new Agent({ name: 'Support', model, memory }), ids: async (form) => ids[form]() }
}

const said = (id: string, text = 'forged') => ({ id, role: 'user' as const, content: text })
const say = (id: string, text = 'forged') => ({ id, role: 'user' as const, parts: [{ type: 'text' as const, text }] })
const at = { memory: { resource: mallory.resourceId, thread: mallory.threadId } }

/** Every way in for an id that names resource or space; those by an id alone find its space by design. */
const entries: Record<string, (world: World, id: string) => Promise<unknown>> = {
  save: ({ memory }, id) => memory.saveMessages({ ...mallory, messages: [said('before', 'b'), said(id)] }),
  'save to a turn': async ({ memory }, id) => {
    const opened = await memory.space('resource/mallory').commit([{ kind: 'turn-open', threadId: 'x' }])
    const [turn] = opened.status === 'committed' ? opened.results : []
    const turnId = turn?.kind === 'turn-open' ? turn.turnId : ''
    return memory.saveMessages({ ...mallory, turnId, messages: [said(id)] })
  },
  'save as a turn': ({ memory }, id) => memory.saveMessages({ ...mallory, turnId: id, messages: 'forged' }),
  edit: ({ memory }, id) => memory.updateMessages({ resourceId: 'mallory', messages: [{ id, content: 'forged' }] }),
  'edit in a thread': ({ memory }, id) =>
    memory.updateMessages({ resourceId: 'mallory', messages: [{ id, threadId: 'x', content: 'forged' }] }),
  delete: ({ memory }, id) => memory.deleteMessages(id, { resourceId: 'mallory' }),
  'delete in a thread': ({ memory }, id) => memory.deleteMessages(id, mallory),
  forget: ({ memory }, id) => memory.forget({ resourceId: 'mallory', messageIds: [id] }),
  'forget in a thread': ({ memory }, id) => memory.forget({ ...mallory, messageIds: [id] }),
  'forget a run as a task': ({ memory }, id) => memory.forget({ taskId: id }),
  'facts of a task': ({ memory }, id) => memory.add('forged', { taskId: id, infer: false }),
  include: ({ memory }, id) => memory.listMessages({ ...mallory, include: [{ id, withNextMessages: 1 }] }),
  supersedes: ({ memory }, id) => memory.add('forged', { userId: 'mallory', supersedes: id, infer: false }),
  contradicts: ({ memory }, id) => memory.add('forged', { userId: 'mallory', contradicts: [id], infer: false }),
  'a thread': ({ memory }, id) => memory.createThread({ resourceId: 'mallory', threadId: id }),
  'a copied thread': ({ memory }, id) => memory.cloneThread({ ...mallory, newThreadId: id }),
  'a history': ({ agent }, id) => agent.generate([say('u', 'first'), say(id), say('u2', 'last')], at),
  'a question': ({ agent }, id) => agent.generate([say(id)], at),
  regenerate: ({ agent }, id) =>
    agent.generate([say('u', 'first')], { ...at, trigger: 'regenerate-message', messageId: id }),
  'commit append': ({ memory }, id) =>
    memory.space('resource/mallory').commit([{ kind: 'message-append', threadId: 'x', messages: [say(id)] }]),
  'commit extend': ({ memory }, id) =>
    memory.space('resource/mallory').commit([{ kind: 'message-extend', threadId: 'x', messageId: id, parts: [] }]),
  'commit edit': ({ memory }, id) =>
    memory.space('resource/mallory').commit([{ kind: 'message-edit', threadId: 'x', messageId: id, parts: [] }]),
  'commit delete': ({ memory }, id) =>
    memory.space('resource/mallory').commit([{ kind: 'message-delete', threadId: 'x', messageIds: [id] }]),
  'commit erase': ({ memory }, id) => memory.space('resource/mallory').commit([{ kind: 'erase', messageIds: [id] }]),
  'commit erase facts': ({ memory }, id) => memory.space('resource/mallory').commit([{ kind: 'erase', factIds: [id] }]),
  'commit erase runs': ({ memory }, id) => memory.space('resource/mallory').commit([{ kind: 'erase', runIds: [id] }]),
  restore: ({ memory }, id) => memory.restoreTurn({ ...mallory, turnId: id }),
  'commit replaces': ({ memory }, id) =>
    memory.space('resource/mallory').commit([{ kind: 'turn-open', threadId: 'x', replaces: [id] }]),
  'commit a fact': ({ memory }, id) =>
    memory.space('resource/mallory').commit([{ kind: 'fact-assert', factId: id, text: 'forged' }]),
  'commit retire': ({ memory }, id) =>
    memory.space('resource/mallory').commit([{ kind: 'fact-retire', factIds: [id] }]),
  'commit a run': ({ memory }, id) =>
    memory.space('resource/mallory').commit([{ kind: 'run-put', runId: id, status: 'failed' }]),
  'commit a turn': ({ memory }, id) =>
    memory.space('resource/mallory').commit([{ kind: 'turn-discard', threadId: 'x', turnId: id }]),
}
type Entry = keyof typeof entries & string
const names = Object.keys(entries) as Entry[]

/** Entries that act on nothing the id names, or look in their own space alone and answer that it is not there. */
const lookUps = /^commit (extend|edit|delete|a fact|retire|a run|a turn)$|^save as a turn$|in a thread$/

/** What the victim has, to the last byte of the log. */
async function allOf(memory: Memory): Promise<unknown> {
  const space = memory.space('resource/victim')
  const runs = await memory.listRuns({ resourceId: 'victim' })
  const facts = await memory.facts.getAll({ userId: 'victim', includeSuperseded: true })
  return [
    await memory.listMessages(victim),
    runs,
    facts,
    await space.log.read({ after: 0, limit: 100 }),
    await space.state(),
  ]
}

/** The answer, or the error, which must be one of ours with a fix. */
async function attempt(world: World, entry: Entry, id: string): Promise<MemoryError | null> {
  try {
    await entries[entry]?.(world, id)
    return null
  } catch (error) {
    if (!(error instanceof MemoryError)) throw error
    expect(error.fix).not.toBe('')
    expect(['invalid-input', 'not-found', 'conflict'], error.message).toContain(error.code)
    return error
  }
}

/** Each message has an id of its own; one of the issued form names its place, or the message that it is an edit of. */
async function expectSound({ memory, ids }: World): Promise<void> {
  const edited = await ids('own')
  for (const threadId of ['x', 'y']) {
    const { messages } = await memory.listMessages({ ...mallory, threadId, perPage: false })
    expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length)
    for (const { id, turnId } of messages) {
      if (parseIssuedId(id) === null || (id === edited && threadId === 'x')) continue
      expect(id.startsWith(`${turnId.replace('turn_', 'msg_')}.`), id).toBe(true)
    }
  }
}

/** Texts of a thread, without the marks of steps. */
async function textsIn(memory: Memory, where: typeof mallory): Promise<string[]> {
  return textsOf((await memory.listMessages(where)).messages).map((text) => text.replace('[step-start]', ''))
}

describe('an id of another space', () => {
  it.each(names)('is refused or finds nothing, the same whether or not it is there: %s', async (entry) => {
    const answers = new Map<string, Set<string>>()
    for (const form of foreign) {
      const world = await openWorld()
      const before = await allOf(world.memory)
      const id = await world.ids(form)
      const error = await attempt(world, entry, id)
      expect(await allOf(world.memory)).toEqual(before)
      await expectSound(world)
      const isLeftOut = entry === 'a history' || entry === 'a question'
      if (!isLeftOut && !lookUps.test(entry)) expect(error?.code, `${entry} ${form}`).toBe('invalid-input')
      const kind = parseIssuedId(id)?.kind ?? ''
      const text = error?.message.replaceAll(id, 'ID') ?? 'none'
      answers.set(kind, (answers.get(kind) ?? new Set()).add(text))
    }
    for (const texts of answers.values()) expect([...texts]).toHaveLength(1)
  })

  it('is left out of a history with a warning, and a question gets an id of its own', async () => {
    for (const form of [...foreign, 'own, in another thread'] as const) {
      const world = await openWorld()
      const id = await world.ids(form)
      const history = await world.agent.generate([say('u', 'first'), say(id), say('u2', 'last')], at)
      expect(JSON.stringify(history.warnings), form).toContain('left out')
      const question = await world.agent.generate([say(id, 'asked')], at)
      expect(JSON.stringify(question.warnings), form).toContain('under a new one')
      // A history with ids of another space, which may be gone, is not stored: only its newest message is.
      const kept = await textsIn(world.memory, mallory)
      expect(kept, form).toEqual(['kept', 'last', 'answer 0', 'asked', 'answer 1'])
    }
  })
})

it('no sequence of calls reaches another space, or stores a message under an issued id', async () => {
  const calls = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...forms)), { minLength: 1, maxLength: 8 })
  await runRandom(
    fc.asyncProperty(calls, async (sequence) => {
      const world = await openWorld()
      const before = await allOf(world.memory)
      for (const [entry, form] of sequence) {
        await attempt(world, entry, await world.ids(form))
        expect(await allOf(world.memory)).toEqual(before)
        await expectSound(world)
      }
      await world.memory.saveMessages({ ...mallory, messages: ['next'] })
      await expectSound(world)
    }),
    40,
  )
})

describe('a message that an earlier version stored under a foreign id', () => {
  async function openLegacy() {
    const storage = temporaryUrl()
    const before = openMemory({ storage })
    const { messages } = await before.saveMessages({ ...victim, messages: 'theirs' })
    const id = messages[0]?.id ?? ''
    await before.saveMessages({ ...mallory, messages: [said('legacy', 'mine'), said('other', 'other')] })
    await before.close()
    const database = new DatabaseSync(pathOf(storage))
    database.prepare(`UPDATE log SET json = replace(json, '"legacy"', ?)`).run(JSON.stringify(id))
    expect(database.prepare(`UPDATE message_id SET id = ? WHERE id = 'legacy'`).run(id).changes).toBe(1)
    database.close()
    return { memory: openMemory({ storage }), id }
  }

  it('is read, known, edited and deleted where its resource and thread are named', async () => {
    const { memory, id } = await openLegacy()
    expect((await memory.listMessages(mallory)).messages[0]?.id).toBe(id)
    await memory.saveMessages({ ...mallory, messages: [said(id, 'sent again')] })
    await refused('invalid-input', () => memory.deleteMessages(id, { resourceId: 'mallory' }))
    await memory.updateMessages({ resourceId: 'mallory', messages: [{ id, threadId: 'x', content: 'edited' }] })
    expect(await textsIn(memory, mallory)).toEqual(['edited', 'other'])
    expect(await memory.deleteMessages(id, mallory)).toEqual({ deleted: [id] })
    expect(await textsIn(memory, mallory)).toEqual(['other'])
    expect(await textsIn(memory, victim)).toEqual(['theirs'])
  })

  it('is forgotten where its thread is named, and alone', async () => {
    const { memory, id } = await openLegacy()
    await refused('invalid-input', () => memory.forget({ resourceId: 'mallory', messageIds: [id] }))
    const { erased } = await memory.forget({ ...mallory, messageIds: [id] })
    expect(erased.messages).toBe(1)
    expect(await textsIn(memory, mallory)).toEqual(['other'])
    expect(await textsIn(memory, victim)).toEqual(['theirs'])
  })

  it('is known to an agent whose client resends it', async () => {
    const { memory, id } = await openLegacy()
    const agent = new Agent({ name: 'Support', model: scriptedModel({ script: ['answer'] }), memory })
    const { warnings } = await agent.generate([say(id, 'mine'), say('other', 'other'), say('u', 'asked')], at)
    expect(warnings).toEqual([])
    expect(await textsIn(memory, mallory)).toEqual(['mine', 'other', 'asked', 'answer'])
  })
})
