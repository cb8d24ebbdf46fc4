// Everything that a space holds, as one text: two of them are the same only if nothing at all was written in between.
import type { Memory } from 'aquifer'

/** The whole log of a space, its state, and what its listings show. */
export async function contentsOf(memory: Memory, id: string): Promise<string> {
  const space = memory.space(id)
  const log: unknown[] = []
  for (let after = 0, more = true; more; ) {
    const page = await space.log.read({ after, limit: 1_000 })
    log.push(...page.items)
    after = page.items.at(-1)?.seq ?? after
    more = page.more
  }
  const order = { orderBy: 'createdAt', direction: 'asc', archived: 'any', metadata: null, scanLimit: 1_000 } as const
  const threads = (await space.threads.list({ ...order, limit: 1_000, offset: 0, after: null })).items
  const messages: unknown[] = []
  for (const { id: threadId } of threads) {
    const page = { direction: 'asc', after: null, asOf: null, limit: 1_000, offset: 0, from: null, to: null } as const
    messages.push((await space.messages.list({ threadId, ...page })).items)
  }
  const blocks = await space.blocks.list(null)
  const entries = await space.entries.list({ prefix: '', after: null, limit: 1_000 })
  const statuses = ['current', 'superseded'] as const
  const facts = await space.facts.list({ attributes: {}, statuses, order: 'oldest', after: null, limit: 1_000 })
  const state = await space.state()
  return JSON.stringify({ state, log, threads, messages, blocks, entries, facts }, inOrder, 1)
}

/** A space that was just made names the fields of its state in another order than one that was read. */
function inOrder(_: string, value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? Object.fromEntries(Object.entries(value).toSorted()) : value
}
