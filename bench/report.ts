/** Prints lines as a table and writes them as JSON, with what is needed to compare two runs. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { dirname } from 'node:path'
import type { Latency, Line } from './row.ts'

const headings = ['row', 'unit', 'floor', 'ours', 'ratio', 'target', 'verdict', 'p50 / p99 µs']

/** Three digits at least, no more decimals than they need. */
export function formatNumber(value: number | null): string {
  if (value === null || Number.isNaN(value)) return '–'
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function formatLatency(latency: Latency | null | undefined): string {
  return latency ? `${formatNumber(latency.p50)} / ${formatNumber(latency.p99)}` : ''
}

function cells(line: Line): readonly string[] {
  const latency = line.latencyMicroseconds
  return [
    line.row,
    line.unit,
    formatNumber(line.floor),
    formatNumber(line.ours),
    line.ratio === null ? '' : line.ratio.toFixed(2),
    line.target,
    line.verdict,
    formatLatency(latency?.ours ?? latency?.floor),
  ]
}

/** A table in columns, with a rule under its headings. */
export function formatTable(titles: readonly string[], body: readonly (readonly string[])[]): string {
  const widths = titles.map((title, column) => Math.max(title.length, ...body.map((row) => row[column]?.length ?? 0)))
  const isText = (column: number) => column < 2 || column >= titles.length - 3
  const format = (row: readonly string[]) =>
    row.map((cell, at) => (isText(at) ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')
  return [format(titles), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(format)].join('\n')
}

export function printLines(lines: readonly Line[]): void {
  console.log(formatTable(headings, lines.map(cells)))
  for (const { row, note } of lines) if (note !== undefined) console.log(`${row}: ${note}`)
}

/** The machine and the versions that a result belongs to. */
export function describeRun(packages: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const processors = cpus()
  return {
    date: new Date().toISOString(),
    node: process.versions.node,
    sqlite: process.versions.sqlite,
    packages: { aquifer: version, ...packages },
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    platform: `${process.platform} ${process.arch}`,
  }
}

export function writeJson(file: string, content: unknown): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
}
