// Many users at once of one supervisor, with subagents two levels deep and approvals: nothing of one reaches another.
import { expect, it } from 'vitest'
import { delegateForUsers } from '../../bench/delegating-users.ts'
import { openMemory } from '../memory/opened.ts'
import { times } from '../run-lengths.ts'

it('no message, fact or block of one user is shown to another, or stored with another', async () => {
  const users = 20
  const { turns, approvals, faults } = await delegateForUsers(openMemory(), users, (done) => done >= times(60))
  expect(faults).toEqual([])
  expect(turns).toBeGreaterThanOrEqual(users)
  expect(approvals).toBe(turns)
})
