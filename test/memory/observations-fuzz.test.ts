// Random work on one observed thread, by two memories at once: each message that stands is in one note, or is yet to be observed.

import type { Memory } from 'aquifer'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { noteOf } from '../../src/domain/records/observation.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { resourceSpace } from '../../src/memory/door/door.ts'
import { readyForTurn } from '../../src/memory/observations/before-turn.ts'
import { observeThread } from '../../src/memory/observations/observe.ts'
import { notesAfter, readHead } from '../../src/memory/observations/read-notes.ts'
import { messagesBehind } from '../../src/memory/observations/unobserved.ts'
import { observationFrom } from '../../src/memory/options/observational.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { runRandom } from '../random-runs.ts'
import { openMemory, temporaryUrl } from './opened.ts'

const where = { resourceId: 'ann', threadId: 'trip' }
const options = {
  observationalMemory: {
    model: false,
    observation: { messageTokens: 80, bufferTokens: 0.3, bufferActivation: 0.6, maxTokensPerBatch: 30 },
    reflection: { observationTokens: 150 },
  },
} as const

const pick = fc.nat(30)
const action = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('say' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('observe' as const), many: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('turn' as const), many: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('edit' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forget' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('replace' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore' as const), pick }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('close' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-thread' as const) }) },
)
type Action = typeof action extends fc.Arbitrary<infer One> ? One : never

const marked = /Town\d+x/g
const markOf = (text: string): readonly string[] => text.match(marked) ?? []

/** What an agent does before and after a turn: shows notes that were made ahead, waits for them, and makes more ahead. */
async function turnOf(memory: Memory): Promise<void> {
  const door = resourceSpace(coreOf(memory), 'ann')
  const request = { options: observationFrom(options.observationalMemory), model: null, report: () => {} }
  await readyForTurn(door, 'trip', { ...request, signal: undefined })
  const { record } = await door.threads.get('trip')
  if (record !== null) await observeThread(door, record, { ...request, isAll: false })
}

class Thread {
  readonly memories: readonly Memory[]
  #said = 0
  #opened: string | null = null

  constructor(memories: readonly Memory[]) {
    this.memories = memories
  }

  get memory(): Memory {
    return this.memories[0] as Memory
  }

  #words(): string {
    this.#said += 1
    return `Friend visited Town${this.#said}x with 2 dogs.`
  }

  async #messages() {
    const thread = await this.memory.getThreadById(where)
    return thread === null ? [] : (await this.memory.listMessages({ ...where, perPage: false })).messages
  }

  #said1() {
    return { role: 'user' as const, parts: [{ type: 'text', text: this.#words() }] }
  }

  async do(action: Action): Promise<void> {
    const { memory } = this
    const space = memory.space('resource/ann')
    const all = await this.#messages()
    const chosen = 'pick' in action ? all[action.pick % Math.max(1, all.length)] : undefined
    if (action.kind === 'say') {
      for (let at = 0; at < action.count; at++) await memory.saveMessages({ ...where, messages: [this.#words()] })
    } else if (action.kind === 'observe') {
      if ((await memory.getThreadById(where)) === null) return
      const by = Array.from({ length: action.many }, (_, at) => this.memories[at % this.memories.length] as Memory)
      await Promise.all(by.map((one) => one.observe(where)))
    } else if (action.kind === 'turn') {
      const by = Array.from({ length: action.many }, (_, at) => this.memories[at % this.memories.length] as Memory)
      await Promise.all(by.map((one) => turnOf(one)))
    } else if (action.kind === 'open' && this.#opened === null) {
      const change = { kind: 'turn-open', threadId: 'trip', createThread: true, leaseMs: 86_000_000 } as const
      const append = { kind: 'message-append', threadId: 'trip', opened: 0, messages: [this.#said1()] } as const
      const result = await space.commit([change, { ...append, messages: [...append.messages] }])
      const [turn] = result.status === 'committed' ? result.results : []
      this.#opened = turn?.kind === 'turn-open' ? turn.turnId : null
    } else if (action.kind === 'close' && this.#opened !== null) {
      const turnId = this.#opened
      this.#opened = null
      const append = { kind: 'message-append', threadId: 'trip', turnId, messages: [this.#said1()] } as const
      const closing = space.commit([
        { ...append, messages: [...append.messages] },
        { kind: 'turn-close', threadId: 'trip', turnId, status: 'complete' },
      ])
      // What was restored in the meantime may have replaced it.
      await closing.catch((error: unknown) => expect(error).toMatchObject({ code: 'conflict' }))
    } else if (action.kind === 'delete-thread') {
      this.#opened = null
      await memory.deleteThread(where)
    } else if (chosen !== undefined && chosen.turnStatus !== 'open') await this.#change(action.kind, chosen)
  }

  async #change(kind: Action['kind'], { id, turnId }: { id: string; turnId: string }): Promise<void> {
    const { memory } = this
    const space = memory.space('resource/ann')
    if (kind === 'edit') await memory.updateMessages({ resourceId: 'ann', messages: [{ id, content: this.#words() }] })
    else if (kind === 'delete') await memory.deleteMessages([id], { resourceId: 'ann' })
    else if (kind === 'forget') await memory.forget({ resourceId: 'ann', messageIds: [id] })
    else if (kind === 'replace') {
      const answer = { ...this.#said1(), role: 'assistant' as const }
      await space.commit([
        { kind: 'turn-open', threadId: 'trip', replaces: [turnId] },
        { kind: 'message-append', threadId: 'trip', opened: 0, messages: [answer] },
        { kind: 'turn-close', threadId: 'trip', opened: 0, status: 'complete' },
      ])
    } else if (kind === 'restore') {
      const { messages } = await memory.listMessages({ ...where, include: 'replaced', perPage: false } as never)
      const replaced = messages.find((message) => (message.replacedBy ?? null) !== null)
      if (replaced !== undefined) await memory.restoreTurn({ ...where, turnId: replaced.turnId }).catch(() => {})
    }
  }

  /** Each standing message is in one note, or will be observed; nothing else is in notes. */
  async check(): Promise<void> {
    const door = resourceSpace(coreOf(this.memory), 'ann')
    const { record: thread } = await door.threads.get('trip')
    const standing = (await this.#messages()).flatMap(({ parts }) => markOf(JSON.stringify(parts)))
    const head = thread === null ? null : await readHead(door, thread)
    const notes = head === null ? [] : await notesAfter(door, head, 0)
    const noted = notes.flatMap(({ value }) => markOf(noteOf(value).text))
    const spans = head === null ? [{ after: null, to: null }] : [...head.again, { after: head.cursor, to: null }]
    const left = await Promise.all(spans.map(({ after, to }) => messagesBehind(door, 'trip', after, to)))
    const waiting = left.flatMap(({ messages }) => messages.flatMap(({ text }) => markOf(text)))
    const open = (await this.#messages()).filter(({ turnStatus }) => turnStatus === 'open')
    const isSettled = left.every(({ meetsOpenTurn }) => !meetsOpenTurn)
    const unread = new Set(open.flatMap(({ parts }) => markOf(JSON.stringify(parts))))
    const buffered = new Set((head?.buffered ?? []).map(({ chunk }) => chunk))
    const hidden = notes.flatMap(({ value }) =>
      noteOf(value).chunk > (head?.active ?? 0) ? [noteOf(value).chunk] : [],
    )
    expect(hidden.filter((chunk) => !buffered.has(chunk))).toEqual([])
    expect(noted.filter((mark, at) => noted.indexOf(mark) !== at)).toEqual([])
    expect(noted.filter((mark) => !standing.includes(mark))).toEqual([])
    if (isSettled) {
      const found = [...noted, ...waiting].toSorted()
      expect(found).toEqual(standing.filter((mark) => !unread.has(mark)).toSorted())
    }
  }
}

const opened: Memory[] = []
afterEach(async () => {
  for (const memory of opened.splice(0)) await memory.close()
})

it('never loses or doubles what was observed', async () => {
  await runRandom(
    fc.asyncProperty(fc.array(action, { minLength: 4, maxLength: 30, size: 'max' }), async (actions) => {
      const url = temporaryUrl()
      const memories = [openMemory({ storage: url, options }), openMemory({ storage: url, options })]
      opened.push(...memories)
      const thread = new Thread(memories)
      for (const action of actions) {
        await thread.do(action)
        await thread.check()
      }
      const storage = await coreOf(thread.memory).storage.get()
      const access = { actor: { kind: 'system', id: 'app' }, grants: 'all' } as const
      const { id } = thread.memory.space('resource/ann')
      expect(await checkHistory(storage, access, id)).toEqual([])
      if ((await storage.spaces.get(access, id)) !== null) await checkIndex(storage, access, id)
    }),
    12,
  )
})
