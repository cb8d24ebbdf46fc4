// Every phase in which a call may come to its end, and how its turn ends then. Run by a process of its own.
import { setTimeout as delay } from 'node:timers/promises'
import type { Agent, AgentOptions, CallOptions, Memory } from '../../src/index.ts'
import { callTool, failWith, type Step, stall } from '../../src/testing/index.ts'

export const place = { resourceId: 'ann', threadId: 'chat' }

/** How a call is made, and what its caller does with the answer. */
export const modes = ['generate', 'stream, read', 'stream, never read', 'stream, left by its reader'] as const
export type Mode = (typeof modes)[number]

export interface Scene {
  readonly memory: Memory
  readonly stop: AbortController
}

export interface Phase {
  readonly name: string
  readonly script?: readonly Step[]
  readonly agent?: (scene: Scene) => Partial<AgentOptions>
  readonly call?: (scene: Scene) => object
  /** Only for calls that stream, as transformations are. */
  readonly streamsOnly?: true
  /** How the turn ends; `gone` if its thread is. */
  readonly ends: 'complete' | 'aborted' | 'failed' | 'discarded' | 'gone'
  /** Said and stored, besides the question. */
  readonly says?: string
}

/** What a worker tells of one phase. */
export interface Line {
  readonly name: string
  /** What `finished` resolved to, where it was waited for. */
  readonly told: string | null
  /** The name of what the call itself threw. */
  readonly threw: string | null
  /** Of each message the state of its turn, its role and its words. */
  readonly turns: readonly (readonly [string, string, string])[]
  /** Runs that were not closed. */
  readonly running: number
  readonly next: string
  readonly warnings: number
}

type Part = { readonly type: string; readonly text?: string }
type Transformer = NonNullable<ConstructorParameters<typeof TransformStream<Part, Part>>[0]>

function broken(): never {
  throw new Error('broken')
}

const transformed = (transformer: () => Transformer) => () => ({
  experimental_transform: () => new TransformStream<Part, Part>(transformer()),
})

const never = () => new Promise<never>(() => {})

/** A part by which a call is approved that nobody made: the AI SDK refuses it at its start. */
const strayApproval = { role: 'tool', content: [{ type: 'tool-approval-response', approvalId: 'x', approved: true }] }

export const phases: readonly Phase[] = [
  { name: 'nothing fails', ends: 'complete', says: 'One two.' },
  // Before the model.
  {
    name: 'an input processor fails',
    agent: () => ({ inputProcessors: [{ processContext: broken }] }),
    ends: 'failed',
  },
  {
    name: 'an input processor ends the call',
    agent: () => ({ inputProcessors: [{ processContext: ({ abort }) => abort('no') }] }),
    ends: 'discarded',
  },
  {
    name: 'the signal is aborted before the model begins',
    agent: ({ stop }) => ({ inputProcessors: [{ processContext: () => void stop.abort() }] }),
    ends: 'aborted',
  },
  { name: 'the AI SDK refuses an option', call: () => ({ toolCallConcurrency: -1 }), ends: 'failed' },
  {
    name: 'the AI SDK refuses the messages',
    agent: () => ({ inputProcessors: [{ processContext: () => [strayApproval] as never }] }),
    ends: 'failed',
  },
  { name: 'a step cannot be prepared', call: () => ({ prepareStep: broken }), ends: 'failed' },
  {
    name: 'the signal is aborted as the call starts',
    call: ({ stop }) => ({ onStart: () => stop.abort() }),
    ends: 'aborted',
  },
  // The model.
  { name: 'the model fails', script: [failWith(new Error('overloaded'))], ends: 'failed' },
  { name: 'the model fails with nothing', script: [failWith(undefined)], ends: 'failed' },
  {
    name: 'the model breaks off',
    script: [failWith(new Error('cut'), { after: 'So', isBreak: true })],
    ends: 'failed',
  },
  {
    name: 'the model breaks off with nothing',
    script: [failWith(undefined, { after: 'So', isBreak: true })],
    ends: 'failed',
  },
  {
    name: 'the model breaks off once, and is asked again',
    script: [failWith(new Error('cut'), { after: 'So' }), 'One two.'],
    call: () => ({ streamRetries: 1 }),
    streamsOnly: true,
    ends: 'complete',
    says: 'SoOne two.',
  },
  {
    name: 'the model stalls until the signal is aborted',
    script: [stall()],
    call: ({ stop }) => ({ onStepStart: () => void delay(20).then(() => stop.abort()) }),
    ends: 'aborted',
  },
  // Callbacks.
  { name: 'onStart fails', call: () => ({ onStart: broken }), ends: 'complete', says: 'One two.' },
  { name: 'onChunk fails', call: () => ({ onChunk: broken }), streamsOnly: true, ends: 'complete', says: 'One two.' },
  { name: 'onEnd fails', call: () => ({ onEnd: broken }), ends: 'complete', says: 'One two.' },
  {
    name: 'onError fails',
    script: [failWith(new Error('cut'), { after: 'So', isBreak: true })],
    call: () => ({ onError: broken }),
    streamsOnly: true,
    ends: 'failed',
    says: 'So',
  },
  // What the stream passes through.
  {
    name: 'a transformation cannot be made',
    call: () => ({ experimental_transform: broken }),
    streamsOnly: true,
    ends: 'failed',
  },
  {
    name: 'a transformation fails',
    call: transformed(() => ({ transform: broken })),
    streamsOnly: true,
    ends: 'failed',
  },
  {
    name: 'a transformation fails with nothing',
    call: transformed(() => ({ transform: (_, controller) => controller.error(undefined) })),
    streamsOnly: true,
    ends: 'failed',
  },
  {
    name: 'a transformation stops the stream',
    call: () => ({
      experimental_transform: ({ stopStream }: { stopStream: () => void }) =>
        new TransformStream<Part, Part>({
          transform: (part, controller) => {
            controller.enqueue(part)
            if (part.type === 'text-delta') stopStream()
          },
        }),
    }),
    streamsOnly: true,
    ends: 'complete',
    says: 'One ',
  },
  {
    name: 'a transformation adds the result of a call that nobody made',
    call: transformed(() => ({
      start: (controller) =>
        controller.enqueue({ type: 'tool-result', toolCallId: 'x', toolName: 'x', input: {}, output: 1 } as Part),
    })),
    streamsOnly: true,
    ends: 'failed',
  },
  {
    name: 'a transformation pays no heed to the signal',
    call: ({ stop }) => ({
      experimental_transform: () =>
        new TransformStream<Part, Part>({
          transform: (part, controller) => {
            if (part.type !== 'text-delta') return controller.enqueue(part)
            stop.abort()
            return never()
          },
        }),
    }),
    streamsOnly: true,
    ends: 'aborted',
  },
  {
    name: 'a processor of the stream fails',
    agent: () => ({ outputProcessors: [{ processOutputStream: broken }] }),
    streamsOnly: true,
    ends: 'failed',
  },
  {
    name: 'a processor of the stream ends the call',
    agent: () => ({ outputProcessors: [{ processOutputStream: ({ abort }) => abort('no') }] }),
    streamsOnly: true,
    ends: 'discarded',
  },
  // The end.
  {
    name: 'a processor of the answer fails',
    agent: () => ({ outputProcessors: [{ processOutputResult: broken }] }),
    ends: 'failed',
  },
  {
    name: 'a processor of the answer ends the call',
    agent: () => ({ outputProcessors: [{ processOutputResult: ({ abort }) => abort('no') }] }),
    ends: 'discarded',
  },
  {
    name: 'the model cannot tell its name',
    call: () => ({ onStepEnd: () => nameModel(false) }),
    ends: 'failed',
  },
  {
    name: 'no title can be made, and the logger fails',
    script: ['One two.', failWith(new Error('no title'))],
    call: () => ({ memory: { options: { generateTitle: true } } }),
    ends: 'complete',
    says: 'One two.',
  },
  {
    name: 'the thread is deleted meanwhile',
    script: [callTool('leave', {}), 'One two.'],
    ends: 'gone',
  },
]

/** Whether the model's name can be read. */
export let isNamed = true

export function nameModel(value: boolean): void {
  isNamed = value
}

/** Makes the call; answers what its caller was told, as far as there is anything. */
export async function callIn(mode: Mode, agent: Agent, options: CallOptions): Promise<string | null> {
  if (mode === 'generate') {
    await agent.generate('hello', options)
    return null
  }
  const result = await agent.stream('hello', options)
  if (mode === 'stream, never read') return null
  const reader = result.fullStream.getReader()
  if (mode === 'stream, left by its reader') {
    await reader.read()
    await reader.cancel('enough')
    // Nobody waits for this either.
    void result.finished.finally(() => {})
    return null
  }
  void readToEnd(reader)
  return (await result.finished).status
}

/** A stream may break, and one that was left never ends: `finished` tells of both. */
async function readToEnd(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // As above.
  }
}
