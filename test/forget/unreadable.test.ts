// What is forgotten is read on no path from then on, long before its bytes are gone.
import { expect, it } from 'vitest'
import { refused, take } from '../memory/opened.ts'
import { access, answersOf, parts, plantAll, spaces, storageOf, targets } from './everything.ts'
import { foundIn } from './planted.ts'

type Planted = Awaited<ReturnType<typeof plantAll>>

/** Everything that can be read of a space, and what recall and search say of each text, with their traces. */
async function readingsOf({ memory, factIds, key }: Planted, texts: readonly string[]): Promise<string> {
  const storage = await storageOf(memory)
  const answers: unknown[] = []
  for (const name of spaces) {
    const { id } = memory.space(name)
    answers.push(await answersOf(memory, name))
    for (const text of texts) {
      const found = await memory.space(name).recall(text)
      answers.push(found.items, (await memory.explain(found.recallId)).items)
    }
    answers.push(
      (
        await storage.log.read(access, id, {
          after: (await storage.spaces.get(access, id))?.horizon ?? 0,
          limit: 1_000,
        })
      ).items,
    )
  }
  for (const home of [{ userId: 'ada' }, { teamId: 'acme' }, { agentId: 'bot' }]) {
    for (const text of texts.slice(0, 3))
      answers.push((await memory.search(text, { ...home, includeSuperseded: true })).results)
    answers.push(await memory.facts.getAll(home), await memory.facts.conflicts(home))
  }
  for (const factId of factIds)
    answers.push(await memory.facts.history(factId), await memory.facts.get(factId, { includeSuperseded: true }))
  const team = memory.team('acme')
  answers.push(await team.history(key), await team.list(), await team.read(key))
  const { seq = 0, horizon = 0 } = (await memory.space('team/acme').state()) ?? {}
  for (let at = horizon + 1; at < seq; at += 3) answers.push(await team.readAt(key, { seq: at }))
  answers.push(
    await memory.getWorkingMemory({ resourceId: 'ada' }),
    await memory.getWorkingMemoryHistory({ resourceId: 'ada' }),
  )
  return JSON.stringify(answers)
}

it.each(targets)('%s', async (_, touched, names, asked) => {
  const planted = await plantAll()
  const { memory, path } = planted
  const gone = names.flatMap((name) => planted.secrets[name].texts)
  const kept = parts.filter((part) => !names.includes(part)).flatMap((part) => planted.secrets[part].texts)
  const some = gone.filter((_text, i) => i % Math.ceil(gone.length / 8) === 0)
  const before = await readingsOf(planted, some)
  const read = gone.filter((text) => before.includes(text))
  expect(read.length).toBeGreaterThan(gone.length / 3)
  const { recallId } = await memory.space(touched[0] ?? '').recall(`${gone[0]} word7`)
  const team = memory.team('acme').watch({ after: 0 })
  const feed = memory.space(touched[0] ?? '').changes({ after: 0 })
  expect((await memory.forget(asked(planted))).state).toBe('pending')
  expect(foundIn(path, gone)).not.toEqual([])
  const after = await readingsOf(planted, [])
  expect(gone.filter((text) => after.includes(text))).toEqual([])
  const found = await Promise.all(some.map((text) => memory.space(touched[0] ?? '').recall(text)))
  const said = JSON.stringify(found.map(({ items, trace }) => [items, trace.items]))
  expect(gone.filter((text) => said.includes(text))).toEqual([])
  await refused('not-found', () => memory.explain(recallId))
  expect(kept.filter((text) => after.includes(text)).length).toBeGreaterThan(20)
  if ((await memory.space(touched[0] ?? '').state()) === null) return
  const { seq = 0 } = (await memory.space(touched[0] ?? '').state()) ?? {}
  const followed = JSON.stringify([await take(feed, seq), touched[0] === 'team/acme' ? await take(team, 3) : []])
  expect(gone.filter((text) => followed.includes(text))).toEqual([])
})
