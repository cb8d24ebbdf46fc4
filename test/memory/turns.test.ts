// Turns: their place, their lease, and the line that calls stand in for one thread.
import { expect, test } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { beginTurn, type Turn, type TurnRequest, type TurnWait } from '../../src/memory/conversation/turns.ts'
import { type Door, resourceSpace } from '../../src/memory/door/door.ts'
import { ManualClock, openMemory, refused, temporaryUrl } from './opened.ts'

function spaceOf(memory = openMemory(), agent = 'bot'): Door {
  return resourceSpace(coreOf(memory.as({ kind: 'agent', id: agent })), 'alice')
}

function request(space: Door, text: string, threadId = 't'): TurnRequest {
  const messages = [{ role: 'user' as const, parts: [{ type: 'text', text }] }]
  const changes = [{ kind: 'message-append' as const, threadId, opened: 0, messages }]
  return { space, threadId, runId: `run-${text}`, resumes: null, replaces: [], before: [], changes }
}

async function begin(space: Door, text: string, wait: Partial<TurnWait> = {}): Promise<Turn> {
  return (await beginTurn(space, 't', { turns: 'queue', ...wait }, async () => request(space, text))).turn
}

function answer(turn: Turn, text: string) {
  const messages = [{ role: 'assistant' as const, parts: [{ type: 'text', text }] }]
  return { kind: 'message-append' as const, threadId: turn.threadId, turnId: turn.id, messages }
}

async function said(space: Door): Promise<readonly (readonly [text: unknown, status: string, turnId: string])[]> {
  const page = await space.messages.list({
    ...{ threadId: 't', direction: 'asc', after: null, asOf: null, limit: 100, offset: 0, from: null, to: null },
  } as const)
  return page.items.map(({ message }) => [message.parts[0]?.text, message.turnStatus, message.turnId] as const)
}

test('a turn foretells the id of its answer, and closes with the last of it', async () => {
  const space = spaceOf()
  const turn = await begin(space, 'hello')
  const foretold = turn.messageId(1)
  await turn.close('complete', [answer(turn, 'hi')])
  expect(await said(space)).toEqual([
    ['hello', 'complete', turn.id],
    ['hi', 'complete', turn.id],
  ])
  const places = await space.messages.find(foretold)
  expect(places.map(({ message }) => message.parts[0]?.text)).toEqual(['hi'])
})

test('a turn that others found forsaken is taken up again by its owner', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock })
  const space = spaceOf(memory)
  const turn = await begin(space, 'hello')
  clock.pass(120_000)
  const other = await begin(spaceOf(memory, 'other'), 'me too')
  expect((await said(space)).map(([, status]) => status)).toEqual(['interrupted', 'open'])
  await turn.close('complete', [answer(turn, 'late, but here')])
  await other.close('aborted')
  expect((await said(space)).map(([text, status]) => [text, status])).toEqual([
    ['hello', 'complete'],
    ['late, but here', 'complete'],
    ['me too', 'aborted'],
  ])
})

test('a turn that another process goes on with takes nothing more of the process that slept', async () => {
  const clock = new ManualClock()
  const memory = openMemory({ clock })
  const space = spaceOf(memory)
  const turn = await begin(space, 'hello')
  clock.pass(120_000)
  const between = await begin(spaceOf(memory, 'other'), 'me too')
  await between.close('complete')
  const resumed = { ...request(space, 'more'), runId: turn.runId, resumes: turn.id, changes: [] }
  const driver = (await beginTurn(space, 't', { turns: 'parallel' }, async () => resumed)).turn
  const late = await refused('conflict', () => turn.commit([answer(turn, 'of the sleeper')]))
  expect(late.details).toMatchObject({ turnId: turn.id, status: 'open' })
  await driver.close('suspended', [answer(driver, 'of the driver')])
  await refused('conflict', () => turn.close('complete', [answer(turn, 'of the sleeper')]))
  expect((await said(space)).map(([text, status]) => [text, status])).toEqual([
    ['hello', 'suspended'],
    ['of the driver', 'suspended'],
    ['me too', 'complete'],
  ])
})

test('a turn that was replaced is not taken up again', async () => {
  const space = spaceOf()
  const turn = await begin(space, 'hello')
  const next = (
    await beginTurn(space, 't', { turns: 'parallel' }, async () => ({
      ...request(space, 'again'),
      replaces: [turn.id],
    }))
  ).turn
  await turn.commit([answer(turn, 'in time')])
  await next.commit([answer(next, 'another')])
  const error = await refused('conflict', () => turn.commit([answer(turn, 'too late')]))
  expect(error.details.replacedBy).toBe(next.id)
  turn.letGo()
  await next.close('complete')
})

test.each([1, 2])('calls through %i connections are served one at a time, in order of arrival', async (connections) => {
  const storage = temporaryUrl()
  const memories = Array.from({ length: connections }, () => openMemory({ storage }))
  const spaces = memories.map((memory) => spaceOf(memory))
  let open = 0
  const served: string[] = []
  await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const turn = await begin(spaces[index % connections] as Door, `call ${index}`)
      open += 1
      expect(open, 'turns open at once').toBe(1)
      served.push(`call ${index}`)
      await turn.commit([answer(turn, 'working')])
      open -= 1
      await turn.close('complete')
    }),
  )
  const texts = (await said(spaces[0] as Door)).filter(([text]) => text !== 'working').map(([text]) => text)
  expect(texts).toEqual(served)
  if (connections === 1) expect(served).toEqual(Array.from({ length: 12 }, (_, index) => `call ${index}`))
})

test('waiting has a bound, after which a call goes on beside the open turn', async () => {
  const space = spaceOf(openMemory({ limits: { turnWaitMs: 20 } }))
  const first = await begin(space, 'slow')
  const { turn, gaveUp } = await beginTurn(space, 't', { turns: 'queue' }, async () => request(space, 'second'))
  expect(gaveUp).toBe(true)
  await turn.close('complete')
  await first.close('complete')
  expect((await said(space)).map(([text]) => text)).toEqual(['slow', 'second'])
  const third = await beginTurn(space, 't', { turns: 'queue' }, async () => request(space, 'third'))
  expect(third.gaveUp).toBe(false)
  await third.turn.close('complete')
})

test('a call that is aborted while it waits leaves nothing, and the one behind it still waits', async () => {
  const space = spaceOf()
  const first = await begin(space, 'slow')
  const stop = new AbortController()
  const second = begin(space, 'second', { signal: stop.signal })
  const third = begin(space, 'third')
  stop.abort(new Error('not any more'))
  await expect(second).rejects.toThrow('not any more')
  expect((await said(space)).map(([text]) => text)).toEqual(['slow'])
  await first.close('complete')
  await (await third).close('complete')
  expect((await said(space)).map(([text]) => text)).toEqual(['slow', 'third'])
})

test('a suspended turn blocks nobody', async () => {
  const space = spaceOf()
  await (await begin(space, 'waits for approval')).close('suspended')
  await (await begin(space, 'next')).close('complete')
  expect((await said(space)).map(([, status]) => status)).toEqual(['suspended', 'complete'])
})

test('closing the memory waits for the work it holds, and then makes it end', async () => {
  const memory = openMemory({ limits: { closeWaitMs: 30 } })
  const { storage } = coreOf(memory)
  await storage.get()
  const events: string[] = []
  const quick = Promise.withResolvers<void>()
  storage.hold(quick.promise.then(() => events.push('quick')))
  const stubborn = Promise.withResolvers<void>()
  storage.stopping.addEventListener('abort', () => {
    events.push('told to end')
    stubborn.resolve()
  })
  storage.hold(stubborn.promise)
  const closed = memory.close().then(() => events.push('closed'))
  quick.resolve()
  await closed
  expect(events).toEqual(['quick', 'told to end', 'closed'])
})
