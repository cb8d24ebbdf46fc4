// A write that is sent again with its commit id is applied once and answers as it did then.
import { describe, expect, it } from 'vitest'
import type { Operation } from '../../src/operations/operation.ts'
import { operations } from '../../src/operations/table.ts'
import { refused } from '../memory/opened.ts'
import { writes } from './examples.ts'
import { alice, commitsIn, inThread, openScene, perform, type Scene } from './scene.ts'

const commitId = 'mine'

/**
 * These need none: a forget is safe to repeat as it is, and must never be taken for one that was asked for before; vectors
 * that are made again are the same. Observing again makes no note twice, and condensing again changes no chunk.
 */
const observing = ['observations.observe', 'observations.reflect', 'observations.summarize']
const withoutCommitId = [...observing, 'memory.forget', 'memory.reindex']

function operationOf(name: string): Operation {
  const found = operations.find((one) => one.name === name)
  if (found === undefined) throw new Error(`There is no operation ${name}.`)
  return found
}

it('every operation that writes takes a commit id, but for those that need none', () => {
  const lists = ['spaces.list', 'receipts.list', 'memory.export']
  const writing = operations.filter(({ effect, name }) => effect !== 'read' && !lists.includes(name))
  const without = writing.filter(({ input }) => !('commitId' in input.shape)).map(({ name }) => name)
  expect(without).toEqual(withoutCommitId)
  expect(writing.map(({ name }) => name).toSorted()).toEqual([...Object.keys(writes), ...withoutCommitId].toSorted())
})

describe.each(Object.keys(writes))('%s', (name) => {
  const operation = operationOf(name)
  const call = (scene: Scene, input: object) => perform(operation, scene, { ...input, commitId }) as Promise<unknown>

  it('is applied once and answers the same', async () => {
    const { length } = writes[name]?.(await openScene()) ?? []
    for (let i = 0; i < length; i++) {
      const scene = await openScene()
      const { input } = writes[name]?.(scene)[i] ?? { input: {} }
      const before = await commitsIn(scene)
      const first = await call(scene, input)
      const after = await commitsIn(scene)
      const isConflict = (first as { status?: string }).status === 'conflict'
      expect(after > before, `example ${i} commits`).toBe(!isConflict)
      const again = name.startsWith('spaces.') && !isConflict ? { ...(first as object), replayed: true } : first
      expect(await call(scene, input), `example ${i} again`).toEqual(again)
      expect(await commitsIn(scene), `example ${i} leaves the log`).toBe(after)
    }
  })

  it('is refused with other content', async () => {
    const { length } = writes[name]?.(await openScene()) ?? []
    for (let i = 0; i < length; i++) {
      const scene = await openScene()
      const { input, other } = writes[name]?.(scene)[i] ?? { input: {} }
      if (other === undefined) continue
      await call(scene, input)
      const after = await commitsIn(scene)
      if (name.startsWith('spaces.')) {
        expect(await call(scene, other)).toMatchObject({ status: 'conflict', reason: 'commit-id-reused' })
      } else {
        const error = await refused('conflict', () => call(scene, other))
        expect(error.details.reason, `example ${i}`).toBe('commit-id-reused')
      }
      expect(await commitsIn(scene)).toBe(after)
    }
  })
})

describe('a retry after others have written', () => {
  it('of a text answers the version that it wrote then', async () => {
    const scene = await openScene()
    const update = operationOf('workingMemory.update')
    const input = { ...alice, workingMemory: 'Likes tea\nLikes milk\nLikes rain', commitId }
    const first = await perform(update, scene, input)
    await scene.memory.updateWorkingMemory({ ...alice, workingMemory: 'Likes snow', mode: 'replace' })
    expect(await perform(update, scene, input)).toEqual(first)
    expect((await scene.memory.getWorkingMemory(alice))?.value).toBe('Likes snow')
  })

  it('of a text that was merged with what others wrote answers the merged text', async () => {
    const scene = await openScene()
    const update = operationOf('workingMemory.update')
    const ifVersion = scene.versions.at(-1) as number
    await scene.memory.updateWorkingMemory({ ...alice, workingMemory: 'Likes tea\nLikes milk\nLikes snow' })
    const input = { ...alice, workingMemory: 'Loves tea\nLikes milk', ifVersion, commitId }
    const first = await perform(update, scene, input)
    expect(first).toMatchObject({ status: 'written', value: 'Loves tea\nLikes milk\nLikes snow' })
    expect(await perform(update, scene, input)).toEqual(first)
    const other = { ...alice, workingMemory: 'Hates tea\nLikes milk', ifVersion, commitId }
    await refused('conflict', async () => perform(update, scene, other))
  })

  it('of a clone copies what it copied then', async () => {
    const scene = await openScene()
    const clone = operationOf('threads.clone')
    const first = await perform(clone, scene, { ...inThread, commitId })
    await scene.memory.saveMessages({ ...inThread, messages: 'later' })
    expect(await perform(clone, scene, { ...inThread, commitId })).toEqual(first)
  })

  it('of a deletion of all facts counts what it removed, and leaves what came since', async () => {
    const scene = await openScene()
    const deleteAll = operationOf('facts.deleteAll')
    const first = await perform(deleteAll, scene, { userId: 'alice', commitId })
    expect(first).toEqual({ deleted: 2 })
    expect(await perform(deleteAll, scene, { userId: 'alice', commitId })).toEqual(first)
  })

  it('by another actor is refused', async () => {
    const scene = await openScene()
    const deleteAll = operationOf('facts.deleteAll')
    await perform(deleteAll, scene, { userId: 'alice', commitId })
    const memory = scene.memory.as({ kind: 'user', id: 'eve' })
    await refused('conflict', async () => perform(deleteAll, { ...scene, memory }, { userId: 'alice', commitId }))
  })
})

it('a forget that is repeated erases nothing more', async () => {
  const scene = await openScene()
  const forget = operationOf('memory.forget')
  const first = (await perform(forget, scene, alice)) as { erased: { spaces: number } }
  expect(first.erased.spaces).toBe(1)
  const again = (await perform(forget, scene, alice)) as { erased: { spaces: number } }
  expect(again.erased.spaces).toBeLessThanOrEqual(1)
  expect(await scene.memory.space('resource/alice').state()).toBeNull()
})
