/** Three agents on one pool of facts: what one learns the others find, by words and by meaning, and can be forgotten. */
import { existsSync, readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { Memory } from 'aquifer'
import type { Check } from './checks.ts'

type Narrate = (who: string, text: string) => void

/** What they all know: the piece of work. Its facts are the space that this id names. */
const task = { agentId: 'task_q3_proposal' }

const findings = [
  'Client needs executive summary first, uses slide decks, needs ROI figures',
  'The client prefers a formal tone',
  'The text may have at most 500 words',
  'Their tender is filed as RFP-2291-B',
]
const tip = 'Their phone number is +43 660 5550133, for the project lead only'

function isIn(path: string, text: string): boolean {
  return [path, `${path}-wal`].some((file) => existsSync(file) && readFileSync(file).includes(text))
}

/** The researcher writes, the others find: nobody tells anybody anything. */
async function share(memory: Memory, narrate: Narrate): Promise<Check[]> {
  const researcher = memory.as({ kind: 'agent', id: 'researcher', name: 'Researcher' })
  const writer = memory.as({ kind: 'agent', id: 'writer', name: 'Writer' })
  const editor = memory.as({ kind: 'agent', id: 'editor', name: 'Editor' })
  const messages = findings.map((content) => ({ role: 'assistant' as const, content }))
  const { results } = await researcher.add(messages, task)
  narrate('researcher', `added ${results.length} findings to the pool of ${task.agentId}`)
  const byWords = await writer.search('client requirements and format', { ...task, limit: 5 })
  const isFound = byWords.results.some(({ memory: text }) => text === findings[0])
  narrate(
    'writer',
    `asked for client requirements and format: ${byWords.results.length} facts, first "${byWords.results[0]?.memory}"`,
  )
  const byTerm = await editor.search('rfp-2291-b', { ...task, limit: 1 })
  narrate('editor', `asked for rfp-2291-b: "${byTerm.results[0]?.memory}"`)
  const { degraded } = await memory.settled()
  const byMeaning = await editor.search('How long may our document be?', { ...task, limit: 1 })
  narrate('editor', `asked how long the document may be, in other words: "${byMeaning.results[0]?.memory}"`)
  return [
    { ok: isFound, text: 'the writer found what the researcher wrote, and nobody handed it over' },
    { ok: byTerm.results[0]?.memory === findings[3], text: 'an exact term is found, however it is spelt' },
    {
      ok: byMeaning.results[0]?.memory === findings[2] && degraded === null,
      text: 'the limit is found by its meaning: no word of the question is in it',
    },
  ]
}

/** The same said by five at once is one fact, and what took a fact's place is what is believed. */
async function agree(memory: Memory, narrate: Narrate): Promise<Check[]> {
  const again = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((id) => memory.as({ kind: 'agent', id }).add('Deadline is 30 September', task)),
  )
  const ids = new Set(again.flatMap(({ results }) => results.map(({ id }) => id)))
  narrate('five agents', 'added the same deadline at the same moment')
  const [old] = (await memory.search('at most 500 words', { ...task, limit: 1 })).results
  const editor = memory.as({ kind: 'agent', id: 'editor', name: 'Editor' })
  const { results } = await editor.add('The text may have at most 700 words', { ...task, supersedes: old?.id ?? '' })
  narrate('editor', `the client called: ${results[0]?.event} of "${results[0]?.previousMemory}"`)
  const found = (await memory.search('how many words may the text have', { ...task, limit: 20 })).results
  const all = await memory.facts.getAll({ ...task, includeSuperseded: true })
  return [
    { ok: ids.size === 1, text: '5 equal adds at once left 1 fact' },
    {
      ok:
        found.some(({ memory: text }) => text.includes('700')) &&
        !found.some(({ memory: text }) => text.includes('500')),
      text: 'the superseded limit is found on no path; the present one is',
    },
    { ok: all.results.some(({ memory: text }) => text.includes('500')), text: 'whoever asks for the past sees both' },
  ]
}

/** What a user said outranks what an agent read: the agent's version is a proposal, until the user decides. */
async function believe(memory: Memory, narrate: Narrate): Promise<Check[]> {
  const client = memory.as({ kind: 'user', id: 'ann', name: 'Ann' })
  const reader = memory.as({ kind: 'agent', id: 'web_reader', name: 'Web Reader' })
  const contract = (years: string) => `The contract runs for ${years}`
  const first = (await client.add(contract('two years'), task)).results[0]?.id ?? ''
  const now = (await client.add(contract('three years'), { ...task, supersedes: first })).results[0]?.id ?? ''
  narrate('client', `Ann, a user, said "${contract('two years')}", and later corrected it: three years`)
  await reader.add(contract('one year'), { ...task, supersedes: now })
  narrate('web reader', 'an agent, read "one year" on a page: it may not replace what Ann said, only propose')
  const [confirmed, old] = [await memory.facts.get(now), await memory.facts.get(first, { includeSuperseded: true })]
  const { results: open } = await memory.proposals.list(task)
  const proposed = open.find(({ target }) => target.kind === 'fact' && target.id === now)
  const { memory: proposedText } = (proposed?.after ?? {}) as { readonly memory?: string }
  narrate('the pool', `confirmed: "${confirmed?.memory}", from ${confirmed?.assertedBy.name}`)
  narrate('the pool', `old:       "${old?.memory}", kept for questions about the past`)
  narrate(
    'the pool',
    `proposed:  "${proposedText}", from ${proposed?.author.name}, ${proposed?.status} until a user decides`,
  )
  const rejected = await client.proposals.reject(proposed?.id ?? '', { reason: 'That was another contract' })
  const found = (await memory.search('how long does the contract run', { ...task, limit: 20 })).results
  const left = found.map(({ memory: text }) => text).filter((text) => text.startsWith(contract('')))
  narrate('client', `rejected it: a search finds only "${left.join('", "')}"`)
  return [
    {
      ok: confirmed?.status === 'current' && confirmed.trust === 'user' && old?.supersededBy === now,
      text: 'the user corrected herself: what she says now is confirmed, what she said before is old',
    },
    {
      ok: proposed?.status === 'open' && proposedText === contract('one year'),
      text: 'an agent could not replace what a user said: its version waited as a proposal',
    },
    {
      ok: rejected.status === 'rejected' && left.join() === contract('three years'),
      text: 'she rejected it, and it is found no more',
    },
  ]
}

/** What is forgotten is gone from every answer at once, and from the bytes of the file soon. */
async function forget(memory: Memory, path: string, narrate: Narrate): Promise<Check[]> {
  const { results } = await memory.add(tip, task)
  const wasThere = isIn(path, '5550133')
  const receipt = await memory.forget({ factIds: results.map(({ id }) => id) })
  const found = (await memory.search('phone number of the project lead', task)).results
  narrate('somebody', `asked to forget a phone number: ${receipt.erased.facts} fact erased, receipt ${receipt.state}`)
  await memory.settled()
  const state = (await memory.getReceipt(receipt.id))?.state
  return [
    {
      ok: wasThere && !found.some(({ memory: text }) => text.includes('5550133')),
      text: 'the forgotten number was in the file, and is in no answer any more',
    },
    {
      ok: state === 'complete' && !isIn(path, '5550133'),
      text: `its receipt is ${state}: no byte of it is left in any file of the database`,
    },
  ]
}

/** Plays the scene in one process; several would see the same. */
export async function playPool(path: string, narrate: Narrate): Promise<Check[]> {
  await using memory = new Memory({ storage: pathToFileURL(path).href })
  const shared = await share(memory, narrate)
  const agreed = await agree(memory, narrate)
  const believed = await believe(memory, narrate)
  return [...shared, ...agreed, ...believed, ...(await forget(memory, path, narrate))]
}
