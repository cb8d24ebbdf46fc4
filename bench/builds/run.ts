/**
 * `node --conditions=aquifer-source bench/builds/run.ts <old> <new> [rounds]`: processor time for each operation in two checkouts,
 * measured in turns, so that a busy machine slows both alike. Prints medians and their ratio.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const [older, newer, rounds = '15'] = process.argv.slice(2)
if (older === undefined || newer === undefined) throw new Error('Pass the folders of two checkouts: old, new.')
const child = fileURLToPath(new URL('operations.ts', import.meta.url))

function measure(root: string): Readonly<Record<string, number>> {
  const printed = execFileSync(process.execPath, ['--conditions=aquifer-source', '--no-warnings', child, root], {
    cwd: root,
  })
  return JSON.parse(String(printed))
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
}

const samples = { old: [] as Readonly<Record<string, number>>[], new: [] as Readonly<Record<string, number>>[] }
for (let round = 0; round < Number(rounds); round++) {
  // The first of a round is another one each time.
  for (const which of round % 2 === 0 ? (['old', 'new'] as const) : (['new', 'old'] as const)) {
    samples[which].push(measure(which === 'old' ? older : newer))
  }
  console.error(`round ${round + 1} of ${rounds}`)
}
console.log('| operation | old, µs | new, µs | ratio |\n| --- | --- | --- | --- |')
for (const name of Object.keys(samples.new[0] ?? {})) {
  const [before, after] = [samples.old, samples.new].map((all) => median(all.map((one) => one[name] ?? Number.NaN)))
  const ratio = ((after ?? Number.NaN) / (before ?? Number.NaN)).toFixed(2)
  console.log(`| ${name} | ${before?.toFixed(1)} | ${after?.toFixed(1)} | ${ratio} |`)
}
