/** The storage contract: what every driver must do, as data. A driver's own test runs it in three lines. */
import { acrossSpacesCases } from './across-spaces-cases.ts'
import { asOfCases } from './as-of-cases.ts'
import { badInputCases } from './bad-input-cases.ts'
import { blockCases } from './block-cases.ts'
import { clockCases } from './clock-cases.ts'
import { closeCases } from './close-cases.ts'
import { commitCases } from './commit-cases.ts'
import { compactionCases } from './compaction-cases.ts'
import type { StorageCase } from './contract-case.ts'
import { entryCases } from './entry-cases.ts'
import { entryWordsCases } from './entry-words-cases.ts'
import { eraseCases } from './erase-cases.ts'
import { eraseFactCases } from './erase-fact-cases.ts'
import { eraseRunCases } from './erase-run-cases.ts'
import { expectationCases } from './expectation-cases.ts'
import { expiryCases } from './expiry-cases.ts'
import { factAgainCases } from './fact-again-cases.ts'
import { factCases } from './fact-cases.ts'
import { factLimitCases } from './fact-limit-cases.ts'
import { factReadCases } from './fact-read-cases.ts'
import { factTimeCases } from './fact-time-cases.ts'
import { factTrustCases } from './fact-trust-cases.ts'
import { historyCases } from './history-cases.ts'
import { indexCases } from './index-cases.ts'
import { leaseCases } from './lease-cases.ts'
import { logCases } from './log-cases.ts'
import { messageCases } from './message-cases.ts'
import { messagePageCases } from './message-page-cases.ts'
import { observationCases } from './observation-cases.ts'
import { observationLossCases } from './observation-loss-cases.ts'
import { proposalCases } from './proposal-cases.ts'
import { proposalLifeCases } from './proposal-life-cases.ts'
import { pruningCases } from './pruning-cases.ts'
import { receiptCases } from './receipt-cases.ts'
import { retryCases } from './retry-cases.ts'
import { runCases } from './run-cases.ts'
import { runReadCases } from './run-read-cases.ts'
import { spaceCases } from './space-cases.ts'
import { standingCases } from './standing-cases.ts'
import { stepCases } from './step-cases.ts'
import { stepCloneCases } from './step-clone-cases.ts'
import { stepRemovalCases } from './step-removal-cases.ts'
import { threadCases } from './thread-cases.ts'
import { threadPageCases } from './thread-page-cases.ts'
import { tombstoneCases } from './tombstone-cases.ts'
import { turnCases } from './turn-cases.ts'
import { vectorCases } from './vector-cases.ts'
import { workCases } from './work-cases.ts'
import { workDecisionCases } from './work-decision-cases.ts'
import { workLeaseCases } from './work-lease-cases.ts'
import { workRemovalCases } from './work-removal-cases.ts'

/** Every case, each on a fresh storage of its own; their names are unique. Run one with `runStorageCase`. */
export const storageContract: readonly StorageCase[] = [
  ...commitCases,
  ...expectationCases,
  ...retryCases,
  ...entryCases,
  ...expiryCases,
  ...pruningCases,
  ...historyCases,
  ...blockCases,
  ...factCases,
  ...factLimitCases,
  ...factAgainCases,
  ...factTimeCases,
  ...factTrustCases,
  ...factReadCases,
  ...proposalCases,
  ...proposalLifeCases,
  ...leaseCases,
  ...threadCases,
  ...threadPageCases,
  ...turnCases,
  ...standingCases,
  ...messageCases,
  ...messagePageCases,
  ...tombstoneCases,
  ...runCases,
  ...runReadCases,
  ...observationCases,
  ...observationLossCases,
  ...stepCases,
  ...stepCloneCases,
  ...stepRemovalCases,
  ...workCases,
  ...workLeaseCases,
  ...workDecisionCases,
  ...workRemovalCases,
  ...indexCases,
  ...entryWordsCases,
  ...vectorCases,
  ...logCases,
  ...compactionCases,
  ...spaceCases,
  ...acrossSpacesCases,
  ...asOfCases,
  ...eraseCases,
  ...eraseFactCases,
  ...eraseRunCases,
  ...receiptCases,
  ...badInputCases,
  ...clockCases,
  ...closeCases,
]
