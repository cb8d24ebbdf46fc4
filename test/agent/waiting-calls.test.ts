// What people report of calls that wait, in other frameworks, each as a test of its own.
import { callTool, callTools } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { refusal } from '../memory/opened.ts'
import { at, no, openWaiting, yes } from './waiting-scene.ts'

const pay = (to: string, toolCallId: string) => ({ toolName: 'pay', input: { to }, toolCallId })
const ask = (to: string, toolCallId: string) => ({ toolName: 'ask', input: { to }, toolCallId })
const elsewhere = { resourceId: 'bob', threadId: 't' }

describe('a stale id never approves another call', () => {
  it('of a later turn, whose provider gives the same ids again', async () => {
    const scene = openWaiting([callTools([pay('Ann', 'same')]), 'Paid.', callTools([pay('Bob', 'same')]), 'Paid too.'])
    await scene.ask('Pay Ann.')
    const stale = await scene.page()
    await scene.say({ [String((await scene.calls())[0]?.toolCallId)]: yes })
    await scene.ask('Pay Bob.')
    await refusal(() => scene.say({ same: yes }, stale))
    expect(scene.done).toEqual(['pay Ann'])
    expect(await scene.stands()).toEqual(['suspended', 'approval-requested'])
    const [call] = await scene.calls()
    expect(await scene.say({ [String(call?.toolCallId)]: yes })).toBe('Paid too.')
    expect(scene.done).toEqual(['pay Ann', 'pay Bob'])
    await scene.expectWhole()
  })

  it('of a later step of its run, whose provider gives the same ids again', async () => {
    const scene = openWaiting([callTools([pay('Ann', 'same')]), callTools([pay('Bob', 'same')]), 'Both are paid.'])
    await scene.ask('Pay both.')
    const stale = await scene.page()
    await scene.say({ same: yes })
    expect(await scene.stands()).toEqual(['suspended', 'output-available', 'approval-requested'])
    await refusal(() => scene.say({ same: yes }, stale))
    expect(scene.done).toEqual(['pay Ann'])
    const second = (await scene.calls())[1]
    expect(await scene.say({ [String(second?.toolCallId)]: yes })).toBe('Both are paid.')
    expect(scene.done).toEqual(['pay Ann', 'pay Bob'])
    await scene.expectWhole()
  })

  it('of a question that was said anew', async () => {
    const scene = openWaiting([callTools([pay('Ann', 'same')]), callTools([pay('Bob', 'same')]), 'Paid.'])
    const question = (text: string) => [{ id: 'q', role: 'user', parts: [{ type: 'text', text }] }] as never
    await scene.agent.generate(question('Pay Ann.'), at)
    const stale = await scene.page()
    await scene.agent.generate(question('Pay Bob.'), at)
    await refusal(() => scene.say({ same: yes }, stale))
    expect(scene.done).toEqual([])
    const [call] = await scene.calls()
    expect(await scene.say({ [String(call?.toolCallId)]: yes })).toBe('Paid.')
    expect(scene.done).toEqual(['pay Bob'])
  })
})

describe('the data of one call never reaches another', () => {
  it('of the same step, whichever is answered first', async () => {
    for (const order of [
      ['a', 'b'],
      ['b', 'a'],
    ]) {
      const scene = openWaiting([callTools([ask('Ann', 'a'), ask('Bob', 'b')]), 'Thanks.'])
      await scene.ask('Ask both.')
      for (const id of order) await scene.say({ [id]: { output: `of ${id}` } })
      const outputs = (await scene.calls()).map(({ toolCallId, output }) => [toolCallId, output])
      expect(outputs).toEqual([
        ['a', 'of a'],
        ['b', 'of b'],
      ])
      expect(scene.model.calls[1]?.transcript).toMatch(/of a[\s\S]*of b/)
    }
  })

  it('of another thread and another user with the same ids', async () => {
    const scene = openWaiting([callTools([ask('Ann', 'a')]), callTools([ask('Bob', 'a')]), 'Bob says so.'])
    await scene.ask('Ask Ann.')
    await scene.ask('Ask Bob.', elsewhere)
    expect(await scene.say({ a: { output: 'of Bob' } }, undefined, elsewhere)).toBe('Bob says so.')
    expect(await scene.stands()).toEqual(['suspended', 'input-available'])
    expect(JSON.stringify(await scene.page())).not.toContain('of Bob')
  })
})

it('of two calls of one tool only the approved one runs, and the other still waits', async () => {
  const scene = openWaiting([callTools([pay('Ann', 'a'), pay('Bob', 'b')]), 'Done.'])
  await scene.ask('Pay both.')
  await scene.say({ b: yes })
  expect(scene.done).toEqual(['pay Bob'])
  expect(await scene.stands()).toEqual(['suspended', 'approval-requested', 'output-available'])
  expect(await scene.say({ a: no })).toBe('Done.')
  expect(scene.done).toEqual(['pay Bob'])
  expect(await scene.stands()).toEqual(['complete', 'output-denied', 'output-available'])
  await scene.expectWhole()
})

it('a declined tool never runs, and the model is told why', async () => {
  const scene = openWaiting([callTools([pay('Ann', 'a')]), 'As you wish.', 'Still here.'])
  await scene.ask('Pay Ann.')
  const stale = await scene.page()
  expect(await scene.say({ a: { approved: false, reason: 'Ann is paid already.' } })).toBe('As you wish.')
  expect(scene.model.calls[1]?.transcript).toContain('Ann is paid already.')
  await refusal(() => scene.say({ a: yes }, stale))
  await scene.ask('Are you there?')
  expect(scene.done).toEqual([])
  await scene.expectWhole()
})

it.each([false, 0, '', null, [], {}])('%j is data', async (output) => {
  const scene = openWaiting([callTools([ask('Ann', 'a')]), 'Thanks.'])
  await scene.ask('Ask Ann.')
  expect(await scene.say({ a: { output } })).toBe('Thanks.')
  expect((await scene.calls())[0]).toMatchObject({ state: 'output-available', output })
  await scene.expectWhole()
})

it('a call goes on in a thread with much in it', async () => {
  const scene = openWaiting([callTools([pay('Ann', 'a')]), 'Paid.'])
  const text = 'x'.repeat(20_000)
  const said = Array.from({ length: 200 }, (_, index) => {
    return { role: index % 2 === 0 ? ('user' as const) : ('assistant' as const), content: `${index} ${text}` }
  })
  await scene.memory.saveMessages({ ...at, messages: said })
  await scene.ask(`Pay Ann. ${text}`)
  expect(await scene.say({ a: yes })).toBe('Paid.')
  expect(scene.done).toEqual(['pay Ann'])
  const { runs } = await scene.memory.listRuns({ resourceId: at.resourceId })
  expect(runs.map((run) => JSON.stringify(run).length < 64 * 1_024)).toEqual([true])
})

it('a call for the client survives that another call of its step goes on', async () => {
  const scene = openWaiting([callTools([pay('Ann', 'a'), ask('Bob', 'b')]), 'All done.'])
  await scene.ask('Pay Ann and ask Bob.')
  await scene.say({ a: yes })
  expect(await scene.stands()).toEqual(['suspended', 'output-available', 'input-available'])
  expect(await scene.say({ b: { output: 'Bob agrees.' } })).toBe('All done.')
  expect(scene.model.calls[1]?.tools.map(({ name }) => name)).toEqual(
    scene.model.calls[0]?.tools.map(({ name }) => name),
  )
  await scene.expectWhole()
})

it('of two browsers that decide at once one wins, and the tool runs as that one said', async () => {
  for (const words of [
    [yes, yes],
    [yes, no],
    [no, yes],
  ]) {
    const scene = openWaiting([callTools([pay('Ann', 'a')]), 'Done.'])
    await scene.ask('Pay Ann.')
    const page = await scene.page()
    const said = await Promise.allSettled(words.map((word) => scene.say({ a: word as typeof yes }, page)))
    expect(said.map(({ status }) => status)).toContain('fulfilled')
    const [turn, state] = await scene.stands()
    expect(turn).toBe('complete')
    expect(scene.done).toEqual(state === 'output-denied' ? [] : ['pay Ann'])
    if (words.every((word) => word === yes)) expect(scene.done).toEqual(['pay Ann'])
    await scene.expectWhole()
  }
})

it('of two browsers that decide about two calls at once, both are heard', async () => {
  const scene = openWaiting([callTools([pay('Ann', 'a'), pay('Bob', 'b')]), 'Done.'])
  await scene.ask('Pay both.')
  const page = await scene.page()
  await Promise.all([scene.say({ a: yes }, page), scene.say({ b: yes }, page)])
  expect(scene.done.toSorted()).toEqual(['pay Ann', 'pay Bob'])
  expect(await scene.stands()).toEqual(['complete', 'output-available', 'output-available'])
  await scene.expectWhole()
})

it("a decision in a cloned thread decides the clone's call only", async () => {
  const scene = openWaiting([callTool('pay', { to: 'Ann' }), 'Paid in the copy.', 'Paid.'])
  await scene.ask('Pay Ann.')
  const copy = { ...at, threadId: 'copy' }
  await scene.memory.cloneThread({ ...at, newThreadId: 'copy' })
  const id = async (place = at) => String((await scene.calls(place))[0]?.toolCallId)
  expect(await scene.say({ [await id(copy)]: yes }, undefined, copy)).toBe('Paid in the copy.')
  expect(await scene.stands()).toEqual(['suspended', 'approval-requested'])
  expect(scene.done).toEqual(['pay Ann'])
  await refusal(() => scene.say({ 'no such call': yes }, undefined, copy))
  expect(await scene.say({ [await id()]: yes })).toBe('Paid.')
  expect(scene.done).toEqual(['pay Ann', 'pay Ann'])
})
