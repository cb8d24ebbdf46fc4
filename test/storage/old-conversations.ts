// Conversations as applications leave them, for a fixture: written once by the last version of a schema, read by every later one.
import { tool } from 'ai'
import { Agent, type Memory } from 'aquifer'
import { callTool, failWith, scriptedModel } from 'aquifer/testing'
import { z } from 'zod'

export const users = ['alice', 'bob']
export const waiting = { resourceId: 'alice', threadId: 'waiting' }

/** The tool whose call waits in the thread `waiting`; it notes what it ran. */
export function payTool(paid: unknown[]) {
  return tool({
    description: 'Pays an invoice.',
    inputSchema: z.object({ invoice: z.string() }),
    needsApproval: true,
    execute: (input) => {
      paid.push(input)
      return 'paid'
    },
  })
}

const said = (id: string, role: 'user' | 'assistant', text: string) => ({
  id,
  role,
  parts: [{ type: 'text' as const, text }],
})

/** A thread of four messages, whose last answer is given again, and whose first question is then edited. */
async function writeEdits(memory: Memory): Promise<void> {
  const script = ['The harbour closes at six.', 'It opens at nine.', 'It opens at ten.']
  const agent = new Agent({ name: 'Clerk', memory, model: scriptedModel({ script }) })
  const at = { resourceId: 'alice', threadId: 'answered-again' }
  await agent.generate([said('q1', 'user', 'When does the harbour close?')], at)
  const first = (await memory.listMessages(at)).messages
  const shown = [...first, said('q2', 'user', 'And when does it open?')]
  await agent.generate(shown, at)
  await agent.generate(shown, { ...at, trigger: 'regenerate-message' })
  const edited = { resourceId: 'alice', threadId: 'edited' }
  const editing = new Agent({ name: 'Clerk', memory, model: scriptedModel({ script: ['Blue.', 'Green.', 'Red.'] }) })
  await editing.generate([said('e1', 'user', 'Which colour is the door?')], edited)
  const door = (await memory.listMessages(edited)).messages
  await editing.generate([...door, said('e2', 'user', 'And the roof?')], edited)
  await editing.generate([said('e1', 'user', 'Which colour is the gate?')], edited)
}

async function writeTurnsThatEndBadly(memory: Memory): Promise<void> {
  const model = scriptedModel({ script: ['It is raining in Bergen.', failWith(new Error('overloaded'))] })
  const agent = new Agent({ name: 'Clerk', memory, model })
  const at = { resourceId: 'bob', threadId: 'failed' }
  await agent.generate([said('f1', 'user', 'How is the weather?')], at)
  const shown = (await memory.listMessages(at)).messages
  await agent.generate([...shown, said('f2', 'user', 'And tomorrow?')], at).catch(() => undefined)
  const asking = scriptedModel({ script: [callTool('pay', { invoice: 'I-17' })] })
  const payer = new Agent({ name: 'Payer', memory, model: asking, tools: { pay: payTool([]) } })
  await payer.generate([said('w1', 'user', 'Pay invoice I-17.')], waiting)
}

async function writeTheRest(memory: Memory): Promise<void> {
  const imported = { resourceId: 'bob', threadId: 'imported' }
  await memory.saveMessages({
    ...imported,
    messages: [
      said('i1', 'user', 'My sister lives in Trondheim.'),
      said('i2', 'assistant', 'I will remember it.'),
      said('i3', 'user', 'Delete this line.'),
      said('i4', 'assistant', 'As you wish.'),
    ],
  })
  await memory.deleteMessages(['i3'], imported)
  await memory.cloneThread({ ...imported, newThreadId: 'copy' })
  await memory.updateThread({ ...imported, title: 'Family', metadata: { folder: 'private' } })
  await memory.updateWorkingMemory({ resourceId: 'bob', workingMemory: '# Bob\n- sister: Trondheim' })
  await memory.updateWorkingMemory({ resourceId: 'bob', workingMemory: '# Bob\n- sister: Oslo' })
  const { facts } = memory
  await facts.add('Bob prefers tea.', { resourceId: 'bob' })
  const [coffee] = (await facts.add('Bob drinks coffee at work.', { resourceId: 'bob' })).results
  if (coffee === undefined) throw new Error('No fact was added.')
  await facts.update(coffee.id, 'Bob drinks cocoa at work.')
  const team = memory.team('acme')
  await team.write('plan', { step: 1 })
  await team.write('plan', { step: 2 })
  await team.write('gone', true)
  await team.delete('gone')
  await memory.saveMessages({
    resourceId: 'bob',
    threadId: 'secret',
    messages: [said('s1', 'user', 'The code is 4711.')],
  })
  await memory.forget({ resourceId: 'bob', threadId: 'secret' })
}

export async function writeConversations(memory: Memory): Promise<void> {
  await writeEdits(memory)
  await writeTurnsThatEndBadly(memory)
  await writeTheRest(memory)
}

/** What the public readers answer on all that was written. */
export async function readConversations(memory: Memory): Promise<object> {
  const threads: Record<string, unknown> = {}
  for (const resourceId of users) {
    for (const thread of (await memory.listThreads({ resourceId })).threads) {
      const { messages } = await memory.listMessages({ resourceId, threadId: thread.id })
      threads[`${resourceId}/${thread.id}`] = { thread, messages }
    }
  }
  const recalled = async (resourceId: string, query: string) =>
    (await memory.recall({ resourceId, query })).items.map(({ text }) => text)
  return {
    threads,
    recalled: {
      harbour: await recalled('alice', 'When does the harbour open?'),
      roof: await recalled('alice', 'Which colour is the roof?'),
      sister: await recalled('bob', 'Where does my sister live?'),
      code: await recalled('bob', 'What is the code?'),
    },
    workingMemory: await memory.getWorkingMemory({ resourceId: 'bob' }),
    versions: await memory.getWorkingMemoryHistory({ resourceId: 'bob' }),
    facts: (await memory.facts.getAll({ resourceId: 'bob' })).results,
    entries: (await memory.team('acme').list()).entries,
    planHistory: await memory.team('acme').history('plan'),
  }
}
