// A power cut tears the write-ahead log anywhere behind what was synced: acknowledged commits stay, half ones go.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Change } from '../../src/domain/commit/commit.ts'
import { checkHistory } from '../../src/testing/history-checker.ts'
import { commit, limits, open, type Seen, space, system } from './shared.ts'

const folder = mkdtempSync(join(tmpdir(), 'aquifer-torn-'))
const path = join(folder, 'team.db')
const acknowledged = 12
const headerBytes = 32
const frameHeaderBytes = 24
const observations: Seen[] = []
let before: Buffer
let after: Buffer
let frameBytes: number

/** Two entries and a message: whatever half of it survived would show. */
function changes(number: number): readonly Change[] {
  const parts = [{ type: 'text', text: `${number} ${'x'.repeat(9_000)}` }]
  return [
    { kind: 'entry-increment', key: 'count', by: 1 },
    { kind: 'entry-append', key: 'list', item: `${number} ${'y'.repeat(3_000)}` },
    { kind: 'message-append', threadId: 'one', createThread: true, messages: [{ role: 'user', parts }] },
  ]
}

beforeAll(async () => {
  const storage = await open(path, { durability: 'power' })
  for (let number = 1; number <= acknowledged + 1; number++) {
    if (number > acknowledged) {
      before = readFileSync(`${path}-wal`)
      copyFileSync(path, `${path}.copy`)
    }
    const result = await storage.commit(system, commit(`c${number}`, ...changes(number)), limits)
    const seq = result.status === 'committed' ? result.seq : null
    if (number <= acknowledged) observations.push({ commitId: `c${number}`, startedMs: number, endedMs: number, seq })
  }
  after = readFileSync(`${path}-wal`)
  expect(readFileSync(path).equals(readFileSync(`${path}.copy`))).toBe(true)
  await storage.close()
  frameBytes = before.readUInt32BE(8) + frameHeaderBytes
})

afterAll(() => rmSync(folder, { recursive: true }))

/** Opens the database with that log, and says what is wrong with it; `seq` is the last commit found. */
async function recover(log: Buffer) {
  const torn = join(folder, 'torn.db')
  copyFileSync(`${path}.copy`, torn)
  rmSync(`${torn}-shm`, { force: true })
  writeFileSync(`${torn}-wal`, log)
  const storage = await open(torn, { durability: 'power' })
  const problems = await checkHistory(storage, system, space, { observations })
  const seq = (await storage.spaces.get(system, space))?.seq
  const count = (await storage.entries.get(system, space, 'count')).record?.value
  await storage.close()
  const database = new DatabaseSync(torn)
  const integrity = database.prepare('PRAGMA integrity_check').get()
  database.close()
  return { problems, seq, count, integrity }
}

const sound = (seq: number) => ({ problems: [], seq, count: seq, integrity: { integrity_check: 'ok' } })

describe('a torn write-ahead log', () => {
  it('is one whose tail holds the last commit', () => {
    expect(after.subarray(0, before.length).equals(before)).toBe(true)
    expect((after.length - before.length) / frameBytes).toBeGreaterThan(3)
    expect((before.length - headerBytes) % frameBytes).toBe(0)
  })

  it('opens with the last commit if nothing is missing', async () => {
    expect(await recover(after)).toEqual(sound(acknowledged + 1))
  })

  it('loses only the commit that was cut, wherever the cut is', async () => {
    const frames = (after.length - before.length) / frameBytes
    for (let frame = 0; frame < frames; frame++) {
      for (const shift of [0, 1, frameHeaderBytes - 1, frameHeaderBytes, 1_000, frameBytes - 1]) {
        const cut = before.length + frame * frameBytes + shift
        expect({ cut, ...(await recover(after.subarray(0, cut))) }).toEqual({ cut, ...sound(acknowledged) })
      }
    }
  })

  it('loses only the commit that was damaged, wherever the damage is', async () => {
    for (let at = before.length; at < after.length; at += Math.floor(frameBytes / 3)) {
      const damaged = Buffer.from(after)
      damaged[at] = (damaged[at] as number) ^ 0xff
      expect({ at, ...(await recover(damaged)) }).toEqual({ at, ...sound(acknowledged) })
    }
  })

  it('loses only the commit whose pages were not written before its last one', async () => {
    const hole = Buffer.from(after).fill(0, before.length, after.length - frameBytes)
    expect(await recover(hole)).toEqual(sound(acknowledged))
  })
})
