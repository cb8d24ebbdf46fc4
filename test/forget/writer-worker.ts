// Writes to a team and to a thread that is being forgotten, a fixed number of times, and says what was acknowledged.
import { writeSync } from 'node:fs'
import { MemoryError } from '../../src/domain/error.ts'
import { Memory } from '../../src/facade/memory.ts'

const { url, threadId, turnId, writes } = JSON.parse(process.argv[2] ?? '')
const memory = new Memory({ storage: url })
const team = memory.team('acme')
let steps = 0
let refused = 0
for (let count = 0; count < writes; count++) {
  await team.increment('count', 1)
  const messages = [{ role: 'assistant' as const, content: 'a step' }]
  try {
    await memory.saveMessages({ resourceId: 'ada', threadId, turnId, messages })
    steps += 1
  } catch (error) {
    if (!(error instanceof MemoryError && error.code === 'not-found')) throw error
    refused += 1
  }
}
writeSync(1, `${JSON.stringify({ steps, refused })}\n`)
await memory.close()
