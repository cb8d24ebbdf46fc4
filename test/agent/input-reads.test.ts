// How much of a thread a plan reads: as much as the input needs.

import { expect, it } from 'vitest'
import { type InputOptions, planInput } from '../../src/agent/input/input.ts'
import { readMessages } from '../../src/domain/records/message-input.ts'
import { doorOf } from '../../src/facade/space.ts'
import { agentSpace } from '../../src/memory/agent-memory.ts'
import type { AgentSpace } from '../../src/ports/agent-memory.ts'
import { assistant, openScene, type Scene, user } from './threads.ts'

const rounds = 400

async function longThread(): Promise<Scene> {
  const scene = openScene()
  const said = Array.from({ length: rounds }, (_, n) => [user(`q${n}`, `u${n}`), assistant(`r${n}`, `a${n}`)])
  for (let start = 0; start < rounds; start += 100) {
    await scene.space.commit(
      said.slice(start, start + 100).map((messages) => ({
        kind: 'message-append' as const,
        threadId: 't',
        messages: messages.map((message) => ({ ...message, parts: message.parts })),
        createThread: true,
      })),
    )
  }
  return scene
}

/** The messages that planning reads in pages, of a thread of 800. */
async function readBy(scene: Scene, messages: unknown, options: InputOptions = {}): Promise<number> {
  let read = 0
  const space = agentSpace(doorOf(scene.space))
  const { id, address, actor, limits, messages: reader } = space
  const list: typeof reader.list = async (query) => {
    const page = await reader.list(query)
    read += page.items.length
    return page
  }
  const { find, openTurns } = reader
  const deletedBehind: typeof space.deletedBehind = (...place) => space.deletedBehind(...place)
  const counted = { id, address, actor, limits, deletedBehind, messages: { list, find, openTurns } }
  await planInput(counted as unknown as AgentSpace, 't', readMessages(messages), options)
  return read
}

it('reads the end of a thread only as far as the input reaches back', async () => {
  const scene = await longThread()
  const sent = Array.from({ length: 10 }, (_, n) => [
    user(`q${rounds - 10 + n}`),
    assistant(`r${rounds - 10 + n}`),
  ]).flat()
  expect(await readBy(scene, 'hello')).toBe(0)
  expect(await readBy(scene, user('hello', 'new'))).toBeLessThanOrEqual(16)
  expect(await readBy(scene, [...sent, user('hello')])).toBeLessThanOrEqual(64)
  expect(await readBy(scene, [user('q0', 'u0'), assistant('r0', 'a0'), user('hello', 'new')])).toBeLessThanOrEqual(16)
  const anew = { trigger: 'regenerate-message', messageId: `a${rounds - 1}` } as const
  expect(await readBy(scene, user(`q${rounds - 1}`, `u${rounds - 1}`), anew)).toBeLessThanOrEqual(32)
  expect(await readBy(scene, [...sent, ...sent, user('hello')])).toBeLessThanOrEqual(128)
})
