// A client that gives new ids to all messages of a history in which nothing is answered yet.
import { Agent } from 'aquifer'
import { failWith, scriptedModel } from 'aquifer/testing'
import { expect, it } from 'vitest'
import { openMemory } from '../memory/opened.ts'

const at = { resourceId: 'u', threadId: 't' }

async function said(...requests: readonly (readonly (readonly [id: string, text: string])[])[]) {
  const memory = openMemory()
  const failing = requests.slice(1).map(() => failWith(new Error('overloaded')))
  const agent = new Agent({ name: 'A', memory, model: scriptedModel({ script: [...failing, 'Yes.'] }) })
  for (const request of requests) {
    const messages = request.map(([id, text]) => ({
      id,
      role: 'user' as const,
      parts: [{ type: 'text' as const, text }],
    }))
    await agent.generate(messages, { ...at, maxRetries: 0 }).catch(() => undefined)
  }
  return (await memory.listMessages(at)).messages.map(({ parts }) => parts.at(-1)?.text)
}

it('has its questions stored once', async () => {
  const [one, two, three] = ['Is it open?', 'And now?', 'Hello?']
  const stored = await said(
    [['a1', one]],
    [
      ['b1', one],
      ['b2', two],
    ],
    [
      ['c1', one],
      ['c2', two],
      ['c3', three],
    ],
  )
  expect(stored).toEqual([one, two, three, 'Yes.'])
})

it('is found where the thread has gone on since', async () => {
  const stored = await said(
    [['a1', 'Is it open?']],
    [['x1', 'Is it far?']],
    [
      ['b1', 'Is it open?'],
      ['b2', 'And now?'],
    ],
  )
  expect(stored).toEqual(['Is it open?', 'Is it far?', 'And now?', 'Yes.'])
})

it('may say the same words twice', async () => {
  expect(
    await said(
      [['a1', 'Hello?']],
      [
        ['b1', 'Hello?'],
        ['b2', 'Hello?'],
      ],
    ),
  ).toEqual(['Hello?', 'Hello?', 'Yes.'])
})

it('is another conversation where the thread ends otherwise', async () => {
  const stored = await said(
    [['a1', 'Is it open?']],
    [
      ['b1', 'Is it far?'],
      ['b2', 'And now?'],
    ],
  )
  expect(stored).toEqual(['Is it open?', 'Is it far?', 'And now?', 'Yes.'])
})
