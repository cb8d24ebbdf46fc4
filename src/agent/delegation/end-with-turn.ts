/** Work that waits ends with the turn of the call that handed it on, if that turn does not wait for it. */
import type { DelegatingCall } from '../call.ts'
import type { ToolCall } from '../tools/tool.ts'
import { endBelow } from '../waiting/end-below.ts'

export function endWithTurn({ agent, remembered, requestContext, log }: DelegatingCall, { runId }: ToolCall): void {
  if (remembered === null || runId === undefined) return
  const { space, thread } = remembered
  log.endWith(async () => {
    const run = await space.run(runId)
    if (run?.turnId === undefined) return
    await endBelow(agent, { space, run, threadId: thread.id, turnId: run.turnId }, requestContext)
  })
}
