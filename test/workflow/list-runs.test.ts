// Pages of the runs of a workflow: the newest first, each once, and no page of another listing.
import { createStep, createWorkflow, type Memory } from 'aquifer'
import { expect, it } from 'vitest'
import { refused } from '../memory/opened.ts'
import { anyJson, workflowScene } from './scene.ts'

/** A workflow whose run waits if it is told to. */
function patient(memory: Memory, id: string) {
  const step = createStep({
    id: 'ask',
    inputSchema: anyJson,
    outputSchema: anyJson,
    execute: async ({ inputData, suspend }) => (inputData === 'wait' ? suspend({}) : inputData),
  })
  return createWorkflow({ id, inputSchema: anyJson, outputSchema: anyJson, memory }).then(step).commit()
}

/** Two workflows, each with the same runs of the same resource: r0 to r4, of which every second one waits. */
async function listed() {
  const { memory } = (await workflowScene()).process()
  const [one, other] = [patient(memory, 'one'), patient(memory, 'other')]
  for (const n of [0, 1, 2, 3, 4]) {
    for (const workflow of [one, other]) {
      const run = await workflow.createRun({ resourceId: 'alice' })
      await run.start({ inputData: n % 2 === 0 ? 'wait' : `done ${n}` })
    }
  }
  return { one, other }
}

type Listed = Awaited<ReturnType<typeof listed>>['one']

/** The inputs' results of all runs, page by page. */
async function paged(workflow: Listed, options: Parameters<Listed['listRuns']>[0]) {
  const pages: string[][] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await workflow.listRuns({ ...options, ...(cursor === undefined ? {} : { cursor }) })
    pages.push(page.runs.map(({ status, result }) => `${status} ${result ?? ''}`.trim()))
    cursor = page.nextCursor
  }
  return pages
}

it('lists each run once, the newest first', async () => {
  const { one } = await listed()
  const all = ['suspended', 'success done 3', 'suspended', 'success done 1', 'suspended']
  expect((await paged(one, { resourceId: 'alice', limit: 2 })).flat()).toEqual(all)
  expect((await paged(one, { resourceId: 'alice', status: 'success', limit: 1 })).flat()).toEqual([all[1], all[3]])
  expect(await paged(one, {})).toEqual([[]])
})

it('takes the cursor of the same listing, and of no other', async () => {
  const { one, other } = await listed()
  const { nextCursor } = await one.listRuns({ resourceId: 'alice', limit: 2 })
  const cursor = nextCursor ?? ''
  expect((await one.listRuns({ resourceId: 'alice', limit: 5, cursor })).runs).toHaveLength(3)
  await refused('invalid-input', () => other.listRuns({ resourceId: 'alice', cursor }))
  await refused('invalid-input', () => one.listRuns({ resourceId: 'alice', status: 'success', cursor }))
  await refused('cursor-expired', () => one.listRuns({ resourceId: 'bob', cursor }))
  await refused('invalid-input', () => one.listRuns({ resourceId: 'alice', cursor: '3' }))
})
