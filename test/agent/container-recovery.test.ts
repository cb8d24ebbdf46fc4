// What a container continues by itself: runs that a process left behind.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, Aquifer, createTool, Memory } from 'aquifer'
import { callTool, scriptedModel } from 'aquifer/testing'
import { expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { spaceId } from '../../src/domain/space.ts'
import { coreOf } from '../../src/facade/conversations.ts'
import { Door } from '../../src/memory/door/door.ts'
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts'
import { ManualClock } from '../memory/opened.ts'

const at = { resourceId: 'ann', threadId: 't' }

async function openScene() {
  const clock = new ManualClock()
  const options = { id: 'recovery', path: ':memory:', durability: 'process', clock, busyTimeoutMs: 1_000 } as const
  const storage = await SqliteStorage.open(options)
  onTestFinished(() => storage.close())
  const ran: string[] = []
  const pay = createTool({
    id: 'pay',
    description: 'Pays.',
    inputSchema: z.object({}),
    requireApproval: true,
    execute: async () => ran.push('paid'),
  })
  const agentOn = (memory: Memory, script: Parameters<typeof scriptedModel>[0]['script']) =>
    new Agent({ name: 'Clerk', memory, model: scriptedModel({ script: script ?? [] }), tools: { pay } })
  const memory = new Memory({ storage, clock, background: false, embedder: false })
  const asked = await agentOn(memory, [callTool('pay', {})]).generate('Pay.', at)
  const runId = asked.runId as string
  // Somebody decides, and the process ends before it carries that out.
  const space = new Door(coreOf(memory), spaceId('resource', 'ann'))
  const path = asked.pendingCalls[0]?.toolCallId as string
  await space.submit([{ kind: 'step-patch', runId, path, status: 'decided', decision: { approved: true } }])
  const logged: string[] = []
  const log = (message: string) => void logged.push(message)
  const open = (more: { recover?: false } = {}) => {
    const own = new Memory({ storage, clock, background: false, embedder: false })
    const logger = { debug: log, info: log, warn: log, error: log }
    const app = new Aquifer({ agents: [agentOn(own, ['Paid.'])], logger, ...more })
    onTestFinished(() => app.close())
    return app
  }
  return { memory, runId, ran, logged, open }
}

it('continues a run that was decided and not carried out, by itself and once', async () => {
  const { memory, runId, ran, logged, open } = await openScene()
  open()
  await expect.poll(async () => (await memory.getRun(runId))?.status).toBe('complete')
  await expect.poll(() => logged).toEqual(['A run was continued.'])
  expect(ran).toEqual(['paid'])
  expect(await open().recover()).toEqual([])
})

it('waits to be told where recover is false', async () => {
  const { runId, ran, logged, open } = await openScene()
  const app = open({ recover: false })
  expect(await app.recover()).toEqual([{ runId, status: 'complete' }])
  expect([ran, logged]).toEqual([['paid'], []])
})

it('says where it cannot look for runs, and goes on', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'recovery-')), 'no.db')
  await writeFile(path, 'This is no database. '.repeat(500))
  const logged: unknown[] = []
  const log = (message: string, details: unknown) => void logged.push([message, details])
  const memory = new Memory({ storage: `file:${path}`, embedder: false })
  const agent = new Agent({ name: 'Clerk', memory, model: scriptedModel({ script: [] }) })
  const app = new Aquifer({ agents: [agent], logger: { debug: log, info: log, warn: log, error: log } })
  await expect
    .poll(() => logged)
    .toEqual([['Runs could not be recovered.', { error: expect.objectContaining({ code: 'corrupt' }) }]])
  await app.close()
})
