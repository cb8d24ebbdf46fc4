// Random streams and delegations, in any order in which they can arrive: what begins ends once, and what is inside is between.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { IterationEvent } from '../../src/agent/call-iterations.ts'
import type { NetworkEvent } from '../../src/agent/network/network-events.ts'
import { NetworkMapper } from '../../src/agent/network/network-mapper.ts'
import type { DelegationEvent } from '../../src/agent/relay.ts'
import type { AgentStreamPart } from '../../src/agent/run/result.ts'
import { runRandom } from '../random-runs.ts'

const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 }
const primitive = { type: 'agent', id: 'helper-id', key: 'helper' } as const
const run = {
  ...{ agentId: 'lead', runId: 'run_1', task: 'Do it', threadId: 't', resourceId: 'ann', before: 0, conversation: [] },
  primitives: new Map([['agent-helper', { type: 'agent' as const, id: 'helper-id' }]]),
}

/** A step of the router: what it says, and the calls that it makes, each with how many parts of an inner stream. */
interface RandomStep {
  readonly says: boolean
  /** Whether it is checked, and passes; null for none. */
  readonly check: boolean | null
  readonly calls: readonly { readonly isAgent: boolean; readonly inner: number; readonly fails: boolean }[]
}

const steps: fc.Arbitrary<readonly RandomStep[]> = fc.array(
  fc.record({
    says: fc.boolean(),
    check: fc.option(fc.boolean()),
    calls: fc.array(fc.record({ isAgent: fc.boolean(), inner: fc.nat(3), fails: fc.boolean() }), { maxLength: 3 }),
  }),
  { maxLength: 4 },
)

/** The parts of the stream, and what is told of delegations; which of the two comes next is drawn. */
function arrivals(all: readonly RandomStep[]) {
  const parts: object[] = []
  const told: { readonly after: number; readonly event: object }[] = []
  let calls = 0
  for (const [index, step] of all.entries()) {
    parts.push({ type: 'start-step' })
    if (step.says) parts.push({ type: 'text-start', id: '1' }, { type: 'text-delta', id: '1', text: 'So.' })
    const results: object[] = []
    for (const { isAgent, inner, fails } of step.calls) {
      const toolCallId = `call_${++calls}`
      const call = { toolCallId, toolName: isAgent ? 'agent-helper' : 'weather', input: { prompt: 'x' } }
      const events = [
        { kind: 'started', args: {} },
        ...Array.from({ length: inner }, () => ({ kind: 'part', part: { type: 'text-delta', text: 'x' } })),
        { kind: 'ended', status: fails ? 'failed' : 'complete', runId: null, result: 'r', error: new Error('No') },
      ]
      // A tool begins when its call comes in at the front of the stream: later than the parts before it, and its own may lag.
      if (isAgent)
        for (const event of events) told.push({ after: parts.length, event: { ...call, primitive, ...event } })
      parts.push({ type: 'tool-call', ...call })
      results.push(
        fails ? { type: 'tool-error', ...call, error: new Error('No') } : { type: 'tool-result', ...call, output: 'r' },
      )
    }
    parts.push(...results, { type: 'finish-step', usage })
    if (step.check === null) continue
    const check = { iteration: index + 1, passed: step.check, results: [], reason: '', duration: 1, timedOut: false }
    const after = parts.length - 1
    told.push({ after, event: { kind: 'check-started', iteration: index + 1, checksCount: 2 } })
    told.push({ after, event: { kind: 'check-ended', check, suppressFeedback: false } })
  }
  return { parts, told }
}

function mapped(all: readonly RandomStep[], lags: readonly number[]): readonly NetworkEvent[] {
  const { parts, told } = arrivals(all)
  const mapper = new NetworkMapper(run, false)
  const waiting = [...told]
  const events: NetworkEvent[] = []
  const tell = () => {
    const { event } = waiting.shift() ?? {}
    const isCheck = event !== undefined && 'kind' in event && String(event.kind).startsWith('check')
    events.push(...(isCheck ? mapper.checked(event as IterationEvent) : mapper.delegated(event as DelegationEvent)))
  }
  for (const [index, part] of parts.entries()) {
    // What is told may be ahead of the stream, but its result is not.
    const ahead = index + (lags[index % Math.max(1, lags.length)] ?? 0)
    while (waiting[0] !== undefined && waiting[0].after <= ahead) {
      tell()
    }
    events.push(...mapper.part(part as AgentStreamPart))
    while (waiting[0] !== undefined && waiting[0].after <= index) {
      tell()
    }
  }
  const completionReason = all.at(-1)?.calls.length ? ('max-steps' as const) : ('answered' as const)
  return [...events, ...mapper.end({ usage, completionReason, structured: null })]
}

it('tells each call once, in the order of its life, whatever is ahead of what', async () => {
  const property = fc.property(steps, fc.array(fc.nat(6)), (all, lags) => {
    const names = mapped(all, lags).map(({ type }) => type)
    const count = (name: string) => names.filter((one) => one === name).length
    const calls = all.flatMap((step) => step.calls)
    const agents = calls.filter(({ isAgent }) => isAgent)
    for (const when of ['start', 'end']) {
      expect(count(`agent-execution-${when}`)).toBe(agents.length)
      expect(count(`tool-execution-${when}`)).toBe(calls.length - agents.length)
    }
    const inner = agents.reduce((sum, one) => sum + one.inner, 0)
    expect(count('agent-execution-event-text-delta')).toBe(inner)
    expect(count('routing-agent-start')).toBe(count('routing-agent-end'))
    expect(count('network-validation-start')).toBe(all.filter(({ check }) => check !== null).length)
    // Never more ends than beginnings, and nothing inside of nothing.
    let [open, routing, checking] = [0, 0, 0]
    for (const name of names) {
      if (name === 'agent-execution-start') open += 1
      if (name === 'agent-execution-end') open -= 1
      if (name === 'routing-agent-start') routing += 1
      if (name === 'routing-agent-end') routing -= 1
      expect(open).toBeGreaterThanOrEqual(name.startsWith('agent-execution-event') ? 1 : 0)
      expect([0, 1]).toContain(routing)
      if (name === 'network-validation-start') checking += 1
      if (name === 'network-validation-end') checking -= 1
      expect(checking).toBe(name === 'network-validation-start' ? 1 : 0)
      if (name.startsWith('network-validation')) expect(routing).toBe(0)
      if (name.startsWith('routing-agent-text')) expect(routing).toBe(1)
    }
    const isAnswered = (all.at(-1)?.calls.length ?? 0) === 0
    expect(count('network-execution-event-step-finish')).toBe(isAnswered ? 1 : 0)
    expect(names.at(-1)).toBe('network-execution-event-finish')
  })
  await runRandom(property, 300)
})
