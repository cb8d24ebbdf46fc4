// The table of a call's options: what holds by default, what is merged, what the AI SDK gets.
import { RequestContext } from 'aquifer'
import { describe, expect, it } from 'vitest'
import { callOptions, callOptionTable, optionsPassedOn } from '../../src/agent/call-options.ts'
import type { CallOptions } from '../../src/agent/options.ts'
import { refused } from '../memory/opened.ts'

const bob = { kind: 'user', id: 'bob' } as const

describe('options of a call', () => {
  it('have defaults that the options themselves would be taken with', () => {
    const { maxSteps, savePerStep, trigger } = callOptionTable
    const defaults = { maxSteps: maxSteps.default, savePerStep: savePerStep.default, trigger: trigger.default } as const
    expect(callOptions(undefined, defaults)).toEqual(defaults)
  })

  it('go to the AI SDK only if they are its own', () => {
    const own: CallOptions = {
      ...{ resourceId: 'alice', threadId: 't', memory: {}, author: bob, requestContext: new RequestContext() },
      ...{ instructions: 'Be brief.', tools: {}, maxSteps: 3, savePerStep: false, messageId: 'm' },
      ...{ trigger: 'submit-message', requireToolApproval: true, autoResumeSuspendedTools: true, delegation: {} },
      ...{ onIterationComplete: () => {}, isTaskComplete: { scorers: [] }, budget: { tokens: 1 } },
    }
    const passed = { temperature: 0, seed: 7, experimental_download: undefined }
    expect(optionsPassedOn({ ...own, ...passed } as CallOptions)).toEqual(passed)
    const kept = Object.entries(callOptionTable).flatMap(([name, { isPassedOn }]) => (isPassedOn ? [] : [name]))
    expect(kept.toSorted()).toEqual([...Object.keys(own), 'structuredOutput'].toSorted())
  })

  it.each<[string, CallOptions, CallOptions, CallOptions]>([
    ['take the place of the agent’s', { maxSteps: 3, seed: 1 }, { maxSteps: 5 }, { maxSteps: 5, seed: 1 }],
    [
      'keep the agent’s thread where they name none',
      { resourceId: 'alice', threadId: 't' },
      { memory: { options: { lastMessages: 3 } } },
      { resourceId: 'alice', threadId: 't', memory: { options: { lastMessages: 3 } } },
    ],
    [
      'join what the agent says of memory',
      { memory: { resource: 'alice', thread: 't' } },
      { memory: { options: { lastMessages: 3 } } },
      { memory: { resource: 'alice', thread: 't', options: { lastMessages: 3 } } },
    ],
    [
      'keep how the agent takes histories, where they say nothing of it',
      { memory: { history: 'new-only' } },
      { memory: { options: { lastMessages: 3 } } },
      { memory: { history: 'new-only', options: { lastMessages: 3 } } },
    ],
    [
      'say how they take a history, in either place',
      { memory: { history: 'new-only' } },
      { memory: { options: { history: 'merge' } } },
      { memory: { options: { history: 'merge' } } },
    ],
    [
      'name their own thread in either form',
      { resourceId: 'alice', threadId: 't', seed: 1 },
      { memory: { resource: 'bob', thread: 'u' } },
      { memory: { resource: 'bob', thread: 'u' }, seed: 1 },
    ],
    [
      'name a resource, and then nothing of the agent’s place counts',
      { memory: { resource: 'alice', thread: 't' } },
      { resourceId: 'bob' },
      { resourceId: 'bob' },
    ],
  ])('%s', (_, agents, calls, merged) => {
    expect(callOptions(agents, calls)).toEqual(merged)
  })

  it('are refused by a name that none of them has, also one of every object', async () => {
    for (const name of ['tempreature', 'toString', '__proto__x', 'constructor']) {
      const error = await refused('invalid-input', () => callOptions(undefined, { [name]: 1 } as CallOptions))
      expect(error.fix).toContain('resourceId, threadId, memory')
    }
  })
})
