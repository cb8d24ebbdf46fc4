// However a call ends, its turn is closed with it, the next call need not wait, and nothing is left that ends the process.
import { describe, expect, it } from 'vitest'
import { startWorker } from '../concurrency/process.ts'
import { type Line, modes, phases } from './ends.ts'

describe.each(modes)('%s', (mode) => {
  it('closes its turn in whatever phase it ends', async () => {
    const worker = startWorker<Line>(new URL('./ends-worker.ts', import.meta.url), mode)
    const code = await worker.ended
    const expected = phases.filter(({ streamsOnly }) => streamsOnly !== true || mode !== 'generate')
    expect([worker.errors(), worker.lines.map(({ name }) => name), code]).toEqual([
      '',
      expected.map(({ name }) => name),
      0,
    ])
    for (const { name, ends, says } of expected) {
      const line = worker.lines.find((one) => one.name === name) as Line
      const { turns, told, next, running, warnings } = line
      expect({ name, next, running, warnings }).toEqual({ name, next: 'Yes.', running: 0, warnings: 0 })
      const isKept = ends !== 'discarded' && ends !== 'gone'
      const statuses = [...new Set(turns.map(([status]) => status))]
      expect([name, statuses]).toEqual([name, isKept ? [ends] : []])
      if (says !== undefined) expect([name, turns[1]?.[2]]).toEqual([name, says])
      if (told !== null) expect([name, told]).toEqual([name, ends === 'gone' ? 'failed' : ends])
    }
  })
})
