// Writes until it is killed. Says of each commit that it starts, and then that it was acknowledged.
import { writeSync } from 'node:fs'
import type { Change } from '../../src/domain/commit/commit.ts'
import { accessOf, commit, limits, nowMs, open, type Seen } from './shared.ts'

const { path, round } = JSON.parse(process.argv[2] ?? '') as { path: string; round: number }
const access = accessOf({ kind: 'agent', id: `agent-${round}` })
const storage = await open(path)
let number = 0

function say(seen: Seen): void {
  writeSync(1, `${JSON.stringify(seen)}\n`)
}

async function send(wrote: Pick<Seen, 'increments' | 'appends'>, ...changes: readonly Change[]) {
  const commitId = `${round}-${++number}`
  const startedMs = nowMs()
  say({ commitId, startedMs, endedMs: Number.MAX_SAFE_INTEGER, seq: null, ...wrote })
  const result = await storage.commit(access, commit(commitId, ...changes), limits)
  if (result.status !== 'committed') throw new Error(`commit ${commitId} is a conflict`)
  say({ commitId, startedMs, endedMs: nowMs(), seq: result.seq, ...wrote })
  return result
}

async function entries(): Promise<void> {
  for (let item = 0; ; item++) {
    const [by, list] = [1 + (item % 3), `list-${item % 4}`]
    const value = `${round}-${item} ${'x'.repeat(item % 50)}`
    await send(
      { increments: { count: by }, appends: { [list]: value } },
      { kind: 'entry-increment', key: 'count', by },
      { kind: 'entry-append', key: list, item: value },
    )
  }
}

/** Turns of several commits each; the kill leaves some of them open. */
async function turns(threadId: string): Promise<void> {
  const parts = [{ type: 'text', text: 'x'.repeat(2_000) }]
  for (;;) {
    const opened = await send({}, { kind: 'turn-open', threadId, createThread: true, leaseMs: 60_000 })
    const [answer] = opened.results
    const turnId = answer?.kind === 'turn-open' ? answer.turnId : ''
    await send({}, { kind: 'message-append', threadId, turnId, messages: [{ role: 'assistant', parts }] })
    await send({}, { kind: 'turn-close', threadId, turnId, status: 'complete' })
  }
}

await Promise.all([entries(), turns('one'), turns('two')])
