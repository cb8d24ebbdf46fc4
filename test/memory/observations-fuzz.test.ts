// Random work on one observed thread, by two memories at once: each message that stands is in one note, or is yet to be observed.

import type { Memory } from 'aquifer'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { checkIndex } from '../../src/testing/contract/check-index.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { runRandom } from '../random-runs.ts'
import { noteAround, townProblems, townsOf, observedWhere as where } from './observed-thread.ts'
import { openMemory, temporaryUrl } from './opened.ts'

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
      await Promise.all(by.map((one) => noteAround(one, options.observationalMemory)))
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
    expect(townProblems(await townsOf(this.memory))).toEqual([])
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
