// What was proposed goes with what it is about, byte for byte. What expired leaves the log.
import { type Memory, MemoryError } from 'aquifer'
import { expect, it } from 'vitest'
import { sweep } from '../../src/memory/storage/sweeper.ts'
import { day, ManualClock, openMemory, temporaryUrl } from '../memory/opened.ts'
import { expectGone, type Forgotten, storageOf } from './everything.ts'
import { pathOf, Secrets } from './planted.ts'

const home = { userId: 'ann', infer: false } as const

/** A user's fact and an entry, with proposals about them that say secrets; what to forget. */
async function proposals(memory: Memory, name: string, secrets: Secrets) {
  const s = () => secrets.make()
  const message = { id: `m-${name}`, role: 'user', content: s() } as const
  await memory.saveMessages({ resourceId: 'ann', threadId: name, messages: [message] })
  const user = memory.as({ kind: 'user', id: 'ann' })
  const bot = memory.as({ kind: 'agent', id: `bot-${name}` })
  const { results } = await user.add([{ ...message, threadId: name }], home)
  const factId = results[0]?.id ?? ''
  const { results: stated } = await bot.add(s(), { ...home, supersedes: factId })
  const refusal = (error: unknown) => expect(error).toBeInstanceOf(MemoryError)
  await bot.facts.update(factId, s()).catch(refusal)
  await bot.facts.update(factId, s()).catch(refusal)
  await bot.facts.delete(factId)
  const put = { kind: 'proposal-put', reason: s(), change: { kind: 'entry-write', key: name, value: s() } } as const
  await bot.space('team/acme').commit([put])
  return { factId, statementId: stated[0]?.id ?? '', key: name, messageId: message.id, threadId: name }
}

type Planted = Awaited<ReturnType<typeof proposals>>

const targets: readonly (readonly [string, (at: Planted) => readonly Forgotten[]])[] = [
  [
    'the facts and the key',
    ({ factId, statementId, key, threadId }) => [
      { factIds: [factId, statementId] },
      { teamId: 'acme', key },
      { resourceId: 'ann', threadId },
    ],
  ],
  [
    'the source',
    ({ threadId, statementId, key }) => [
      { resourceId: 'ann', threadId },
      { factIds: [statementId] },
      { teamId: 'acme', key },
    ],
  ],
]

it.each(targets)('a proposal goes with %s, and others stay', async (_, what) => {
  const url = temporaryUrl()
  const memory = openMemory({ storage: url })
  const [gone, kept] = [new Secrets(), new Secrets()]
  await proposals(memory, 'kept', kept)
  const planted = await proposals(memory, 'gone', gone)
  for (const target of what(planted)) await memory.forget(target)
  await memory.settled()
  const left = await Promise.all(
    [{ userId: 'ann' }, { teamId: 'acme' }].map(async (of) => (await memory.proposals.list(of)).results),
  )
  expect(left.map((found) => found.map(({ author }) => author.id))).toEqual([
    ['bot-kept', 'bot-kept', 'bot-kept'],
    ['bot-kept'],
  ])
  await memory.close()
  expectGone(pathOf(url), gone.texts, kept.texts.slice(-1))
})

it('a proposal that nobody decided about leaves the log, once its time is over twice', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock, limits: { proposalDays: 1 } })
  const secrets = new Secrets()
  const [reason, value] = [secrets.make(), secrets.make()]
  const change = { kind: 'entry-write', key: 'k', value } as const
  await memory
    .as({ kind: 'agent', id: 'bot' })
    .space('team/acme')
    .commit([{ kind: 'proposal-put', reason, change }])
  const storage = await storageOf(memory)
  const log = async () => JSON.stringify(await memory.space('team/acme').log.read({ after: 0, limit: 100 }))
  expect(await log()).toContain(value)
  for (const days of [1, 31]) {
    clock.pass(days * day)
    await sweep(storage)
    expect((await memory.proposals.list({ teamId: 'acme' })).results).toEqual([])
  }
  for (const secret of [reason, value]) expect(await log()).not.toContain(secret)
})
