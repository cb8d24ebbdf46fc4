// What workflows are made of: options, nodes, hashes of steps, values checked by schemas.
import { cloneStep, type StandardSchema } from 'aquifer'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { createStep } from '../../src/workflow/create-step.ts'
import { definitionHash, statedSchemaOf } from '../../src/workflow/definition/definition-hash.ts'
import { validated } from '../../src/workflow/definition/validated.ts'
import { createWorkflow } from '../../src/workflow/workflow.ts'

const text = z.object({ text: z.string() })
const parts = { id: 'copy', inputSchema: text, outputSchema: text }
const copyAs = <Id extends string>(id: Id) => createStep({ ...parts, id, execute: async ({ inputData }) => inputData })
const copy = copyAs('copy')
const begin = () => createWorkflow({ id: 'flow', inputSchema: text, outputSchema: text })

test('a workflow has its nodes in order', () => {
  const other = copyAs('other')
  const inner = createWorkflow({ ...parts, id: 'inner' })
    .then(copy)
    .commit()
  const at = new Date('2026-01-01')
  const flow = begin()
    .then(copy)
    .parallel([copyAs('a'), inner])
    .map(({ inputData }) => inputData.a)
    .branch([[() => true, copyAs('b')]])
    .map(() => [{ text: 'x' }, { text: 'y' }])
    .foreach(copyAs('c'), { concurrency: 3 })
    .map(() => ({ text: 'x' }))
    .dountil(copyAs('d'), () => true)
    .dowhile(copyAs('e'), () => false)
    .sleep(10)
    .sleepUntil(at)
    .then(other)
  const committed = flow.commit()
  expect(committed).toBe(flow)
  expect(committed.isCommitted).toBe(true)
  expect(committed.nodes).toEqual([
    { kind: 'step', step: copy },
    { kind: 'parallel', steps: [expect.objectContaining({ id: 'a' }), inner] },
    { kind: 'map', map: expect.any(Function) },
    { kind: 'branch', arms: [{ when: expect.any(Function), step: expect.objectContaining({ id: 'b' }) }] },
    { kind: 'map', map: expect.any(Function) },
    { kind: 'foreach', step: expect.objectContaining({ id: 'c' }), concurrency: 3 },
    { kind: 'map', map: expect.any(Function) },
    { kind: 'loop', until: true, step: expect.objectContaining({ id: 'd' }), when: expect.any(Function) },
    { kind: 'loop', until: false, step: expect.objectContaining({ id: 'e' }), when: expect.any(Function) },
    { kind: 'sleep', ms: 10 },
    { kind: 'sleepUntil', at },
    { kind: 'step', step: other },
  ])
})

test('a step has the defaults of its options', () => {
  expect(copy).toMatchObject({ id: 'copy', retries: null, timeoutMs: null, interrupted: 'rerun' })
  const approvers = [{ kind: 'agent', id: 'reviewer' }] as const
  const execute = async () => ({ text: '' })
  const step = createStep({ ...parts, retries: 2, timeoutMs: 50, interrupted: 'fail', approvers, execute })
  expect(step).toMatchObject({ retries: 2, timeoutMs: 50, interrupted: 'fail', approvers })
  expect(begin().retries).toBe(0)
  expect(createWorkflow({ ...parts, retries: 3, stateSchema: text })).toMatchObject({ retries: 3, stateSchema: text })
})

test('a step may stand in a workflow again under another id', () => {
  const again = cloneStep(copy, { id: 'again' })
  expectTypeOf(again.id).toEqualTypeOf<'again'>()
  const flow = begin()
    .parallel([copy, again])
    .map(({ inputData }) => inputData.again)
  expect(flow.commit().nodes).toHaveLength(2)
  expect([again.id, again.execute, copy.id]).toEqual(['again', copy.execute, 'copy'])
  expect(() => cloneStep({} as never, { id: 'x' })).toThrow('"step" must be a step')
  expect(() => cloneStep(copy, {} as never)).toThrow('"id" must be a string')
  expect(() => cloneStep(copy, { id: 'x', retries: 1 } as never)).toThrow('unknown option "retries"')
})

test('a committed workflow can be awaited, one under construction says what to do', async () => {
  const flow = begin().then(copy)
  // @ts-expect-error The type checker knows that it cannot be awaited.
  await expect(async () => await flow).rejects.toThrow('Call commit() first')
  const committed = flow.commit()
  expect(await (async () => committed)()).toBe(committed)
})

test('mistakes are named when the workflow is built', () => {
  const wrong = [
    [() => begin().commit(), 'needs a step in the workflow "flow"'],
    [() => begin().then(copy).then(copyAs('copy')).commit(), 'two steps of one id'],
    [() => begin().then(begin().then(copy)).commit(), 'Call commit() of "flow" first'],
    [() => begin().then({ generate() {} } as never), 'Pass createStep(agent)'],
    [() => begin().then({ inputSchema: text } as never), 'Pass createStep(…) of it'],
    [() => begin().then(null as never), 'must be a step'],
    [() => begin().parallel([] as never), '"parallel" must not be empty'],
    [() => begin().parallel(copy as never), '"parallel" must be a list'],
    [() => begin().parallel([copy, copyAs('copy')]), 'must have an id for each step'],
    [() => begin().branch([[() => true, copy], [() => true]] as never), '"branch[1]" must be [condition, step]'],
    [() => begin().branch([[true, copy]] as never), '"branch[0][0]" must be a function'],
    [() => begin().map('x' as never), '"map" must be a function or an object'],
    [() => begin().map({ a: { step: copy } } as never), '"map.a" must have one source'],
    [() => begin().map({ a: { step: 'copy', path: 'x' } } as never), '"map.a.step" must be a step'],
    [() => begin().map({ a: { step: copy, path: '' } }), '"map.a.path" must be a text'],
    [() => begin().map({ a: { fn: 5 } } as never), '"map.a.fn" must be a function'],
    [() => begin().map({ a: 5 } as never), '"map.a" must be an object'],
    [() => begin().map({ a: { value: 5, path: 'x' } } as never), '"map.a" must have one source'],
    [() => begin().foreach(copy as never, { concurrency: 0 }), '"concurrency" must be a whole number from 1'],
    [() => begin().dountil(copy, 5 as never), '"dountil" must be a function'],
    [() => begin().sleep(-1), '"sleep" must be a number of milliseconds'],
    [() => begin().sleepUntil('tomorrow' as never), '"sleepUntil" must be a Date'],
  ] as const
  for (const [build, message] of wrong) expect(build).toThrow(message)
  const flow = begin()
  flow.then(copy).commit()
  expect(() => flow.map(() => 1)).toThrow('The workflow "flow" is committed')
})

test('options of steps and workflows are checked', () => {
  const execute = async () => ({ text: '' })
  const steps = [
    [undefined, '"createStep" must be an object'],
    [{ ...parts, execute, id: '' }, '"id" must not be empty'],
    [{ ...parts, execute, id: 'a/b' }, '"id" must not hold /'],
    [{ ...parts, execute, id: 'a[1]' }, '"id" must not hold /'],
    [{ ...parts, execute: 'x' }, '"execute" must be a function'],
    [{ ...parts, execute, inputSchema: {} }, '"inputSchema" must be a schema'],
    [{ ...parts, execute, outputSchema: undefined }, '"outputSchema" must be a schema'],
    [{ ...parts, execute, resumeSchema: 'x' }, '"resumeSchema" must be a schema'],
    [{ ...parts, execute, retries: -1 }, '"retries" must be a whole number from 0'],
    [{ ...parts, execute, timeoutMs: 0.5 }, '"timeoutMs" must be a whole number from 1'],
    [{ ...parts, execute, interrupted: 'retry' }, '"interrupted" must be rerun or fail'],
    [{ ...parts, execute, approvers: [{ kind: 'bot', id: 'x' }] }, '"approvers[0].kind"'],
    [{ ...parts, execute, description: 5 }, '"description" must be a text'],
    [{ ...parts, execute, retry: 5 }, 'unknown option "retry"'],
  ] as const
  for (const [options, message] of steps) expect(() => createStep(options as never)).toThrow(message)
  const flows = [
    [null, '"createWorkflow" must be an object'],
    [{ ...parts, id: 5 }, '"id" must be a string'],
    [{ ...parts, inputSchema: null }, '"inputSchema" must be a schema'],
    [{ ...parts, stateSchema: 5 }, '"stateSchema" must be a schema'],
    [{ ...parts, retries: 1.5 }, '"retries" must be a whole number'],
    [{ ...parts, execute }, 'unknown option "execute"'],
  ] as const
  for (const [options, message] of flows) expect(() => createWorkflow(options as never)).toThrow(message)
})

/** A schema of a library without JSON Schema. */
function foreign(vendor: string): StandardSchema {
  return { '~standard': { version: 1, vendor, validate: (value) => ({ value }) } }
}

test('the hash of a step tells its id and schemas, and not its code', () => {
  const hash = (changed: object) => definitionHash(createStep({ ...parts, execute: () => ({ text: '' }), ...changed }))
  const same = hash({})
  expect(same).toMatch(/^[0-9a-f]{16}$/)
  expect(hash({ execute: () => ({ text: 'other' }), description: 'x', retries: 5 })).toBe(same)
  expect(hash({ inputSchema: z.object({ text: z.string() }) })).toBe(same)
  const dated = z.object({ at: z.date() })
  const others = [
    hash({ id: 'other' }),
    hash({ inputSchema: z.object({ text: z.number() }) }),
    hash({ outputSchema: z.object({ text: z.string().optional() }) }),
    hash({ inputSchema: dated }),
    hash({ inputSchema: foreign('mine') }),
  ]
  expect(new Set([same, ...others]).size).toBe(6)
  expect(hash({ inputSchema: dated })).toBe(others[3])
  const [ab, ba] = [z.object({ a: z.string(), b: z.string() }), z.object({ b: z.string(), a: z.string() })]
  expect(hash({ inputSchema: ab.partial() })).toBe(hash({ inputSchema: ba.partial() }))
})

test('the JSON Schema of a schema is stated where its library states one', () => {
  const schema = z.object({ text: z.string() })
  expect(statedSchemaOf(schema, 'input')).toMatchObject({ type: 'object', required: ['text'] })
  expect([statedSchemaOf(z.date(), 'output'), statedSchemaOf(foreign('mine'), 'input')]).toEqual([null, null])
})

test('a value is as its schema parses it, or refused in words', async () => {
  expect(await validated(z.object({ n: z.coerce.number() }), { n: '5' }, 'input')).toEqual({ n: 5 })
  const refused = validated(z.object({ a: text }), { a: { text: 5 } }, 'input of the step "plan"')
  await expect(refused).rejects.toMatchObject({ code: 'invalid-input', details: { field: 'input of the step "plan"' } })
  await expect(refused).rejects.toThrow('The schema refuses the input of the step "plan": a.text: ')
  await expect(validated(text, undefined, 'resume data')).rejects.toThrow('The schema refuses the resume data: ')
})
