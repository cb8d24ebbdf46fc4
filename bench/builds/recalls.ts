/**
 * `node --conditions=aquifer-source bench/builds/recalls.ts <old> <new> [sizes]`: processor time of a recall in spaces of several
 * sizes in two checkouts, loaded into one process and measured in turns, block by block, with the vectors and the embedder of
 * the benchmark of recall. Prints medians of the blocks, and the median of the ratios of neighbours.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { median } from '../measure.ts'

const [older, newer, sizes = '1000,10000,100000'] = process.argv.slice(2)
if (older === undefined || newer === undefined) throw new Error('Pass the folders of two checkouts: old, new.')

const blocks = 30
/** Blocks before those that count: the compiler is done with both builds then. */
const warmUp = 10
/** So many questions that a block takes about as long for each size. */
const questionsABlock = (messages: number) => Math.max(3, Math.round(80_000 / (messages + 1_000)))

/** Measures block after block of one build: milliseconds of processor time a recall. */
async function measurer(root: string, messages: number) {
  const load = (path: string) => import(pathToFileURL(join(resolve(root), path)).href)
  const { openRecall, fillSpace } = (await load('bench/recall-fill.ts')) as typeof import('../recall-fill.ts')
  const { questionAt } = (await load('bench/recall-corpus.ts')) as typeof import('../recall-corpus.ts')
  const folder = mkdtempSync(join(tmpdir(), 'aquifer-builds-'))
  const base = await openRecall(join(folder, 'a.db'))
  await fillSpace(base, 'ann', { first: 0, count: messages / 2 })
  let asked = 0
  const block = async () => {
    const count = questionsABlock(messages)
    const before = process.cpuUsage()
    for (let i = 0; i < count; i++) await base.memory.recall({ resourceId: 'ann', query: questionAt(asked++) })
    const { user, system } = process.cpuUsage(before)
    return (user + system) / count / 1_000
  }
  const close = async () => {
    await base.close()
    rmSync(folder, { recursive: true })
  }
  return { block, close }
}

console.log('| messages | old, ms | new, ms | ratio |\n| ---: | ---: | ---: | ---: |')
for (const messages of sizes.split(',').map(Number)) {
  const [old, now] = [await measurer(older, messages), await measurer(newer, messages)]
  const pairs: { readonly old: number; readonly now: number }[] = []
  for (let i = 0; i < warmUp + blocks; i++) {
    // The first of a pair is another one each time.
    const first = i % 2 === 0 ? await old.block() : await now.block()
    const second = i % 2 === 0 ? await now.block() : await old.block()
    if (i >= warmUp) pairs.push(i % 2 === 0 ? { old: first, now: second } : { old: second, now: first })
  }
  const [before, after, ratio] = [
    median(pairs.map((pair) => pair.old)),
    median(pairs.map((pair) => pair.now)),
    median(pairs.map((pair) => pair.now / pair.old)),
  ]
  console.log(`| ${messages.toLocaleString('en')} | ${before.toFixed(2)} | ${after.toFixed(2)} | ${ratio.toFixed(2)} |`)
  await Promise.all([old.close(), now.close()])
}
