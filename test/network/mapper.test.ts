// The pure way from the stream of a supervisor to the events of a network: tables of parts, and what they become.
import { expect, it } from 'vitest'
import type { CompletionReason } from '../../src/agent/iteration-options.ts'
import { NetworkMapper } from '../../src/agent/network/network-mapper.ts'
import type { DelegationEvent } from '../../src/agent/relay.ts'
import type { AgentStreamPart } from '../../src/agent/run/result.ts'
import { knownLists, namesOf, outOfOrder, payloadsOf } from './scene.ts'

type Given = { readonly part: object } | { readonly work: object }

const run = {
  ...{ agentId: 'lead', runId: 'run_1', task: 'Do it', threadId: 't', resourceId: 'ann', before: 0, conversation: [] },
  primitives: new Map([
    ['agent-research', { type: 'agent' as const, id: 'research-id' }],
    ['workflow-city', { type: 'workflow' as const, id: 'city-id' }],
  ]),
}
const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 }
const ending = { usage, completionReason: 'answered' as CompletionReason | null, structured: null }

const part = (type: string, more: object = {}): Given => ({ part: { type, ...more } })
const step = (...parts: readonly Given[]) => [part('start-step'), ...parts, part('finish-step', { usage })]
const says = (text: string) => [part('text-start', { id: '1' }), part('text-delta', { id: '1', text })]
const call = (toolName: string, input: object, toolCallId = 'call_1') => {
  return part('tool-call', { toolCallId, toolName, input })
}
const result = (toolName: string, output: unknown) => {
  return part('tool-result', { toolCallId: 'call_1', toolName, input: {}, output })
}
function work(type: 'agent' | 'workflow', kind: string, more: object): Given {
  const [id, key] = type === 'agent' ? ['research-id', 'research'] : ['city-id', 'city']
  return { work: { toolCallId: 'call_1', toolName: `${type}-${key}`, primitive: { type, id, key }, kind, ...more } }
}
const inner = (type: 'agent' | 'workflow', name: string) => work(type, 'part', { part: { type: name, text: 'x' } })

function mapped(given: readonly Given[], { isContinued = false, end = ending as typeof ending | null } = {}) {
  const mapper = new NetworkMapper(run, isContinued)
  const events = given.flatMap((one) => {
    return 'part' in one ? mapper.part(one.part as AgentStreamPart) : mapper.delegated(one.work as DelegationEvent)
  })
  return { events: end === null ? events : [...events, ...mapper.end(end)], steps: mapper.steps }
}

const agentParts = ['start', 'start-step', 'text-start', 'text-delta', 'text-end', 'finish-step', 'finish']
const workflowParts = ['workflow-start', 'workflow-step-start', 'workflow-step-result', 'workflow-finish']

const byAgent = [
  ...step(
    ...says('It knows.'),
    call('agent-research', { prompt: 'Find' }),
    work('agent', 'started', { args: { prompt: 'Find' } }),
    ...agentParts.map((name) => inner('agent', name)),
    work('agent', 'ended', { status: 'complete', runId: 'run_2', result: 'Found', usage }),
    result('agent-research', 'Found'),
  ),
  ...step(...says('Here.')),
]
const byWorkflow = [
  ...step(
    call('workflow-city', { city: 'London' }),
    work('workflow', 'started', { args: { city: 'London' } }),
    ...workflowParts.map((name) => inner('workflow', name)),
    work('workflow', 'ended', { status: 'complete', runId: 'run_2', result: { text: 'Old' } }),
    result('workflow-city', { text: 'Old' }),
  ),
  ...step(...says('Here.')),
]
const byTool = [...step(call('weather', { city: 'London' }), result('weather', 'Rain')), ...step(...says('It rains.'))]

it.each([
  ['agent', byAgent],
  ['workflow', byWorkflow],
  ['tool', byTool],
] as const)('has the known list of a request that needs one %s, each name in its order', (name, given) => {
  const names = namesOf(mapped(given).events)
  expect(outOfOrder(names, knownLists[name])).toEqual([])
  expect(names.filter((one) => one === 'network-execution-event-step-finish')).toHaveLength(1)
})

it('sees a list out of order', () => {
  expect(outOfOrder(['a', 'c', 'b'], ['a', 'b', 'c'])).toEqual(['c'])
})

it('tells what the router chose, why, and what it passed on', () => {
  const { events, steps } = mapped(byAgent)
  const [chosen, answered] = payloadsOf(events, 'routing-agent-end')
  expect(chosen).toEqual({
    ...{ task: 'Do it', primitiveId: 'research-id', primitiveType: 'agent', prompt: 'Find', result: '' },
    ...{ isComplete: false, selectionReason: 'It knows.', iteration: 0, runId: 'run_1', usage: null },
    conversationContext: [],
  })
  expect(answered).toMatchObject({ primitiveType: 'none', result: 'Here.', isComplete: true, iteration: 1, usage })
  expect(payloadsOf(events, 'agent-execution-end')).toEqual([
    {
      ...{ task: 'Do it', agentId: 'research-id', primitiveId: 'research-id', primitiveType: 'agent' },
      ...{ result: 'Found', isComplete: false, iteration: 0, runId: 'run_1', usage },
    },
  ])
  expect(payloadsOf(events, 'network-execution-event-finish')).toMatchObject([
    { isComplete: true, completionReason: 'answered', result: 'Here.', isOneOff: false, usage },
  ])
  expect(steps).toMatchObject([{ primitiveId: 'research-id', args: { prompt: 'Find' }, result: 'Found' }])
})

it('keeps the work of a call back until the call has come through the stream', () => {
  const early = byAgent.toSorted((left, right) => Number('part' in left) - Number('part' in right))
  expect(outOfOrder(namesOf(mapped(early).events), knownLists.agent.slice(0, -1))).toEqual([])
})

it('begins with the work that goes on, and does not call it chosen', () => {
  const given = [
    work('agent', 'started', { args: { prompt: 'Find' } }),
    work('agent', 'ended', { status: 'complete', runId: 'run_2', result: 'Found' }),
    result('agent-research', 'Found'),
    ...step(...says('Here.')),
  ]
  const names = namesOf(mapped(given, { isContinued: true }).events)
  expect(names.slice(0, 3)).toEqual(['agent-execution-start', 'agent-execution-end', 'routing-agent-start'])
  const tool = namesOf(mapped([result('weather', 'Rain')], { isContinued: true, end: null }).events)
  expect(tool).toEqual(['tool-execution-start', 'tool-execution-end'])
})

it('ends with the calls that wait, and then says nothing more', () => {
  const payload = { toolCallId: 'inner', toolName: 'pay', args: { sum: 1 }, resumeSchema: { type: 'object' } }
  const chain = [{ agentId: 'research-id', runId: 'run_2', toolCallId: 'call_1' }]
  const given = [
    ...step(call('agent-research', { prompt: 'Pay' }), work('agent', 'started', { args: {} })),
    work('agent', 'ended', { status: 'suspended', runId: 'run_2' }),
    part('tool-call-approval', { runId: 'run_1', payload: { ...payload, chain } }),
    part('tool-call-suspended', { runId: 'run_1', payload: { ...payload, suspendPayload: { ask: 1 } } }),
  ]
  const { events } = mapped(given)
  expect(namesOf(events).slice(-2)).toEqual(['agent-execution-approval', 'tool-execution-suspended'])
  expect(payloadsOf(events, 'agent-execution-approval')).toEqual([
    {
      ...{ toolCallId: 'inner', toolName: 'pay', args: { sum: 1 }, runId: 'run_1', selectionReason: '' },
      ...{ resumeSchema: '{"type":"object"}', agentId: 'research-id' },
    },
  ])
  expect(payloadsOf(events, 'tool-execution-suspended')).toMatchObject([{ suspendPayload: { ask: 1 } }])
})

it.each([
  [
    'a tool that fails',
    [...step(call('weather', {}), part('tool-error', { toolCallId: 'call_1', error: new Error('No') }))],
  ],
  [
    'an agent that fails',
    step(
      call('agent-research', { prompt: 'Find' }),
      work('agent', 'started', { args: {} }),
      work('agent', 'ended', { status: 'failed', runId: null, error: new Error('No') }),
      part('tool-error', { toolCallId: 'call_1', toolName: 'agent-research', error: new Error('told less') }),
    ),
  ],
])('tells once of %s, and why', (_, given) => {
  const { events } = mapped([...given, ...step(...says('Sorry.'))])
  const ends = [...payloadsOf(events, 'tool-execution-end'), ...payloadsOf(events, 'agent-execution-end')]
  expect(ends).toMatchObject([{ result: null, error: 'No' }])
})

it('ends in a named way', () => {
  const finish = (given: readonly Given[], end = ending) => {
    const { events } = mapped(given, { end })
    const [payload] = payloadsOf(events, 'network-execution-event-finish')
    return [payload?.completionReason, payload?.isComplete, payload?.result, payload?.isOneOff]
  }
  expect(finish(step(...says('Hello.')))).toEqual(['answered', true, 'Hello.', true])
  for (const completionReason of ['max-steps', 'budget', 'repeated-call', 'stopped'] as const) {
    const end = { ...ending, completionReason }
    expect(finish(byTool.slice(0, 4), end)).toEqual([completionReason, false, '', false])
    expect(namesOf(mapped(byTool.slice(0, 4), { end }).events)).not.toContain('network-execution-event-step-finish')
  }
  const byHook = { ...ending, completionReason: 'ended-by-hook' as const }
  expect(finish(byTool.slice(0, 4), byHook)).toEqual(['ended-by-hook', true, 'Rain', false])
  expect(finish(byTool, byHook)).toEqual(['ended-by-hook', true, 'It rains.', false])
})

it('tells of an abort what was at work', () => {
  const router = mapped([part('start-step'), part('abort')])
  expect(namesOf(router.events)).toEqual(['routing-agent-start', 'routing-agent-abort'])
  const tool = mapped([part('start-step'), call('weather', {}), part('abort')])
  expect(payloadsOf(tool.events, 'tool-execution-abort')).toEqual([
    { primitiveId: 'weather', primitiveType: 'tool', iteration: 0 },
  ])
})

it('tells of an object between the beginning and the end of the check', () => {
  const structured = { partials: [{}, { a: 1 }], object: { a: 1 } }
  const { events } = mapped(step(...says('{"a":1}')), { end: { ...ending, structured } as never })
  expect(namesOf(events).slice(-7)).toEqual([
    ...['network-validation-start', 'network-object', 'network-object', 'network-object-result'],
    ...['network-validation-end', 'network-execution-event-step-finish', 'network-execution-event-finish'],
  ])
  expect(payloadsOf(events, 'network-object-result')).toEqual([{ object: { a: 1 } }])
})
