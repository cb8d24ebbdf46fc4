// A message id of another user's, brought into a thread of one's own: it never stands there, so that no later call by the
// ids that the thread shows reaches the other user.
// Own process: it looks for what nobody caught.
import { Agent, type Change, type Memory, MemoryError } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { mallory, openWorld, victimsContents } from './foreign-world.ts'
import { expectNothingUncaught } from './uncaught.ts'

expectNothingUncaught()

const said = (id: string) => ({ id, role: 'user' as const, parts: [{ type: 'text', text: 'mine' }] })

/** Ways in which somebody may try to have a message of the victim's id in a thread of one's own. */
const waysIn: Readonly<Record<string, (memory: Memory, id: string) => Promise<unknown>>> = {
  saveMessages: (memory, id) => memory.saveMessages({ ...mallory, messages: [{ id, role: 'user', content: 'mine' }] }),
  commit: (memory, id) => {
    const change: Change = { kind: 'message-append', threadId: 'mine', messages: [said(id)] }
    return memory.space('resource/mallory').commit([change])
  },
  clone: (memory, id) => {
    const source = { space: 'resource/mallory', threadId: 'mine', asOf: 1 }
    const change: Change = { kind: 'thread-clone', threadId: 'copy', source, turns: [[said(id)]], blocks: [] }
    return memory.space('resource/mallory').commit([change])
  },
  'a question': (memory, id) => helper(memory).generate([{ id, role: 'user', content: 'mine' }], mallory),
  'an answer before it': (memory, id) => {
    const answer = { id, role: 'assistant', content: 'mine' } as const
    return helper(memory).generate([answer, { id: 'q', role: 'user', content: 'mine' }], mallory)
  },
  'a question said again': (memory, id) => {
    return helper(memory).generate([{ id, role: 'user', content: 'mine' }], { ...mallory, messageId: id })
  },
}

const helper = (memory: Memory) => {
  return new Agent({ name: 'Helper', model: scriptedModel({ answer: () => 'ok' }), memory })
}

describe('a message under the id of another user', () => {
  it.each(Object.keys(waysIn))(
    'never stands in a thread, so that nothing done by the ids shown reaches the other: %s',
    async (way) => {
      const world = await openWorld()
      const { memory, trusted, victim } = world
      const before = await victimsContents(world)
      const key = victim.messageId.split('_')[1]
      const next = `msg_${key}_999.0.0`
      for (const id of [victim.messageId, next]) {
        const refusal = await (waysIn[way] as (typeof waysIn)[string])(trusted, id).then(
          () => null,
          (error: unknown) => error,
        )
        if (refusal !== null) expect(refusal).toBeInstanceOf(MemoryError)
      }
      for (const { id: threadId } of await memory.getThreadsByResourceId({ resourceId: 'mallory' })) {
        const { messages } = await memory.listMessages({ resourceId: 'mallory', threadId, perPage: false })
        for (const { id } of messages) {
          expect.soft(id).not.toContain(key)
          await memory.updateMessages({ messages: [{ id, metadata: { seen: true } }] }).catch(expectTyped)
          await memory.deleteMessages([id]).catch(expectTyped)
          await memory.forget({ messageIds: [id] }).catch(expectTyped)
        }
      }
      expect(await victimsContents(world)).toBe(before)
    },
  )
})

function expectTyped(error: unknown): void {
  expect(error).toBeInstanceOf(MemoryError)
}
