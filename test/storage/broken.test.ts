// The contract can fail: each driver that is wrong on purpose is caught, by a case that the sound driver passes.
import { expect, it } from 'vitest'
import { runStorageCase } from '../../src/testing/contract/contract-case.ts'
import { storageContract } from '../../src/testing/contract/storage-contract.ts'
import { brokenDoors } from './broken-doors.ts'
import { openBroken } from './broken-driver.ts'
import { brokenFacts } from './broken-facts.ts'
import { brokenProposals } from './broken-proposals.ts'
import { brokenReaders } from './broken-readers.ts'
import { brokenRuns } from './broken-runs.ts'
import { brokenWorks } from './broken-works.ts'

const drivers = Object.entries({
  ...brokenDoors,
  ...brokenReaders,
  ...brokenFacts,
  ...brokenRuns,
  ...brokenWorks,
  ...brokenProposals,
})

it('has many ways to be wrong', () => expect(drivers.length).toBeGreaterThan(40))

it.each(drivers)('catches a driver that %s', async (_, [caughtBy, broken]) => {
  const one = storageContract.find((candidate) => candidate.name === caughtBy)
  if (one === undefined) throw new Error(`there is no case "${caughtBy}"`)
  await runStorageCase(one, (clock) => openBroken(clock, () => ({})))
  await expect(runStorageCase(one, (clock) => openBroken(clock, broken))).rejects.toThrow()
})
