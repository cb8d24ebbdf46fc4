/** The implementation agent: waits for a qualified lead on the feed of team memory and provisions its seats. */
import { resourceId, seatCount, teamId, threadId } from '../acme.ts'
import { note, runAgent } from '../report.ts'
import { doSteps, Listener } from '../steps.ts'
import { Turn } from '../turn.ts'

await runAgent('implementation', async (memory) => {
  const team = memory.team(teamId)
  note(`waits for a lead on the feed of team/${teamId}`)
  for await (const { seq, by, at } of team.watch({ prefix: 'qualified_lead_', after: 0 })) {
    const { messages } = await memory.listMessages({ resourceId, threadId })
    note(
      `saw the lead of ${by.name} ${Date.now() - at.getTime()} ms after it was written; read ${messages.length} messages`,
    )
    const turn = await Turn.open(memory, 60_000)
    await turn.say(`Implementation here. I provision your ${seatCount} seats now.`)
    const listener = new Listener(memory, { after: seq, heard: 0 })
    const heard = listener.listen()
    await doSteps(memory, 'implementation', turn, listener)
    await turn.say(`All ${seatCount} seats are provisioned.`)
    await turn.close()
    await team.write('onboarding_provisioned', true)
    note(`provisioned ${seatCount} seats, closed its turn`)
    await heard
    return
  }
})
