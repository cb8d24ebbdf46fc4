// Forgets what it is told and says how far it is, until it is killed.
import { writeSync } from 'node:fs'
import { Memory } from '../../src/facade/memory.ts'

type Forgotten = Parameters<Memory['forget']>[0]

const { url, asked } = JSON.parse(process.argv[2] ?? '') as { url: string; asked: Forgotten }

function say(step: string): void {
  writeSync(1, `${JSON.stringify({ step })}\n`)
}

const memory = new Memory({ storage: url, embedder: false })
await memory.team('acme').read('beside')
say('opened')
const { id } = await memory.forget(asked)
say('erased')
for (;;) {
  const receipt = await memory.getReceipt(id)
  if (receipt?.state === 'complete') break
  await new Promise((resolve) => setTimeout(resolve, 1))
}
say('complete')
await new Promise(() => setInterval(() => {}, 1_000))
