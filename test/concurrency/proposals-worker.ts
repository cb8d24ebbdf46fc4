// Own process: decides about each proposal that it is told of, as the user of its name, and says what became of it.
import { Memory } from '../../src/facade/memory.ts'
import type { Decided, DecideTask } from './proposals-shared.ts'

const { url, name, way, proposalIds } = JSON.parse(process.argv[2] as string) as DecideTask
const memory = new Memory({ storage: url, embedder: false, background: false })
const { proposals } = memory.as({ kind: 'user', id: name })
for (const id of proposalIds) {
  const { status, proposal } = await proposals[way](id)
  const decided: Decided = { id, status, as: proposal.status, by: proposal.decidedBy?.id ?? '' }
  process.stdout.write(`${JSON.stringify(decided)}\n`)
}
await memory.close()
