// Workflows for the tables of attacks: one whose step waits if it is told to, its runs, and one under construction.
import { createStep, createWorkflow, type Memory } from 'aquifer'
import { z } from 'zod'

const text = z.object({ text: z.string() })

export const step = createStep({
  id: 'ask',
  inputSchema: text,
  outputSchema: text,
  execute: async ({ inputData, resumeData, suspend }) => {
    if (inputData.text.startsWith('wait') && resumeData === undefined) return suspend({ ...inputData })
    return inputData
  },
})

/** A workflow of that memory. */
export function workflowOf(memory: Memory) {
  const options = { id: 'flow', inputSchema: text, outputSchema: text, memory }
  return createWorkflow(options).then(step).commit()
}

type Place = { readonly resourceId: string }

/** The methods of a new run. Those that take a run that was started find one that waits. */
export function runOf(memory: Memory, { resourceId }: Place) {
  const create = () => workflowOf(memory).createRun({ resourceId })
  const waiting = async () => {
    const run = await create()
    await run.start({ inputData: { text: 'wait' } })
    return run
  }
  return {
    start: async (...given: readonly never[]) => (await create()).start(...(given as unknown as [never])),
    stream: async (...given: readonly never[]) => (await create()).stream(...(given as unknown as [never])).result,
    resume: async (...given: readonly never[]) => (await waiting()).resume(...(given as unknown as [never])),
    resumeStream: async (...given: readonly never[]) =>
      (await waiting()).resumeStream(...(given as unknown as [never])).result,
    restart: async (...given: readonly never[]) => (await waiting()).restart(...(given as unknown as [never])),
    watch: async (...given: readonly never[]) => {
      const watched: unknown = (await waiting()).watch(...(given as unknown as [never]))
      // A function that is passed follows the run, and the answer ends that.
      if (typeof watched === 'function') return void watched()
      for await (const { type } of watched as AsyncIterable<{ readonly type: string }>)
        if (type === 'workflow-start') break
    },
  }
}

const adding = ['then', 'parallel', 'branch', 'map', 'foreach', 'dountil', 'dowhile', 'sleep', 'sleepUntil'] as const

/** The methods of a workflow under construction, which answer nothing here: nobody can wait for such a workflow. */
export function builder(): Record<(typeof adding)[number], (...given: readonly never[]) => void> {
  const flow = createWorkflow({ id: 'built', inputSchema: text, outputSchema: text }) as never as Record<
    string,
    (...given: readonly never[]) => unknown
  >
  const methods = adding.map(
    (name) => [name, (...given: readonly never[]) => void flow[name]?.(...(given as never[]))] as const,
  )
  return Object.fromEntries(methods) as never
}

/** They take nothing, or are for the library. */
export const workflowsWithoutArguments = [
  ...['Workflow.nodes', 'Workflow.isCommitted', 'Workflow.commit', 'Workflow.recover'],
  ...['WorkflowRun.cancel', 'WorkflowRun.state'],
]

/** They add steps, and take no id. */
export const workflowsWithoutIds = adding.map((name) => `Workflow.${name}`)
