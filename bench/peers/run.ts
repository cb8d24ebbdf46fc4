/**
 * `npm run bench:peers`: the floor, aquifer and Mastra on the same rows in the same run. Installs the packages of this
 * folder the first time; measuring itself needs no network and no keys.
 *
 *   --only <text>   rows whose name contains the text
 *   --quick         a small run
 *   --without-ours  the floor and Mastra alone
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { measureSides, planFor, smallMessages } from '../compare.ts'
import { messagesFrom, messagesPerFilledThread, threadAt } from '../corpus.ts'
import { createPlaces, type Fill, filledThreads } from '../fill.ts'
import { perSecond, speedRatio } from '../measure.ts'
import { inParallel } from '../ours.ts'
import { describeRun, formatNumber, formatTable, writeJson } from '../report.ts'
import { aquifer } from './aquifer.ts'
import { type CheckResult, runChecks } from './checks.ts'
import { mastra } from './mastra.ts'
import type { Peer } from './peer.ts'
import { type PeerRow, peerRows } from './rows.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const results = fileURLToPath(new URL('../results/', import.meta.url))

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    quick: { type: 'boolean', default: false },
    'without-ours': { type: 'boolean', default: false },
  },
})

const peers: readonly Peer[] = options['without-ours'] ? [mastra] : [aquifer, mastra]

function installPeers(): void {
  if (existsSync(join(here, 'node_modules/@mastra/memory'))) return
  console.error('… installing the packages of bench/peers')
  const { npm_execpath: npm } = process.env
  const [command, args] = npm === undefined ? ['npm', ['ci']] : [process.execPath, [npm, 'ci']]
  const { status } = spawnSync(command, args, { cwd: here, stdio: 'inherit' })
  if (status !== 0) throw new Error('npm ci in bench/peers failed')
}

/** The same 10,000 messages that the floor starts from. */
const fillOf =
  (peer: Peer): Fill =>
  async (file, messages) => {
    const memory = await peer.open(file)
    await inParallel(filledThreads(messages), 4, async (index) => {
      const thread = threadAt(index)
      await memory.startThread(thread)
      await memory.saveMessages(thread, messagesFrom(index, messagesPerFilledThread))
    })
    await memory.close()
  }

interface PeerLine {
  readonly row: string
  readonly unit: string
  readonly floor: number
  readonly peers: Readonly<Record<string, { readonly perSecond: number; readonly ratioToFloor: number }>>
}

async function measureRow(row: PeerRow): Promise<PeerLine> {
  const plan = { ...planFor(row, options.quick), warmUps: 1 }
  const contenders = [
    { setup: row.floor, side: 'floor', messages: smallMessages },
    ...peers.map((peer) => ({ setup: row.peer(peer), side: peer.name, messages: smallMessages })),
  ]
  const [floor, ...measured] = await measureSides(contenders, places, plan)
  if (floor === undefined) throw new Error('the floor was not measured')
  const units = plan.runs * row.unitsPerRun
  const figures = measured.map((side, at) => [
    peers[at]?.name ?? '',
    { perSecond: perSecond(side, units), ratioToFloor: speedRatio(side, floor) },
  ])
  return { row: row.name, unit: `${row.unit}/s`, floor: perSecond(floor, units), peers: Object.fromEntries(figures) }
}

function printTable(lines: readonly PeerLine[]): void {
  const headings = [
    'row',
    'unit',
    'floor',
    ...peers.map(({ name }) => name),
    ...peers.map(({ name }) => `${name} / floor`),
  ]
  const body = lines.map((line) => [
    line.row,
    line.unit,
    formatNumber(line.floor),
    ...peers.map(({ name }) => formatNumber(line.peers[name]?.perSecond ?? null)),
    ...peers.map(({ name }) => line.peers[name]?.ratioToFloor.toFixed(3) ?? '–'),
  ])
  console.log(formatTable(headings, body))
}

async function checkPeers(): Promise<readonly (CheckResult & { readonly peer: string })[]> {
  const found = []
  for (const peer of peers) {
    const memory = await peer.open(join(folder, `checks-${peer.name}.db`))
    for (const result of await runChecks(memory)) found.push({ peer: peer.name, ...result })
    await memory.close()
  }
  return found
}

installPeers()
mkdirSync(results, { recursive: true })
const folder = mkdtempSync(join(results, 'files-'))
const places = createPlaces(folder, Object.fromEntries(peers.map((peer) => [peer.name, fillOf(peer)])))
const lines: PeerLine[] = []
try {
  for (const row of peerRows.filter(({ name }) => name.includes(options.only))) {
    console.error(`… ${row.name}`)
    lines.push(await measureRow(row))
  }
  const checks = await checkPeers()
  printTable(lines)
  console.log('')
  for (const { peer, check, kept, of } of checks) console.log(`${check}: ${peer} ${kept} of ${of}`)
  const versions = Object.assign({}, ...peers.map((peer) => peer.versions())) as Record<string, string>
  writeJson(join(results, 'peers.json'), { ...describeRun(versions), options, lines, checks })
  console.log('\nJSON in bench/results/peers.json')
} finally {
  rmSync(folder, { recursive: true, force: true })
}
