// Types: what flows from step to step. Read by the type checker: a wrong order, a wrong field or a missing map does not compile.
import { Agent, createStep, createWorkflow, type JsonObject, type RunnableWorkflow } from 'aquifer'
import { scriptedModel } from 'aquifer/testing'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'

const city = z.object({ city: z.string() })
const facts = z.object({ facts: z.array(z.string()) })
const text = z.object({ text: z.string() })
const count = z.object({ count: z.number() })

const research = createStep({
  id: 'research',
  inputSchema: city,
  outputSchema: facts,
  execute: async ({ inputData }) => {
    expectTypeOf(inputData).toEqualTypeOf<{ city: string }>()
    return { facts: [inputData.city] }
  },
})
const write = createStep({
  id: 'write',
  inputSchema: facts,
  outputSchema: text,
  execute: async ({ inputData }) => ({ text: inputData.facts.join() }),
})
const tally = createStep({
  id: 'tally',
  inputSchema: facts,
  outputSchema: count,
  execute: ({ inputData }) => ({ count: inputData.facts.length }),
})
const increment = createStep({
  id: 'increment',
  inputSchema: count,
  outputSchema: count,
  execute: ({ inputData }) => ({ count: inputData.count + 1 }),
})
const begin = () => createWorkflow({ id: 'city', inputSchema: city, outputSchema: text })
const counting = () => createWorkflow({ id: 'counting', inputSchema: count, outputSchema: count })

describe('one step after the other', () => {
  test('compiles in the right order', () => {
    const workflow = begin().then(research).then(write).commit()
    expectTypeOf(workflow.id).toEqualTypeOf<'city'>()
    expect(workflow.nodes.map(({ kind }) => kind)).toEqual(['step', 'step'])
  })

  test('is a workflow for code that takes any', () => {
    const idOf = (workflow: RunnableWorkflow) => workflow.id
    const started = async (workflow: RunnableWorkflow<{ city: string }, { text: string }>) => {
      return (await workflow.createRun()).start({ inputData: { city: 'Rome' } })
    }
    expectTypeOf(started).returns.resolves.toHaveProperty('result')
    const whole = begin().then(research).then(write).commit()
    expectTypeOf(whole).toExtend<RunnableWorkflow<{ city: string }, { text: string }>>()
    // @ts-expect-error It takes a city.
    expectTypeOf(whole).toExtend<RunnableWorkflow<{ town: string }, { text: string }>>()
    expect([idOf(begin()), idOf(whole)]).toEqual(['city', 'city'])
  })

  test('does not compile in the wrong order', () => {
    // @ts-expect-error It takes facts, and gets a city.
    begin().then(write)
    // @ts-expect-error It takes a city, and gets facts.
    begin().then(research).then(research)
    // @ts-expect-error The workflow gives a text, and its last step facts.
    begin().then(research).commit()
    const committed = begin().then(research).then(write).commit()
    // @ts-expect-error Nothing can be added to a committed workflow.
    expect(() => committed.map(() => 1)).toThrow('is committed')
    // @ts-expect-error A workflow under construction is no promise.
    expect(() => begin().then((value: unknown) => value)).toThrow('Call commit() first')
  })

  test('takes what schemas take, and gives what they give', () => {
    const parse = createStep({
      id: 'parse',
      inputSchema: z.object({ n: z.string().transform(Number), unit: z.string().default('km') }),
      outputSchema: z.object({ at: z.string().transform((at) => new Date(at)) }),
      execute: ({ inputData }) => {
        expectTypeOf(inputData).toEqualTypeOf<{ n: number; unit: string }>()
        return { at: '2026-01-01' }
      },
    })
    const strings = z.object({ n: z.string() })
    const flow = createWorkflow({ id: 'parsing', inputSchema: strings, outputSchema: text })
    flow
      .then(parse)
      .map(({ inputData }) => {
        expectTypeOf(inputData).toEqualTypeOf<{ at: Date }>()
        return { text: inputData.at.toISOString() }
      })
      .commit()
    // @ts-expect-error It takes a text, which it makes a number itself.
    createWorkflow({ id: 'parsing', inputSchema: z.object({ n: z.number() }), outputSchema: text }).then(parse)
    // @ts-expect-error The output has another form.
    createStep({ id: 'x', inputSchema: city, outputSchema: text, execute: async () => ({ facts: [] }) })
    const after = { id: 'after', inputSchema: research.outputSchema, outputSchema: begin().outputSchema }
    createStep({ ...after, execute: ({ inputData }) => ({ text: inputData.facts.join() }) })
    const options = { id: 'x', inputSchema: city, outputSchema: text }
    // @ts-expect-error There is no such field.
    createStep({ ...options, execute: ({ inputData }) => ({ text: inputData.town }) })
    expect(flow.isCommitted).toBe(true)
  })
})

describe('several steps at once', () => {
  test('give their outputs under their ids', () => {
    const flow = begin().then(research).parallel([write, tally])
    const mapped = begin()
      .then(research)
      .parallel([write, tally])
      .map(({ inputData }) => {
        expectTypeOf(inputData).toEqualTypeOf<{ write: { text: string }; tally: { count: number } }>()
        return { text: inputData.write.text }
      })
    expect(mapped.commit().nodes).toHaveLength(3)
    // @ts-expect-error There is no such field.
    flow.map(({ inputData }) => inputData.wrote)
    // @ts-expect-error A map into a text is missing.
    flow.commit()
    // @ts-expect-error One of the steps takes something else.
    begin().then(research).parallel([write, research])
  })

  test('of a branch, some are missing', () => {
    const flow = begin()
      .then(research)
      .branch([
        [async ({ inputData }) => inputData.facts.length > 0, write],
        [({ inputData }) => inputData.facts.length === 0, tally],
      ])
      .map(({ inputData }) => {
        expectTypeOf(inputData).toEqualTypeOf<{ write?: { text: string }; tally?: { count: number } }>()
        return inputData.write ?? { text: String(inputData.tally?.count) }
      })
      .commit()
    expect(flow.nodes).toHaveLength(3)
    const researched = begin().then(research)
    // @ts-expect-error The condition sees facts.
    researched.branch([[({ inputData }) => inputData.city === 'Rome', write]])
    // @ts-expect-error The step takes a city.
    researched.branch([[() => true, research]])
    // @ts-expect-error A condition says yes or no.
    researched.branch([[() => 'yes', write]])
  })
})

describe('a step that runs several times', () => {
  test('for each item of a list', () => {
    const flow = begin()
      .map(() => [{ count: 1 }, { count: 2 }])
      .foreach(increment, { concurrency: 2 })
      .map(({ inputData }) => {
        expectTypeOf(inputData).toEqualTypeOf<{ count: number }[]>()
        return { text: String(inputData.length) }
      })
    expect(flow.commit().nodes).toHaveLength(3)
    // @ts-expect-error A city is no list.
    begin().foreach(increment)
    const texts = begin().map(() => ['x'])
    // @ts-expect-error The items are texts.
    texts.foreach(increment)
  })

  test('with its own output', () => {
    const flow = counting()
      .dountil(increment, ({ inputData, iterationCount }) => {
        expectTypeOf(inputData).toEqualTypeOf<{ count: number }>()
        expectTypeOf(iterationCount).toEqualTypeOf<number>()
        return inputData.count > 10
      })
      .dowhile(increment, async ({ inputData }) => inputData.count < 20)
    expect(flow.commit().nodes).toHaveLength(2)
    // @ts-expect-error It cannot take its own output.
    begin().dountil(research, () => true)
    // @ts-expect-error The condition sees a count.
    counting().dowhile(increment, ({ inputData }) => inputData.facts === 1)
  })
})

describe('what functions get', () => {
  test('the outputs of steps that are done, and what the workflow was started with', () => {
    const flow = begin()
      .then(research)
      .map(({ getStepResult, getInitData, state, runId }) => {
        expectTypeOf(getStepResult(research)).toEqualTypeOf<{ facts: string[] }>()
        expectTypeOf(getStepResult(write)).toEqualTypeOf<{ text: string } | null>()
        expectTypeOf(getStepResult('research')).toEqualTypeOf<unknown>()
        expectTypeOf(getInitData()).toEqualTypeOf<{ city: string }>()
        expectTypeOf(state).toEqualTypeOf<JsonObject>()
        return { text: `${runId} ${getInitData().city}` }
      })
      .commit()
    createStep({
      id: 'late',
      inputSchema: text,
      outputSchema: text,
      execute: ({ getStepResult, getInitData }) => {
        expectTypeOf(getStepResult(research)).toEqualTypeOf<{ facts: string[] } | null>()
        expectTypeOf(getInitData<typeof flow>()).toEqualTypeOf<{ city: string }>()
        expectTypeOf(getInitData<{ city: string }>()).toEqualTypeOf<{ city: string }>()
        expectTypeOf(getInitData()).toEqualTypeOf<unknown>()
        return { text: '' }
      },
    })
    expect(flow.isCommitted).toBe(true)
  })

  test('what a step is resumed with', () => {
    const step = createStep({
      id: 'approve',
      inputSchema: text,
      outputSchema: text,
      suspendSchema: z.object({ reason: z.string() }),
      resumeSchema: z.object({ approved: z.boolean() }),
      execute: async ({ inputData, resumeData, suspendData, suspend, bail, attempt }) => {
        expectTypeOf(resumeData).toEqualTypeOf<{ approved: boolean } | undefined>()
        expectTypeOf(suspendData).toEqualTypeOf<{ reason: string } | undefined>()
        expectTypeOf(attempt).toEqualTypeOf<number>()
        if (resumeData === undefined) return suspend({ reason: 'ask' }, { resumeLabel: 'approval' })
        // @ts-expect-error The payload has another form.
        if (!resumeData.approved) return suspend({ why: 'ask' })
        // @ts-expect-error The payload is missing.
        if (!resumeData.approved) return suspend()
        if (!resumeData.approved) return bail(inputData)
        return inputData
      },
    })
    createStep({
      id: 'any',
      inputSchema: text,
      outputSchema: text,
      execute: async ({ suspend, resumeData }) => {
        expectTypeOf(resumeData).toEqualTypeOf<unknown>()
        return resumeData === undefined ? suspend() : { text: '' }
      },
    })
    expect(step.id).toBe('approve')
  })

  test('the state, as far as a step needs it', () => {
    const step = createStep({
      id: 'note',
      inputSchema: text,
      outputSchema: text,
      stateSchema: z.object({ notes: z.array(z.string()) }),
      execute: ({ inputData, state, setState }) => {
        expectTypeOf(state).toEqualTypeOf<{ notes: string[] }>()
        setState({ notes: [...state.notes, inputData.text] })
        setState(({ notes }) => ({ notes: [...notes, 'x'] }))
        // @ts-expect-error There is no such field.
        setState({ note: 'x' })
        return inputData
      },
    })
    const stateSchema = z.object({ notes: z.array(z.string()), done: z.boolean() })
    const options = { id: 'noting', inputSchema: text, outputSchema: text }
    const flow = createWorkflow({ ...options, stateSchema })
      .then(step)
      .map(({ state, inputData }) => {
        expectTypeOf(state).toEqualTypeOf<{ notes: string[]; done: boolean }>()
        return inputData
      })
    expect(flow.commit().nodes).toHaveLength(2)
    // @ts-expect-error The workflow's state has no notes.
    createWorkflow({ ...options, stateSchema: z.object({ done: z.boolean() }) }).then(step)
    // @ts-expect-error The workflow does not say what its state is.
    createWorkflow(options).then(step)
  })
})

describe('what else can be a step', () => {
  test('a workflow', () => {
    const inner = createWorkflow({ id: 'inner', inputSchema: city, outputSchema: text })
    const committed = inner.then(research).then(write).commit()
    const outer = createWorkflow({ id: 'outer', inputSchema: city, outputSchema: text }).then(committed)
    expect(outer.commit().nodes).toHaveLength(1)
    begin()
      .parallel([committed, research])
      .map(({ inputData }) => {
        expectTypeOf(inputData).toEqualTypeOf<{ inner: { text: string }; research: { facts: string[] } }>()
        return inputData.inner
      })
    // @ts-expect-error It takes a city.
    begin().then(research).then(committed)
  })

  test('an agent', () => {
    const agent = new Agent({ name: 'Writer', model: scriptedModel({ script: [] }) })
    const writer = createStep(agent)
    const extract = createStep(agent, { id: 'extract', structuredOutput: { schema: count } })
    const flow = begin()
      .map(({ inputData }) => ({ prompt: `Write about ${inputData.city}.` }))
      .then(writer)
    expect(flow.commit().nodes).toHaveLength(2)
    begin()
      .map(() => ({ prompt: 'Count.' }))
      .then(extract)
      .map(({ inputData, getStepResult }) => {
        expectTypeOf(inputData).toEqualTypeOf<{ count: number }>()
        expectTypeOf(getStepResult(extract)).toEqualTypeOf<{ count: number }>()
        // Its id is known at run time only.
        expectTypeOf(getStepResult(writer)).toEqualTypeOf<{ text: string } | null>()
        return inputData
      })
    // @ts-expect-error It takes a prompt.
    begin().then(writer)
  })
})

describe('a map that is written as data', () => {
  test('gives each field the type of its source', () => {
    const init = createWorkflow({ id: 'init', inputSchema: city, outputSchema: text })
    const flow = begin()
      .then(research)
      .map({
        first: { step: research, path: 'facts' },
        all: { step: research, path: '.' },
        either: { step: [write, research], path: '.' },
        name: { initData: init, path: 'city' },
        fixed: { value: 5 },
        list: { value: ['a', { b: 1 }] },
        made: { fn: async ({ inputData }) => inputData.facts.length > 0 },
        tier: { requestContextPath: 'user.tier', schema: z.string() },
        other: { requestContextPath: 'other' },
      })
      .map(({ inputData }) => {
        expectTypeOf(inputData.first).toEqualTypeOf<string[]>()
        expectTypeOf(inputData.all).toEqualTypeOf<{ facts: string[] }>()
        expectTypeOf(inputData.either).toEqualTypeOf<{ text: string } | { facts: string[] }>()
        expectTypeOf(inputData.name).toEqualTypeOf<string>()
        expectTypeOf(inputData.fixed).toEqualTypeOf<5>()
        expectTypeOf(inputData.list).toEqualTypeOf<['a', { b: 1 }]>()
        expectTypeOf(inputData.made).toEqualTypeOf<boolean>()
        expectTypeOf(inputData.tier).toEqualTypeOf<string>()
        expectTypeOf(inputData.other).toEqualTypeOf<unknown>()
        return { text: inputData.name }
      })
    expect(flow.commit().nodes).toHaveLength(3)
    const unknown = begin()
      .then(research)
      .map({ text: { step: research, path: 'words' } })
    // @ts-expect-error Facts have no such field, so nothing is known of it.
    unknown.commit()
  })
})
