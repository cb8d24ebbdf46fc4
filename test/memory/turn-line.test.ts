// The line in which calls wait for a thread: who gives up their place, and what a memory that closes waits for.
import { setImmediate as nextLoop } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { coreOf } from '../../src/facade/conversations.ts'
import { beginTurn, type Turn, type TurnRequest } from '../../src/memory/conversation/turns.ts'
import { type Door, resourceSpace } from '../../src/memory/door/door.ts'
import { openMemory, refused, temporaryUrl } from './opened.ts'

function request(space: Door, runId: string): TurnRequest {
  return { space, threadId: 't', runId, resumes: null, replaces: [], before: [], changes: [] }
}

async function begin(space: Door, name: string, signal?: AbortSignal): Promise<Turn> {
  const wait = { turns: 'queue', ...(signal === undefined ? {} : { signal }) } as const
  return (await beginTurn(space, 't', wait, async () => request(space, name))).turn
}

function spaceOf(memory = openMemory()): Door {
  return resourceSpace(coreOf(memory.as({ kind: 'agent', id: 'bot' })), 'alice')
}

async function openTurns(space: Door): Promise<number> {
  return (await space.messages.openTurns('t')).length
}

test('who leaves the line takes nobody’s place in it away', async () => {
  const space = spaceOf()
  const first = await begin(space, 'first')
  const second = begin(space, 'second')
  const stop = new AbortController()
  const third = begin(space, 'third', stop.signal)
  await nextLoop()
  stop.abort(new Error('not any more'))
  await expect(third).rejects.toThrow('not any more')
  let hasAFourth = false
  const fourth = beginTurn(space, 't', { turns: 'queue' }, async () => {
    hasAFourth = true
    return request(space, 'fourth')
  })
  await first.close('complete')
  const served = await second
  // Whoever came after them stands behind the second still, and does not even get ready beside it.
  expect(hasAFourth).toBe(false)
  await served.close('complete')
  await (await fourth).turn.close('complete')
  expect(hasAFourth).toBe(true)
})

test('a signal that was aborted before waits for nobody', async () => {
  const space = spaceOf()
  const first = await begin(space, 'first')
  const second = begin(space, 'second')
  await nextLoop()
  await expect(begin(space, 'third', AbortSignal.abort(new Error('stopped before')))).rejects.toThrow('stopped before')
  await first.close('complete')
  await (await second).close('complete')
})

test('a memory that closes waits for its open turns, and for one that is just being opened', async () => {
  const storage = temporaryUrl()
  const memory = openMemory({ storage })
  const space = spaceOf(memory)
  const turn = await begin(space, 'first')
  let isClosed = false
  const closing = memory.close().then(() => {
    isClosed = true
  })
  await nextLoop()
  expect(isClosed).toBe(false)
  await turn.close('complete')
  await closing
  expect(await openTurns(spaceOf(openMemory({ storage })))).toBe(0)
  await refused('closed', () => begin(space, 'second'))
})

test('a turn that is let go holds nothing up any more', async () => {
  const memory = openMemory()
  const turn = await begin(spaceOf(memory), 'first')
  expect(turn.isClosed).toBe(false)
  turn.letGo()
  expect(turn.isClosed).toBe(true)
  await memory.close()
})
