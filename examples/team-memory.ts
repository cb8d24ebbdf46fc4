import { ceo, memory_read, memory_write, sales, stranger } from './workforce.ts'

// Store a value under a key
await memory_write('lead_info', {
  name: 'Acme Corp',
  contact: 'john@acme.com',
  status: 'qualified',
})

const lead = await memory_read('lead_info')
// { name: "Acme Corp", ... }
console.log(lead)

// One member finds something out
const leadData = { name: 'Acme Corp', dealUsd: 50_000 }
await sales.memory_write('qualified_lead_acme', { ...leadData })

// Another one learns of it; a member of another workforce does not
console.log(await ceo.memory_read('qualified_lead_acme'))
console.log(await stranger.memory_read('qualified_lead_acme'))

// Hand work over
await memory_write('handoff_to_support', {
  customer: 'Acme Corp',
  issue: 'Single sign-on fails',
  history: ['bought the enterprise plan', 'invited 50 people'],
})

// Say how far the work is
await memory_write('campaign_status', {
  phase: 'content_review',
  completed: ['research', 'draft'],
  pending: ['design', 'launch'],
})

// Add to what is known; where several do so at once, memory_merge loses nothing
for (const [newCompetitor, findings] of [
  ['globex', 'cheaper'],
  ['initech', 'slower'],
] as const) {
  const existingData = (await memory_read('competitor_intel')) as Record<string, string> | null
  await memory_write('competitor_intel', {
    ...existingData,
    [newCompetitor]: findings,
  })
}

// Mark something for a while
await memory_write('urgent_review_needed', true, {
  ttl: '1h',
})
