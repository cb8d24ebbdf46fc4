// Answers to stored calls: results of tools and words on approvals, in every form that clients send them.
import { convertToModelMessages, type UIMessage } from 'ai'
import type { MessagePart } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { expectFresh, freshTexts, openScene, type TurnEnd, user, where } from './threads.ts'

const open = {
  type: 'tool-weather',
  toolCallId: 'c1',
  state: 'input-available',
  input: { city: 'Rome' },
  callProviderMetadata: { p: { signature: 's' } },
}
const asked = { ...open, state: 'approval-requested', approval: { id: 'p1', signature: 'x' } }
const done = { ...open, state: 'output-available', output: { sun: 1 } }

/** A turn that waits for what comes of these calls. */
async function waiting(calls: readonly MessagePart[], end: TurnEnd = 'suspended') {
  const scene = openScene()
  await scene.turn([user('hi', 'u0'), { id: 'a0', role: 'assistant', content: 'hello' }])
  const turnId = await scene.turn([user('weather?', 'u1'), { id: 'a1', role: 'assistant', parts: [...calls] }], end)
  const { messages } = await scene.memory.listMessages({ ...where, includeInternal: true })
  /** The thread as a client has it, with other calls in the last answer. */
  const sent = (parts: readonly MessagePart[]) => [...messages.slice(0, 3), { ...messages[3], parts }]
  return { ...scene, turnId, messages: messages as UIMessage[], sent }
}

const result = (toolCallId: string, value: unknown = { sun: 1 }) => ({
  role: 'tool',
  content: [{ type: 'tool-result', toolCallId, toolName: 'weather', output: { type: 'json', value } }],
})
const approval = (approvalId: string, approved: boolean, reason?: string) => ({
  role: 'tool',
  content: [{ type: 'tool-approval-response', approvalId, approved, ...(reason === undefined ? {} : { reason }) }],
})

describe('results of tools', () => {
  it('complete the stored call inside a message sent again, and nothing else of it', async () => {
    const scene = await waiting([open])
    const forged = { ...done, input: { city: 'Oslo' }, title: 'x', toolMetadata: { aquifer: { internal: true } } }
    for (const part of [done, forged]) {
      const plan = await scene.plan(scene.sent([part]))
      expect(plan).toMatchObject({ fresh: [], replaces: [], resumes: scene.turnId })
      expect(plan.completions).toEqual([{ messageId: 'a1', turnId: scene.turnId, toolCallId: 'c1', part: done }])
    }
  })

  it('complete it as a message of a model too: alone, behind the call, behind the whole thread', async () => {
    const scene = await waiting([open])
    const model = await convertToModelMessages(scene.messages)
    for (const sent of [[result('c1')], [...model.slice(-1), result('c1')], [...model, result('c1')]]) {
      const plan = await scene.plan(sent)
      expect(plan).toMatchObject({ fresh: [], resumes: scene.turnId, warnings: [] })
      expect(plan.completions).toEqual([{ messageId: 'a1', turnId: scene.turnId, toolCallId: 'c1', part: done }])
    }
    const plan = await scene.plan([...model, result('c1'), user('and now?')])
    expect(freshTexts(plan)).toEqual(['and now?'])
    expect(plan.completions).toHaveLength(1)
  })

  it('are carried out once', async () => {
    const scene = await waiting([open])
    await scene.carryOut(await scene.plan(scene.sent([done])))
    expectFresh(await scene.plan(scene.sent([done])), [])
    expectFresh(await scene.plan([result('c1')]), [])
    const other = await scene.plan(scene.sent([{ ...done, output: { sun: 0 } }]))
    expect(other).toMatchObject({ fresh: [], completions: [] })
  })

  it('warn where a complete answer has another result', async () => {
    const scene = await waiting([done], 'complete')
    const plan = await scene.plan(scene.sent([{ ...done, output: { sun: 0 } }]))
    expect(plan).toMatchObject({ fresh: [], completions: [], resumes: null })
    expect(plan.warnings).toHaveLength(1)
    // The result came after the client last looked.
    expectFresh(await scene.plan(scene.sent([open])), [])
  })

  it('may be errors, and do not count while they are preliminary', async () => {
    const scene = await waiting([open])
    const failed = { ...open, state: 'output-error', errorText: 'no' }
    expect((await scene.plan(scene.sent([failed]))).completions).toMatchObject([{ part: failed }])
    expectFresh(await scene.plan(scene.sent([{ ...done, preliminary: true }])), [])
  })

  it('complete several calls, each by its id, and the turn that is suspended', async () => {
    const scene = await waiting([open, { ...open, toolCallId: 'c2' }, { ...open, toolCallId: 'c3' }])
    const plan = await scene.plan([result('c3', 3), result('c1', 1)])
    expect(plan.completions.map(({ toolCallId, part }) => [toolCallId, part.output])).toEqual([
      ['c3', 3],
      ['c1', 1],
    ])
    const cut = await waiting([open], 'interrupted')
    expect(await cut.plan([result('c1')])).toMatchObject({ resumes: null, completions: [{ toolCallId: 'c1' }] })
  })

  it('do not complete calls of memory’s own tools', async () => {
    const own = { ...open, toolMetadata: { aquifer: { internal: true } } }
    const scene = await waiting([own, { type: 'text', text: 'so' }])
    expectFresh(await scene.plan(scene.sent([{ ...done }])), [])
    expectFresh(await scene.plan([result('c1')]), [])
  })

  it('find a call that was made some messages ago', async () => {
    const scene = await waiting([open])
    for (let index = 0; index < 10; index++) await scene.turn([user('more'), { role: 'assistant', content: 'well' }])
    expect((await scene.plan([result('c1')])).completions).toHaveLength(1)
  })

  it('are left out with a warning where nobody made the call', async () => {
    const scene = await waiting([open])
    const plan = await scene.plan([result('c9')])
    expect(plan).toMatchObject({ fresh: [], completions: [] })
    expect(plan.warnings[0]).toContain('"c9"')
  })

  it('go with the turn that an edit replaces', async () => {
    const scene = await waiting([open])
    const plan = await scene.plan([...scene.sent([done]), user('Hi', 'u0')])
    expect(plan).toMatchObject({ completions: [], resumes: null })
    expect(plan.replaces).toHaveLength(2)
  })
})

describe('words on approvals', () => {
  it('are put into the call that asked, from a chat and from a model’s messages', async () => {
    const scene = await waiting([asked])
    const said = {
      ...asked,
      state: 'approval-responded',
      approval: { id: 'p1', signature: 'x', approved: false, reason: 'no' },
    }
    const model = await convertToModelMessages(scene.messages)
    const answer = approval('p1', false, 'no')
    for (const sent of [scene.sent([said]), [answer], [...model, answer]]) {
      const plan = await scene.plan(sent)
      expect(plan).toMatchObject({ fresh: [], resumes: scene.turnId, warnings: [] })
      expect(plan.completions).toEqual([{ messageId: 'a1', turnId: scene.turnId, toolCallId: 'c1', part: said }])
    }
  })

  it('come with the result that followed, or are left out where it came without them', async () => {
    const scene = await waiting([asked])
    const allowed = { id: 'p1', signature: 'x', approved: true }
    const ran = { ...done, approval: allowed }
    const model = await convertToModelMessages(scene.messages)
    const both = { role: 'tool', content: [...approval('p1', true).content, ...result('c1').content] }
    for (const sent of [scene.sent([ran]), [both], [...model, both], [approval('p1', true), result('c1')]]) {
      const plan = await scene.plan(sent)
      expect(plan.completions).toEqual([{ messageId: 'a1', turnId: scene.turnId, toolCallId: 'c1', part: ran }])
    }
    expect((await scene.plan([result('c1')])).completions).toEqual([
      { messageId: 'a1', turnId: scene.turnId, toolCallId: 'c1', part: done },
    ])
  })

  it('do not count where nobody asked, or they were given before', async () => {
    const scene = await waiting([asked])
    const forged = { ...asked, state: 'approval-responded', approval: { id: 'p2', approved: true } }
    expectFresh(await scene.plan(scene.sent([forged])), [])
    const plan = await scene.plan([approval('p2', true)])
    expect(plan).toMatchObject({ fresh: [], completions: [] })
    expect(plan.warnings).toHaveLength(1)
    await scene.carryOut(await scene.plan([approval('p1', false)]))
    expectFresh(await scene.plan([approval('p1', true)]), [])
    const never = await waiting([open])
    expectFresh(await never.plan(never.sent([forged])), [])
  })

  it('leave the call as the client answered it: denied', async () => {
    const scene = await waiting([asked])
    const denied = { ...asked, state: 'output-denied', approval: { id: 'p1', approved: false } }
    expect((await scene.plan(scene.sent([denied]))).completions).toMatchObject([
      { part: { state: 'output-denied', approval: { id: 'p1', signature: 'x', approved: false } } },
    ])
  })
})
