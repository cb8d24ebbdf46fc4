// A full disk: nothing half-stored, what was there stays readable, and writing goes on once there is room.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { CommitResult } from '../../src/domain/commit/commit.ts'
import { MemoryError } from '../../src/domain/error.ts'
import type { Storage } from '../../src/ports/storage.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { runCommand } from '../processes.ts'
import { commit, limits, open, type Seen, space, system } from './shared.ts'

const folder = mkdtempSync(join(tmpdir(), 'aquifer-full-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A commit of several pages. */
function large(id: string) {
  const item = `${id} ${'x'.repeat(3_000)}`
  const messages = [{ role: 'user' as const, parts: [{ type: 'text', text: 'y'.repeat(9_000) }] }]
  const changes = [
    { kind: 'entry-increment', key: 'count', by: 1 },
    { kind: 'entry-write', key: `item ${id}`, value: item },
    { kind: 'message-append', threadId: 'one', createThread: true, messages },
  ] as const
  return commit(id, ...changes)
}

/** Commits until one fails; that it fails is the caller's to expect. */
async function fill(storage: Storage, seen: Seen[]): Promise<unknown> {
  for (let number = 1; number < 10_000; number++) {
    try {
      seen.push(acknowledged(`c${number}`, await storage.commit(system, large(`c${number}`), limits)))
    } catch (error) {
      return error
    }
  }
  return null
}

function acknowledged(commitId: string, result: CommitResult): Seen {
  const seq = result.status === 'committed' ? result.seq : null
  return { commitId, startedMs: 0, endedMs: 0, seq, increments: { count: 1 } }
}

async function expectSound(storage: Storage, observations: readonly Seen[]): Promise<void> {
  expect(await checkHistory(storage, system, space, { observations })).toEqual([])
  expect((await storage.spaces.get(system, space))?.seq).toBe(observations.length)
}

describe('a file at its largest size', () => {
  it('refuses with "unavailable", keeps all that was there, reads on, and goes on with more room', async () => {
    const path = join(folder, 'small.db')
    const seen: Seen[] = []
    const storage = await open(path, { maxBytes: 600_000 })
    const error = await fill(storage, seen)
    expect(error).toBeInstanceOf(MemoryError)
    expect(error).toMatchObject({ code: 'unavailable', retryable: true })
    expect(seen.length).toBeGreaterThan(10)
    await expectSound(storage, seen)

    const group = await Promise.allSettled(['g1', 'g2', 'g3'].map((id) => storage.commit(system, large(id), limits)))
    expect(group.map((member) => member.status === 'rejected' && member.reason.code)).toEqual(
      Array(3).fill('unavailable'),
    )
    await expectSound(storage, seen)
    await storage.close()

    const roomy = await open(path, { maxBytes: 6_000_000 })
    for (const id of ['g1', 'after']) seen.push(acknowledged(id, await roomy.commit(system, large(id), limits)))
    await expectSound(roomy, seen)
    await roomy.close()
  })
})

/** Mounts a small file system of its own; null where this process may not. */
async function mountSmall(): Promise<string | null> {
  const mount = mkdtempSync(join(tmpdir(), 'aquifer-mount-'))
  try {
    await runCommand('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount])
    return mount
  } catch {
    rmSync(mount, { recursive: true })
    return null
  }
}

const mount = await mountSmall()
let onMount: Storage | null = null
afterAll(async () => {
  if (mount === null) return
  await onMount?.close()
  await runCommand('umount', [mount])
  rmSync(mount, { recursive: true })
})

describe(mount === null ? 'a full file system (skipped: this process may not mount one)' : 'a full file system', () => {
  it.skipIf(mount === null)('refuses, keeps all that was there, reads on, and goes on with more room', async () => {
    const reserve = join(String(mount), 'reserve')
    writeFileSync(reserve, Buffer.alloc(300_000))
    const path = join(String(mount), 'full.db')
    const seen: Seen[] = []
    onMount = await open(path)
    const error = await fill(onMount, seen)
    // Room may run out while pages are written, or when the log is ended.
    const code = expect.stringMatching(/^(unavailable|unknown-outcome)$/)
    expect(error).toMatchObject({ code, retryable: true })
    expect(seen.length).toBeGreaterThan(3)
    await expectSound(onMount, seen)
    const group = await Promise.allSettled(['g1', 'g2', 'g3'].map((id) => onMount?.commit(system, large(id), limits)))
    expect(group.map((member) => member.status === 'rejected' && member.reason.code)).toEqual([code, code, code])
    rmSync(reserve)
    const unsure = `c${seen.length + 1}`
    for (const id of [unsure, 'g1', 'after']) {
      seen.push(acknowledged(id, await onMount.commit(system, large(id), limits)))
    }
    await expectSound(onMount, seen)
    await onMount.close()
    onMount = await open(path)
    await expectSound(onMount, seen)
  })
})
