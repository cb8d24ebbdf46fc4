// The demo as a user runs it: it must end well, say only what is true, and leave no process behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Memory } from 'aquifer'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const file = fileURLToPath(new URL('../demo/demo.ts', import.meta.url))
const resourceId = 'customer_123'
const threadId = 'support_thread_456'

let folder: string
let demo: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
})

afterEach(() => {
  demo?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

function start() {
  const env = { ...process.env, TMPDIR: folder, TMP: folder, TEMP: folder }
  const child = spawn(process.execPath, ['--conditions=aquifer-source', file], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  demo = child
  const printed = { text: '', errors: '' }
  child.stdout.on('data', (chunk) => {
    printed.text += chunk
  })
  child.stderr.on('data', (chunk) => {
    printed.errors += chunk
  })
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)))
  return { child, printed, ended }
}

/** The agents' process ids, as the demo prints them. */
function pidsIn(text: string): number[] {
  const first = /started three processes: sales (\d+), implementation (\d+), support (\d+)/.exec(text)?.slice(1) ?? []
  const second = /started support again \(pid (\d+)\)/.exec(text)?.slice(1) ?? []
  return [...first, ...second].map(Number)
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe('the demo', { timeout: 90_000 }, () => {
  it('plays to its end, claims only what is true and leaves no process', async () => {
    const { printed, ended } = start()
    expect(await ended, printed.text + printed.errors).toBe(0)
    expect(printed.errors).toBe('')
    expect(printed.text).not.toContain('✗')
    expect(printed.text.match(/^ {2}✓ /gm)).toHaveLength(22)
    for (const what of ['merges kept in one working', 'merges kept in the team', 'increments kept', 'appends kept']) {
      expect(printed.text).toContain(`✓ 400 of 400 ${what}`)
    }
    expect(printed.text).toMatch(/✓ turns of support: the first interrupted, the second complete; .*: 0$/m)
    const lines = printed.text.trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(70)
    expect(lines.filter((line) => line.length > 120)).toEqual([])
    const pids = pidsIn(printed.text)
    expect(pids).toHaveLength(4)
    expect(pids.filter(isAlive)).toEqual([])

    const path = /The file: +(.+)$/m.exec(printed.text)?.[1] ?? ''
    expect(path.startsWith(folder)).toBe(true)
    expect(readdirSync(folder)).toHaveLength(1)
    await using memory = new Memory({ storage: pathToFileURL(path).href })
    const team = memory.team('acme')
    expect(await team.read('handled_steps')).toBe(400)
    const timeline = (await team.read<string[]>('timeline')) ?? []
    expect([timeline.length, new Set(timeline).size]).toEqual([400, 400])
    const notes = (await memory.getWorkingMemory({ resourceId }))?.value as { seats: Record<string, object> }
    expect(Object.values(notes.seats)).toEqual(Array(200).fill({ provisioned: true, welcomed: true }))
    const { messages } = await memory.listMessages({ resourceId, threadId })
    expect(messages.length).toBeGreaterThanOrEqual(15)
    expect(new Set(messages.map(({ turnStatus }) => turnStatus))).toEqual(new Set(['complete', 'interrupted']))
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)('leaves no process behind when it is stopped by %s', async (signal) => {
    const { child, printed, ended } = start()
    while (!printed.text.includes('saw the lead') && child.exitCode === null) await pause(20)
    child.kill(signal)
    expect(await ended, printed.text + printed.errors).toBe(signal === 'SIGTERM' ? 1 : signal)
    const pids = pidsIn(printed.text)
    expect(pids).toHaveLength(3)
    const deadline = Date.now() + 10_000
    while (pids.some(isAlive) && Date.now() < deadline) await pause(20)
    expect(pids.filter(isAlive)).toEqual([])
  })
})
