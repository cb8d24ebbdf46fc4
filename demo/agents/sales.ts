/** The sales agent: talks to the customer, qualifies the lead, hands over, and closes once the others are done. */
import type { Memory } from 'aquifer'
import { type CustomerNotes, resourceId, seatCount, teamId, threadId } from '../acme.ts'
import { note, runAgent } from '../report.ts'
import { marks } from '../steps.ts'
import { say } from '../turn.ts'

const conversation = [
  ['user', `I'm interested in your enterprise plan: ${seatCount} seats for Acme Corp, by Friday.`],
  ['assistant', 'Gladly. Who signs for Acme Corp, and is the budget of $50k approved?'],
  ['user', 'I do: John, john@acme.com. The budget is approved.'],
  ['assistant', 'Then we start now. Implementation sets up your seats, support welcomes your people.'],
] as const

async function qualify(memory: Memory): Promise<void> {
  for (const [role, content] of conversation) await say(memory, role, content)
  note(`talked to ${resourceId} in ${threadId}: ${conversation.length} messages saved`)
  const notes = { company: 'Acme Corp', contact: 'john@acme.com', stage: 'qualified' } satisfies CustomerNotes
  await memory.updateWorkingMemory({ resourceId, workingMemory: notes })
  const team = memory.team(teamId)
  const lead = {
    name: 'Acme Corp',
    contact: 'john@acme.com',
    status: 'qualified',
    dealUsd: 50_000,
    resourceId,
    threadId,
  }
  const written = await team.write('qualified_lead_acme', lead)
  const handoff = { customer: resourceId, threadId, issue: `welcome ${seatCount} people`, from: 'sales' }
  await team.write('handoff_to_support', handoff, { ttl: '1h' })
  if (written.status === 'written') note('wrote qualified_lead_acme and handoff_to_support to team memory; that is all')
}

/** Waits until both others have ticked themselves off. */
async function waitForOnboarding(memory: Memory): Promise<void> {
  const open = new Set<string>(Object.values(marks))
  for await (const { by, changes } of memory.team(teamId).watch({ prefix: 'onboarding_', after: 0 })) {
    for (const { key } of changes) open.delete(key.slice('onboarding_'.length))
    note(`saw on the feed that ${by.name} is done`)
    if (open.size === 0) return
  }
}

await runAgent('sales', async (memory) => {
  await qualify(memory)
  await waitForOnboarding(memory)
  await memory.updateWorkingMemory({ resourceId, workingMemory: { stage: 'live' } satisfies CustomerNotes })
  await say(memory, 'assistant', `All ${seatCount} seats are set up and your people are welcomed. Acme Corp is live.`)
  note('told the customer, set the stage to live')
})
