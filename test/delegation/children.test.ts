// The child spaces of a space: listed page by page, opened, and shown only to those who may read all of them.
import { expect, it } from 'vitest'
import type { SpaceId } from '../../src/domain/id.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { childSpaces } from '../../src/memory/spaces.ts'
import { openMemory, refused } from '../memory/opened.ts'
import { asks, at, childOf, subagent, supervisor } from './scene.ts'

const write = (memory: ReturnType<typeof openMemory>, space: string) => {
  return memory.space(space).commit([{ kind: 'entry-write', key: 'k', value: 1 }])
}

it('the spaces of subagents are the children of the resource, each with its own', async () => {
  const memory = openMemory()
  const { agent: deep } = subagent('deep', ['deepest'])
  const { agent: middle } = subagent('middle', [asks('deep', 'Go'), 'middling'], { agents: { deep } })
  const { agent: other } = subagent('other', ['ok'])
  const script = [asks('middle', 'Go'), asks('other', 'Go'), 'done']
  const { agent: lead } = supervisor(script, memory, { agents: { middle, other } })
  await lead.generate('Go', at)
  const { children, nextCursor } = await memory.space('resource/ann').children()
  expect(children.map(({ id }) => id)).toEqual([childOf('middle'), childOf('other')])
  expect(nextCursor).toBeUndefined()
  const [first] = children
  expect((await first?.state())?.threads).toBe(1)
  const below = await first?.children()
  expect(below?.children.map(({ id }) => id)).toEqual([childOf('middle', 'deep')])
})

it('are listed in pages of every size, without deeper ones and neighbours', async () => {
  const memory = openMemory()
  const ids = ['a', 'b', 'c', 'd%2F1', 'e'].map((key) => `resource/ann/agent/${key}`)
  for (const id of [...ids, `${ids[0]}/agent/x`, `${ids[2]}/task/y`, 'resource/ann', 'resource/anna/agent/z']) {
    await write(memory, id)
  }
  for (const limit of [1, 2, 3, 5, 9]) {
    const found: string[] = []
    for (let cursor: string | undefined, page = 0; page < 9; page++) {
      const { children, nextCursor } = await memory
        .space('resource/ann')
        .children({ limit, ...(cursor === undefined ? {} : { cursor }) })
      found.push(...children.map(({ id }) => id))
      cursor = nextCursor
      if (cursor === undefined) break
    }
    expect(found).toEqual(ids)
  }
})

it('are shown to those whose grant reaches them, and to nobody else', async () => {
  const memory = openMemory()
  await write(memory, 'resource/ann/agent/a')
  const core = coreOf(memory)
  const listed = (space: string, children: boolean) => {
    const grants = [{ space: 'resource/ann' as SpaceId, rights: ['read'] as const, children }]
    return childSpaces({ ...core, access: { ...core.access, grants } }, { space })
  }
  expect((await listed('resource/ann', true)).spaces).toHaveLength(1)
  expect((await listed('resource/ann/agent/a', true)).spaces).toEqual([])
  await refused('denied', () => listed('resource/bob', true))
  await refused('denied', () => listed('resource/ann', false))
})
