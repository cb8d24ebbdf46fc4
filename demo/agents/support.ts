/** The support agent: takes over from sales, welcomes every seat; started again, it goes on from what memory knows. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Memory } from 'aquifer'
import { resourceId, seatCount, teamId, threadId } from '../acme.ts'
import { note, runAgent } from '../report.ts'
import { doStep, doSteps, Listener, type Progress, seatsDone } from '../steps.ts'
import { Turn } from '../turn.ts'

/** Short, so that one need not wait long to see what becomes of a turn whose process was killed. */
const shortLeaseMs = 1_500
const longLeaseMs = 60_000

/** Waits for the handoff and opens the turn that answers it. */
async function begin(memory: Memory): Promise<{ turn: Turn; listener: Listener }> {
  const team = memory.team(teamId)
  note(`waits for a handoff on the feed of team/${teamId}`)
  for await (const { seq, by, at } of team.watch({ prefix: 'handoff_to_support', after: 0 })) {
    note(`saw the handoff of ${by.name} ${Date.now() - at.getTime()} ms after it was written; opens a turn`)
    const turn = await Turn.open(memory, shortLeaseMs)
    await team.write('progress_support', { turnId: turn.id, after: seq, heard: 0 } satisfies Progress)
    await turn.say(`Support here. I welcome your ${seatCount} people now.`)
    return { turn, listener: new Listener(memory, { after: seq, heard: 0 }) }
  }
  throw new Error('The feed ended before the handoff.')
}

/** Takes the work up again in a new turn. */
async function goOn(memory: Memory, progress: Progress): Promise<{ turn: Turn; listener: Listener }> {
  const done = await seatsDone(memory, 'support')
  const last = done.at(-1)
  note(`is back; memory says ${done.length} of ${seatCount} seats welcomed, feed read up to seq ${progress.after}`)
  if (last !== undefined) {
    // It cannot know whether its last commit was answered before it died. Sending it again is safe.
    const isReplayed = await doStep(memory, 'support', last)
    note(`sent the step for seat ${last} again: ${isReplayed ? 'answered from the log, not applied twice' : 'applied'}`)
  }
  const turn = await Turn.open(memory, longLeaseMs)
  await turn.say(`Support again: ${done.length} people are welcomed already, I go on from there.`)
  return { turn, listener: new Listener(memory, progress) }
}

/** Looks at the turn that was open when this agent was killed, until its lease has run out. */
async function lookAtLostTurn(memory: Memory, turnId: string): Promise<void> {
  for (;;) {
    const { messages } = await memory.listMessages({ resourceId, threadId })
    const own = messages.filter((message) => message.turnId === turnId)
    const status = own[0]?.turnStatus
    if (status !== 'open')
      return note(`its first turn is ${status} now, its lease ran out; the ${own.length} messages in it are kept`)
    await pause(50)
  }
}

await runAgent('support', async (memory) => {
  const progress = await memory.team(teamId).read<Progress>('progress_support')
  const { turn, listener } = progress === null ? await begin(memory) : await goOn(memory, progress)
  const heard = listener.listen()
  await doSteps(memory, 'support', turn, listener)
  if (progress !== null) await lookAtLostTurn(memory, progress.turnId)
  await turn.say(`All ${seatCount} people are welcomed.`)
  await turn.close()
  await memory.team(teamId).write('onboarding_welcomed', true)
  note(`welcomed ${seatCount} people, closed its turn`)
  await heard
})
