/** The view of a space that does not exist: nothing is there. */
import type { SpaceView } from '../replay/space-view.ts'

export const emptyView: SpaceView = {
  space: null,
  committed: () => null,
  rowsAt: () => [],
  thread: () => null,
  turnRows: () => [],
  threadRows: () => [],
  rowsHolding: () => [],
  callerMessages: () => [],
  block: () => null,
  threadBlocks: () => [],
  entry: () => null,
  expiredEntries: () => [],
  oldestEntries: () => [],
  fact: () => null,
  factsFrom: () => [],
  factsByText: () => [],
  lastFactSeq: () => 0,
  run: () => null,
  record: () => null,
  recordsUnder: () => [],
  // It has no secret, and no run that a step could be put to.
  keyedHash: () => '',
  tombstones: () => [],
  callerIds: () => [],
  hasRecords: () => false,
  threadRuns: () => [],
  lease: () => null,
  turnLeases: () => [],
}
