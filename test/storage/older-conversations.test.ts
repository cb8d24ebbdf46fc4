// Conversations that an earlier version wrote are migrated, answer what they answered then, and go on.
import { copyFileSync, readFileSync } from 'node:fs'
import { Agent, type Memory } from 'aquifer'
import { scriptedEmbedder, scriptedModel } from 'aquifer/testing'
import { describe, expect, it } from 'vitest'
import { approved } from '../agent/approvals.ts'
import { hour, ManualClock, openMemory, temporaryFolder } from '../memory/opened.ts'
import { payTool, readConversations, waiting } from './old-conversations.ts'

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url)

interface Answers {
  readonly threads: Record<string, { readonly thread: { readonly lastMessageAt: string } }>
  readonly recalled: Record<string, readonly string[]>
}

/** What was recalled, in any order: what is ranked first is another matter in each version. */
function unordered(recalled: Answers['recalled']): Answers['recalled'] {
  return Object.fromEntries(Object.entries(recalled).map(([name, texts]) => [name, texts.toSorted()]))
}

describe.each([9])('schema %i', (version) => {
  const answers: Answers = JSON.parse(readFileSync(fixture(`conversations-${version}.json`), 'utf8'))

  function openCopy(): Memory {
    const path = `${temporaryFolder()}/memory.db`
    copyFileSync(fixture(`conversations-${version}.db`), path)
    const clock = new ManualClock()
    const times = Object.values(answers.threads).map(({ thread }) => Date.parse(thread.lastMessageAt))
    clock.ms = Math.max(...times) + hour
    return openMemory({ storage: `file:${path}`, clock, embedder: scriptedEmbedder() })
  }

  it('answers what the version that wrote it answered', async () => {
    const read = JSON.parse(JSON.stringify(await readConversations(openCopy())))
    expect({ ...read, recalled: unordered(read.recalled) }).toMatchObject({
      ...answers,
      recalled: unordered(answers.recalled),
    })
  })

  it('restores a branch that was replaced then, with the ids of its messages', async () => {
    const memory = openCopy()
    const edited = { resourceId: 'alice', threadId: 'edited' }
    const texts = async (more: object = {}) => {
      const { messages } = await memory.listMessages({ ...edited, ...more })
      return messages.map(({ parts }) => parts.at(-1)?.text)
    }
    const [now, before] = [
      ['Which colour is the gate?', 'Red.'],
      ['Which colour is the door?', 'Blue.', 'And the roof?', 'Green.'],
    ]
    expect(await texts()).toEqual(now)
    const { messages } = await memory.listMessages({ ...edited, include: 'replaced' })
    expect(messages.map(({ parts }) => parts.at(-1)?.text)).toEqual([...before, ...now])
    const { restored } = await memory.restoreTurn({ ...edited, turnId: messages[0]?.turnId ?? '' })
    expect(restored).toHaveLength(2)
    expect(await texts()).toEqual(before)
    expect((await memory.getThreadById(edited))?.messageCount).toBe(4)
    const [changed] = await memory.updateMessages({
      resourceId: 'alice',
      messages: [{ id: 'e2', content: 'And the sky?' }],
    })
    expect(changed?.threadId).toBe('edited')
    const found = await memory.recall({ resourceId: 'alice', query: 'Which colour is the door?' })
    expect(found.messages.map(({ parts }) => parts.at(-1)?.text)).toContain('Which colour is the door?')
    await memory.restoreTurn({ ...edited, turnId: messages.at(-1)?.turnId ?? '' })
    expect(await texts()).toEqual(now)
  })

  it('runs a call that waited for its approval', async () => {
    const memory = openCopy()
    const paid: unknown[] = []
    const agent = new Agent({
      name: 'Payer',
      memory,
      model: scriptedModel({ script: ['It is paid.'] }),
      tools: { pay: payTool(paid) },
    })
    const { messages } = await memory.listMessages(waiting)
    const { text } = await agent.generate(approved(messages), waiting)
    expect(text).toBe('It is paid.')
    expect(paid).toEqual([{ invoice: 'I-17' }])
    expect((await memory.listMessages(waiting)).messages.at(-1)).toMatchObject({ turnStatus: 'complete' })
  })
})
