/** Workflows: a report by two agents, and a cleanup that waits for a person. Another process could resume it as well. */
import { Agent, Aquifer, createStep, createWorkflow, Memory } from 'aquifer'
import { z } from 'zod'
import { openai } from './openai.ts'

const memory = new Memory()

const researchAgent = new Agent({
  id: 'research-agent',
  name: 'Research Agent',
  instructions: 'You gather facts about cities.',
  model: openai('gpt-5.4'),
  memory,
})
const writingAgent = new Agent({
  id: 'writing-agent',
  name: 'Writing Agent',
  instructions: 'You write reports from notes.',
  model: openai('gpt-5.4'),
  memory,
})

const cityWorkflow = createWorkflow({
  id: 'city-workflow',
  description: 'Gathers facts about a city, and writes a report about it.',
  inputSchema: z.object({ city: z.string() }),
  outputSchema: z.object({ text: z.string() }),
})
  .map(async ({ inputData }) => ({ prompt: `Facts about ${inputData.city}, please.` }))
  .then(createStep(researchAgent))
  .map(async ({ getInitData }) => ({ prompt: `Write a report about ${getInitData().city}.` }))
  .then(createStep(writingAgent))
  .commit()

/** Tables with the years of their records. */
const tables = new Map([['invoices', [2019, 2020, 2026]]])

const findOld = createStep({
  id: 'find-old',
  inputSchema: z.object({ table: z.string() }),
  outputSchema: z.object({ table: z.string(), years: z.array(z.number()) }),
  execute: async ({ inputData: { table } }) => {
    return { table, years: (tables.get(table) ?? []).filter((year) => year < 2025) }
  },
})
const deleteOld = createStep({
  id: 'delete-old',
  inputSchema: findOld.outputSchema,
  outputSchema: z.object({ deleted: z.number() }),
  suspendSchema: z.object({ question: z.string() }),
  resumeSchema: z.object({ confirmed: z.boolean() }),
  execute: async ({ inputData: { table, years }, suspend, resumeData }) => {
    if (resumeData === undefined) return suspend({ question: `Delete ${years.length} records of ${table}?` })
    if (!resumeData.confirmed) return { deleted: 0 }
    tables.set(
      table,
      (tables.get(table) ?? []).filter((year) => !years.includes(year)),
    )
    return { deleted: years.length }
  },
})
const cleanupWorkflow = createWorkflow({
  id: 'cleanup-workflow',
  description: 'Deletes the old records of a table, once a person agrees.',
  inputSchema: z.object({ table: z.string() }),
  outputSchema: z.object({ deleted: z.number() }),
})
  .then(findOld)
  .then(deleteOld)
  .commit()

await using aquifer = new Aquifer({
  agents: { researchAgent, writingAgent },
  workflows: { cityWorkflow, cleanupWorkflow },
  memory,
})

// Two agents, one after the other, in one thread. The events tell what was stored.
const report = await aquifer.getWorkflow('cityWorkflow').createRun({ resourceId: 'ann', threadId: 'rome' })
const stream = report.stream({ inputData: { city: 'Rome' } })
for await (const { type, payload } of stream) console.log(type, 'id' in payload ? payload.id : '')
console.log(await stream.result)

// Suspended: nothing of it is left in this process. A person who has the id of the run resumes it, here or elsewhere.
const run = await cleanupWorkflow.createRun({ resourceId: 'ann' })
const first = await run.start({ inputData: { table: 'invoices' } })
console.log(first.status, first.suspended, first.steps['delete-old']?.suspendPayload)
const resumed = await (await cleanupWorkflow.getRun(run.runId))?.resume({
  step: 'delete-old',
  resumeData: { confirmed: true },
})
console.log(resumed?.status, resumed?.result, tables)
