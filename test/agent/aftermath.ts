// What must hold after any call, however it went: a thread that providers take, and a next call that works.
import { Agent, type AgentInput, type AgentOptions, type CallOptions, type Memory } from 'aquifer'
import { promptProblems, type ScriptedModelOptions, scriptedModel, threadProblems } from 'aquifer/testing'
import { expect, onTestFinished } from 'vitest'
import { openMemory } from '../memory/opened.ts'

export const at = { resourceId: 'customer_123', threadId: 'support_thread_456' }

export const ways = ['generate', 'stream'] as const
export type Way = (typeof ways)[number]

export interface Attempt {
  readonly way: Way
  readonly script?: NonNullable<ScriptedModelOptions['script']>
  readonly input?: unknown
  /** Of the call; whatever a caller without types may pass. */
  readonly call?: object
  readonly agent?: object
  readonly memory?: Memory
}

export interface Outcome {
  /** What the call threw, or its stream ended with; null if nothing. */
  readonly error: unknown
  readonly text: string | null
  /** Status, role, and the parts of each stored message, in short. */
  readonly stored: readonly string[]
}

/** Collects rejections that nobody handles while a test runs. */
function watchRejections(): unknown[] {
  const found: unknown[] = []
  const note = (error: unknown) => void found.push(error)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  return found
}

function inShort({ type, text, state, output }: { type: string; text?: unknown; state?: unknown; output?: unknown }) {
  if (type === 'text') return `"${String(text)}"`
  const said = JSON.stringify(output)
  return `[${state}${said === undefined ? '' : ` ${said}`}]`
}

export async function storedIn(memory: Memory): Promise<readonly string[]> {
  const { messages } = await memory.listMessages({ ...at, perPage: false, includeInternal: true })
  return messages.map(({ turnStatus, role, parts }) => {
    const shown = parts.filter(({ type }) => type !== 'step-start').map((part) => inShort(part))
    return [turnStatus, role, ...shown].join(' ')
  })
}

async function outcomeOf(made: Attempt, agent: Agent): Promise<Omit<Outcome, 'stored'>> {
  const { way, call = {} } = made
  const input = 'input' in made ? made.input : 'hello'
  const failures: unknown[] = []
  const quiet = way === 'stream' ? { onError: ({ error }: { error: unknown }) => void failures.push(error) } : {}
  const options = { ...at, maxRetries: 0, ...quiet, ...call } as CallOptions
  try {
    if (way === 'generate') return { error: null, text: (await agent.generate(input as AgentInput, options)).text }
    const result = await agent.stream(input as AgentInput, options)
    const text = await Promise.resolve(result.text).catch((error: unknown) => {
      failures.push(error)
      return null
    })
    await result.finished
    return { error: failures.find((one) => one !== undefined) ?? null, text }
  } catch (error) {
    return { error: error ?? 'nothing', text: null }
  }
}

/** Makes a call, and sees to it that the thread is valid after it, the next call works, and nothing stays open. */
export async function attempt(made: Attempt): Promise<Outcome> {
  const rejections = watchRejections()
  const { memory = openMemory(), script = ['hello'] } = made
  const options = { name: 'Support', model: scriptedModel({ script }), memory, ...made.agent } as AgentOptions
  let outcome: Omit<Outcome, 'stored'>
  try {
    outcome = await outcomeOf(made, new Agent(options))
  } catch (error) {
    outcome = { error, text: null }
  }
  const stored = await storedIn(memory)
  const model = scriptedModel({ script: ['next'] })
  const next = await new Agent({ name: 'Support', model, memory }).generate('And now?', at)
  expect(next.text).toBe('next')
  expect(promptProblems(model.calls[0]?.messages ?? [])).toEqual([])
  const { messages } = await memory.listMessages({ ...at, perPage: false, includeInternal: true })
  expect(threadProblems(messages)).toEqual([])
  const { runs } = await memory.listRuns({ resourceId: at.resourceId, status: 'running' })
  expect([runs, messages.filter(({ turnStatus }) => turnStatus === 'open'), rejections]).toEqual([[], [], []])
  return { ...outcome, stored }
}
