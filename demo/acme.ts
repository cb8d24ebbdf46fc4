/** What all three agents know beforehand: whom they work for, where the memory is kept, and the form of their notes. */
import { type Actor, Memory } from 'aquifer'
import { z } from 'zod'

export const roles = ['sales', 'implementation', 'support'] as const
export type Role = (typeof roles)[number]

export const names: Readonly<Record<Role, string>> = {
  sales: 'Sales Specialist',
  implementation: 'Implementation Specialist',
  support: 'Support Specialist',
}

/** The customer, the conversation, and the team that serves them. */
export const resourceId = 'customer_123'
export const threadId = 'support_thread_456'
export const teamId = 'acme'

/** The key under which the three specialists share what they know of the lead. */
export const leadKey = 'lead_acme'

export const seatCount = 200
/** Two agents do one step for each seat. */
export const stepCount = seatCount * 2

/** `'001'` to `'200'`. */
export const seats = Array.from({ length: seatCount }, (_, index) => String(index + 1).padStart(3, '0'))

/** The working memory about the customer. Every write of an agent is merged into what the others wrote. */
const workingMemorySchema = z.strictObject({
  company: z.string().optional(),
  contact: z.string().optional(),
  stage: z.enum(['qualified', 'live']).optional(),
  seats: z
    .record(z.string(), z.strictObject({ provisioned: z.literal(true), welcomed: z.literal(true) }).partial())
    .optional(),
})
export type CustomerNotes = z.infer<typeof workingMemorySchema>

/** Opens the file that the whole team shares. */
export function openMemory(url: string): Memory {
  const options = { workingMemory: { scope: 'resource', schema: workingMemorySchema } } as const
  // These three never search, so nothing needs to be found by its meaning.
  return new Memory({ storage: url, embedder: false, options })
}

export function actorOf(role: Role): Actor {
  return { kind: 'agent', id: role, name: names[role] }
}

/** The id of the commit that does one step. Sent twice, it is applied once. */
export function stepId(role: Role, seat: string): string {
  return `${role}-seat-${seat}`
}
