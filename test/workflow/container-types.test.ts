// Workflows of a container, found by name, with their types.
import { Aquifer, createStep, createWorkflow } from 'aquifer'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

const text = z.object({ text: z.string() })
const count = z.object({ count: z.number() })
const copy = createStep({ id: 'copy', inputSchema: text, outputSchema: text, execute: ({ inputData }) => inputData })
const measure = createStep({
  id: 'measure',
  inputSchema: text,
  outputSchema: count,
  execute: ({ inputData }) => ({ count: inputData.text.length }),
})
/** A workflow belongs to one container, so each test makes its own. */
function workflows() {
  const copying = createWorkflow({ id: 'copying', inputSchema: text, outputSchema: text }).then(copy).commit()
  const measuring = createWorkflow({ id: 'measuring', inputSchema: text, outputSchema: count }).then(measure).commit()
  return { copying, measuring }
}

test('a workflow is found by its name or its id', async () => {
  const { copying, measuring } = workflows()
  await using aquifer = new Aquifer({ workflows: { first: copying, second: measuring } })
  expectTypeOf(aquifer.getWorkflow('first')).toEqualTypeOf(copying)
  expectTypeOf(aquifer.getWorkflow('measuring')).toEqualTypeOf(measuring)
  expectTypeOf(aquifer.getWorkflowById('copying')).toEqualTypeOf(copying)
  expectTypeOf(aquifer.listWorkflows().second).toEqualTypeOf(measuring)
  const name: string = 'first'
  expectTypeOf(aquifer.getWorkflow(name)).toEqualTypeOf<typeof copying | typeof measuring>()
  expect([aquifer.getWorkflow('first'), aquifer.getWorkflow('measuring')]).toEqual([copying, measuring])
  expect([aquifer.getWorkflowById('copying'), aquifer.getWorkflow(name)]).toEqual([copying, copying])
  expect(() => aquifer.getWorkflowById('first')).toThrow('There is no workflow "first"')
})

test('workflows of a list are found by their ids', async () => {
  const { copying, measuring } = workflows()
  await using aquifer = new Aquifer({ workflows: [copying, measuring] })
  expectTypeOf(aquifer.getWorkflow('copying')).toEqualTypeOf(copying)
  expectTypeOf(aquifer.listWorkflows()).toEqualTypeOf<Readonly<Record<string, typeof copying | typeof measuring>>>()
  expect(aquifer.listWorkflows()).toEqual({ copying, measuring })
})
