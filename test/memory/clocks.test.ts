// A clock that is wrong for a while, and what had expired by the time that is asked about.
import { expect, it } from 'vitest'
import { day, hour, ManualClock, openMemory, refused, temporaryUrl } from './opened.ts'

const thread = { resourceId: 'r', threadId: 't' }

it('a process whose clock was once a year ahead leaves no trace in what others write', async () => {
  const storage = temporaryUrl()
  const clock = new ManualClock()
  const wrong = openMemory({ storage, clock: { now: () => clock.ms + 365 * day } })
  await wrong.team('a').write('far', 1)
  await wrong.saveMessages({ ...thread, messages: ['far'] })
  await wrong.close()
  const memory = openMemory({ storage, clock, limits: { turnLeaseMs: 500 } })
  const team = memory.team('a')
  expect(await team.write('k', 'secret', { ttl: '1s' })).toMatchObject({ expiresAt: new Date(clock.ms + 1_000) })
  await memory.space('resource/r').commit([
    { kind: 'turn-open', threadId: 't', leaseMs: 500 },
    {
      kind: 'message-append',
      threadId: 't',
      opened: 0,
      messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    },
  ])
  const start = clock.ms
  clock.pass(2_500)
  expect(await team.read('k')).toBeNull()
  const { messages } = await memory.listMessages(thread)
  expect(messages.at(-1)).toMatchObject({ turnStatus: 'interrupted', createdAt: new Date(start) })
  expect((await memory.getThreadById(thread))?.lastMessageAt).toEqual(new Date(start))
  expect(await team.readAt('k', { at: start })).toBe('secret')
  await team.write('k', 'new')
  expect(await team.readAt('k', { at: clock.ms })).toBe('new')
})

it('readAt answers what held at the time asked about, and never what had expired by then', async () => {
  const clock = new ManualClock()
  const team = openMemory({ clock }).team('a')
  const start = clock.ms
  await team.write('k', 'secret', { ttl: '1h' })
  const [written] = await team.history('k')
  expect(written).toMatchObject({ expiresAt: new Date(start + hour) })
  clock.pass(2 * hour)
  const times = [-1, 0, hour - 1, hour, 90 * 60_000, 2 * hour]
  const at = (ms: number) => team.readAt('k', { at: start + ms })
  expect(await Promise.all(times.map(at))).toEqual([null, 'secret', 'secret', null, null, null])
  expect(await team.readAt('k', { seq: 1 })).toBe('secret')
  await team.write('other', 1)
  expect(await Promise.all(times.map(at))).toEqual([null, 'secret', 'secret', null, null, null])
  expect([await team.readAt('k', { seq: 1 }), await team.readAt('k', { seq: 2 })]).toEqual(['secret', null])
})

it('a log is kept for its days, also where a clock was ahead', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock, limits: { logDays: 1 } })
  const team = memory.team('a')
  await team.write('k', 1)
  clock.pass(365 * day)
  await team.write('k', 2)
  clock.pass(-365 * day)
  for (let value = 3; value < 6; value++) {
    clock.pass(hour)
    await team.write('k', value)
  }
  clock.pass(2 * day)
  await team.write('k', 6)
  await memory.settled()
  expect((await team.space.state())?.horizon).toBe(0)
  await refused('invalid-input', () => memory.listMessages({ ...thread, dateRange: { start: '2026-03-29T00:00:00' } }))
  await refused('invalid-input', () => memory.cloneThread({ ...thread, dateRange: { end: '2026-02-30' } } as never))
})
