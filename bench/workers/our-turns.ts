/** A process that saves turns through the product, each process in a space of its own. */
import { turnAt } from '../corpus.ts'
import { openOurs } from '../ours.ts'
import { runTurnLoop } from './turn-loop.ts'

await runTurnLoop(async (file, worker) => {
  const memory = await openOurs(file)
  return {
    async save(turn) {
      await memory.saveMessages({
        resourceId: `worker-${worker}`,
        threadId: `conversation-${Math.floor(turn / 20)}`,
        messages: [...turnAt(turn).messages],
      })
    },
    close: () => memory.close(),
  }
})
