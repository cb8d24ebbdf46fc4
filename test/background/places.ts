// Every place of src/ that starts work which nobody awaits: how it fails, and what is then observed.

/** Only settles a promise that somebody waits for, or removes a listener: there is nothing in it that could fail. */
interface Settles {
  readonly settles: string
}

/** Fails in a process of its own; see `scenarios.ts`. */
interface Shown {
  readonly fails: string
  readonly observed: string
  readonly scenario: string
}

/** Fails in another test. */
interface Proven {
  readonly fails: string
  readonly observed: string
  readonly test: string
}

const waiter = { settles: 'the promise of whoever waits' }
const signal = { settles: 'the promise of whoever waits for the signal' }

export const places: Readonly<Record<string, Settles | Shown | Proven>> = {
  'adapters/otel/trace-memory.ts openSpans failed detach': {
    fails: 'the logger that hears of a failing tracer throws',
    observed: 'a warning',
    scenario: 'tracer',
  },
  'adapters/otel/trace-memory.ts traceMemory bindStore': {
    fails: 'the tracer throws, and so does the logger that hears of it',
    observed: 'the operation goes on; a warning',
    scenario: 'tracer',
  },
  'adapters/otel/trace-memory.ts traceMemory subscribe': {
    fails: 'the span throws, and so does the logger that hears of it',
    observed: 'the operation goes on; a warning',
    scenario: 'tracer',
  },
  'agent/answer/early-saves.ts EarlySaves gather nextTurn': waiter,
  'agent/container/aquifer.ts Aquifer bind whenAborted': { settles: 'the list of open memories' },
  'agent/container/recovery.ts Recovery constructor every': {
    fails: 'the file cannot be opened',
    observed: 'a warning of the logger; it is tried again in the next round',
    test: 'test/agent/container-recovery.test.ts',
  },
  'agent/container/recovery.ts Recovery constructor nextTurn': {
    fails: 'the file cannot be opened',
    observed: 'a warning of the logger',
    test: 'test/agent/container-recovery.test.ts',
  },
  'agent/context/context.ts unlessAborted stopListening whenAborted': signal,
  'agent/suspension/suspensions.ts CallSuspension suspend detach': {
    settles: 'the promise of a tool that need not wait for it',
  },
  'agent/iterations/completion-check.ts atTheLatest stopListening whenAborted': signal,
  'agent/iterations/iterations.ts Iterations tell detach': {
    settles: 'what nobody waits for: whether the model was told',
  },
  'agent/network/running-network.ts RunningNetwork constructor detach': {
    fails: 'a function of the application throws: onAbort',
    observed: 'an error event, and the status failed',
    test: 'test/network/network.test.ts',
  },
  'agent/run/until-aborted.ts untilAborted leave after': waiter,
  'agent/run/until-aborted.ts untilAborted stopListening whenAborted': signal,
  'derive/checked.ts untilAborted stopListening whenAborted': signal,
  'derive/checked.ts untilAborted detach': {
    fails: 'the embedder throws, or rejects with anything',
    observed: 'settled() says degraded and the error; recall goes on by words',
    scenario: 'embedder',
  },
  'derive/embed-thread.ts EmbedThread enqueue stopListening whenAborted': signal,
  'derive/embed-thread.ts EmbedThread start listenTo': {
    fails: 'an answer that cannot be taken',
    observed: 'the calls that wait fail as unavailable',
    test: 'test/derive/embed-thread.test.ts',
  },
  'derive/embed-thread.ts EmbedThread start listenTo #2': {
    fails: 'the thread throws',
    observed: 'the calls that wait fail as unavailable; the next starts another thread',
    test: 'test/derive/embed-thread.test.ts',
  },
  'derive/embed-thread.ts EmbedThread start listenTo #3': {
    fails: 'the thread exits',
    observed: 'the calls that wait fail as unavailable; the next starts another thread',
    test: 'test/derive/embed-thread.test.ts',
  },
  'derive/embed-thread.ts EmbedThread take detach': { settles: 'nothing: the end of a thread that is given up' },
  'derive/embed-thread.ts EmbedThread drop detach': { settles: 'nothing: the end of a thread that is given up' },
  'derive/embed-worker.ts listenTo': {
    fails: 'a text that cannot be embedded',
    observed: 'its call fails as unavailable',
    test: 'test/derive/embed-thread.test.ts',
  },
  'derive/indexer.ts holding hold every': { settles: 'nothing: it keeps the process alive' },
  'derive/indexer.ts Indexer constructor every': {
    fails: 'the database is closed or damaged beneath it',
    observed: 'settled() says the error, and null once it has passed',
    scenario: 'indexer',
  },
  'derive/indexer.ts Indexer poke after': {
    fails: 'SQLite answers an I/O error to its look for work',
    observed: 'settled() says the error, and null once it has passed',
    scenario: 'indexer',
  },
  'derive/indexer.ts Indexer continue detach': {
    fails: 'a re-index that is gone on with fails',
    observed: 'settled() says the error',
    scenario: 'continued re-index',
  },
  'derive/indexer.ts Indexer stop timer after': waiter,
  'derive/language-model.ts until stopListening whenAborted': signal,
  'derive/reindex.ts Reindex run detach': {
    fails: 'an onProgress throws or rejects',
    observed: 'reindex() rejects once the vectors are made; others who wait for it do not',
    scenario: 'progress',
  },
  'memory/observations/before-turn.ts limited stopListening whenAborted': signal,
  'memory/observations/before-turn.ts limited timer after': waiter,
  'memory/observations/hooks.ts ask stopListening whenAborted': signal,
  'memory/observations/model-observer.ts pause stopListening whenAborted': signal,
  'memory/observations/model-observer.ts pause timer after': waiter,
  'memory/storage/held-work.ts HeldWork end timer after': waiter,
  'memory/storage/erasure.ts Eraser plan after': {
    fails: 'SQLite answers an I/O error to its look for receipts',
    observed: 'settled() rejects with it; the receipt is complete once it has passed',
    scenario: 'eraser',
  },
  'memory/storage/log-tails.ts LogTails begin stop subscribe': {
    fails: 'SQLite answers busy, I/O error or corrupt to the look for commits; the database is closed beneath it',
    observed: 'busy: the feed goes on; else its reader is told',
    scenario: 'feed',
  },
  'memory/storage/log-tails.ts LogTails readOnce reading nextTurn': {
    settles: 'nothing: it takes a read out of a map',
  },
  'memory/door/feed.ts followLog stopListening whenAborted': signal,
  'facade/call.ts items stopListening whenAborted': signal,
  'memory/door/model-time.ts modelTime timer after': waiter,
  'memory/recall/meaning.ts inTime timer after': waiter,
  'memory/recall/meaning.ts inTime stopListening whenAborted': signal,
  'memory/recall/meaning.ts inTime stopped whenAborted': signal,
  'memory/storage/sweeper.ts Sweeper constructor every': {
    fails: 'SQLite answers an I/O error to its look for what is due; the clock throws',
    observed: 'settled() says the error, and null once it has passed',
    scenario: 'sweeper',
  },
  'memory/storage/sweeper.ts Sweeper constructor detach': {
    fails: 'the first round fails',
    observed: 'settled() says the error',
    scenario: 'sweeper',
  },
  'memory/tracing.ts apart detach': {
    fails: 'a subscriber froze the event',
    observed: 'a warning; the operation is untouched',
    test: 'test/tracing/channel.test.ts',
  },
  'agent/tracing.ts conclude detach': {
    fails: 'a subscriber froze the event',
    observed: 'a warning; the work is untouched',
    test: 'test/tracing/agents.test.ts',
  },
  'memory/conversation/turn-queue.ts inLine detach': { settles: 'the place of those behind in the line' },
  'memory/conversation/turn-queue.ts changed timer after': waiter,
  'memory/conversation/turn-queue.ts ThreadWatch constructor stopListening whenAborted': signal,
  'memory/conversation/turn-queue.ts ThreadWatch constructor subscribe': {
    fails: 'SQLite answers an I/O error while a turn waits',
    observed: 'whoever waits for the turn is told',
    scenario: 'waiting turn',
  },
  'memory/conversation/watch-turn.ts statesOf stopListening whenAborted': signal,
  'memory/conversation/watch-turn.ts statesOf unsubscribe subscribe': {
    fails: 'SQLite answers an I/O error while a turn is followed',
    observed: 'whoever follows the turn is told',
    scenario: 'followed turn',
  },
  'memory/conversation/turns.ts Turn constructor every': {
    fails: 'SQLite answers an I/O error to the renewal of the lease',
    observed: 'the turn keeps the error, and its next commit works',
    scenario: 'heartbeat',
  },
  'storage/sqlite/commit.ts CommitQueue commit afterThis': {
    fails: 'storing fails, and so does taking it back',
    observed: 'the commit is refused; the next one works',
    scenario: 'rollback',
  },
  'storage/sqlite/commit.ts CommitQueue continue nextTurn': {
    fails: 'storing fails, and so does taking it back',
    observed: 'all who wait are refused; the next one works',
    scenario: 'rollback',
  },
  'storage/sqlite/commit.ts CommitQueue flush nextTurn': {
    fails: 'storing fails, and so does taking it back',
    observed: 'all who wait are refused; the next one works',
    scenario: 'rollback',
  },
  'storage/sqlite/commit.ts CommitQueue waitForLock detach': {
    fails: 'the file is busy, and then damaged',
    observed: 'the commit is refused as corrupt; the next one works',
    scenario: 'busy, then corrupt',
  },
  'storage/sqlite/log.ts Followers subscribe every': {
    fails: 'SQLite answers busy, I/O error or corrupt to the look for commits; the database is closed beneath it',
    observed: 'busy: the feed goes on; else its reader is told',
    scenario: 'feed',
  },
  'storage/sqlite/log.ts Followers wake detach': {
    fails: 'what a user passed to subscribe throws',
    observed: 'a warning; the commit is stored, and others are woken',
    scenario: 'waker',
  },
  'storage/sqlite/log.ts logReader subscribe subscribe': {
    fails: 'what a user passed to subscribe throws',
    observed: 'a warning; the commit is stored, and others are woken',
    scenario: 'waker',
  },
  'storage/sqlite/reclaim.ts inProcess listenTo': waiter,
  'storage/sqlite/reclaim.ts inProcess listenTo #2': waiter,
  'storage/sqlite/reclaim.ts inProcess listenTo #3': waiter,
  'storage/sqlite/scrub/scrub-process.ts listenTo': { settles: 'nothing: it ends its process' },
  'testing/contract/log-cases.ts follow subscribe': { settles: 'a count' },
  'testing/contract/log-cases.ts logCases stop subscribe': { settles: 'a read that is detached' },
  'testing/contract/log-cases.ts logCases stop detach': {
    fails: 'the driver refuses the read',
    observed: 'the case fails',
    test: 'test/storage/contract.test.ts',
  },
  'testing/model-answer.ts orAborted stopListening whenAborted': signal,
  'workflow/engine/activity.ts Activity leave nextTurn': { settles: 'the notice that all that is left waits' },
  'workflow/engine/attempt.ts limitedTime timer after': { settles: 'the attempt that takes too long' },
  'workflow/engine/attempt.ts limitedTime stopListening whenAborted': signal,
  'workflow/engine/drive-run.ts RunDrive run stopListening whenAborted': { settles: 'the drive of the run' },
  'workflow/engine/host.ts WorkflowHost wake detach': {
    fails: 'another process has the run, or the storage is gone',
    observed: 'nothing here: the run is carried on by the one that has it, or taken over later',
    test: 'test/workflow/two-hosts.test.ts',
  },
  'workflow/engine/journal.ts Journal note detach': {
    fails: 'the commit that it belongs to fails',
    observed: 'the drive ends with that error, and whoever started the run is told',
    test: 'test/workflow/deaths.test.ts',
  },
  'workflow/engine/journal.ts Journal schedule nextTurn': {
    fails: 'the commit fails',
    observed: 'the drive ends with that error, and whoever started the run is told',
    test: 'test/workflow/deaths.test.ts',
  },
  'workflow/engine/lease.ts KeptLease constructor every': {
    fails: 'the storage answers an error to the renewal of the lease',
    observed: 'nothing: the next one comes in time, and every write checks the lease',
    test: 'test/workflow/deaths.test.ts',
  },
  'workflow/engine/settle.ts pause stopListening whenAborted': signal,
  'workflow/engine/wake-ups.ts WakeUps schedule timer after': { settles: 'the runs and steps that sleep' },
  'workflow/engine/watch.ts followRun detach': {
    fails: 'the run cannot be read',
    observed: 'a warning; the run goes on',
    test: 'test/workflow/listeners.test.ts',
  },
  'workflow/engine/watch.ts followRun tell detach': {
    fails: 'the function that follows throws',
    observed: 'a warning; the run goes on',
    test: 'test/workflow/listeners.test.ts',
  },
  'workflow/called-by-agents.ts calledByAgents carryOut whenAborted': {
    fails: 'the run has ended by then',
    observed: 'nothing: it stays as it is',
    test: 'test/delegation/workflows.test.ts',
  },
  'workflow/workflow-run.ts WorkflowRun aborting stopListening whenAborted': {
    fails: 'the run has ended by then',
    observed: 'nothing: it stays as it is',
    test: 'test/workflow/listeners.test.ts',
  },
  'workflow/workflow-run.ts WorkflowRun streamed detach': { settles: 'the events of the stream' },
}
