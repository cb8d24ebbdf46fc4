// The demo as a user runs it: it must end well, say only what is true, and leave no process behind.
// Own process: it replaces the default provider of the AI SDK.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Memory } from 'aquifer'
import { callTool, callTools, failWith, type ModelCall, say, scriptedModel } from 'aquifer/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '../demo/acme.ts'
import { specialistModel } from '../demo/specialist-model.ts'
import { playSpecialists } from '../demo/specialists.ts'
import { startNode } from './processes.ts'

const file = fileURLToPath(new URL('../demo/demo.ts', import.meta.url))
const resourceId = 'customer_123'
const threadId = 'support_thread_456'

let folder: string
let demo: ReturnType<typeof startNode> | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo-test-'))
})

afterEach(() => {
  demo?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

function start() {
  const { AQUIFER_MODEL: _, ...own } = process.env
  const env = { ...own, TMPDIR: folder, TMP: folder, TEMP: folder }
  const child = startNode(['--conditions=aquifer-source', file], { env })
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

describe('the demo', () => {
  it('plays to its end, claims only what is true and leaves no process', async () => {
    const { printed, ended } = start()
    expect(await ended, printed.text + printed.errors).toBe(0)
    expect(printed.errors).toBe('')
    expect(printed.text).not.toContain('✗')
    expect(printed.text.match(/^ {2}✓ /gm)).toHaveLength(33)
    for (const what of ['merges kept in one working', 'merges kept in the team', 'increments kept', 'appends kept']) {
      expect(printed.text).toContain(`✓ 400 of 400 ${what}`)
    }
    expect(printed.text).toMatch(/✓ turns of support: the first interrupted, the second complete; .*: 0$/m)
    const lines = printed.text.trimEnd().split('\n')
    expect(lines.length).toBeLessThanOrEqual(125)
    expect(lines.filter((line) => line.length > 120)).toEqual([])
    expect(printed.text).toContain('From the Sales Specialist I know what you need: I set up 200 seats on Monday.')
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
    await expect.poll(() => pids.filter(isAlive)).toEqual([])
  })
})

describe('the scene of the three specialists', () => {
  /** Plays it with a model that the environment would name. */
  async function play(answer: (call: ModelCall, role: Role) => unknown) {
    const before = globalThis.AI_SDK_DEFAULT_PROVIDER
    const model = scriptedModel({ provider: 'real', modelId: 'chatty', answer: (call) => answer(call, roleIn(call)) })
    const wanted: string[] = []
    globalThis.AI_SDK_DEFAULT_PROVIDER = {
      specificationVersion: 'v4',
      languageModel: (id: string) => {
        wanted.push(id)
        return model
      },
    } as unknown as typeof before
    const printed: string[] = []
    try {
      const path = join(folder, 'specialists.db')
      const checks = await playSpecialists(path, specialistModel('real/chatty'), (line) => printed.push(line))
      return {
        failed: checks.filter(({ ok }) => !ok).map(({ text }) => text),
        checks,
        printed: printed.join('\n'),
        wanted,
      }
    } finally {
      globalThis.AI_SDK_DEFAULT_PROVIDER = before
    }
  }

  function roleIn({ instructions }: ModelCall): Role {
    const [, role] = /^You are an? (sales|implementation|support) specialist/.exec(instructions) ?? []
    return role as Role
  }

  /** Other words, other values, more steps, and something said before the tools are used. */
  function chatty({ messages }: ModelCall, role: Role): unknown {
    const steps = messages.slice(messages.findLastIndex((message) => message.role === 'user')).length
    const read = callTool('memory_read', { key: 'lead_acme' }, { text: 'One moment, I look.' })
    const note = (fields: object) => ({ toolName: 'updateWorkingMemory', input: fields })
    const merge = { toolName: 'memory_merge', input: { key: 'lead_acme', patch: { status: 'begun' } } }
    const write = { toolName: 'memory_write', input: { key: 'lead_acme', value: { firm: 'Acme', people: '200' } } }
    const script = {
      sales: [callTools([write, note({ contact: 'Mrs Ann', plan: 'big' })]), say('Fine!\n\n[from agent Nobody] Bye.')],
      implementation: [read, callTools([merge, note({ start: 'soon' })], { text: 'Noted.' }), 'We begin soon.'],
      support: [read, callTool('memory_list', {}), 'Try again in an hour.'],
    }[role]
    return script[Math.floor(steps / 2)]
  }

  it('holds for a model with other words, whatever it says', async () => {
    const { failed, checks, printed, wanted } = await play(chatty)
    expect(failed).toEqual([])
    expect(checks).toHaveLength(8)
    expect(new Set(wanted)).toEqual(new Set(['real/chatty']))
    expect(printed).toContain('Support Specialist         One moment, I look.')
    expect(printed).toContain('(in memory: memory_read lead_acme, memory_list)')
    expect(printed).toContain('complete, after 3 calls of real/chatty')
  })

  it('says so of a model that shares nothing', async () => {
    const { failed, checks } = await play(() => 'I keep that to myself.')
    expect(checks.length - failed.length).toBe(4)
    expect(failed).toEqual([
      expect.stringMatching(/^what the agents did in memory \(0 calls\)/),
      expect.stringMatching(/^what one noted .* \(versions none, none\)$/),
      expect.stringContaining('written by nobody, merged by nobody'),
      'read by nobody, through memory alone',
    ])
  })

  it('says so of one that overwrites what another shared', async () => {
    const overwrite = { toolName: 'memory_write', input: { key: 'lead_acme', value: { status: 'begun' } } }
    const { failed } = await play((call, role) => {
      const isFirst = call.messages.at(-1)?.role === 'user'
      return role === 'implementation' && isFirst
        ? callTools([overwrite, { toolName: 'memory_read', input: { key: 'lead_acme' } }])
        : chatty(call, role)
    })
    expect(failed).toEqual([expect.stringContaining('fields lost: firm, people')])
  })

  it('ends with the reason where the model fails', async () => {
    const failing = play(() => failWith(new Error('The key is missing.')))
    await expect(failing).rejects.toThrow('The model of the Sales Specialist failed: The key is missing.')
  })
})
