// One attempt at a step, as an engine makes it: what it gives, or what it waits for.
import { type Memory, RequestContext, type StepContext, type WorkflowStep } from 'aquifer'
import { validated } from '../../src/workflow/definition/validated.ts'

/** What an attempt comes to. */
export type Outcome = { readonly output: unknown } | { readonly suspended: unknown }

/** Where and how often it is made. */
export interface Attempt {
  readonly memory: Memory
  readonly callId?: string
  readonly place?: { readonly resourceId: string; readonly threadId: string }
  readonly signal?: AbortSignal
  readonly requestContext?: RequestContext
  /** The payload that it suspended with, and the data that it is resumed with. */
  readonly resumed?: { readonly payload: unknown; readonly data: unknown }
  readonly written?: unknown[]
}

function unused(): never {
  throw new Error('not used here')
}

/** Makes an attempt. Data is checked first, as the engine does. */
export async function attempt(step: WorkflowStep, given: unknown, how: Attempt): Promise<Outcome> {
  const { memory, callId = 'run_1/0', place, resumed, written = [] } = how
  const inputData = await validated(step.inputSchema, given, 'input')
  const context = { inputData, memory, callId, state: {}, runId: 'run_1', workflowId: 'flow', attempt: 1 }
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const suspend = (payload: unknown) => {
    resolve({ suspended: payload })
    return new Promise<never>(() => {})
  }
  const schema = resumed === undefined ? null : (step.resumeSchemaFor?.(resumed.payload) ?? step.resumeSchema ?? null)
  const resumeData = schema === null ? resumed?.data : await validated(schema, resumed?.data, 'resume data')
  const full: StepContext = {
    ...context,
    ...place,
    ...(resumed === undefined ? {} : { resumeData, suspendData: resumed.payload }),
    requestContext: how.requestContext ?? new RequestContext(),
    abortSignal: how.signal ?? new AbortController().signal,
    suspend,
    bail: unused,
    setState: unused,
    getStepResult: unused,
    getInitData: unused,
    writer: (chunk) => void written.push(chunk),
  }
  const work = (async (): Promise<Outcome> => {
    const output = await step.execute(full)
    return { output: await validated(step.outputSchema, output, 'output') }
  })()
  return Promise.race([work, promise])
}
