// After a forget with copies no byte of what users said is left, whatever agents wrote of it and where.
import type { Memory } from 'aquifer'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { openMemory, temporaryUrl } from '../memory/opened.ts'
import { runRandom } from '../random-runs.ts'
import { foundIn, pathOf } from './planted.ts'
import { type Marked, markersIn, runAll, runPlan } from './random-runs.ts'

const addressed = (parts: Readonly<Record<string, string>>) => Object.values(parts).join(' ')

/** The records of a memory, in all versions, as texts by their addresses. */
async function recordsOf(memory: Memory): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const resourceId of ['ann', 'bob']) {
    const space = `resource/${resourceId}`
    for (const threadId of ['t', 'u']) {
      const { messages } = await memory.listMessages({ resourceId, threadId, perPage: false, includeInternal: true })
      for (const message of messages) {
        found.set(addressed({ kind: 'message', space, threadId, id: message.id }), JSON.stringify(message.parts))
      }
    }
    const past = await memory.getWorkingMemoryHistory({ resourceId })
    if (past.length > 0) found.set(addressed({ kind: 'working-memory', space, name: 'main' }), JSON.stringify(past))
  }
  for (const home of [{ userId: 'ann' }, { userId: 'bob' }, { taskId: 'job' }]) {
    const space = 'taskId' in home ? 'task/job' : `resource/${home.userId}`
    const { results } = await memory.facts.getAll({ ...home, limit: 1_000 })
    for (const fact of results) found.set(addressed({ kind: 'fact', space, id: fact.id }), fact.memory)
  }
  for (const { key } of (await memory.team('acme').list()).entries) {
    const past = JSON.stringify(await memory.team('acme').history(key))
    found.set(addressed({ kind: 'entry', space: 'team/acme', key }), past)
  }
  return found
}

/** What is forgotten: a message, its thread or its resource; which records that is, and how to call for it. */
function targetOf(kind: 'message' | 'thread' | 'resource', { messageId, resourceId, threadId }: Marked) {
  const space = `resource/${resourceId}`
  if (kind === 'message') {
    const own = addressed({ kind: 'message', space, threadId, id: messageId })
    return { options: { messageIds: [messageId] }, isIn: (address: string) => address === own }
  }
  if (kind === 'resource') return { options: { resourceId }, isIn: (address: string) => address.includes(` ${space} `) }
  return {
    options: { resourceId, threadId },
    isIn: (address: string) => address.startsWith(`message ${space} ${threadId} `),
  }
}

it('of random runs every copy is listed, nothing else is, and all of them go', async () => {
  const plan = fc.record({
    runs: fc.array(runPlan, { minLength: 3, maxLength: 7 }),
    kind: fc.constantFrom('message' as const, 'message' as const, 'thread' as const, 'resource' as const),
    which: fc.nat(6),
    copies: fc.boolean(),
  })
  await runRandom(
    fc.asyncProperty(plan, async ({ runs, kind, which, copies }) => {
      const url = temporaryUrl()
      const memory = openMemory({ storage: url })
      const marked = await runAll(memory, runs)
      const chosen = marked[which % Math.max(1, marked.length)]
      if (chosen === undefined) return
      const { options, isIn } = targetOf(kind, chosen)
      const before = await recordsOf(memory)
      const inTarget = [...before].filter(([address]) => isIn(address)).map(([, text]) => text)
      const said = marked.filter(({ messageId, resourceId, threadId }) =>
        isIn(addressed({ kind: 'message', space: `resource/${resourceId}`, threadId, id: messageId })),
      )
      const holding = (marks: readonly string[]) =>
        [...before]
          .filter(([address, text]) => !isIn(address) && marks.some((mark) => text.includes(mark)))
          .map(([address]) => address)
      const receipt = await memory.forget({ ...options, ...(copies ? { copies } : {}) })
      const listed = receipt.copies.map((copy) => addressed(copy as never))
      const marks = said.map(({ mark }) => mark)
      // An answer in what is forgotten may have marks of others: where they were written on from there is a copy too.
      const any = holding(markersIn(inTarget.join()))
      expect(listed.filter((address) => !any.includes(address))).toEqual([])
      expect(holding(marks).filter((address) => !listed.includes(address))).toEqual([])
      const after = await recordsOf(memory)
      if (!copies) {
        expect([...before.keys()].filter((address) => !isIn(address) && !after.has(address))).toEqual([])
        return
      }
      await memory.settled()
      expect(foundIn(pathOf(url), marks)).toEqual([])
      const gone = [...before.keys()].filter((address) => !isIn(address) && !after.has(address))
      expect(gone.toSorted()).toEqual(listed.toSorted())
    }),
    15,
  )
})
