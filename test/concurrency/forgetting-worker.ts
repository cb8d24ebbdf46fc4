// Learns, recalls and forgets on one file beside others like it, until it is killed.
import { writeSync } from 'node:fs'
import { type ForgettingTask, type ForgotOrStored, openShared, ownThread, userId } from './forgetting-shared.ts'

const { path, name } = JSON.parse(process.argv[2] ?? '') as ForgettingTask
process.on('unhandledRejection', (error) => {
  writeSync(2, `unhandled: ${String(error)}\n`)
})
const memory = openShared(path)
let number = 0

function say(said: ForgotOrStored): void {
  writeSync(1, `${JSON.stringify(said)}\n`)
}

/** A word that nothing else has. */
const newWord = () => `w${name}x${++number}x`

async function expectFound(word: string, kind: 'message' | 'fact', isWanted: boolean): Promise<void> {
  const kinds = [kind]
  const { items, degraded } = await memory.space(`resource/${userId}`).recall(word, { kinds, topK: 5 })
  const isFound = items.some((item) => JSON.stringify(item).includes(word))
  if (degraded.length > 0) throw new Error(`degraded: ${degraded.join(', ')}`)
  if (isFound !== isWanted) throw new Error(`${kind} ${word} is ${isFound ? '' : 'not '}found`)
}

for (let turn = 1; ; turn++) {
  const threadId = ownThread(name, turn)
  const [fact, message] = [newWord(), newWord()]
  say({ word: fact, state: 'storing' })
  const { results } = await memory.add(`${fact} is a fact of ${name}`, { userId, agentId: name })
  say({ word: fact, state: 'stored' })
  say({ word: message, state: 'storing' })
  await memory.saveMessages({ resourceId: userId, threadId, messages: [`${message} was said`, 'and answered'] })
  say({ word: message, state: 'stored' })
  await expectFound(fact, 'fact', true)
  await expectFound(message, 'message', true)
  if (turn % 3 !== 0) continue
  say({ word: fact, state: 'forgetting' })
  await memory.forget({ factIds: results.map(({ id }) => id) })
  say({ word: fact, state: 'forgotten' })
  say({ word: message, state: 'forgetting' })
  await memory.forget({ resourceId: userId, threadId })
  say({ word: message, state: 'forgotten' })
  await expectFound(fact, 'fact', false)
  await expectFound(message, 'message', false)
}
